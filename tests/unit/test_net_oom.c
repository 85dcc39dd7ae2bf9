/* SPDX-License-Identifier: Apache-2.0 */
/* As test_oom.c, for requests and transfers. libcurl keeps the real allocator. */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/net/http.h"
#include "base/net/hub_get.h"
#include "base/net/plain.h"
#include "base/net/settings.h"
#include "base/net/transfer.h"
#include "base/net/url.h"
#include "tests/support/hub_process.h"
#include "tests/support/oom.h"
#include "tests/support/tmp.h"

enum { MAX_ALLOCATIONS = 1000 };

struct fixture {
    struct hub hub;
    struct tmp tmp;
    char endpoint[64];
    struct net_settings settings;
};

static int set_up(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);

    assert_non_null(fx);
    hub_start(&fx->hub, NULL, NULL);
    tmp_open(&fx->tmp);
    snprintf(fx->endpoint, sizeof fx->endpoint, "%s", fx->hub.url);
    fx->settings = (struct net_settings){ .endpoint = fx->endpoint,
                                          .assets = fx->tmp.root,
                                          .timeout_s = 5 };
    *state = fx;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fx = *state;

    hub_stop(&fx->hub);
    tmp_close(&fx->tmp);
    free(fx);
    return 0;
}

static void assert_survives(oom_scenario *run, struct fixture *fx)
{
    assert_in_range(oom_survive(run, fx), 1, MAX_ALLOCATIONS - 1);
}

static const char *variable(const char *name)
{
    static const char *const set[][2] = { { "HOME", "/h" },     { "HF_TOKEN", "hf_secret" },
                                          { "HF_HOME", "~/x" }, { "http_proxy", "p" },
                                          { "no_proxy", "n" },  { "SSL_CERT_DIR", "/c" } };

    for (size_t i = 0; i < sizeof set / sizeof *set; i++)
        if (strcmp(name, set[i][0]) == 0)
            return set[i][1];
    return NULL;
}

static int read_settings(const void *input, struct error *err)
{
    struct net_settings settings;

    (void)input;
    const int rc = net_settings_read(variable, &settings, err);

    net_settings_release(&settings);
    return rc;
}

static void settings_survive_each_failed_allocation(void **state)
{
    assert_survives(read_settings, *state);
}

static int resolve(const void *input, struct error *err)
{
    const struct fixture *fx = input;
    struct buf out;
    struct url url;
    int rc = -1;

    buf_init(&out, URL_MAX_BYTES);
    if (url_parse(slice_text(fx->endpoint), &url, err) == 0 &&
        url_resolve(&url, slice_text("a/../b c?d"), &out, err) == 0 &&
        url_encode(slice_text("\xc3\xa9"), "", &out, err) == 0 &&
        url_add_public(&url, &out, err) == 0)
        rc = 0;
    buf_release(&out);
    return rc;
}

static void urls_survive_each_failed_allocation(void **state)
{
    assert_survives(resolve, *state);
}

static int send_one(const void *input, struct error *err)
{
    const struct fixture *fx = input;
    struct http_response response;
    struct http *http = NULL;
    struct buf body;
    char url[128];

    snprintf(url, sizeof url, "%s/hops/1", fx->hub.url);
    buf_init(&body, 1 << 20);
    http_response_init(&response);
    int rc = http_new(&fx->settings, NULL, &http, err);

    if (rc == 0)
        rc = http_send_patiently(http, &(struct http_request){ .url = url, .body = &body },
                                 &response, err);
    http_free(http);
    http_response_release(&response);
    buf_release(&body);
    return rc;
}

static void a_request_survives_each_failed_allocation(void **state)
{
    assert_survives(send_one, *state);
}

static int transfer_one(const void *input, struct error *err)
{
    const struct fixture *fx = input;
    struct transfer_result result;
    struct http *http = NULL;
    char url[128], partial[128], final[128];

    snprintf(url, sizeof url, "%s/datasets/org/d/resolve/main/data/small.jsonl", fx->hub.url);
    snprintf(partial, sizeof partial, "%s/p", fx->tmp.root);
    snprintf(final, sizeof final, "%s/f", fx->tmp.root);
    const struct transfer transfer = { .url = url,
                                       .name = "NAME",
                                       .partial_path = partial,
                                       .final_path = final,
                                       .size_bytes = 330,
                                       .content_id =
                                           "9650c5d8d23a7616a74aa53796fcb43b77984299" };
    int rc = http_new(&fx->settings, NULL, &http, err);

    if (rc == 0)
        rc = transfer_run(http, &transfer, &result, err);
    http_free(http);
    return rc;
}

static void a_transfer_survives_each_failed_allocation(void **state)
{
    assert_survives(transfer_one, *state);
}

static int get_plain(const void *input, struct error *err)
{
    const struct fixture *fx = input;
    struct http *http = NULL;
    struct plain plain;
    struct buf local;
    char url[128];

    snprintf(url, sizeof url, "%s/chunked/x", fx->hub.url);
    buf_init(&local, 4096);
    int rc = plain_parse(url, NULL, &plain, err);

    if (rc == 0)
        rc = http_new(&fx->settings, NULL, &http, err);
    if (rc == 0)
        rc = plain_find(http, &plain, err);
    const struct hub_get get = { .settings = &fx->settings, .http = http };

    if (rc == 0)
        rc = plain_get(&get, &plain, &local, err);
    plain_release(&plain);
    buf_release(&local);
    http_free(http);
    return rc;
}

static void a_plain_url_survives_each_failed_allocation(void **state)
{
    assert_survives(get_plain, *state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_survive_each_failed_allocation),
        cmocka_unit_test(urls_survive_each_failed_allocation),
        cmocka_unit_test(a_request_survives_each_failed_allocation),
        cmocka_unit_test(a_transfer_survives_each_failed_allocation),
        cmocka_unit_test(a_plain_url_survives_each_failed_allocation),
    };

    if (!hub_is_possible())
        return SKIP_ALL("no python3");
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
