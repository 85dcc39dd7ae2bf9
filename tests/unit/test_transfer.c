/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <sys/wait.h>

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/io/file.h"
#include "base/net/content.h"
#include "base/net/http.h"
#include "base/net/settings.h"
#include "base/net/transfer.h"
#include "tests/support/hub_process.h"
#include "tests/support/tmp.h"

enum { LFS_BYTES = 300000 };

#define SMALL_ID "9650c5d8d23a7616a74aa53796fcb43b77984299"

/* A Hub, a client of it and an empty folder. */
struct fixture {
    struct hub hub;
    char endpoint[64], token[32], url[256];
    struct net_settings settings;
    struct http_watch watch;
    volatile int stop;
    struct http *http;
    struct tmp tmp;
    struct transfer transfer;
    struct transfer_result result;
    unsigned n_waits, n_restarts;
    uint64_t progress;
};

static void on_wait(void *arg, const char *why, uint64_t wait_ms)
{
    struct fixture *fx = arg;

    (void)why;
    (void)wait_ms;
    fx->n_waits++;
}

static void on_progress(void *arg, uint64_t n_bytes)
{
    struct fixture *fx = arg;

    fx->n_restarts += n_bytes == 0;
    fx->progress = n_bytes;
}

static int set_up(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);

    assert_non_null(fx);
    hub_start(&fx->hub, NULL, NULL);
    *state = fx;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fx = *state;

    hub_stop(&fx->hub);
    free(fx);
    return 0;
}

static int open_client(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    hub_reset(&fx->hub);
    snprintf(fx->endpoint, sizeof fx->endpoint, "%s", fx->hub.url);
    snprintf(fx->token, sizeof fx->token, "hf_secret");
    fx->settings =
        (struct net_settings){ .endpoint = fx->endpoint, .token = fx->token, .timeout_s = 5 };
    fx->watch = (struct http_watch){
        .stop_signal = &fx->stop, .on_wait = on_wait, .arg = fx, .backoff_ms = 10
    };
    fx->stop = 0;
    fx->n_waits = fx->n_restarts = 0;
    fx->progress = 0;
    tmp_open(&fx->tmp);
    assert_ok(http_new(&fx->settings, &fx->watch, &fx->http, &err));
    fx->transfer = (struct transfer){ .name = "NAME",
                                      .size_bytes = UINT64_MAX,
                                      .partial_path = tmp_path(&fx->tmp, "x.incomplete"),
                                      .final_path = tmp_path(&fx->tmp, "x"),
                                      .on_progress = on_progress,
                                      .arg = fx };
    return 0;
}

static int close_client(void **state)
{
    struct fixture *fx = *state;

    http_free(fx->http);
    tmp_close(&fx->tmp);
    return 0;
}

/* Transfer a page of the Hub. */
static int transfer_page(struct fixture *fx, const char *page, struct error *err)
{
    snprintf(fx->url, sizeof fx->url, "%s%s", fx->hub.url, page);
    fx->transfer.url = fx->url;
    return transfer_run(fx->http, &fx->transfer, &fx->result, err);
}

/* The content that hub.py makes of a seed, and its SHA-256. */
static void make_noise(const char *seed, struct buf *out, char *id)
{
    uint8_t digest[DIGEST_BYTES];
    struct digest *sha256 = NULL;
    struct error err;
    char text[256];

    buf_init(out, LFS_BYTES + DIGEST_BYTES);
    assert_ok(digest_new(&sha256, &err));
    for (int k = 0; out->len < LFS_BYTES; k++) {
        snprintf(text, sizeof text, "%s%d", seed, k);
        assert_ok(digest_restart(sha256, &err));
        assert_ok(digest_add(sha256, text, strlen(text), &err));
        assert_ok(digest_end(sha256, digest, &err));
        assert_ok(buf_add(out, digest, sizeof digest, &err));
    }
    out->len = LFS_BYTES;
    assert_ok(digest_restart(sha256, &err));
    assert_ok(digest_add(sha256, out->data, out->len, &err));
    assert_ok(digest_end(sha256, digest, &err));
    digest_hex(digest, sizeof digest, id);
    digest_free(sha256);
}

static int transfer_lfs(struct fixture *fx, const char *name, struct error *err)
{
    static char id[2 * DIGEST_BYTES + 1];
    struct buf content;
    char page[128];

    make_noise(name, &content, id);
    buf_release(&content);
    fx->transfer.content_id = id;
    fx->transfer.size_bytes = LFS_BYTES;
    snprintf(page, sizeof page, "/datasets/org/d/resolve/main/%s", name);
    return transfer_page(fx, page, err);
}

/* The final file has the content of this seed, and no partial file is left. */
static void assert_arrived(struct fixture *fx, const char *seed)
{
    char id[2 * DIGEST_BYTES + 1];
    struct content content;
    struct buf want;
    struct error err;

    make_noise(seed, &want, id);
    buf_release(&want);
    assert_int_equal(
        content_check(fx->transfer.final_path, LFS_BYTES, id, NULL, &content, &err), 1);
    assert_int_equal(access(fx->transfer.partial_path, F_OK), -1);
    assert_int_equal(fx->result.size_bytes, LFS_BYTES);
    assert_memory_equal(fx->result.sha256, content.sha256, DIGEST_BYTES);
    assert_int_equal(fx->progress, LFS_BYTES);
}

/* Write the beginning of a file of the CDN, as another process may have left it. */
static void plant_partial(struct fixture *fx, const char *seed, size_t n_bytes)
{
    char id[2 * DIGEST_BYTES + 1];
    struct buf content;

    make_noise(seed, &content, id);
    tmp_write(&fx->tmp, "x.incomplete", content.data, n_bytes);
    buf_release(&content);
}

static void assert_nothing_left(struct fixture *fx)
{
    assert_int_equal(access(fx->transfer.final_path, F_OK), -1);
    assert_int_equal(access(fx->transfer.partial_path, F_OK), -1);
}

static void a_small_file_is_verified_by_its_git_sha1(void **state)
{
    struct fixture *fx = *state;
    struct content content;
    struct error err;

    fx->transfer.content_id = SMALL_ID;
    fx->transfer.size_bytes = 330;
    assert_ok(transfer_page(fx, "/datasets/org/d/resolve/main/data/small.jsonl", &err));
    assert_int_equal(fx->result.size_bytes, 330);
    assert_int_equal(
        content_check(fx->transfer.final_path, 330, SMALL_ID, NULL, &content, &err), 1);
    fx->transfer.content_id = "9650c5d8d23a7616a74aa53796fcb43b77984298";
    assert_fails(transfer_page(fx, "/datasets/org/d/resolve/main/data/small.jsonl", &err),
                 ERR_INPUT,
                 "NAME: the content is not what it should be: git SHA-1 " SMALL_ID
                 ", expected 9650c5d8d23a7616a74aa53796fcb43b77984298");
}

static void a_big_file_comes_from_the_cdn_without_the_token(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_ok(transfer_lfs(fx, "big.bin", &err));
    assert_arrived(fx, "big.bin");
    assert_int_equal(strncmp(fx->transfer.content_id, "6914e2c5", 8), 0);
    assert_string_equal(fx->transfer.content_id + 59, "a998b");
    assert_int_equal(fx->result.n_received, LFS_BYTES);
    assert_int_equal(hub_count(&fx->hub, "\"auth\": \"Bearer hf_secret\""), 1);
    assert_int_equal(hub_count(&fx->hub, "\"auth\": null"), 1);
    assert_int_equal(hub_count(&fx->hub, "\"range\": null"), 2);
}

static void a_truncated_body_is_resumed_where_it_ends(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_ok(transfer_lfs(fx, "truncate.bin", &err));
    assert_arrived(fx, "truncate.bin");
    assert_int_equal(fx->result.n_received, LFS_BYTES);
    /* Once to the Hub, once to the CDN. */
    assert_int_equal(hub_count(&fx->hub, "\"range\": \"bytes=100000-\""), 2);
    assert_int_equal(hub_count(&fx->hub, "\"range\": \"bytes=200000-\""), 2);
    assert_int_equal(fx->n_restarts, 0);
}

static void a_partial_file_of_another_process_is_resumed(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    plant_partial(fx, "big.bin", 123456);
    assert_ok(transfer_lfs(fx, "big.bin", &err));
    assert_arrived(fx, "big.bin");
    assert_int_equal(fx->result.n_received, LFS_BYTES - 123456);
    assert_int_equal(hub_count(&fx->hub, "\"range\": \"bytes=123456-\""), 2);
}

static void a_complete_partial_file_needs_no_request(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    plant_partial(fx, "big.bin", LFS_BYTES);
    assert_ok(transfer_lfs(fx, "big.bin", &err));
    assert_arrived(fx, "big.bin");
    assert_int_equal(hub_count(&fx->hub, "big.bin"), 0);
}

static void a_partial_file_that_is_too_long_or_wrong_starts_again(void **state)
{
    struct fixture *fx = *state;
    struct error err;
    char *wrong = calloc(1, LFS_BYTES + 1);

    assert_non_null(wrong);
    tmp_write(&fx->tmp, "x.incomplete", wrong, LFS_BYTES + 1);
    assert_ok(transfer_lfs(fx, "big.bin", &err));
    assert_arrived(fx, "big.bin");
    assert_int_equal(fx->n_restarts, 1);
    tmp_write(&fx->tmp, "x.incomplete", wrong, 1000);
    assert_ok(transfer_lfs(fx, "big.bin", &err));
    assert_arrived(fx, "big.bin");
    assert_int_equal(fx->n_restarts, 2);
    tmp_write(&fx->tmp, "x.incomplete", wrong, LFS_BYTES);
    assert_ok(transfer_lfs(fx, "big.bin", &err));
    assert_arrived(fx, "big.bin");
    assert_int_equal(fx->n_restarts, 3);
    free(wrong);
}

static void an_answer_that_does_not_go_on_starts_again(void **state)
{
    static const char *const names[] = { "norange.bin", "changed.bin", "multipart.bin",
                                         "otherrange.bin" };
    struct fixture *fx = *state;
    struct error err;

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        plant_partial(fx, names[i], 1000);
        assert_ok(transfer_lfs(fx, names[i], &err));
        assert_arrived(fx, names[i]);
    }
    assert_int_equal(fx->n_restarts, 3); /* changed.bin goes on: its content is known */
}

static void wrong_content_is_an_error_and_leaves_nothing(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_fails(transfer_lfs(fx, "wronghash.bin", &err), ERR_INPUT,
                 "NAME: the content is not what it should be: SHA-256 ");
    assert_non_null(strstr(err.msg, fx->transfer.content_id));
    assert_nothing_left(fx);
    assert_int_equal(hub_count(&fx->hub, "/cdn/wronghash.bin"), 1);
    plant_partial(fx, "wronghash.bin", 1000);
    assert_fails(transfer_lfs(fx, "wronghash.bin", &err), ERR_INPUT, "SHA-256");
    assert_nothing_left(fx);
    assert_int_equal(hub_count(&fx->hub, "/cdn/wronghash.bin"), 3);
}

static void another_size_is_an_error_and_leaves_nothing(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_fails(transfer_lfs(fx, "longer.bin", &err), ERR_INPUT,
                 "NAME: the server has 300001 bytes, expected are 300000");
    assert_nothing_left(fx);
    assert_fails(transfer_lfs(fx, "shorter.bin", &err), ERR_INPUT, "has 299999 bytes");
    assert_nothing_left(fx);
}

static void a_busy_server_is_asked_again(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_ok(transfer_lfs(fx, "flaky503.bin", &err));
    assert_arrived(fx, "flaky503.bin");
    assert_int_equal(fx->n_waits, 2);
    assert_fails(transfer_lfs(fx, "always503.bin", &err), ERR_BUSY, "NAME: HTTP status 503");
    assert_int_equal(hub_count(&fx->hub, "always503.bin"), 6);
}

static void bytes_that_came_before_are_no_progress(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_fails(transfer_page(fx, "/stuck/x", &err), ERR_BUSY,
                 "NAME: the answer of 127.0.0.1:");
    /* The first try brings bytes, the others none that are new. */
    assert_int_equal(hub_count(&fx->hub, "/stuck/x"), 6);
}

static void a_rate_limit_is_waited_for(void **state)
{
    struct fixture *fx = *state;
    const int64_t start = clock_mono_ns();
    struct error err;

    assert_ok(transfer_lfs(fx, "slow429.bin", &err));
    assert_arrived(fx, "slow429.bin");
    assert_true(clock_mono_ns() - start >= 2 * INT64_C(1000000000));
}

static void an_expired_signature_is_resolved_anew(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_ok(transfer_lfs(fx, "expired.bin", &err));
    assert_arrived(fx, "expired.bin");
    assert_int_equal(fx->n_waits, 0);
    assert_fails(transfer_lfs(fx, "alwaysexpired.bin", &err), ERR_DENIED,
                 "NAME: HTTP status 403");
    assert_int_equal(hub_count(&fx->hub, "/cdn/alwaysexpired.bin"), 4);
    assert_null(strstr(err.msg, "secret"));
}

static void a_missing_file_is_not_found(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_fails(transfer_page(fx, "/datasets/org/d/resolve/main/nope.txt", &err),
                 ERR_NOT_FOUND, "NAME: HTTP status 404: Entry not found");
    assert_fails(transfer_page(fx, "/datasets/org/gated/resolve/main/x", &err), ERR_DENIED,
                 "NAME: HTTP status 403: not on the list");
}

static void content_without_a_name_is_taken_as_it_comes(void **state)
{
    struct fixture *fx = *state;
    struct buf content;
    struct error err;

    buf_init(&content, 100);
    assert_ok(transfer_page(fx, "/chunked/x", &err));
    assert_int_equal(fx->result.size_bytes, 14);
    assert_ok(file_read(fx->transfer.final_path, &content, &err));
    assert_string_equal(content.data, "one two three\n");
    buf_release(&content);
    assert_ok(transfer_page(fx, "/cut/x", &err));
    assert_arrived(fx, "/cut/x");
}

static void an_unnamed_content_that_changes_is_not_mixed(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    fx->transfer.if_range = "\"version1\"";
    assert_ok(transfer_page(fx, "/changing/x", &err));
    assert_arrived(fx, "/changing/x2");
    assert_int_equal(hub_count(&fx->hub, "\"if_range\": \"\\\"version1\\\"\""), 1);
}

static void a_range_behind_the_end_is_settled(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    plant_partial(fx, "/file/x", LFS_BYTES);
    assert_ok(transfer_page(fx, "/file/x", &err));
    assert_arrived(fx, "/file/x");
    assert_int_equal(fx->result.n_received, 0);
    char *zeros = calloc(1, LFS_BYTES + 100);

    assert_non_null(zeros);
    tmp_write(&fx->tmp, "x.incomplete", zeros, LFS_BYTES + 100);
    free(zeros);
    assert_ok(transfer_page(fx, "/file/x", &err));
    assert_arrived(fx, "/file/x");
}

static void a_disk_without_room_is_noticed_before(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    fx->transfer.size_bytes = UINT64_C(1) << 60;
    assert_fails(transfer_page(fx, "/file/x", &err), ERR_IO,
                 "NAME: 1099511627792 MiB of disk are needed, 16 of them to spare, but only ");
    fx->transfer.size_bytes = (UINT64_C(1) << 60) + 1;
    assert_fails(transfer_page(fx, "/file/x", &err), ERR_IO,
                 "NAME: 1099511627793 MiB of disk ");
    assert_int_equal(hub_count(&fx->hub, "/file/x"), 0);
}

static void a_symbolic_link_is_not_written_through(void **state)
{
    struct fixture *fx = *state;
    const char *victim = tmp_write(&fx->tmp, "victim", "precious", 8);
    struct buf content;
    struct error err;

    buf_init(&content, 100);
    assert_int_equal(symlink(victim, fx->transfer.partial_path), 0);
    assert_fails(transfer_page(fx, "/file/x", &err), ERR_CANTCREATE, "x.incomplete");
    assert_ok(file_read(victim, &content, &err));
    assert_string_equal(content.data, "precious");
    buf_release(&content);
}

static volatile int *stop_of_alarm;

static void on_alarm(int number)
{
    (void)number;
    *stop_of_alarm = SIGTERM;
}

static void a_signal_keeps_the_partial_file(void **state)
{
    struct fixture *fx = *state;
    const int64_t start = clock_mono_ns();
    struct file_stamp stamp;
    struct error err;

    stop_of_alarm = &fx->stop;
    signal(SIGALRM, on_alarm);
    alarm(1);
    assert_fails(transfer_lfs(fx, "stall.bin", &err), ERR_CANCELLED, "");
    assert_true(clock_mono_ns() - start < 2 * INT64_C(1000000000));
    assert_ok(file_stamp(fx->transfer.partial_path, &stamp, &err));
    assert_int_equal(stamp.size_bytes, 100000);
}

/* One of several threads that transfer at the same time. */
struct runner {
    struct fixture *fx;
    char partial[TMP_MAX_PATH_BYTES], final[TMP_MAX_PATH_BYTES];
    int rc;
    struct error err;
};

static void *run_transfer(void *arg)
{
    struct runner *runner = arg;
    struct transfer transfer = runner->fx->transfer;
    struct transfer_result result;
    struct http *http = NULL;

    transfer.partial_path = runner->partial;
    transfer.final_path = runner->final;
    transfer.on_progress = NULL;
    runner->rc = http_new(&runner->fx->settings, NULL, &http, &runner->err);
    if (runner->rc == 0)
        runner->rc = transfer_run(http, &transfer, &result, &runner->err);
    http_free(http);
    return NULL;
}

static void threads_transfer_at_the_same_time(void **state)
{
    enum { N_THREADS = 6 };
    struct fixture *fx = *state;
    struct runner runners[N_THREADS];
    pthread_t threads[N_THREADS];
    struct content content;
    struct error err;

    assert_ok(transfer_lfs(fx, "big.bin", &err));
    for (int i = 0; i < N_THREADS; i++) {
        runners[i] = (struct runner){ .fx = fx };
        snprintf(runners[i].partial, sizeof runners[i].partial, "%s/p%d", fx->tmp.root, i);
        snprintf(runners[i].final, sizeof runners[i].final, "%s/f%d", fx->tmp.root, i);
        assert_int_equal(pthread_create(&threads[i], NULL, run_transfer, &runners[i]), 0);
    }
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], NULL);
        err = runners[i].err;
        assert_ok(runners[i].rc);
        assert_int_equal(content_check(runners[i].final, LFS_BYTES, fx->transfer.content_id,
                                       NULL, &content, &err),
                         1);
    }
}

/* The bytes of the partial file; 0 if there is none. */
static int64_t partial_bytes(const struct fixture *fx)
{
    struct file_stamp stamp;
    struct error err;

    return file_stamp(fx->transfer.partial_path, &stamp, &err) == 0 ? stamp.size_bytes : 0;
}

/* Transfer in a process of its own, and kill it when the partial file has so many bytes.
 * Returns true if it was finished before. */
static bool is_finished_before(struct fixture *fx, int64_t n_bytes)
{
    const pid_t pid = fork();
    int status = 0;

    assert_true(pid >= 0);
    if (pid == 0) {
        struct http *http = NULL;
        struct error err;
        const bool ok = http_new(&fx->settings, NULL, &http, &err) == 0 &&
                        transfer_run(http, &fx->transfer, &fx->result, &err) == 0;

        _exit(ok ? 0 : 1);
    }
    bool ended = false;

    while (!ended && partial_bytes(fx) < n_bytes) {
        usleep(1000);
        ended = waitpid(pid, &status, WNOHANG) == pid;
    }
    if (!ended) {
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
    }
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
    return !WIFSIGNALED(status);
}

static void a_killed_transfer_goes_on_where_it_was(void **state)
{
    enum { N_KILLS = 20 };
    char id[2 * DIGEST_BYTES + 1];
    struct fixture *fx = *state;
    int64_t n_kept = 0;
    struct buf content;
    struct error err;

    make_noise("/drip/x", &content, id);
    buf_release(&content);
    fx->transfer.content_id = id;
    fx->transfer.size_bytes = LFS_BYTES;
    fx->transfer.on_progress = NULL;
    snprintf(fx->url, sizeof fx->url, "%s/drip/x", fx->hub.url);
    fx->transfer.url = fx->url;
    for (int i = 0; i < N_KILLS; i++) {
        const bool finished = is_finished_before(fx, LFS_BYTES / N_KILLS * i);
        const int64_t n_bytes = partial_bytes(fx);

        assert_true(finished || n_bytes >= n_kept); /* nothing that came is lost */
        n_kept = n_bytes;
        if (finished)
            break;
    }
    fx->transfer.on_progress = on_progress;
    assert_ok(transfer_run(fx->http, &fx->transfer, &fx->result, &err));
    assert_arrived(fx, "/drip/x");
    assert_true(n_kept == 0 || fx->result.n_received == (uint64_t)(LFS_BYTES - n_kept));
    assert_true(hub_count(&fx->hub, "\"range\": \"bytes=") > 1);
}

static void content_ids_are_told_apart_by_their_form(void **state)
{
    (void)state;
    assert_int_equal(content_kind_of(NULL), CONTENT_UNKNOWN);
    assert_int_equal(content_kind_of(""), CONTENT_UNKNOWN);
    assert_int_equal(content_kind_of(SMALL_ID), CONTENT_GIT_SHA1);
    assert_int_equal(content_kind_of(SMALL_ID "0"), CONTENT_UNKNOWN);
    assert_int_equal(content_kind_of("x650c5d8d23a7616a74aa53796fcb43b77984299"),
                     CONTENT_UNKNOWN);
}

#define CLIENT_TEST(name) cmocka_unit_test_setup_teardown(name, open_client, close_client)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_ids_are_told_apart_by_their_form),
        CLIENT_TEST(a_small_file_is_verified_by_its_git_sha1),
        CLIENT_TEST(a_big_file_comes_from_the_cdn_without_the_token),
        CLIENT_TEST(a_truncated_body_is_resumed_where_it_ends),
        CLIENT_TEST(a_partial_file_of_another_process_is_resumed),
        CLIENT_TEST(a_complete_partial_file_needs_no_request),
        CLIENT_TEST(a_partial_file_that_is_too_long_or_wrong_starts_again),
        CLIENT_TEST(an_answer_that_does_not_go_on_starts_again),
        CLIENT_TEST(wrong_content_is_an_error_and_leaves_nothing),
        CLIENT_TEST(another_size_is_an_error_and_leaves_nothing),
        CLIENT_TEST(a_busy_server_is_asked_again),
        CLIENT_TEST(bytes_that_came_before_are_no_progress),
        CLIENT_TEST(a_rate_limit_is_waited_for),
        CLIENT_TEST(an_expired_signature_is_resolved_anew),
        CLIENT_TEST(a_missing_file_is_not_found),
        CLIENT_TEST(content_without_a_name_is_taken_as_it_comes),
        CLIENT_TEST(an_unnamed_content_that_changes_is_not_mixed),
        CLIENT_TEST(a_range_behind_the_end_is_settled),
        CLIENT_TEST(a_disk_without_room_is_noticed_before),
        CLIENT_TEST(a_symbolic_link_is_not_written_through),
        CLIENT_TEST(a_signal_keeps_the_partial_file),
        CLIENT_TEST(a_killed_transfer_goes_on_where_it_was),
        CLIENT_TEST(threads_transfer_at_the_same_time),
    };

    if (!hub_is_possible())
        return SKIP_ALL("no python3");
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
