/* SPDX-License-Identifier: Apache-2.0 */
/* Personal data and secrets: the search through a text, and the measurer. */
#include "scoring/facts/personal.h"

#include "scoring/facts/measurer.h"
#include "scoring/facts/personal_private.h"

static const char *const kind_names[N_PERSONAL_KINDS] = {
    [PERSONAL_EMAIL] = "email",
    [PERSONAL_IP] = "ip",
    [PERSONAL_IP_PRIVATE] = "ip_private",
    [PERSONAL_PHONE] = "phone",
    [PERSONAL_CARD] = "card",
    [PERSONAL_IBAN] = "iban",
    [PERSONAL_MAC] = "mac",
    [PERSONAL_SECRET] = "secret",
};

const char *personal_kind_name(int kind)
{
    return kind >= 0 && kind < N_PERSONAL_KINDS ? kind_names[kind] : NULL;
}

bool personal_ends_with_word(struct slice text, size_t end, const char *const *words)
{
    for (; *words; words++) {
        const size_t len = strlen(*words);
        size_t i = 0;

        if (len > end)
            continue;
        while (i < len) {
            const char c = text.ptr[end - len + i];

            if ((personal_is_upper(c) ? (char)(c | 0x20) : c) != (*words)[i])
                break;
            i++;
        }
        if (i == len && !(personal_is_letter(**words) &&
                          personal_is_letter(personal_before(text, end - len, 1))))
            return true;
    }
    return false;
}

/* What to do at a byte that no run of letters and digits contains. */
enum byte_class { BYTE_OTHER, BYTE_RUN, BYTE_AT, BYTE_NUMBER, BYTE_DASH };

static enum byte_class classify(char c)
{
    if (personal_is_alnum(c))
        return BYTE_RUN;
    if (c == '@')
        return BYTE_AT;
    if (c == '+' || c == '(')
        return BYTE_NUMBER;
    return c == '-' ? BYTE_DASH : BYTE_OTHER;
}

/* Try what can begin with a run of letters and digits. A card number is more specific than a
 * phone number, an address of eight groups more than one of six. */
static bool find_in_run(struct slice text, size_t at, size_t len, struct personal_hit *hit)
{
    const char first = text.ptr[at];
    const bool is_hex = personal_hex(first) >= 0;

    if (!personal_is_digit(first) && personal_find_key(text, at, hit))
        return true;
    if (personal_is_upper(first) && len >= 4 && personal_find_iban(text, at, hit))
        return true;
    if (is_hex && len <= 4 &&
        (personal_find_ipv6(text, at, hit) || personal_find_mac(text, at, hit)))
        return true;
    return personal_is_digit(first) &&
           (personal_find_ipv4(text, at, hit) || personal_find_number(text, at, hit));
}

static size_t skip_run(struct slice text, size_t at)
{
    while (at < text.len && personal_is_alnum(text.ptr[at]))
        at++;
    return at;
}

bool personal_next(struct slice text, size_t *at, struct personal_hit *hit)
{
    const size_t floor = *at;
    size_t i = floor;

    while (i < text.len) {
        const enum byte_class class = classify(text.ptr[i]);
        size_t next = i + 1;
        bool found = false;

        if (class == BYTE_RUN) {
            next = skip_run(text, i);
            found = personal_before(text, i, 1) != '_' &&
                    !personal_is_alnum(personal_before(text, i, 1)) &&
                    find_in_run(text, i, next - i, hit);
        } else if (class == BYTE_AT) {
            found = personal_find_email(text, i, floor, hit);
        } else if (class == BYTE_NUMBER) {
            found = personal_find_number(text, i, hit);
        } else if (class == BYTE_DASH) {
            found = personal_find_key(text, i, hit);
        }
        if (found) {
            *at = hit->end;
            return true;
        }
        i = next;
    }
    *at = text.len;
    return false;
}

enum {
    FACT_EMAILS,
    FACT_IPS,
    FACT_IPS_PRIVATE,
    FACT_PHONES,
    FACT_CARDS,
    FACT_IBANS,
    FACT_MACS,
    FACT_SECRETS,
    FACT_PERSONAL,
    N_PERSONAL_FACTS
};

/* The order is that of enum personal_kind, then the sum. */
static const struct fact personal_facts[N_PERSONAL_FACTS] = {
    [FACT_EMAILS] = { "emails", FACT_INTEGER, "spans", "e-mail addresses" },
    [FACT_IPS] = { "ips", FACT_INTEGER, "spans", "public IP addresses" },
    [FACT_IPS_PRIVATE] = { "ips_private", FACT_INTEGER, "spans",
                           "private, local and reserved IP addresses" },
    [FACT_PHONES] = { "phones", FACT_INTEGER, "spans", "phone numbers" },
    [FACT_CARDS] = { "cards", FACT_INTEGER, "spans", "card numbers" },
    [FACT_IBANS] = { "ibans", FACT_INTEGER, "spans", "bank accounts (IBAN)" },
    [FACT_MACS] = { "macs", FACT_INTEGER, "spans", "MAC addresses" },
    [FACT_SECRETS] = { "secrets", FACT_INTEGER, "spans", "keys, tokens and private keys" },
    [FACT_PERSONAL] = { "personal", FACT_INTEGER, "spans",
                        "all of these but private IP addresses" },
};

extern const struct measurer measurer_personal;

static int find_spans_of(struct slice text, int turn, struct fact_value *out,
                         struct span_list *spans, struct error *err)
{
    struct personal_hit hit;
    size_t at = 0;

    if (!text.ptr)
        return 0;
    while (personal_next(text, &at, &hit)) {
        const struct span span = {
            .measurer = &measurer_personal,
            .turn = turn,
            .start = hit.start,
            .end = hit.end,
            .kind = kind_names[hit.kind],
            .detail = hit.detail ? slice_text(hit.detail) : slice_of(NULL, 0),
        };

        out[hit.kind].integer++;
        out[FACT_PERSONAL].integer += hit.kind != PERSONAL_IP_PRIVATE;
        if (span_add(spans, &span, err) < 0)
            return -1;
    }
    return 0;
}

static int verify_personal(const struct measured_sample *sample,
                           const struct measure_options *options, struct fact_value *out,
                           struct span_list *spans, struct error *err)
{
    (void)options;
    if (find_spans_of(sample->system, -2, out, spans, err) < 0 ||
        find_spans_of(sample->context, -1, out, spans, err) < 0)
        return -1;
    for (size_t i = 0; i < sample->n_turns; i++)
        if (find_spans_of(sample->turns[i].content, (int)i, out, spans, err) < 0)
            return -1;
    return 0;
}

const struct measurer measurer_personal = {
    .name = "personal",
    .version = 1,
    .summary = "personal data and secrets, with their places in v_spans",
    .facts = personal_facts,
    .n_facts = N_PERSONAL_FACTS,
    .finds_spans = true,
    .verify = verify_personal,
};
