/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scoring/facts/measurer.h"
#include "scoring/facts/personal.h"
#include "scoring/facts/span_list.h"

/* Compare what is found in a text with a list: "kind:text|" for each hit. */
static void assert_found(const char *text, const char *want)
{
    struct personal_hit hit;
    char got[1000] = "";
    size_t at = 0;

    while (personal_next(slice_text(text), &at, &hit)) {
        const size_t len = strlen(got);

        assert_true(hit.start < hit.end && hit.end <= strlen(text) && at == hit.end);
        snprintf(got + len, sizeof got - len, "%s:%.*s|", personal_kind_name((int)hit.kind),
                 (int)(hit.end - hit.start), text + hit.start);
    }
    assert_string_equal(got, want);
}

static void addresses_end_with_the_domain_and_not_with_the_sentence(void **state)
{
    (void)state;
    assert_found("Ask jo.doe+x@mail.acme.co.uk.", "email:jo.doe+x@mail.acme.co.uk|");
    assert_found("<a_b@c-d.org>,e@f.net", "email:a_b@c-d.org|email:e@f.net|");
    assert_found("mailto:jo@acme.com?subject=x", "email:jo@acme.com|");
    assert_found("\xe5\x88\xb0jo@acme.cn\xe3\x80\x82", "email:jo@acme.cn|");
    assert_found("j\xc3\xbcrgen@m\xc3\xbcller.de", "email:j\xc3\xbcrgen@m\xc3\xbcller.de|");
    assert_found("a@b", "");
    assert_found("@anna icon@2x.png @anna@social.net git@host.com:x/y react@18.2.0 a..@", "");
    assert_found("https://user:pw@host.org/ ssh://git@host.org", "");
    assert_found("trailing.@acme.com", "");
}

static void versions_headings_and_numbers_out_of_range_are_no_addresses(void **state)
{
    (void)state;
    assert_found("ping 8.8.8.8, then 93.184.216.34:80", "ip:8.8.8.8|ip:93.184.216.34|");
    assert_found("10.1.2.3 and 192.168.0.1/24", "ip_private:10.1.2.3|ip_private:192.168.0.1|");
    assert_found("docs use 192.0.2.7 and 203.0.113.9",
                 "ip_private:192.0.2.7|ip_private:203.0.113.9|");
    assert_found("v1.2.3.4 version 1.2.3.4 Version: 1.2.3.4", "");
    assert_found("pkg==1.2.3.4 lib-1.2.3.4 (Chrome/99.0.12.3)", "");
    assert_found("1.2.3.4 Scope\n\n## 2.1.3.4 More", "");
    assert_found("1.2.3.4.5 300.1.1.1 01.2.3.4 1.2.3 1.2.3.4x", "");
    assert_found("at 2a00:1450:4001:82a::200e now", "ip:2a00:1450:4001:82a::200e|");
    assert_found("2a00:1:2:3:4:5:6:7", "ip:2a00:1:2:3:4:5:6:7|");
    assert_found("fe80::1%eth0 2001:db8::1", "ip_private:fe80::1|ip_private:2001:db8::1|");
    assert_found("std::vector dead::beef x[1::2] 12:34:56 ab::cd::ef 1:2:3:4:5:6:7:8:9", "");
}

static void devices_are_found_in_three_forms(void **state)
{
    (void)state;
    assert_found("00:1a:2B:3c:4d:5e", "mac:00:1a:2B:3c:4d:5e|");
    assert_found("00-1A-2B-3C-4D-5E, 001a.2b3c.4d5e",
                 "mac:00-1A-2B-3C-4D-5E|mac:001a.2b3c.4d5e|");
    assert_found("20-24-05-17-12-30 1234.5678.9012", "");
    assert_found("aa:bb:cc:dd:ee:ff:00:11", "");
}

static void cards_need_an_issuer_a_layout_and_the_check_digit(void **state)
{
    (void)state;
    assert_found("4111 1111 1111 1111", "card:4111 1111 1111 1111|");
    assert_found("5500-0000-0000-0004 378282246310005",
                 "card:5500-0000-0000-0004|card:378282246310005|");
    assert_found("3782 822463 10005 12/27", "card:3782 822463 10005|");
    assert_found("4111111111111112 1234567812345670", "");
    assert_found("0.4111111111111111 4111111111111111.5 x4111111111111111", "");
    assert_found("411 1111 1111 1111 11", "");
}

static void accounts_need_the_length_of_the_country_and_the_check_digits(void **state)
{
    (void)state;
    assert_found("DE89370400440532013000", "iban:DE89370400440532013000|");
    assert_found("to GB82 WEST 1234 5698 7654 32.", "iban:GB82 WEST 1234 5698 7654 32|");
    assert_found("DE88370400440532013000 DE8937040044053201300 XX89370400440532013000", "");
    assert_found("DE89 37040044 0532 0130 00", "");
}

static void phones_are_international_or_announced_or_clearly_separated(void **state)
{
    (void)state;
    assert_found("+49 (0)30 1234567, +12125550123",
                 "phone:+49 (0)30 1234567|phone:+12125550123|");
    assert_found("0044 20 7946 0958", "phone:0044 20 7946 0958|");
    assert_found("(212) 555-0123 or 212-555-0123", "phone:(212) 555-0123|phone:212-555-0123|");
    assert_found("06 12 34 56 78; 030/1234567", "phone:06 12 34 56 78|phone:030/1234567|");
    assert_found("Tel.: 5551234", "phone:5551234|");
    assert_found("\xe7\x94\xb5\xe8\xaf\x9d\xef\xbc\x9a"
                 "13812345678",
                 "phone:13812345678|");
    assert_found("5551234 13812345678 0612345678", "");
    assert_found("call on 2024-05-17 or 17.05.2024", "");
    assert_found("01 02 03 04 05 and 1,234,567,890 and 3.14159265", "");
    assert_found("ISBN 978-3-16-148410-0, ISBN 0-306-40615-2", "");
    assert_found("+1 234 and +999999999999999999999", "");
}

static void keys_have_a_known_start_and_are_random(void **state)
{
    static const char pem[] =
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEAx1y2z3MIIEowIBAAKCAQEA\n";
    char text[300], want[300];

    (void)state;
    assert_found("AKIAIOSFODNN7EXAMPLE", "secret:AKIAIOSFODNN7EXAMPLE|");
    assert_found("ghp_1a2B3c4D5e6F7g8H9i0J1k2L3m4N5o6P7q8R",
                 "secret:ghp_1a2B3c4D5e6F7g8H9i0J1k2L3m4N5o6P7q8R|");
    assert_found("hf_AbCdEfGhIjKlMnOpQrStUvWxYz012345.",
                 "secret:hf_AbCdEfGhIjKlMnOpQrStUvWxYz012345|");
    assert_found("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc123DEF456",
                 "secret:eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc123DEF456|");
    assert_found(
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx hf_hub_download AKIAXXXXXXXXXXXXXXXX", "");
    assert_found("sk-loading-indicator-with-a-very-long-class-name", "");
    /* Whole, and truncated. */
    snprintf(text, sizeof text, "%s-----END RSA PRIVATE KEY-----\nx", pem);
    snprintf(want, sizeof want, "secret:%s-----END RSA PRIVATE KEY-----|", pem);
    assert_found(text, want);
    snprintf(want, sizeof want, "secret:%.*s|", (int)strlen(pem) - 1, pem);
    assert_found(pem, want);
    assert_found("-----BEGIN PRIVATE KEY----- begins a key", "");
    assert_found("-----BEGIN CERTIFICATE-----\nMIIEowIBAAKCAQEAx1y2z3MIIEowIBAAKCAQEA\n", "");
}

/* Every cut of a text with all kinds: no byte outside is read. */
static void cut_texts_stay_inside_their_bytes(void **state)
{
    static const char text[] =
        "jo@acme.com 8.8.8.8 2a00:1450::200e 00:1a:2b:3c:4d:5e 4111 1111 1111 1111 "
        "DE89370400440532013000 +49 30 1234567 (212) 555-0123 Tel. 0612345678 "
        "AKIAIOSFODNN7EXAMPLE -----BEGIN PRIVATE KEY----- eyJhbGciOiJI.eyJzdWIiOiIx.abc";

    (void)state;
    for (size_t start = 0; start < sizeof text - 1; start++)
        for (size_t end = start; end < sizeof text; end++) {
            char *copy = malloc(end - start + 1);
            struct personal_hit hit;
            size_t at = 0;

            assert_non_null(copy);
            memcpy(copy, text + start, end - start);
            while (personal_next(slice_of(copy, end - start), &at, &hit))
                assert_true(hit.start < hit.end && hit.end <= end - start);
            free(copy);
        }
}

static void counts_are_those_of_all_texts_and_spans_name_the_text(void **state)
{
    const struct measured_turn turns[] = {
        { .role = slice_text("user"), .content = slice_text("mail jo@acme.com") },
        { .role = slice_text("assistant"), .content = slice_text("10.0.0.1 or 8.8.8.8") },
    };
    const struct measured_sample sample = { .system = slice_text("Call +12125550123."),
                                            .context = slice_text("x ab@c.de"),
                                            .turns = turns,
                                            .n_turns = 2 };
    const struct measurer *personal = measurer_find("personal");
    struct fact_value values[9] = { { .integer = 0 } };
    struct span_list spans = { .n = 0 };
    struct error err;

    (void)state;
    assert_ok(personal->verify(&sample, NULL, values, &spans, &err));
    assert_int_equal(values[PERSONAL_EMAIL].integer, 2);
    assert_int_equal(values[PERSONAL_IP].integer, 1);
    assert_int_equal(values[PERSONAL_IP_PRIVATE].integer, 1);
    assert_int_equal(values[8].integer, 4);
    assert_int_equal(spans.n, 5);
    assert_int_equal(spans.items[0].turn, -2);
    assert_int_equal(spans.items[1].turn, -1);
    assert_int_equal(spans.items[1].start, 2);
    assert_int_equal(spans.items[1].end, 9);
    assert_string_equal(spans.items[3].kind, "ip_private");
    span_list_release(&spans);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_end_with_the_domain_and_not_with_the_sentence),
        cmocka_unit_test(versions_headings_and_numbers_out_of_range_are_no_addresses),
        cmocka_unit_test(devices_are_found_in_three_forms),
        cmocka_unit_test(cards_need_an_issuer_a_layout_and_the_check_digit),
        cmocka_unit_test(accounts_need_the_length_of_the_country_and_the_check_digits),
        cmocka_unit_test(phones_are_international_or_announced_or_clearly_separated),
        cmocka_unit_test(keys_have_a_known_start_and_are_random),
        cmocka_unit_test(cut_texts_stay_inside_their_bytes),
        cmocka_unit_test(counts_are_those_of_all_texts_and_spans_name_the_text),
    };

    return cmocka_run_group_tests_name("scoring/personal", tests, NULL, NULL);
}
