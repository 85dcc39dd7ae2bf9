/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers with a relation in an instruction: "at least 300", "no more than three". */
#include "scoring/facts/constraint_private.h"

enum { NUMBER_DIGITS_MAX = 9 };

enum relation { RELATION_NONE, AT_LEAST, MORE_THAN, AT_MOST, LESS_THAN, EXACTLY };

struct relation_words {
    enum relation relation;
    const char *words[4]; /* each a word or several: "no|not"; NULL: no more */
};

static const struct relation_words before_number[] = {
    { AT_MOST, { "not|don't", "use|write|exceed|contain", "more", "than" } },
    { AT_LEAST, { "no|not", "less|fewer", "than" } },
    { AT_LEAST, { "a", "minimum", "of" } },
    { AT_LEAST, { "minimum", "of" } },
    { AT_LEAST, { "at", "least" } },
    { AT_LEAST, { "minimum" } },
    { AT_MOST, { "no|not", "more", "than" } },
    { AT_MOST, { "a", "maximum|max", "of" } },
    { AT_MOST, { "maximum|max", "of" } },
    { AT_MOST, { "at", "most" } },
    { AT_MOST, { "up", "to" } },
    { AT_MOST, { "not", "exceed" } },
    { AT_MOST, { "not", "exceeding" } },
    { AT_MOST, { "maximum|max" } },
    { MORE_THAN, { "more", "than" } },
    { MORE_THAN, { "over" } },
    { LESS_THAN, { "less|fewer", "than" } },
    { LESS_THAN, { "under|below" } },
    { EXACTLY, { "exactly|precisely" } },
};
static const struct relation_words behind_number[] = {
    { AT_LEAST, { "+" } },
    { AT_LEAST, { "or", "more" } },
    { AT_MOST, { "or", "less|fewer" } },
};
static const struct relation_words behind_unit[] = {
    { AT_LEAST, { "or", "more" } }, { AT_LEAST, { "at", "least" } },
    { AT_LEAST, { "minimum" } },    { AT_MOST, { "or", "less|fewer" } },
    { AT_MOST, { "at", "most" } },  { AT_MOST, { "maximum|max" } },
    { AT_MOST, { "or", "under" } },
};

/* Find which of the phrases stands at token i. Returns the token behind it, or i. */
static size_t read_relation(const struct instruction_text *in, size_t i,
                            const struct relation_words *phrases, size_t n, enum relation *out)
{
    *out = RELATION_NONE;
    for (size_t p = 0; p < n; p++) {
        size_t k = 0;

        while (k < 4 && phrases[p].words[k] && token_is(in, i + k, phrases[p].words[k]))
            k++;
        if (k == 4 || !phrases[p].words[k]) {
            *out = phrases[p].relation;
            return i + k;
        }
    }
    return i;
}

size_t read_number(const struct instruction_text *in, size_t i, int64_t *out)
{
    static const char *const names[] = {
        "zero",     "one|once", "two|twice", "three|thrice", "four",     "five",     "six",
        "seven",    "eight",    "nine",      "ten",          "eleven",   "twelve",   "thirteen",
        "fourteen", "fifteen",  "sixteen",   "seventeen",    "eighteen", "nineteen", "twenty",
    };

    if (i >= in->n_tokens)
        return 0;
    const struct slice text = instruction_token(in, i);
    if (in->tokens[i].kind == TOKEN_NUMBER && text.len <= NUMBER_DIGITS_MAX) {
        *out = 0;
        for (size_t k = 0; k < text.len; k++)
            if (text.ptr[k] != ',')
                *out = *out * 10 + (text.ptr[k] - '0');
        return i + 1;
    }
    for (size_t k = 0; in->tokens[i].kind == TOKEN_WORD && k < sizeof names / sizeof *names;
         k++) {
        if (is_one_of(text, names[k], strlen(names[k]))) {
            *out = (int64_t)k;
            return i + 1;
        }
    }
    return 0;
}

static void set_relation(struct quantity *out, enum relation relation, int64_t n)
{
    *out = (struct quantity){ .min = n, .max = n, .is_plain = relation == RELATION_NONE };
    if (relation == AT_LEAST || relation == MORE_THAN) {
        out->min = n + (relation == MORE_THAN);
        out->max = INT64_MAX;
    } else if (relation == AT_MOST || relation == LESS_THAN) {
        out->min = 0;
        out->max = n - (relation == LESS_THAN);
    }
}

static size_t read_between(const struct instruction_text *in, size_t i, struct quantity *out)
{
    size_t next;

    *out = (struct quantity){ .min = 0 };
    if (!token_is(in, i, "between") || !(next = read_number(in, i + 1, &out->min)) ||
        !token_is(in, next, "and") || !(next = read_number(in, next + 1, &out->max)) ||
        out->max < out->min)
        return 0;
    return next;
}

size_t read_quantity(const struct instruction_text *in, size_t i, struct quantity *out)
{
    enum relation relation, behind;
    int64_t n;
    size_t end = read_between(in, i, out);

    if (end > 0)
        return end;
    /* The end of "no more than" is no "more than". */
    if (i > 0 && token_is(in, i, "more|less|fewer|exactly|over|under|below") &&
        token_is(in, i - 1, "no|not|don't|never"))
        return 0;
    end = read_number(in,
                      read_relation(in, i, before_number,
                                    sizeof before_number / sizeof *before_number, &relation),
                      &n);
    if (end == 0)
        return 0;
    const size_t after = read_relation(in, end, behind_number,
                                       sizeof behind_number / sizeof *behind_number, &behind);
    if (relation != RELATION_NONE && after > end)
        return 0; /* "at most 3 or more" */
    set_relation(out, relation != RELATION_NONE ? relation : behind, n);
    return after;
}

size_t read_late_relation(const struct instruction_text *in, size_t i,
                          struct quantity *quantity)
{
    enum relation relation;
    const size_t end =
        read_relation(in, i, behind_unit, sizeof behind_unit / sizeof *behind_unit, &relation);

    if (relation != RELATION_NONE)
        set_relation(quantity, relation, quantity->min);
    return end;
}
