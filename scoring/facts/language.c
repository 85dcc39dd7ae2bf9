/* SPDX-License-Identifier: Apache-2.0 */
/* The language that a text is written in. */
#include <stdint.h>

#include "base/buf.h"
#include "base/text/language.h"
#include "base/text/prose.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"

enum { LANGUAGE_CODE, LANGUAGE_SHARE, N_LANGUAGE_FACTS };

static const struct fact language_facts[N_LANGUAGE_FACTS] = {
    [LANGUAGE_CODE] = { "language", FACT_TEXT, "code", "language of the prose" },
    [LANGUAGE_SHARE] = { "language_share", FACT_REAL, "share",
                         "share of the prose that is in its language" },
};

static void set_language(struct slice prose, const struct language_share *found,
                         struct fact_value *out)
{
    if (found->code) {
        out[LANGUAGE_CODE].text = found->code;
        out[LANGUAGE_SHARE].real = found->share;
        return;
    }
    out[LANGUAGE_CODE].reason =
        language_letters(prose) < LANGUAGE_LETTERS_MIN ? "too_few_letters" : "not_certain";
    out[LANGUAGE_SHARE].reason = out[LANGUAGE_CODE].reason;
}

static int measure_language(const struct measured_text *text,
                            const struct measure_options *options, struct fact_value *out,
                            struct error *err)
{
    struct language_share found;
    struct buf prose;

    (void)options;
    buf_init(&prose, SIZE_MAX / 2);
    int rc = prose_add(text->text, &prose, err);
    if (rc == 0)
        rc = language_identify_share(buf_slice(&prose), NULL, &found, err);
    if (rc == 0)
        set_language(buf_slice(&prose), &found, out);
    buf_release(&prose);
    return rc;
}

/* The prose without code, in a buffer that grows by doubling. */
static size_t bytes_of_language(const struct measured_text *text,
                                const struct measure_options *options)
{
    (void)options;
    return 3 * text->text.len;
}

const struct measurer measurer_language = {
    .name = "language",
    .version = 1,
    .summary = "the language of the prose, and its share",
    .left_out = LANGUAGE_LEFT_OUT,
    .facts = language_facts,
    .n_facts = N_LANGUAGE_FACTS,
    .parts = PARTS_WHOLE_AND_EACH,
    .of_turns = true,
    .measure = measure_language,
    .measure_bytes = bytes_of_language,
};
