/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <ftw.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/net/content.h"
#include "tests/support/fetches.h"
#include "tests/support/tmp.h"

struct fetches fetches;

int fetch_start_hub(void **state)
{
    (void)state;
    hub_start(&fetches.hub, NULL, NULL);
    return 0;
}

int fetch_stop_hub(void **state)
{
    (void)state;
    hub_stop(&fetches.hub);
    return 0;
}

static const char *variable(const char *name)
{
    if (strcmp(name, "HF_ENDPOINT") == 0)
        return fetches.hub.url;
    if (strcmp(name, "HF_HOME") == 0)
        return fetches.home;
    if (strcmp(name, "HF_TOKEN") == 0)
        return fetches.token;
    if (strcmp(name, "HF_HUB_OFFLINE") == 0)
        return fetches.offline;
    return strcmp(name, "HF_HUB_DISABLE_SYMLINKS") == 0 ? fetches.no_links : NULL;
}

static void keep_note(struct report *report, const char *text)
{
    const size_t n = strlen(fetches.notes);

    (void)report;
    snprintf(fetches.notes + n, sizeof fetches.notes - n, "%s\n", text);
}

int fetch_open_home(void **state)
{
    struct tmp *tmp = calloc(1, sizeof *tmp);

    assert_non_null(tmp);
    tmp_open(tmp);
    fetches.token = fetches.offline = fetches.no_links = NULL;
    snprintf(fetches.home, sizeof fetches.home, "%s", tmp->root);
    fetches.notes[0] = '\0';
    hub_reset(&fetches.hub);
    *state = tmp;
    return 0;
}

int fetch_close_home(void **state)
{
    tmp_close(*state);
    free(*state);
    return 0;
}

void fetch_session_end(struct fetch_session *session)
{
    remote_files_free(session->files);
    remote_free(session->remote);
    *session = (struct fetch_session){ 0 };
}

int fetch_find(struct fetch_session *session, const struct remote_settings *given,
               const char *url, struct error *err)
{
    struct remote_settings settings = *given;

    *session = (struct fetch_session){ .report = { .note = keep_note } };
    settings.variable = variable;
    settings.report = &session->report;
    if (remote_new(&settings, &session->remote, err) < 0)
        return -1;
    session->remote->watch.backoff_ms = 20;
    return remote_find(session->remote, url, &session->files, err);
}

int fetch_with(struct fetch_session *session, const struct remote_settings *given,
               const char *url, struct error *err)
{
    size_t numbers[64];

    if (fetch_find(session, given, url, err) < 0)
        return -1;
    for (size_t i = 0; i < 64; i++)
        numbers[i] = i;
    assert_true(remote_n_files(session->files) <= 64);
    return remote_get(session->remote, session->files, numbers, remote_n_files(session->files),
                      err);
}

int fetch_all(struct fetch_session *session, const char *url, struct error *err)
{
    return fetch_with(session, &(struct remote_settings){ 0 }, url, err);
}

void fetch_one(const char *url)
{
    struct fetch_session session;
    struct error err = { 0 };

    assert_ok(fetch_all(&session, url, &err));
    assert_int_equal(remote_n_files(session.files), 1);
    fetch_session_end(&session);
}

void fetch_fails(const char *url, enum error_code code, const char *phrase)
{
    struct fetch_session session;
    struct error err = { 0 };

    assert_fails(fetch_all(&session, url, &err), code, phrase);
    assert_null(strstr(err.msg, "secret"));
    fetch_session_end(&session);
}

bool fetch_has(struct tmp *tmp, const char *name)
{
    struct stat st;

    return lstat(tmp_path(tmp, name), &st) == 0;
}

bool fetch_has_content(const char *path, const char *id)
{
    struct content content;
    struct error err = { 0 };

    return content_check(path, UINT64_MAX, id, NULL, &content, &err) == 1;
}

static size_t found_root;

static int list_path(const char *path, const struct stat *st, int type, struct FTW *where)
{
    char target[300] = "";
    const size_t n = strlen(fetches.layout);

    (void)where;
    if (type == FTW_D || strstr(path, ".curate"))
        return 0;
    if (type == FTW_SL && readlink(path, target, sizeof target - 1) < 0)
        return -1;
    snprintf(fetches.layout + n, sizeof fetches.layout - n, "%s %s%s\n", path + found_root,
             type == FTW_SL     ? "-> "
             : st->st_size == 0 ? "empty"
                                : "file",
             target);
    return 0;
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void fetch_list_layout(const struct tmp *tmp)
{
    char *lines[256], sorted[sizeof fetches.layout] = "";
    size_t n = 0, len = 0;

    fetches.layout[0] = '\0';
    found_root = strlen(tmp->root) + 1;
    assert_int_equal(nftw(tmp->root, list_path, 8, FTW_PHYS), 0);
    for (char *rest = fetches.layout, *line; (line = strsep(&rest, "\n")) && *line && n < 256;)
        lines[n++] = line;
    qsort(lines, n, sizeof *lines, compare_lines);
    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(sorted + len, sizeof sorted - len, "%s\n", lines[i]);
    memcpy(fetches.layout, sorted, sizeof sorted);
}
