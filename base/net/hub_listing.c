/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json/json.h"
#include "base/net/hub_api.h"

void hub_listing_init(struct hub_listing *listing)
{
    *listing = (struct hub_listing){ 0 };
    arena_init(&listing->arena);
}

void hub_listing_release(struct hub_listing *listing)
{
    arena_release(&listing->arena);
    free(listing->entries);
    listing->entries = NULL;
    listing->n = listing->cap = 0;
}

int hub_listing_add(struct hub_listing *listing, const struct hub_entry *entry,
                    struct error *err)
{
    if (listing->n >= HUB_MAX_FILES)
        return error_set(err, ERR_INPUT, "the listing has more than %d files", HUB_MAX_FILES);
    if (listing->n == listing->cap) {
        const size_t cap = listing->cap ? 2 * listing->cap : 64;
        struct hub_entry *bigger = reallocarray(listing->entries, cap, sizeof *bigger);

        if (!bigger)
            return error_nomem(err);
        listing->entries = bigger;
        listing->cap = cap;
    }
    const struct slice path = arena_copy(&listing->arena, slice_text(entry->path));
    if (!path.ptr)
        return error_nomem(err);
    listing->entries[listing->n] = *entry;
    listing->entries[listing->n++].path = path.ptr;
    return 0;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(((const struct hub_entry *)a)->path, ((const struct hub_entry *)b)->path);
}

int hub_listing_sort(struct hub_listing *listing, struct error *err)
{
    if (listing->n > 1)
        qsort(listing->entries, listing->n, sizeof *listing->entries, compare_paths);
    for (size_t i = 1; i < listing->n; i++)
        if (compare_paths(&listing->entries[i - 1], &listing->entries[i]) == 0)
            return error_set(err, ERR_INPUT, "the listing has the file '%.200s' twice",
                             listing->entries[i].path);
    return 0;
}

const struct hub_entry *hub_listing_find(const struct hub_listing *listing, const char *path)
{
    const struct hub_entry key = { .path = path };

    if (listing->n == 0)
        return NULL;
    return bsearch(&key, listing->entries, listing->n, sizeof key, compare_paths);
}

/* Copy a member that is n hex digits. */
static bool copy_member(const struct json_value *object, const char *key, size_t n, char *out)
{
    const struct slice text = json_text(json_get(object, key));

    if (!text.ptr || !hub_is_hex(text, n))
        return false;
    memcpy(out, text.ptr, n);
    out[n] = '\0';
    return true;
}

static bool copy_size(const struct json_value *object, uint64_t *out)
{
    int64_t size = -1;

    if (json_type(json_get(object, "size")) != JSON_NUMBER ||
        !json_int(json_get(object, "size"), &size) || size < 0)
        return false;
    *out = (uint64_t)size;
    return true;
}

/* Read one file of a page. The content of a large file is identified by its SHA-256; its oid
 * is that of the pointer in git. */
static int parse_entry(const struct json_value *item, struct hub_listing *listing,
                       struct error *err)
{
    const struct slice path = json_text(json_get(item, "path"));
    const struct json_value *lfs = json_get(item, "lfs");
    const bool is_large = json_type(lfs) == JSON_OBJECT;
    char name[HUB_PATH_BYTES] = "";
    struct hub_entry entry = { .path = name };

    if (!path.ptr || !hub_path_is_safe(path))
        return error_set(err, ERR_INPUT, "the listing has an unsafe path: '%.*s'",
                         path.len < 200 ? (int)path.len : 200, path.ptr ? path.ptr : "");
    memcpy(name, path.ptr, path.len);
    if (!copy_member(item, "oid", HUB_COMMIT_BYTES - 1, entry.git_id) ||
        !copy_size(is_large ? lfs : item, &entry.size_bytes))
        return error_set(err, ERR_INPUT, "the listing has no valid oid and size of '%.200s'",
                         name);
    if (is_large && !copy_member(lfs, "oid", HUB_ID_HEX, entry.id))
        return error_set(err, ERR_INPUT, "the listing has no valid SHA-256 of '%.200s'", name);
    if (!is_large)
        memcpy(entry.id, entry.git_id, sizeof entry.git_id);
    (void)copy_member(item, "xetHash", HUB_ID_HEX, entry.xet_id);
    return hub_listing_add(listing, &entry, err);
}

/* Parse an answer, whose value is valid until json_free(). */
static int parse_answer(struct json *json, struct slice text, enum json_type type,
                        const struct json_value **out, struct error *err)
{
    const char *detail = NULL;
    enum json_issue issue = JSON_OK;
    size_t at = 0;

    if (json_parse(json, text, out, &issue, &at, &detail, err) < 0)
        return -1;
    if (issue != JSON_OK)
        return error_set(err, ERR_INPUT, "the answer is no valid JSON at byte %zu: %s", at,
                         detail);
    if (json_type(*out) != type)
        return error_set(err, ERR_INPUT, "the answer is no JSON %s",
                         type == JSON_ARRAY ? "array" : "object");
    return 0;
}

int hub_parse_page(struct slice text, struct hub_listing *listing, struct error *err)
{
    const struct json_value *page = NULL;
    struct json *json = NULL;
    int rc = -1;

    if (json_new(&json, err) < 0 || parse_answer(json, text, JSON_ARRAY, &page, err) < 0)
        goto done;
    for (size_t i = 0; i < json_count(page); i++) {
        const struct json_value *item = json_at(page, i);
        const struct slice type = json_text(json_get(item, "type"));

        if (type.ptr && slice_equal(type, slice_text("file")) &&
            parse_entry(item, listing, err) < 0)
            goto done;
    }
    rc = 0;
done:
    json_free(json);
    return rc;
}

int hub_parse_commit(struct slice text, char commit[HUB_COMMIT_BYTES], struct error *err)
{
    const struct json_value *answer = NULL;
    struct json *json = NULL;
    int rc = -1;

    if (json_new(&json, err) < 0 || parse_answer(json, text, JSON_OBJECT, &answer, err) < 0)
        goto done;
    if (copy_member(answer, "sha", HUB_COMMIT_BYTES - 1, commit))
        rc = 0;
    else
        error_set(err, ERR_INPUT,
                  "the answer has no valid commit (\"sha\"): the server is no "
                  "Hub; check HF_ENDPOINT");
done:
    json_free(json);
    return rc;
}
