/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net/hub_name.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/error.h"

enum { NAME_MAX_BYTES = 96 };

static const char hosts[][32] = { "https://huggingface.co", "https://www.huggingface.co",
                                  "https://hf.co", "http://huggingface.co", "http://hf.co" };
/* The types of repositories, as hf:// and the web pages write them. */
static const char unsupported_types[][10] = { "spaces", "kernels", "buckets" };
static const char singular_types[][8] = { "model", "dataset", "space", "kernel", "bucket" };

bool hub_is_hex(struct slice text, size_t n)
{
    if (text.len != n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!memchr("0123456789abcdef", text.ptr[i], 16))
            return false;
    return true;
}

bool hub_is_commit(struct slice text)
{
    return hub_is_hex(text, HUB_COMMIT_BYTES - 1);
}

/* The part of text before the first '/'. */
static struct slice first_part(struct slice text)
{
    const char *slash = text.len > 0 ? memchr(text.ptr, '/', text.len) : NULL;

    return slash ? slice_of(text.ptr, (size_t)(slash - text.ptr)) : text;
}

/* The text after the part and one '/'. */
static struct slice after_part(struct slice text, struct slice part)
{
    const size_t n = part.len < text.len ? part.len + 1 : part.len;

    return slice_of(text.ptr + n, text.len - n);
}

static bool slice_is(struct slice text, const char *word)
{
    return slice_equal(text, slice_text(word));
}

bool hub_path_is_safe(struct slice path)
{
    if (path.len == 0 || path.len >= HUB_PATH_BYTES || path.ptr[path.len - 1] == '/')
        return false;
    for (size_t i = 0; i < path.len; i++)
        if ((unsigned char)path.ptr[i] < 0x20 || path.ptr[i] == 0x7f || path.ptr[i] == '\\')
            return false;
    while (path.len > 0) {
        const struct slice part = first_part(path);

        if (part.len == 0 || slice_is(part, ".") || slice_is(part, ".."))
            return false;
        path = after_part(path, part);
    }
    return true;
}

bool hub_path_is_below(const char *folder, struct slice path)
{
    const size_t n = strlen(folder);

    return n == 0 ||
           (path.len > n + 1 && memcmp(path.ptr, folder, n) == 0 && path.ptr[n] == '/');
}

/* OWNER or NAME, by the rules of the Hub. */
static bool is_name(struct slice name)
{
    if (name.len == 0 || name.len > NAME_MAX_BYTES || memchr("-.", name.ptr[0], 2) ||
        memchr("-.", name.ptr[name.len - 1], 2))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        const char c = name.ptr[i];

        if (!isalnum((unsigned char)c) && !memchr("-._", c, 3))
            return false;
        if (i > 0 && memchr("-.", c, 2) && name.ptr[i - 1] == c)
            return false;
    }
    return true;
}

/* Copy text, percent-decoded if asked for, with a NUL. Returns false if it does not fit, is
 * malformed, or holds NUL. */
static bool decode_text(struct slice text, bool decode, char *out, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];

        if (decode && c == '%') {
            const char *high = i + 2 < text.len
                                   ? strchr(digits, tolower((unsigned char)text.ptr[i + 1]))
                                   : NULL;
            const char *low =
                high ? strchr(digits, tolower((unsigned char)text.ptr[i + 2])) : NULL;

            if (!high || !low || !*high || !*low)
                return false;
            c = (char)((high - digits) * 16 + (low - digits));
            i += 2;
        }
        if (c == '\0' || n + 1 >= size)
            return false;
        out[n++] = c;
    }
    out[n] = '\0';
    return true;
}

/* The rules of git for the name of a branch, as far as they matter for paths and URLs. */
static bool is_revision(const char *revision)
{
    return hub_path_is_safe(slice_text(revision)) &&
           strcspn(revision, " ~^:?*[") == strlen(revision) && !strstr(revision, "..");
}

/* The part of text that is the revision: refs/pr/N and refs/convert/NAME hold slashes. */
static struct slice revision_part(struct slice text)
{
    struct slice part = first_part(text);

    if (!slice_is(part, "refs"))
        return part;
    const struct slice second = first_part(after_part(text, part));
    if (!slice_is(second, "pr") && !slice_is(second, "convert"))
        return part;
    const struct slice rest = after_part(after_part(text, part), second);
    const struct slice third = first_part(rest);
    return third.len > 0 ? slice_of(text.ptr, (size_t)(third.ptr + third.len - text.ptr))
                         : part;
}

static int set_path(struct slice path, bool is_web, struct hub_name *out, struct error *err)
{
    if (path.len > 0 && path.ptr[path.len - 1] == '/') {
        path.len--;
        out->is_folder = true;
    }
    if (path.len == 0)
        return 0;
    if (!decode_text(path, is_web, out->path, sizeof out->path) ||
        !hub_path_is_safe(slice_text(out->path)))
        return error_set(err, ERR_USAGE,
                         "the path in the repository is invalid: no part may be empty, '.' or "
                         "'..', and backslashes and control characters are not allowed");
    out->is_pattern = !is_web && strpbrk(out->path, "*?");
    return 0;
}

static int set_id(struct slice owner, struct slice name, struct hub_name *out,
                  struct error *err)
{
    const char *type = out->kind == HUB_DATASET ? "datasets/" : "";

    if (name.len == 0)
        return error_set(err, ERR_USAGE,
                         "the owner of the repository is missing: write hf://%sOWNER/%.*s (the "
                         "web page of the repository shows its owner)",
                         type, owner.len > 0 && owner.len <= 96 ? (int)owner.len : 4,
                         owner.len > 0 && owner.len <= 96 ? owner.ptr : "NAME");
    if (!is_name(owner) || !is_name(name))
        return error_set(err, ERR_USAGE,
                         "'%.*s/%.*s' is no name of a repository: write hf://%sOWNER/NAME; "
                         "letters, digits, '-', '_' and '.' are allowed",
                         (int)(owner.len < 96 ? owner.len : 96), owner.ptr,
                         (int)(name.len < 96 ? name.len : 96), name.ptr, type);
    memcpy(out->id, owner.ptr, owner.len);
    out->id[owner.len] = '/';
    memcpy(out->id + owner.len + 1, name.ptr, name.len);
    out->id[owner.len + 1 + name.len] = '\0';
    return 0;
}

/* Read [TYPE/] at the beginning of the text, and remove it. */
static int read_type(struct slice *text, struct hub_name *out, struct error *err)
{
    const struct slice part = first_part(*text);

    for (size_t i = 0; i < sizeof unsupported_types / sizeof unsupported_types[0]; i++)
        if (slice_is(part, unsupported_types[i]))
            return error_set(err, ERR_USAGE,
                             "%s of the Hub are not supported: only models (hf://OWNER/NAME) "
                             "and datasets (hf://datasets/OWNER/NAME) are",
                             unsupported_types[i]);
    for (size_t i = 0; i < sizeof singular_types / sizeof singular_types[0]; i++)
        if (slice_is(part, singular_types[i]))
            return error_set(
                err, ERR_USAGE,
                "'%s' is no type of repository: write hf://datasets/OWNER/NAME for "
                "a dataset, hf://OWNER/NAME for a model",
                singular_types[i]);
    out->kind = slice_is(part, "datasets") ? HUB_DATASET : HUB_MODEL;
    if (out->kind == HUB_DATASET || slice_is(part, "models"))
        *text = after_part(*text, part);
    return 0;
}

static int set_revision(struct slice revision, struct hub_name *out, struct error *err)
{
    if (!decode_text(revision, true, out->revision, sizeof out->revision) ||
        !is_revision(out->revision))
        return error_set(err, ERR_USAGE,
                         "the revision after '@' is invalid: write the name of a branch or "
                         "tag, 40 hex digits of a commit, refs/pr/N, or refs/convert/parquet; "
                         "write %%2F for any other slash");
    return 0;
}

static int parse_hf(struct slice text, struct hub_name *out, struct error *err)
{
    if (read_type(&text, out, err) < 0)
        return -1;
    const struct slice owner = first_part(text);
    const struct slice rest = after_part(text, owner);
    struct slice name = first_part(rest);
    struct slice path = after_part(rest, name);
    const char *at = name.len > 0 ? memchr(name.ptr, '@', name.len) : NULL;

    if (at) {
        const size_t before = (size_t)(at + 1 - rest.ptr);
        const struct slice tail = slice_of(at + 1, rest.len - before);
        const struct slice revision = revision_part(tail);

        if (set_revision(revision, out, err) < 0)
            return -1;
        path = after_part(tail, revision);
        name.len = (size_t)(at - name.ptr);
    }
    if (set_id(owner, name, out, err) < 0)
        return -1;
    return set_path(path, false, out, err);
}

/* OWNER/NAME[/VERB/REVISION[/PATH]] of a web page, without its query and fragment. */
static int parse_web(struct slice text, struct hub_name *out, struct error *err)
{
    if (read_type(&text, out, err) < 0)
        return -1;
    const struct slice owner = first_part(text);
    text = after_part(text, owner);
    const struct slice name = first_part(text);
    text = after_part(text, name);
    const struct slice verb = first_part(text);
    text = after_part(text, verb);

    if (set_id(owner, name, out, err) < 0)
        return -1;
    if (verb.len == 0)
        return 0;
    const bool is_tree = slice_is(verb, "tree");
    if (!is_tree && !slice_is(verb, "blob") && !slice_is(verb, "resolve") &&
        !slice_is(verb, "raw"))
        return error_set(err, ERR_USAGE,
                         "this page of the Hub names no file: write hf://%s%s, or the address "
                         "of a page with /tree/, /blob/ or /resolve/",
                         out->kind == HUB_DATASET ? "datasets/" : "", out->id);
    const struct slice revision = revision_part(text);
    if (revision.len == 0)
        return 0;
    if (set_revision(revision, out, err) < 0 ||
        set_path(after_part(text, revision), true, out, err) < 0)
        return -1;
    out->is_folder |= is_tree && out->path[0];
    return 0;
}

/* If the URL begins with the address, get what follows it, without slashes at its beginning. */
static bool strip_address(const char *url, const char *address, struct slice *rest)
{
    const size_t n = strlen(address);

    if (n == 0 || strncasecmp(url, address, n) != 0 || !strchr("/?#", url[n]))
        return false;
    url += n;
    while (*url == '/')
        url++;
    *rest = slice_of(url, strcspn(url, "?#"));
    return true;
}

/* Returns 1 if the URL is a web page of the Hub. */
static bool is_web_page(const char *url, const char *endpoint, struct slice *rest)
{
    if (endpoint && strip_address(url, endpoint, rest))
        return true;
    for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
        if (strip_address(url, hosts[i], rest))
            return true;
    return false;
}

int hub_name_parse(const char *url, const char *endpoint, struct hub_name *out,
                   struct error *err)
{
    struct hub_name name = { .revision = "main" };
    struct slice rest = { NULL, 0 };
    int rc;

    if (strncasecmp(url, "hf://", 5) == 0)
        rc = parse_hf(slice_text(url + 5), &name, err);
    else if (is_web_page(url, endpoint, &rest))
        rc = parse_web(rest, &name, err);
    else
        return 0;
    if (rc < 0)
        return error_prefix(err, "%.*s", (int)strcspn(url, "?#"), url);
    *out = name;
    return 1;
}

/* Percent-encode all bytes that are not unreserved, and not in `safe`. */
static int add_percent_encoded(struct buf *out, const char *text, const char *safe,
                               struct error *err)
{
    for (const char *c = text; *c; c++) {
        const bool plain = isalnum((unsigned char)*c) || strchr("-._~", *c) || strchr(safe, *c);
        const int rc =
            plain ? buf_add(out, c, 1, err) : buf_printf(out, err, "%%%02X", (unsigned char)*c);

        if (rc < 0)
            return -1;
    }
    return 0;
}

int hub_file_url(struct buf *out, const char *endpoint, const struct hub_name *name,
                 const char *revision, const char *path, struct error *err)
{
    if (buf_printf(out, err, "%s/%s%s/resolve/", endpoint,
                   name->kind == HUB_DATASET ? "datasets/" : "", name->id) < 0 ||
        add_percent_encoded(out, revision, "", err) < 0 || buf_add_text(out, "/", err) < 0)
        return -1;
    return add_percent_encoded(out, path, "/", err);
}

static int add_api(struct buf *out, const char *endpoint, const struct hub_name *name,
                   const char *verb, struct error *err)
{
    return buf_printf(out, err, "%s/api/%s/%s/%s/", endpoint,
                      name->kind == HUB_DATASET ? "datasets" : "models", name->id, verb);
}

int hub_revision_url(struct buf *out, const char *endpoint, const struct hub_name *name,
                     struct error *err)
{
    if (add_api(out, endpoint, name, "revision", err) < 0)
        return -1;
    return add_percent_encoded(out, name->revision, "", err);
}

int hub_tree_url(struct buf *out, const char *endpoint, const struct hub_name *name,
                 const char *commit, const char *folder, struct error *err)
{
    if (add_api(out, endpoint, name, "tree", err) < 0 ||
        add_percent_encoded(out, commit, "", err) < 0)
        return -1;
    if (folder[0] &&
        (buf_add_text(out, "/", err) < 0 || add_percent_encoded(out, folder, "", err) < 0))
        return -1;
    return buf_add_text(out, "?recursive=true", err);
}

/* The type of the repository as its name begins. That of a model is left out, unless its owner
 * is called like a type. */
static const char *type_prefix(const struct hub_name *name)
{
    const struct slice owner = first_part(slice_text(name->id));
    bool is_type = slice_is(owner, "models") || slice_is(owner, "datasets");

    if (name->kind == HUB_DATASET)
        return "datasets/";
    for (size_t i = 0; i < sizeof unsupported_types / sizeof unsupported_types[0]; i++)
        is_type = is_type || slice_is(owner, unsupported_types[i]);
    for (size_t i = 0; i < sizeof singular_types / sizeof singular_types[0]; i++)
        is_type = is_type || slice_is(owner, singular_types[i]);
    return is_type ? "models/" : "";
}

int hub_public_name(struct buf *out, const struct hub_name *name, const char *revision,
                    const char *path, struct error *err)
{
    return buf_printf(out, err, "hf://%s%s@%s%s%s", type_prefix(name), name->id, revision,
                      path[0] ? "/" : "", path);
}
