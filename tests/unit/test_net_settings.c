/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include "base/net/settings.h"
#include "tests/support/tmp.h"

/* The variables of a test, in pairs; the name NULL ends them. */
static const char *const (*variables)[2];

static const char *variable(const char *name)
{
    for (size_t i = 0; variables[i][0]; i++)
        if (strcmp(variables[i][0], name) == 0)
            return variables[i][1];
    return NULL;
}

static struct net_settings read_settings(const char *const (*pairs)[2])
{
    struct net_settings settings;
    struct error err;

    variables = pairs;
    assert_ok(net_settings_read(variable, &settings, &err));
    return settings;
}

static void assert_invalid(const char *const (*pairs)[2], const char *phrase)
{
    struct net_settings settings;
    struct error err;

    variables = pairs;
    assert_fails(net_settings_read(variable, &settings, &err), ERR_USAGE, phrase);
    assert_null(strstr(err.msg, "secret"));
    net_settings_release(&settings);
}

#define PAIRS(...) ((const char *const[][2]){ __VA_ARGS__, { NULL, NULL } })

static void without_variables_there_are_defaults(void **state)
{
    struct net_settings settings = read_settings(PAIRS({ "HOME", "/h" }));

    (void)state;
    assert_string_equal(settings.endpoint, "https://huggingface.co");
    assert_string_equal(settings.cache, "/h/.cache/huggingface/hub");
    assert_string_equal(settings.assets, "/h/.cache/huggingface/assets");
    assert_null(settings.token);
    assert_null(settings.ca_file);
    assert_null(settings.ca_folder);
    assert_null(settings.proxies[0]);
    assert_null(settings.proxies[1]);
    assert_null(settings.no_proxy);
    assert_int_equal(settings.timeout_s, 30);
    assert_false(settings.offline);
    assert_false(settings.allow_http);
    assert_false(settings.without_symlinks);
    net_settings_release(&settings);
}

static void assert_cache(const char *const (*pairs)[2], const char *cache)
{
    struct net_settings settings = read_settings(pairs);

    assert_string_equal(settings.cache, cache);
    net_settings_release(&settings);
}

static void the_cache_is_where_python_has_it(void **state)
{
    (void)state;
    assert_cache(PAIRS({ "XDG_CACHE_HOME", "/x/" }), "/x//huggingface/hub");
    assert_cache(PAIRS({ "HF_HOME", "/f/" }, { "XDG_CACHE_HOME", "/x" }), "/f/hub");
    assert_cache(PAIRS({ "HF_HOME", "/f" }, { "HUGGINGFACE_HUB_CACHE", "/old" }), "/old");
    assert_cache(PAIRS({ "HF_HUB_CACHE", "/new" }, { "HUGGINGFACE_HUB_CACHE", "/old" },
                       { "HOME", "/h" }),
                 "/new");
    assert_cache(PAIRS({ "HF_HUB_CACHE", "" }, { "HF_HOME", "/f" }), "/f/hub");
    assert_cache(PAIRS({ "HF_HOME", "~" }, { "HOME", "/h" }), "/h/hub");
    assert_cache(
        PAIRS({ "HF_HOME", "~/$A/${B}c" }, { "HOME", "/h" }, { "A", "a" }, { "B", "b" }),
        "/h/a/bc/hub");
    assert_cache(PAIRS({ "HF_HOME", "/x~/$NONE/${A" }, { "A", "a" }), "/x~/$NONE/${A/hub");
    assert_cache(PAIRS({ "HF_HOME", "~you/$" }, { "HOME", "/h" }), "~you/$/hub");
    assert_cache(PAIRS({ "XDG_CACHE_HOME", "~/c" }, { "HOME", "/h" }), "/h/c/huggingface/hub");
    assert_invalid(PAIRS({ "X", "y" }), "HOME is not set: set HF_HOME");
}

static void assert_token(const char *const (*pairs)[2], const char *token)
{
    struct net_settings settings = read_settings(pairs);

    if (token)
        assert_string_equal(settings.token, token);
    else
        assert_null(settings.token);
    net_settings_release(&settings);
}

static void the_token_is_that_of_the_first_place_that_has_one(void **state)
{
    struct tmp tmp = { 0 };
    struct net_settings settings;
    struct error err;

    (void)state;
    tmp_open(&tmp);
    const char *file = tmp_write(&tmp, "token", " hf_file\n", 9);

    assert_token(PAIRS({ "HF_HOME", tmp.root }), "hf_file");
    assert_token(PAIRS({ "HF_HOME", "/none" }, { "HF_TOKEN_PATH", file }), "hf_file");
    assert_token(PAIRS({ "HF_HOME", tmp.root }, { "HF_HUB_DISABLE_IMPLICIT_TOKEN", "1" }),
                 NULL);
    assert_token(PAIRS({ "HF_HOME", tmp.root }, { "HF_HUB_DISABLE_IMPLICIT_TOKEN", "0" }),
                 "hf_file");
    assert_token(PAIRS({ "HF_HOME", tmp.root }, { "HF_TOKEN", "\thf_a " },
                       { "HUGGING_FACE_HUB_TOKEN", "hf_b" }),
                 "hf_a");
    assert_token(PAIRS({ "HF_HOME", tmp.root }, { "HF_TOKEN", " " },
                       { "HUGGING_FACE_HUB_TOKEN", "hf_b" }),
                 "hf_b");
    assert_token(PAIRS({ "HF_HOME", "/none" }), NULL);
    tmp_write(&tmp, "token", "\n", 1);
    assert_token(PAIRS({ "HF_HOME", tmp.root }), NULL);
    assert_token(PAIRS({ "HF_HOME", "/none" }, { "HF_TOKEN_PATH", "/none/x" }), NULL);
    variables = PAIRS({ "HF_HOME", "/none" }, { "HF_TOKEN_PATH", tmp.root });
    assert_fails(net_settings_read(variable, &settings, &err), ERR_IO, "HF_TOKEN_PATH: ");
    net_settings_release(&settings);
    tmp_close(&tmp);
}

static void a_token_that_would_break_a_header_is_refused_and_not_printed(void **state)
{
    (void)state;
    assert_invalid(PAIRS({ "HF_HOME", "/f" }, { "HF_TOKEN", "hf_secret\r\nX: y" }),
                   "HF_TOKEN: ");
    assert_invalid(PAIRS({ "HF_HOME", "/f" }, { "HF_TOKEN", "hf secret" }), "HF_TOKEN: ");
    assert_invalid(PAIRS({ "HF_HOME", "/f" }, { "HF_TOKEN", "hf_secret\xc3\xa9" }),
                   "HF_TOKEN: ");
}

static void the_endpoint_is_a_url_without_secrets(void **state)
{
    struct net_settings settings =
        read_settings(PAIRS({ "HF_HOME", "/f" }, { "HF_ENDPOINT", "https://h.co/mirror//" }));

    (void)state;
    assert_string_equal(settings.endpoint, "https://h.co/mirror");
    net_settings_release(&settings);
    assert_invalid(PAIRS({ "HF_HOME", "/f" }, { "HF_ENDPOINT", "h.co" }),
                   "HF_ENDPOINT: invalid URL");
    assert_invalid(PAIRS({ "HF_HOME", "/f" }, { "HF_ENDPOINT", "https://u:secret@h.co" }),
                   "HF_ENDPOINT: invalid URL");
    assert_invalid(PAIRS({ "HF_HOME", "/f" }, { "HF_ENDPOINT", "https://h.co/?k=secret" }),
                   "HF_ENDPOINT: invalid URL");
}

static void words_for_true_are_those_of_python(void **state)
{
    static const char *const yes[] = { "1", "on", "ON", "Yes", "TRUE" };
    static const char *const no[] = { "0", "", "off", "2", "y", "true " };

    (void)state;
    for (size_t i = 0; i < 5; i++) {
        struct net_settings settings =
            read_settings(PAIRS({ "HF_HOME", "/f" }, { "HF_HUB_OFFLINE", yes[i] },
                                { "HF_HUB_DISABLE_SYMLINKS", yes[i] }));

        assert_true(settings.offline);
        assert_true(settings.without_symlinks);
        net_settings_release(&settings);
        settings =
            read_settings(PAIRS({ "HF_HOME", "/f" }, { "TRANSFORMERS_OFFLINE", yes[i] }));
        assert_true(settings.offline);
        net_settings_release(&settings);
        settings = read_settings(PAIRS({ "HF_HOME", "/f" }, { "HF_HUB_OFFLINE", "0" },
                                       { "TRANSFORMERS_OFFLINE", yes[i] }));
        assert_false(settings.offline);
        net_settings_release(&settings);
    }
    for (size_t i = 0; i < 6; i++) {
        struct net_settings settings =
            read_settings(PAIRS({ "HF_HOME", "/f" }, { "HF_HUB_OFFLINE", no[i] }));

        assert_false(settings.offline);
        net_settings_release(&settings);
    }
}

static void proxies_and_certificates_are_those_of_curl(void **state)
{
    struct net_settings settings = read_settings(
        PAIRS({ "HF_HOME", "/f" }, { "HTTP_PROXY", "http://no" }, { "HTTPS_PROXY", "http://b" },
              { "all_proxy", "http://c" }, { "NO_PROXY", "x,y" }, { "CURL_CA_BUNDLE", "/ca" },
              { "SSL_CERT_DIR", "/certs" }, { "HF_HUB_DOWNLOAD_TIMEOUT", "7" }));

    (void)state;
    assert_string_equal(settings.proxies[0], "http://c");
    assert_string_equal(settings.proxies[1], "http://b");
    assert_string_equal(settings.no_proxy, "x,y");
    assert_string_equal(settings.ca_file, "/ca");
    assert_string_equal(settings.ca_folder, "/certs");
    assert_int_equal(settings.timeout_s, 7);
    net_settings_release(&settings);
    assert_invalid(PAIRS({ "HF_HOME", "/f" }, { "HF_HUB_DOWNLOAD_TIMEOUT", "0" }),
                   "HF_HUB_DOWNLOAD_TIMEOUT: must be");
    assert_invalid(PAIRS({ "HF_HOME", "/f" }, { "HF_HUB_DOWNLOAD_TIMEOUT", "10s" }),
                   "HF_HUB_DOWNLOAD_TIMEOUT: must be");
    assert_invalid(PAIRS({ "HF_HOME", "/f" }, { "HF_HUB_DOWNLOAD_TIMEOUT", "-1" }),
                   "HF_HUB_DOWNLOAD_TIMEOUT: must be");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_variables_there_are_defaults),
        cmocka_unit_test(the_cache_is_where_python_has_it),
        cmocka_unit_test(the_token_is_that_of_the_first_place_that_has_one),
        cmocka_unit_test(a_token_that_would_break_a_header_is_refused_and_not_printed),
        cmocka_unit_test(the_endpoint_is_a_url_without_secrets),
        cmocka_unit_test(words_for_true_are_those_of_python),
        cmocka_unit_test(proxies_and_certificates_are_those_of_curl),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
