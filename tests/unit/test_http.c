/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <signal.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/net/backoff.h"
#include "base/net/http.h"
#include "base/net/settings.h"
#include "base/net/url.h"
#include "tests/support/hub_process.h"

/* A Hub, and a client of it. Every test begins with an empty log. */
struct fixture {
    struct hub hub;
    char endpoint[64], token[32];
    struct net_settings settings;
    struct http_watch watch;
    volatile int stop;
    struct http *http;
    struct http_response response;
    struct buf body;
    unsigned n_waits;
    uint64_t waited_ms; /* asked for in on_wait */
    char why[480];
};

static void on_wait(void *arg, const char *why, uint64_t wait_ms)
{
    struct fixture *fx = arg;

    fx->n_waits++;
    fx->waited_ms += wait_ms;
    snprintf(fx->why, sizeof fx->why, "%s", why);
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
    fx->n_waits = 0;
    fx->waited_ms = 0;
    buf_init(&fx->body, 1 << 20);
    http_response_init(&fx->response);
    assert_ok(http_new(&fx->settings, &fx->watch, &fx->http, &err));
    return 0;
}

static int close_client(void **state)
{
    struct fixture *fx = *state;

    http_free(fx->http);
    http_response_release(&fx->response);
    buf_release(&fx->body);
    return 0;
}

/* GET a page of the Hub, or another URL. */
static int get(struct fixture *fx, const char *url, struct error *err)
{
    char whole[512];

    snprintf(whole, sizeof whole, "%s%s", url[0] == '/' ? fx->hub.url : "", url);
    const struct http_request request = { .url = whole, .body = &fx->body };

    return http_send(fx->http, &request, &fx->response, err);
}

static void a_page_is_received(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_ok(get(fx, "/text/x.jsonl?sig=1#top", &err));
    assert_int_equal(fx->response.status, 200);
    assert_int_equal(fx->body.len, 330);
    assert_true(
        slice_equal(headers_find(&fx->response.headers, "etag"), slice_text("\"text\"")));
    assert_int_equal(hub_count(&fx->hub, "\"encoding\": \"identity\", \"agent\": \"curate/"),
                     1);
    assert_int_equal(hub_count(&fx->hub, "top"), 0);
}

static void a_head_has_no_body(void **state)
{
    struct fixture *fx = *state;
    struct error err;
    char url[128];

    snprintf(url, sizeof url, "%s/file/x", fx->hub.url);
    assert_ok(http_send(fx->http,
                        &(struct http_request){ .url = url, .head = true, .body = &fx->body },
                        &fx->response, &err));
    assert_int_equal(fx->response.status, 200);
    assert_int_equal(fx->body.len, 0);
    assert_int_equal(hub_count(&fx->hub, "\"method\": \"HEAD\""), 1);
}

static void the_token_goes_to_the_hub_and_not_behind_a_redirect(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_ok(get(fx, "/datasets/org/d/resolve/main/big.bin", &err));
    assert_int_equal(fx->response.status, 200);
    assert_int_equal(fx->body.len, 300000);
    assert_int_equal(fx->response.n_hops, 1);
    assert_false(fx->response.sent_token);
    assert_int_equal(hub_count(&fx->hub, "\"auth\": \"Bearer hf_secret\""), 1);
    assert_int_equal(hub_count(&fx->hub, "\"auth\": null"), 1);
}

static void the_token_does_not_go_to_another_port_or_name(void **state)
{
    struct fixture *fx = *state;
    struct error err;
    char url[128];

    snprintf(url, sizeof url, "%s/text/x", fx->hub.cdn);
    assert_ok(get(fx, url, &err));
    snprintf(url, sizeof url, "http://127.0.0.1:%u/text/x", fx->hub.cdn_port);
    assert_ok(get(fx, url, &err));
    snprintf(url, sizeof url, "http://localhost:%u/text/x", fx->hub.hub_port);
    assert_ok(get(fx, url, &err));
    snprintf(url, sizeof url, "http://127.0.0.1@localhost:%u/text/x", fx->hub.hub_port);
    assert_ok(get(fx, url, &err));
    assert_int_equal(hub_count(&fx->hub, "hf_secret"), 0);
}

static void the_token_does_not_go_where_another_server_redirects(void **state)
{
    struct fixture *fx = *state;
    struct error err;
    char url[256];

    snprintf(url, sizeof url, "%s/to?url=%s/text/x", fx->hub.cdn, fx->hub.url);
    assert_ok(get(fx, url, &err));
    assert_int_equal(fx->body.len, 330);
    assert_false(fx->response.sent_token);
    assert_int_equal(hub_count(&fx->hub, "hf_secret"), 0);
}

static void redirects_are_followed_up_to_a_limit(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_ok(get(fx, "/hops/10", &err));
    assert_int_equal(fx->response.status, 200);
    assert_int_equal(fx->response.n_hops, HTTP_MAX_HOPS);
    assert_non_null(strstr(fx->response.url.data, "/file/hops"));
    assert_fails(get(fx, "/hops/11", &err), ERR_INPUT, "/hops/11: more than 10 redirects");
}

static bool same_host(const void *arg, const struct url *from, const struct url *to)
{
    (void)arg;
    return url_same_origin(from, to);
}

static void a_redirect_that_the_caller_does_not_want_is_returned(void **state)
{
    struct fixture *fx = *state;
    struct error err;
    char url[128];

    snprintf(url, sizeof url, "%s/datasets/org/d/resolve/main/big.bin", fx->hub.url);
    const struct http_request request = { .url = url,
                                          .body = &fx->body,
                                          .may_follow = same_host };

    assert_ok(http_send(fx->http, &request, &fx->response, &err));
    assert_int_equal(fx->response.status, 302);
    assert_non_null(strstr(fx->response.location.data, "/cdn/big.bin?sig=secret&n=1"));
    assert_non_null(headers_find(&fx->response.headers, "X-Linked-ETag").ptr);
    assert_int_equal(fx->body.len, 0);
}

static void a_redirect_to_another_scheme_is_refused(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_fails(get(fx, "/to?url=file:///etc/passwd", &err), ERR_INPUT, "invalid redirect");
    assert_fails(get(fx, "/to?url=ftp://localhost/x", &err), ERR_INPUT, "invalid redirect");
    assert_null(strstr(err.msg, "localhost/x"));
}

static void plain_http_beyond_this_machine_needs_leave(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_fails(get(fx, "http://192.0.2.1/x?sig=secret", &err), ERR_DENIED,
                 "http://192.0.2.1/x: http:// is not secure");
    assert_fails(get(fx, "/to?url=http://192.0.2.1/x%3Fsig=secret", &err), ERR_DENIED,
                 "not secure");
    assert_null(strstr(err.msg, "secret"));
}

static void nothing_is_sent_offline(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    fx->settings.offline = true;
    assert_fails(get(fx, "/text/x", &err), ERR_NOT_FOUND, "offline");
    assert_int_equal(hub_count(&fx->hub, "/text/x"), 0);
}

static void a_proxy_gets_what_leaves_this_machine(void **state)
{
    struct fixture *fx = *state;
    struct error err;
    char proxy[128], excluded[] = "example.test,other.test";

    snprintf(proxy, sizeof proxy, "http://me:proxypw@127.0.0.1:%u", fx->hub.hub_port);
    fx->settings.proxies[0] = proxy;
    fx->settings.proxies[1] = proxy;
    fx->settings.allow_http = true;
    assert_ok(get(fx, "http://example.test/x", &err));
    assert_string_equal(fx->body.data, "through the proxy\n");
    assert_int_equal(hub_count(&fx->hub, "hf_secret"), 0);
    assert_ok(get(fx, "/text/x", &err));
    assert_int_equal(fx->body.len, 330);
    assert_fails(get(fx, "https://example.test/x?sig=secret", &err), ERR_DENIED,
                 "https://example.test/x: the proxy answers with HTTP status 407");
    fx->settings.no_proxy = excluded;
    assert_fails(get(fx, "http://other.test/x", &err), ERR_BUSY, "has no address");
    assert_int_equal(err.sys, 6);
}

static void variables_of_libcurl_are_not_read(void **state)
{
    struct fixture *fx = *state;
    struct error err;
    char proxy[128];

    snprintf(proxy, sizeof proxy, "http://127.0.0.1:%u", fx->hub.hub_port);
    setenv("http_proxy", proxy, 1);
    fx->settings.allow_http = true;
    const int rc = get(fx, "http://other.test/x", &err);

    unsetenv("http_proxy");
    assert_fails(rc, ERR_BUSY, "has no address");
}

static void the_words_of_a_server_have_no_secrets(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_ok(get(fx, "/status/403", &err));
    assert_int_equal(http_status_error(&fx->response, "x", &err), -1);
    assert_int_equal(err.code, ERR_DENIED);
    assert_string_equal(err.msg, "x: HTTP status 403: no luck with /x? today (request req-7)");
    assert_ok(get(fx, "/echo/x", &err));
    assert_true(fx->response.sent_token);
    assert_int_equal(http_status_error(&fx->response, "x", &err), -1);
    assert_string_equal(err.msg, "x: HTTP status 400: bad Bearer *********");
}

static void statuses_have_codes(void **state)
{
    static const struct {
        const char *page;
        enum error_code code;
    } cases[] = { { "/status/401", ERR_DENIED },    { "/status/404", ERR_NOT_FOUND },
                  { "/status/410", ERR_NOT_FOUND }, { "/status/429", ERR_BUSY },
                  { "/status/451", ERR_DENIED },    { "/status/500", ERR_BUSY },
                  { "/status/400", ERR_INPUT },     { "/status/304", ERR_INPUT } };
    struct fixture *fx = *state;
    struct error err;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_ok(get(fx, cases[i].page, &err));
        assert_int_equal(http_status_error(&fx->response, "x", &err), -1);
        assert_int_equal(err.code, cases[i].code);
    }
}

static int patiently(struct fixture *fx, const char *page, struct error *err)
{
    char whole[128];

    snprintf(whole, sizeof whole, "%s%s", fx->hub.url, page);
    const struct http_request request = { .url = whole, .name = "NAME", .body = &fx->body };

    return http_send_patiently(fx->http, &request, &fx->response, err);
}

static void a_busy_server_is_asked_again(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_ok(patiently(fx, "/datasets/org/d/resolve/main/flaky503.bin", &err));
    assert_int_equal(fx->response.status, 200);
    assert_int_equal(fx->n_waits, 2);
    assert_string_equal(fx->why, "NAME: HTTP status 503");
    assert_int_equal(fx->body.len, 300000);
}

static void six_failed_tries_are_enough(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_ok(patiently(fx, "/status/503", &err));
    assert_int_equal(fx->response.status, 503);
    assert_int_equal(hub_count(&fx->hub, "/status/503"), BACKOFF_TRIES);
    assert_int_equal(fx->n_waits, BACKOFF_TRIES - 1);
    /* 1, 2, 4, 8 and 16 units, each times 0.5 to 1. */
    assert_in_range(fx->waited_ms, 155, 310);
    assert_ok(patiently(fx, "/status/404", &err));
    assert_int_equal(hub_count(&fx->hub, "/status/404"), 1);
}

static void a_lost_connection_is_made_again(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_fails(patiently(fx, "/close", &err), ERR_BUSY, "NAME: the connection to 127.0.0.1:");
    assert_true(hub_count(&fx->hub, "/close") >= BACKOFF_TRIES);
    assert_fails(patiently(fx, "/garbage", &err), ERR_INPUT, "NAME: the request to 127.0.0.1:");
    assert_int_equal(hub_count(&fx->hub, "/garbage"), 1);
}

static void a_server_says_how_long_to_wait(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_ok(patiently(fx, "/retry/seconds", &err));
    assert_int_equal(fx->response.status, 200);
    assert_int_equal(fx->waited_ms, 1000);
    assert_ok(patiently(fx, "/retry/date", &err));
    assert_int_equal(fx->response.status, 200);
    assert_in_range(fx->waited_ms, 1000, 3000);
    assert_ok(patiently(fx, "/retry/hour", &err));
    assert_int_equal(fx->response.status, 429);
    assert_int_equal(hub_count(&fx->hub, "/retry/hour"), 1);
}

static void no_connection_and_silence_are_named(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_fails(get(fx, "http://127.0.0.1:9/x?sig=secret", &err), ERR_BUSY,
                 "http://127.0.0.1:9/x: no connection to 127.0.0.1:9");
    assert_int_equal(err.sys, 7);
    fx->settings.timeout_s = 1;
    assert_fails(get(fx, "/hang", &err), ERR_BUSY, "does not answer");
    assert_int_equal(err.sys, 28);
}

static void hostile_answers_are_limited(void **state)
{
    struct fixture *fx = *state;
    struct error err;

    assert_ok(get(fx, "/headers/100", &err));
    assert_fails(get(fx, "/headers/140", &err), ERR_INPUT, "65536 bytes of headers");
    assert_ok(get(fx, "/flood", &err));
    assert_int_equal(fx->response.status, 404);
    assert_int_equal(fx->response.error_body.len, 16384);
    buf_release(&fx->body);
    buf_init(&fx->body, 1000);
    assert_fails(get(fx, "/file/x", &err), ERR_INPUT, "limit of 1000 bytes");
}

/* Sets the signal of a fixture while the test waits for an answer. */
static volatile int *stop_of_alarm;

static void on_alarm(int number)
{
    (void)number;
    *stop_of_alarm = SIGTERM;
}

static void stop_soon(struct fixture *fx)
{
    stop_of_alarm = &fx->stop;
    signal(SIGALRM, on_alarm);
    alarm(1);
}

static void a_signal_ends_a_request(void **state)
{
    struct fixture *fx = *state;
    const int64_t start = clock_mono_ns();
    struct error err;

    stop_soon(fx);
    assert_fails(get(fx, "/hang", &err), ERR_CANCELLED, "");
    assert_int_equal(err.sys, SIGTERM);
    assert_true(clock_mono_ns() - start < 2 * INT64_C(1000000000));
}

static void a_signal_ends_a_wait(void **state)
{
    struct fixture *fx = *state;
    const int64_t start = clock_mono_ns();
    struct error err;

    fx->watch.backoff_ms = 60000;
    stop_soon(fx);
    assert_fails(patiently(fx, "/status/503", &err), ERR_CANCELLED, "");
    assert_int_equal(err.sys, SIGTERM);
    assert_true(clock_mono_ns() - start < 2 * INT64_C(1000000000));
}

#define CLIENT_TEST(name) cmocka_unit_test_setup_teardown(name, open_client, close_client)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLIENT_TEST(a_page_is_received),
        CLIENT_TEST(a_head_has_no_body),
        CLIENT_TEST(the_token_goes_to_the_hub_and_not_behind_a_redirect),
        CLIENT_TEST(the_token_does_not_go_to_another_port_or_name),
        CLIENT_TEST(the_token_does_not_go_where_another_server_redirects),
        CLIENT_TEST(redirects_are_followed_up_to_a_limit),
        CLIENT_TEST(a_redirect_that_the_caller_does_not_want_is_returned),
        CLIENT_TEST(a_redirect_to_another_scheme_is_refused),
        CLIENT_TEST(plain_http_beyond_this_machine_needs_leave),
        CLIENT_TEST(nothing_is_sent_offline),
        CLIENT_TEST(a_proxy_gets_what_leaves_this_machine),
        CLIENT_TEST(variables_of_libcurl_are_not_read),
        CLIENT_TEST(the_words_of_a_server_have_no_secrets),
        CLIENT_TEST(statuses_have_codes),
        CLIENT_TEST(a_busy_server_is_asked_again),
        CLIENT_TEST(six_failed_tries_are_enough),
        CLIENT_TEST(a_lost_connection_is_made_again),
        CLIENT_TEST(a_server_says_how_long_to_wait),
        CLIENT_TEST(no_connection_and_silence_are_named),
        CLIENT_TEST(hostile_answers_are_limited),
        CLIENT_TEST(a_signal_ends_a_request),
        CLIENT_TEST(a_signal_ends_a_wait),
    };

    if (!hub_is_possible())
        return SKIP_ALL("no python3");
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
