/* SPDX-License-Identifier: Apache-2.0 */
/* True (1) if the response is written in another language than the instruction. */
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/text/language.h"
#include "base/text/prose.h"
#include "scoring/observe/observe.h"
#include "scoring/scorer.h"

/* A text of a few words can be mistaken for a closely related language. So each text is
 * identified a second time with the other text's language as the hint; the difference counts if
 * both results stay the same. */
static int compare_languages(struct slice instruction, struct slice response, struct score *out,
                             struct error *err)
{
    const char *instruction_code, *response_code, *instruction_hinted, *response_hinted;

    if (language_identify(instruction, NULL, &instruction_code, err) < 0 ||
        language_identify(response, NULL, &response_code, err) < 0)
        return -1;
    out->n_tokens = (int64_t)language_letters(response);
    if (!instruction_code) {
        out->reason = "instruction_language_unknown";
    } else if (!response_code) {
        out->reason = "response_language_unknown";
    } else if (!language_same(instruction_code, response_code)) {
        if (language_identify(instruction, response_code, &instruction_hinted, err) < 0 ||
            language_identify(response, instruction_code, &response_hinted, err) < 0)
            return -1;
        if (instruction_hinted && response_hinted &&
            language_same(instruction_code, instruction_hinted) &&
            language_same(response_code, response_hinted))
            out->value = 1;
        else
            out->reason = "languages_alike";
    }
    return 0;
}

static int measure_language_mismatch(const struct observed_text *text, struct score *out,
                                     struct error *err)
{
    struct buf instruction, response;
    int rc = -1;

    if (slice_is_blank(text->instruction)) {
        out->reason = "no_instruction";
        return 0;
    }
    buf_init(&instruction, SIZE_MAX / 2);
    buf_init(&response, SIZE_MAX / 2);
    if (prose_add(text->instruction, &instruction, err) == 0 &&
        prose_add(text->response, &response, err) == 0)
        rc = compare_languages(buf_slice(&instruction), buf_slice(&response), out, err);
    buf_release(&instruction);
    buf_release(&response);
    return rc;
}

const struct scorer scorer_language_mismatch = {
    .name = "language_mismatch",
    .version = 1,
    .unit = "share",
    .better = BETTER_LOWER,
    .about = ABOUT_RESPONSE,
    .summary = "1 if the response is in another language than the instruction, else 0",
    .left_out = LANGUAGE_LEFT_OUT,
    .measure = measure_language_mismatch,
};
