/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/net/http.h"
#include "base/net/settings.h"
#include "tests/support/hub_process.h"
#include "tests/support/tmp.h"

/* Servers with certificates of an authority that only this test knows. That of `good` is for
 * 127.0.0.1 and localhost, that of `other` for another name. */
struct fixture {
    struct tmp tmp;
    struct hub good, other;
    char endpoint[64], token[32], authority[TMP_MAX_PATH_BYTES];
    struct net_settings settings;
};

/* Make an authority, and certificates signed by it. */
static const char script[] =
    "set -e; cd \"$1\"\n"
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key "
    "-out ca.pem -days 2 "
    "-subj /CN=test-authority\n"
    "make() {\n"
    "    openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout $1.key "
    "-out $1.csr -subj /CN=$1\n"
    "    echo \"subjectAltName=$2\" > $1.ext\n"
    "    openssl x509 -req -in $1.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 "
    "-extfile $1.ext -out $1.pem\n"
    "}\n"
    "make good DNS:localhost,IP:127.0.0.1\n"
    "make other DNS:other.test\n";

static void make_certificates(struct fixture *fx)
{
    char command[2048];

    snprintf(command, sizeof command, "sh -c '%s' sh %s > %s/openssl.log 2>&1", script,
             fx->tmp.root, fx->tmp.root);
    assert_int_equal(system(command), 0);
}

static int set_up(void **state)
{
    struct fixture *fx = calloc(1, sizeof *fx);

    assert_non_null(fx);
    tmp_open(&fx->tmp);
    make_certificates(fx);
    hub_start(&fx->good, tmp_path(&fx->tmp, "good.pem"), tmp_path(&fx->tmp, "good.key"));
    hub_start(&fx->other, tmp_path(&fx->tmp, "other.pem"), tmp_path(&fx->tmp, "other.key"));
    snprintf(fx->authority, sizeof fx->authority, "%s", tmp_path(&fx->tmp, "ca.pem"));
    snprintf(fx->endpoint, sizeof fx->endpoint, "%s", fx->good.url);
    snprintf(fx->token, sizeof fx->token, "hf_secret");
    fx->settings =
        (struct net_settings){ .endpoint = fx->endpoint, .token = fx->token, .timeout_s = 5 };
    *state = fx;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fx = *state;

    hub_stop(&fx->good);
    hub_stop(&fx->other);
    tmp_close(&fx->tmp);
    free(fx);
    return 0;
}

/* GET a page. The number of bytes of the body is in *n_bytes. */
static int get(struct fixture *fx, const char *server, const char *page, size_t *n_bytes,
               bool *sent_token, struct error *err)
{
    struct http_response response;
    struct http *http = NULL;
    struct buf body;
    char url[256];

    snprintf(url, sizeof url, "%s%s", server, page);
    buf_init(&body, 1 << 20);
    http_response_init(&response);
    int rc = http_new(&fx->settings, NULL, &http, err);

    if (rc == 0)
        rc = http_send(http, &(struct http_request){ .url = url, .body = &body }, &response,
                       err);
    *n_bytes = body.len;
    *sent_token = response.sent_token;
    http_free(http);
    http_response_release(&response);
    buf_release(&body);
    return rc;
}

static void a_known_authority_is_trusted(void **state)
{
    struct fixture *fx = *state;
    struct error err;
    bool sent_token;
    size_t n;

    fx->settings.ca_file = fx->authority;
    assert_ok(get(fx, fx->good.url, "/text/x", &n, &sent_token, &err));
    assert_int_equal(n, 330);
    assert_true(sent_token);
    assert_ok(get(fx, fx->good.cdn, "/text/x", &n, &sent_token, &err));
    assert_int_equal(n, 330);
    assert_false(sent_token);
}

static void an_unknown_authority_is_not_trusted(void **state)
{
    struct fixture *fx = *state;
    struct error err;
    bool sent_token;
    size_t n;

    fx->settings.ca_file = NULL;
    assert_fails(get(fx, fx->good.url, "/text/x?sig=secret", &n, &sent_token, &err), ERR_DENIED,
                 "/text/x: the certificate of 127.0.0.1:");
    assert_int_equal(err.sys, 60);
    assert_null(strstr(err.msg, "secret"));
    assert_int_equal(n, 0);
}

static void a_certificate_of_another_host_is_not_trusted(void **state)
{
    struct fixture *fx = *state;
    struct error err;
    bool sent_token;
    size_t n;

    fx->settings.ca_file = fx->authority;
    assert_fails(get(fx, fx->other.cdn, "/text/x", &n, &sent_token, &err), ERR_DENIED,
                 "the certificate of localhost:");
    assert_int_equal(err.sys, 60);
    assert_fails(get(fx, fx->other.url, "/text/x", &n, &sent_token, &err), ERR_DENIED,
                 "the certificate of 127.0.0.1:");
    assert_int_equal(err.sys, 60);
    assert_int_equal(n, 0);
}

static void a_redirect_does_not_lead_around_the_certificate(void **state)
{
    struct fixture *fx = *state;
    struct error err;
    bool sent_token;
    char page[256];
    size_t n;

    fx->settings.ca_file = fx->authority;
    snprintf(page, sizeof page, "/to?url=%s/text/x", fx->other.cdn);
    assert_fails(get(fx, fx->good.url, page, &n, &sent_token, &err), ERR_DENIED,
                 "the certificate of localhost:");
    snprintf(page, sizeof page, "/to?url=http://192.0.2.1/text/x");
    assert_fails(get(fx, fx->good.url, page, &n, &sent_token, &err), ERR_DENIED, "not secure");
}

static void a_missing_file_of_authorities_is_named(void **state)
{
    char missing[] = "/none/ca.pem";
    struct fixture *fx = *state;
    struct error err;
    bool sent_token;
    size_t n;

    fx->settings.ca_file = missing;
    assert_fails(get(fx, fx->good.url, "/text/x", &n, &sent_token, &err), ERR_USAGE,
                 "no certificates of authorities in /none/ca.pem: see SSL_CERT_FILE");
}

static void a_server_without_tls_is_named(void **state)
{
    struct fixture *fx = *state;
    struct hub plain;
    struct error err;
    bool sent_token;
    char url[64];
    size_t n;

    fx->settings.ca_file = fx->authority;
    hub_start(&plain, NULL, NULL);
    snprintf(url, sizeof url, "https://127.0.0.1:%u", plain.hub_port);
    const int rc = get(fx, url, "/text/x", &n, &sent_token, &err);

    hub_stop(&plain);
    assert_fails(rc, ERR_BUSY, "no secure connection to 127.0.0.1:");
    assert_int_equal(err.sys, 35);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_authority_is_trusted),
        cmocka_unit_test(an_unknown_authority_is_not_trusted),
        cmocka_unit_test(a_certificate_of_another_host_is_not_trusted),
        cmocka_unit_test(a_redirect_does_not_lead_around_the_certificate),
        cmocka_unit_test(a_missing_file_of_authorities_is_named),
        cmocka_unit_test(a_server_without_tls_is_named),
    };

    if (!hub_is_possible())
        return SKIP_ALL("no python3");
    if (system("openssl version > /dev/null 2>&1") != 0)
        return SKIP_ALL("no openssl command to make certificates with");
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
