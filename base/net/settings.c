/* SPDX-License-Identifier: Apache-2.0 */
#include "base/net/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/io/file.h"
#include "base/net/url.h"

enum { VALUE_MAX = 4096, TIMEOUT_S = 30, TIMEOUT_MAX_S = 24 * 3600 };

typedef const char *variable_reader(const char *name);

/* The value of the first of these variables that is set and not empty, or NULL. */
static const char *first_set(variable_reader *variable, const char *const *names)
{
    for (; *names; names++) {
        const char *value = variable(*names);

        if (value && *value)
            return value;
    }
    return NULL;
}

static const char *value_of(variable_reader *variable, const char *name)
{
    return first_set(variable, (const char *const[]){ name, NULL });
}

static bool is_true(variable_reader *variable, const char *name)
{
    static const char *const words[] = { "1", "ON", "YES", "TRUE" };
    const char *value = value_of(variable, name);

    for (size_t i = 0; value && i < sizeof words / sizeof *words; i++)
        if (strcasecmp(value, words[i]) == 0)
            return true;
    return false;
}

/* Copy a value. NULL stays NULL. */
static int copy_value(const char *value, char **out, struct error *err)
{
    if (!value)
        return 0;
    *out = strdup(value);
    return *out ? 0 : error_nomem(err);
}

/* Append the value of $NAME or ${NAME} at the beginning of the text, and return the bytes of
 * the reference; 0 if it is none or not set, as Python's expandvars() leaves it then; -1 with
 * err set. */
static int add_reference(variable_reader *variable, const char *text, struct buf *out,
                         struct error *err)
{
    static const char name_bytes[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
    const bool braced = text[1] == '{';
    const char *start = text + (braced ? 2 : 1);
    const size_t n = strspn(start, name_bytes);
    char name[256];

    if (n == 0 || n >= sizeof name || (braced && start[n] != '}'))
        return 0;
    memcpy(name, start, n);
    name[n] = '\0';
    const char *value = variable(name);

    if (!value)
        return 0;
    return buf_add_text(out, value, err) < 0 ? -1 : (int)n + (braced ? 3 : 1);
}

/* Copy the name of a folder or file: '~' at the beginning is HOME, $VAR and ${VAR} are
 * variables. */
static int copy_path(variable_reader *variable, const char *text, char **out, struct error *err)
{
    const char *home = value_of(variable, "HOME");
    struct buf path;

    buf_init(&path, VALUE_MAX);
    if (home && text[0] == '~' && (text[1] == '/' || text[1] == '\0')) {
        if (buf_add_text(&path, home, err) < 0)
            goto failed;
        text++;
    }
    while (*text) {
        const int n = *text == '$' ? add_reference(variable, text, &path, err) : 0;

        if (n < 0 || (n == 0 && buf_add(&path, text, 1, err) < 0))
            goto failed;
        text += n > 0 ? n : 1;
    }
    if (buf_add(&path, "", 0, err) < 0)
        goto failed;
    while (path.len > 1 && path.data[path.len - 1] == '/')
        path.data[--path.len] = '\0';
    free(*out);
    *out = path.data;
    return 0;
failed:
    buf_release(&path);
    return -1;
}

/* The variable's path if it is set, else FOLDER/NAME. */
static int path_or_default(variable_reader *variable, const char *const *names,
                           const char *folder, const char *name, char **out, struct error *err)
{
    const char *value = first_set(variable, names);
    char path[VALUE_MAX];

    if (value)
        return copy_path(variable, value, out, err);
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path)
        return error_set(err, ERR_USAGE, "%s: the path is longer than %d bytes", *names,
                         (int)VALUE_MAX);
    return copy_value(path, out, err);
}

/* HF_HOME, else huggingface in the folder for caches. */
static int read_home(variable_reader *variable, char **out, struct error *err)
{
    const char *cache = value_of(variable, "XDG_CACHE_HOME");
    char path[VALUE_MAX];

    if (value_of(variable, "HF_HOME"))
        return copy_path(variable, value_of(variable, "HF_HOME"), out, err);
    if (!cache && !value_of(variable, "HOME"))
        return error_set(err, ERR_USAGE,
                         "no folder for the cache: HOME is not set: set HF_HOME");
    if (snprintf(path, sizeof path, "%s/huggingface", cache ? cache : "~/.cache") >=
        (int)sizeof path)
        return error_set(err, ERR_USAGE, "XDG_CACHE_HOME: longer than %d bytes",
                         (int)VALUE_MAX);
    return copy_path(variable, path, out, err);
}

/* A token without the blanks around it. One that would not fit in a header line is invalid:
 * it is not printed, because most of it may be a token. */
static int set_token(struct slice text, const char *name, char **out, struct error *err)
{
    text = slice_trim(text);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= ' ' || text.ptr[i] > '~')
            return error_set(err, ERR_USAGE,
                             "%s: the token contains a space or an invalid character", name);
    if (text.len == 0)
        return 0;
    *out = strndup(text.ptr, text.len);
    return *out ? 0 : error_nomem(err);
}

static int read_token_file(variable_reader *variable, const char *home, char **out,
                           struct error *err)
{
    static const char *const names[] = { "HF_TOKEN_PATH", NULL };
    struct buf text;
    char *path = NULL;
    int rc = 0;

    if (path_or_default(variable, names, home, "token", &path, err) < 0)
        return -1;
    buf_init(&text, VALUE_MAX);
    if (file_read(path, &text, err) == 0)
        rc = set_token(slice_of(text.data, text.len), path, out, err);
    else if (err->code != ERR_NOT_FOUND)
        rc = error_prefix(err, "HF_TOKEN_PATH");
    buf_release(&text);
    free(path);
    return rc;
}

static int read_token(variable_reader *variable, const char *home, char **out,
                      struct error *err)
{
    static const char *const names[] = { "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN" };

    for (size_t i = 0; i < 2 && !*out; i++) {
        const char *value = value_of(variable, names[i]);

        if (value && set_token(slice_text(value), names[i], out, err) < 0)
            return -1;
    }
    if (*out || is_true(variable, "HF_HUB_DISABLE_IMPLICIT_TOKEN"))
        return 0;
    return read_token_file(variable, home, out, err);
}

static int read_endpoint(variable_reader *variable, char **out, struct error *err)
{
    const char *value = value_of(variable, "HF_ENDPOINT");
    struct url url;

    if (copy_value(value ? value : "https://huggingface.co", out, err) < 0)
        return -1;
    for (size_t n = strlen(*out); n > 0 && (*out)[n - 1] == '/'; n--)
        (*out)[n - 1] = '\0';
    if (url_parse(slice_text(*out), &url, err) < 0)
        return error_prefix(err, "HF_ENDPOINT");
    if (url.user_info.ptr || url.query.ptr || url.fragment.ptr)
        return error_set(err, ERR_USAGE,
                         "HF_ENDPOINT: invalid URL: only scheme, host and path are allowed");
    return 0;
}

static int read_timeout(variable_reader *variable, unsigned *out, struct error *err)
{
    const char *value = value_of(variable, "HF_HUB_DOWNLOAD_TIMEOUT");
    char *end;

    *out = TIMEOUT_S;
    if (!value)
        return 0;
    const unsigned long seconds = strtoul(value, &end, 10);

    if (*end || value[0] < '0' || value[0] > '9' || seconds < 1 || seconds > TIMEOUT_MAX_S)
        return error_set(err, ERR_USAGE,
                         "HF_HUB_DOWNLOAD_TIMEOUT: must be a number of seconds from 1 to %d",
                         (int)TIMEOUT_MAX_S);
    *out = (unsigned)seconds;
    return 0;
}

static int read_folders(variable_reader *variable, const char *home, struct net_settings *out,
                        struct error *err)
{
    static const char *const cache[] = { "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", NULL };
    static const char *const assets[] = { "HF_ASSETS_CACHE", NULL };

    if (path_or_default(variable, cache, home, "hub", &out->cache, err) < 0)
        return -1;
    return path_or_default(variable, assets, home, "assets", &out->assets, err);
}

/* Of proxies for http:// only the lower-case name counts: a web server sets HTTP_PROXY from a
 * header of its client. */
static int read_network(variable_reader *variable, struct net_settings *out, struct error *err)
{
    static const char *const http[] = { "http_proxy", "all_proxy", "ALL_PROXY", NULL };
    static const char *const https[] = { "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                                         NULL };
    static const char *const none[] = { "no_proxy", "NO_PROXY", NULL };
    static const char *const ca[] = { "SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE",
                                      NULL };

    if (copy_value(first_set(variable, http), &out->proxies[0], err) < 0 ||
        copy_value(first_set(variable, https), &out->proxies[1], err) < 0 ||
        copy_value(first_set(variable, none), &out->no_proxy, err) < 0 ||
        copy_value(first_set(variable, ca), &out->ca_file, err) < 0 ||
        copy_value(value_of(variable, "SSL_CERT_DIR"), &out->ca_folder, err) < 0)
        return -1;
    return 0;
}

int net_settings_read(const char *(*variable)(const char *name), struct net_settings *out,
                      struct error *err)
{
    char *home = NULL;
    int rc = -1;

    *out = (struct net_settings){ 0 };
    if (read_home(variable, &home, err) < 0 ||
        read_endpoint(variable, &out->endpoint, err) < 0 ||
        read_folders(variable, home, out, err) < 0 ||
        read_token(variable, home, &out->token, err) < 0 ||
        read_network(variable, out, err) < 0 ||
        read_timeout(variable, &out->timeout_s, err) < 0)
        goto done;
    /* As in Python: the second variable is read only if the first is not set. */
    out->offline =
        is_true(variable, value_of(variable, "HF_HUB_OFFLINE") ? "HF_HUB_OFFLINE"
                                                               : "TRANSFORMERS_OFFLINE");
    out->without_symlinks = is_true(variable, "HF_HUB_DISABLE_SYMLINKS");
    rc = 0;
done:
    free(home);
    return rc;
}

void net_settings_release(struct net_settings *settings)
{
    free(settings->endpoint);
    if (settings->token)
        explicit_bzero(settings->token, strlen(settings->token));
    free(settings->token);
    free(settings->cache);
    free(settings->assets);
    free(settings->ca_file);
    free(settings->ca_folder);
    free(settings->proxies[0]);
    free(settings->proxies[1]);
    free(settings->no_proxy);
    *settings = (struct net_settings){ 0 };
}
