/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <sys/wait.h>

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "base/net/content.h"
#include "base/net/plain.h"
#include "base/net/remote.h"
#include "base/report.h"
#include "tests/support/hub_process.h"
#include "tests/support/tmp.h"

/* A server, and a program that starts with an empty cache. */
struct fixture {
    struct hub hub;
    struct tmp tmp;
    struct remote_settings settings;
    struct report report;
    char notes[2048];
    const struct remote_file *file; /* of the last get_url() */
    struct remote_files *files;
};

static struct fixture *current; /* for variable() and note() */

static const char *variable(const char *name)
{
    if (strcmp(name, "HF_ENDPOINT") == 0)
        return current->hub.cdn;
    if (strcmp(name, "HF_HOME") == 0)
        return current->tmp.root;
    return strcmp(name, "HF_TOKEN") == 0 ? "hf_secret" : NULL;
}

static void note(struct report *report, const char *text)
{
    (void)report;
    strncat(current->notes, text, sizeof current->notes - strlen(current->notes) - 1);
}

static int set_up(void **state)
{
    current = calloc(1, sizeof *current);
    assert_non_null(current);
    hub_start(&current->hub, NULL, NULL);
    *state = current;
    return 0;
}

static int tear_down(void **state)
{
    hub_stop(&current->hub);
    free(*state);
    return 0;
}

static int open_cache(void **state)
{
    struct fixture *fx = *state;

    hub_reset(&fx->hub);
    tmp_open(&fx->tmp);
    fx->notes[0] = '\0';
    fx->report = (struct report){ .note = note };
    fx->settings = (struct remote_settings){ .variable = variable, .report = &fx->report };
    return 0;
}

static int close_cache(void **state)
{
    struct fixture *fx = *state;

    remote_files_free(fx->files);
    fx->files = NULL;
    tmp_close(&fx->tmp);
    return 0;
}

/* Find and get one URL, as a new process does. A path stands for a page of the server. */
static int get_url(struct fixture *fx, const char *url, struct error *err)
{
    const size_t first = 0;
    struct remote *remote = NULL;
    char whole[512];

    snprintf(whole, sizeof whole, "%s%s", url[0] == '/' ? fx->hub.url : "", url);
    remote_files_free(fx->files);
    fx->files = NULL;
    int rc = remote_new(&fx->settings, &remote, err);

    if (rc == 0)
        rc = remote_find(remote, whole, &fx->files, err);
    if (rc == 0)
        rc = remote_get(remote, fx->files, &first, 1, err);
    remote_free(remote);
    fx->file = rc == 0 ? remote_file(fx->files, 0) : NULL;
    return rc;
}

static void assert_content(struct fixture *fx, const char *text)
{
    struct buf content;
    struct error err;

    buf_init(&content, 1 << 20);
    assert_ok(file_read(fx->file->local_path, &content, &err));
    if (!strstr(content.data, text))
        fail_msg("%s is not in %s", text, fx->file->local_path);
    buf_release(&content);
}

static bool ends_with(const char *text, const char *end)
{
    return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static void a_url_is_one_file_whose_public_name_has_no_query(void **state)
{
    struct fixture *fx = *state;
    struct error err;
    char want[128];

    assert_ok(get_url(fx, "/text/a%20b.jsonl?sig=secret#x", &err));
    snprintf(want, sizeof want, "%s/text/a%%20b.jsonl", fx->hub.url);
    assert_int_equal(remote_n_files(fx->files), 1);
    assert_string_equal(fx->file->public_name, want);
    assert_string_equal(fx->file->path, "a b.jsonl");
    assert_int_equal(fx->file->size_bytes, 330);
    assert_true(ends_with(fx->file->local_path, "/a b.jsonl"));
    assert_string_equal(remote_commit(fx->files), "");
    assert_false(remote_is_repository(fx->files));
    assert_content(fx, "\"instruction\":\"a\"");
    assert_int_equal(hub_count(&fx->hub, "hf_secret"), 0);
    assert_string_equal(fx->notes, "");
}

static void a_file_is_received_once_for_any_signature(void **state)
{
    struct fixture *fx = *state;
    struct error err;
    char path[512];

    assert_ok(get_url(fx, "/file/x.bin?sig=secret&n=1", &err));
    snprintf(path, sizeof path, "%s", fx->file->local_path);
    assert_int_equal(hub_count(&fx->hub, "/file/x.bin"), 2); /* what is it, and the bytes */
    assert_ok(get_url(fx, "/file/x.bin?sig=secret&n=2", &err));
    assert_string_equal(fx->file->local_path, path);
    assert_int_equal(hub_count(&fx->hub, "/file/x.bin"), 3);
}

static void a_file_that_changed_is_received_again(void **state)
{
    struct fixture *fx = *state;
    struct error err;
    char path[512];

    assert_ok(get_url(fx, "/versions/x.txt", &err));
    assert_content(fx, "version 1");
    snprintf(path, sizeof path, "%s", fx->file->local_path);
    assert_ok(get_url(fx, "/versions/x.txt", &err));
    assert_content(fx, "version 2");
    assert_string_not_equal(fx->file->local_path, path);
    assert_int_equal(access(path, F_OK), 0);
}

static void a_file_without_etag_or_date_is_received_each_time(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_ok(get_url(fx, "/chunked/x", &err));
    assert_content(fx, "one two three\n");
    assert_true(fx->file->size_bytes == UINT64_MAX);
    assert_ok(get_url(fx, "/chunked/x", &err));
    assert_int_equal(hub_count(&fx->hub, "/chunked/x"), 4);
}

static void truncated_answers_are_resumed_by_a_strong_etag(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_ok(get_url(fx, "/cut/x", &err));
    assert_int_equal(hub_count(&fx->hub, "\"range\": \"bytes=100000-\", \"if_range\": \"\\\""),
                     1);
}

static void offline_the_same_url_is_found_and_no_other(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_ok(get_url(fx, "/text/x.jsonl?sig=secret", &err));
    fx->settings.offline = true;
    hub_reset(&fx->hub);
    assert_ok(get_url(fx, "/text/x.jsonl?sig=secret", &err));
    assert_content(fx, "\"instruction\":\"a\"");
    assert_fails(get_url(fx, "/text/y.jsonl?sig=secret", &err), ERR_NOT_FOUND,
                 "/text/y.jsonl: not on this machine, and offline is on");
    assert_null(strstr(err.msg, "secret"));
    assert_int_equal(hub_count(&fx->hub, "/text/"), 0);
}

static void a_file_that_was_damaged_is_received_again(void **state)
{
    struct fixture *fx = *state;
    struct error err;
    FILE *file;

    assert_ok(get_url(fx, "/text/x.jsonl", &err));
    file = fopen(fx->file->local_path, "r+");
    assert_non_null(file);
    assert_true(fputs("damaged", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_ok(get_url(fx, "/text/x.jsonl", &err));
    assert_content(fx, "{\"instruction\":\"a\"");
    assert_int_equal(unlink(fx->file->local_path), 0);
    assert_ok(get_url(fx, "/text/x.jsonl", &err));
    assert_content(fx, "{\"instruction\":\"a\"");
}

/* The SHA-256 of the last file. */
static void digest_of_file(struct fixture *fx, char *hex)
{
    struct content content;
    struct error err;

    assert_int_equal(
        content_check(fx->file->local_path, UINT64_MAX, NULL, NULL, &content, &err), 1);
    digest_hex(content.sha256, DIGEST_BYTES, hex);
}

static void a_given_sha256_decides(void **state)
{
    struct fixture *fx = *state;
    char hex[2 * DIGEST_BYTES + 1];
    struct error err;

    assert_ok(get_url(fx, "/text/x.jsonl", &err));
    digest_of_file(fx, hex);
    fx->settings.sha256 = hex;
    assert_ok(get_url(fx, "/text/x.jsonl", &err));
    assert_ok(get_url(fx, "/text/y.jsonl", &err));
    assert_true(ends_with(fx->file->local_path, "/x.jsonl")); /* the same content */
    hex[5] = hex[5] == '0' ? '1' : '0';
    assert_fails(get_url(fx, "/text/x.jsonl", &err), ERR_INPUT,
                 "/text/x.jsonl: the content is not what it should be: SHA-256 ");
    assert_non_null(strstr(err.msg, hex));
    fx->settings.sha256 = "123";
    assert_fails(get_url(fx, "/text/x.jsonl", &err), ERR_USAGE, "--sha256: must be 64");
}

static void a_copy_is_written_where_it_is_wanted(void **state)
{
    struct fixture *fx = *state;
    char hex[2 * DIGEST_BYTES + 1];
    struct error err;

    fx->settings.folder = tmp_path(&fx->tmp, "out");
    assert_ok(get_url(fx, "/text/x.jsonl", &err));
    assert_string_equal(fx->file->local_path, tmp_path(&fx->tmp, "out/x.jsonl"));
    assert_int_equal(access(tmp_path(&fx->tmp, "assets"), F_OK), -1);
    digest_of_file(fx, hex);
    assert_fails(get_url(fx, "/text/x.jsonl", &err), ERR_CANTCREATE,
                 "out/x.jsonl: exists, and may have another content");
    fx->settings.sha256 = hex;
    assert_ok(get_url(fx, "/text/x.jsonl", &err));
    hex[0] = hex[0] == '0' ? '1' : '0';
    assert_fails(get_url(fx, "/text/x.jsonl", &err), ERR_CANTCREATE,
                 "out/x.jsonl: exists with another content");
}

static void processes_receive_a_file_once(void **state)
{
    enum { N_PROCESSES = 4 };
    struct fixture *fx = *state;
    pid_t pids[N_PROCESSES];
    struct error err;
    int status;

    for (int i = 0; i < N_PROCESSES; i++) {
        pids[i] = fork();
        assert_true(pids[i] >= 0);
        if (pids[i] == 0)
            _exit(get_url(fx, "/drip/x", &err) == 0 ? 0 : 1);
    }
    for (int i = 0; i < N_PROCESSES; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    /* Each asks what the file is; one receives it. */
    assert_int_equal(hub_count(&fx->hub, "/drip/x"), N_PROCESSES + 1);
}

static void errors_of_a_server_have_no_secrets(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_fails(get_url(fx, "/file/x?sig=wrong", &err), ERR_DENIED,
                 "/file/x: HTTP status 403: if the URL is signed, the signature may have");
    assert_null(strstr(err.msg, "wrong"));
    assert_fails(get_url(fx, "/status/404?sig=secret", &err), ERR_NOT_FOUND,
                 "/status/404: HTTP status 404: no luck with /x? today (request req-7)");
    assert_fails(get_url(fx, "http://192.0.2.1/x?sig=secret", &err), ERR_DENIED,
                 "--allow-http");
    assert_null(strstr(err.msg, "secret"));
}

static void a_redirect_is_followed_without_user_and_password(void **state)
{
    struct fixture *fx = *state;
    struct error err;
    char url[256];

    snprintf(url, sizeof url, "http://me:pw@127.0.0.1:%u/to?url=%s/text/y.jsonl",
             fx->hub.hub_port, fx->hub.cdn);
    assert_ok(get_url(fx, url, &err));
    assert_null(strstr(fx->file->public_name, "pw"));
    assert_int_equal(hub_count(&fx->hub, "\"auth\": \"Basic bWU6cHc=\""), 2);
    assert_int_equal(hub_count(&fx->hub, "\"auth\": null"), 2);
}

static void a_file_url_is_a_path(void **state)
{
    struct fixture *fx = *state;
    char url[128];
    struct error err;

    snprintf(url, sizeof url, "file://localhost%s", tmp_write(&fx->tmp, "a b", "x", 1));
    char *space = strchr(url, ' ');

    *space = '+';
    assert_ok(get_url(fx, url, &err));
    assert_true(ends_with(fx->file->local_path, "/a+b"));
    assert_string_equal(fx->file->local_path, fx->file->public_name);
    fx->settings.folder = fx->tmp.root;
    assert_fails(get_url(fx, url, &err), ERR_USAGE, "copy it with cp");
    assert_fails(get_url(fx, "file://host/x", &err), ERR_USAGE, "file:///PATH");
    assert_fails(get_url(fx, "file:///x%2", &err), ERR_USAGE, "hex digits");
}

static void other_schemes_say_what_to_do(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_fails(get_url(fx, "s3://bucket/key", &err), ERR_USAGE,
                 "s3:// is not supported: make an https:// URL of each file with 'aws s3 "
                 "presign', or use a pipe: 'rclone cat ... | curate ingest -'");
    assert_fails(get_url(fx, "gs://bucket/key", &err), ERR_USAGE, "gs:// is not supported");
}

static void names_of_servers_are_made_harmless(void **state)
{
    static const char *const cases[][2] = {
        { "https://h/a/..%2f..%2fetc%2fpasswd", "_._.._etc_passwd" },
        { "https://h/.bashrc", "_bashrc" },
        { "https://h/a%0ab%1b", "a_b_" },
        { "https://h/100%", "100%" },
        { "https://h/a%00", "a%00" },
        { "https://h/%C3%A9", "\xc3\xa9" },
    };
    struct plain plain;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(plain_parse(cases[i][0], NULL, &plain, &err));
        assert_string_equal(plain.name.data, cases[i][1]);
        plain_release(&plain);
    }
    assert_fails(plain_parse("https://h/a/?x=secret", NULL, &plain, &err), ERR_USAGE,
                 "names no file");
    plain_release(&plain);
}

#define CACHE_TEST(name) cmocka_unit_test_setup_teardown(name, open_cache, close_cache)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_servers_are_made_harmless),
        CACHE_TEST(a_url_is_one_file_whose_public_name_has_no_query),
        CACHE_TEST(a_file_is_received_once_for_any_signature),
        CACHE_TEST(a_file_that_changed_is_received_again),
        CACHE_TEST(a_file_without_etag_or_date_is_received_each_time),
        CACHE_TEST(truncated_answers_are_resumed_by_a_strong_etag),
        CACHE_TEST(offline_the_same_url_is_found_and_no_other),
        CACHE_TEST(a_file_that_was_damaged_is_received_again),
        CACHE_TEST(a_given_sha256_decides),
        CACHE_TEST(a_copy_is_written_where_it_is_wanted),
        CACHE_TEST(processes_receive_a_file_once),
        CACHE_TEST(errors_of_a_server_have_no_secrets),
        CACHE_TEST(a_redirect_is_followed_without_user_and_password),
        CACHE_TEST(a_file_url_is_a_path),
        CACHE_TEST(other_schemes_say_what_to_do),
    };

    if (!hub_is_possible())
        return SKIP_ALL("no python3");
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
