/* SPDX-License-Identifier: Apache-2.0 */
/* How many words and phrases of a list that the user names a text has. */
#include "scoring/facts/flag_list.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"

enum { FLAGGED_WORDS, FLAGGED_SHARE, N_FLAGGED };

static const struct fact flagged_facts[N_FLAGGED] = {
    [FLAGGED_WORDS] = { "flagged_words", FACT_INTEGER, "phrases",
                        "words and phrases of the list of --flagged-words" },
    [FLAGGED_SHARE] = { "flagged_share", FACT_REAL, "share", "words of them among the words" },
};

static int measure_flagged(const struct measured_text *text,
                           const struct measure_options *options, struct fact_value *out,
                           struct error *err)
{
    struct flag_counts counts;

    if (flag_list_find(options->flagged_words, text, &counts, err) < 0)
        return -1;
    out[FLAGGED_WORDS].integer = (int64_t)counts.n_phrases;
    out[FLAGGED_SHARE].real = share_of(counts.n_words, text->n_words);
    return 0;
}

const struct measurer measurer_flagged = {
    .name = "flagged",
    .version = 1,
    .summary = "words and phrases of a list that you name",
    .facts = flagged_facts,
    .n_facts = N_FLAGGED,
    .parts = PARTS_WHOLE_AND_EACH,
    .of_turns = true,
    .needs_flagged_words = true,
    .measure = measure_flagged,
};
