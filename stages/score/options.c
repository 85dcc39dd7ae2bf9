/* SPDX-License-Identifier: Apache-2.0 */
/* The option table of the score stage. */
#include "base/error.h"
#include "scoring/infer/nearest.h"
#include "scoring/prompts/templates/template.h"
#include "stages/score/settings.h"

/* The least --max-memory that leaves room to work in. */
enum { MEMORY_LEAST_BYTES = 64 << 20 };

const struct score_args score_args_defaults = {
    .cohort_args = COHORT_DEFAULTS,
    .segment_tokens = 128,
    .max_segments = SCORE_LIMIT,
    .response_tokens = SCORE_LIMIT,
    .instruction_tokens = SCORE_LIMIT,
    .batch_tokens = 4096,
    .neighbour = 6,
};

const char *const score_turns_names[] = { [TURNS_LAST] = "last", [TURNS_ALL] = "all", NULL };
const char *const score_of_names[] = {
    [RESPONSE_ALL] = "all", [RESPONSE_ANSWER] = "answer", [RESPONSE_THOUGHT] = "thought", NULL
};
const char *const score_side_names[] = { [SIDE_LEFT] = "left", [SIDE_RIGHT] = "right", NULL };
const char *const score_attn_row_names[] = {
    [ATTN_ROW_OWN] = "own", [ATTN_ROW_PRED] = "pred", NULL
};
const char *const score_importance_names[] = {
    [IMPORTANCE_PPL] = "ppl", [IMPORTANCE_NLL] = "nll", [IMPORTANCE_SOFTMAX] = "softmax", NULL
};
static const char *const tables_names[] = {
    [SCORE_NO_TABLES] = "", [SCORE_BY_LAYER] = "layer", [SCORE_BY_HEAD] = "head", NULL
};

const char *score_template_choice(int value)
{
    if (value == 0)
        return "auto";
    for (size_t i = 0; template_families[i]; i++)
        for (size_t j = 0; template_families[i]->forms[j]; j++)
            if (--value == 0)
                return template_families[i]->forms[j]->name;
    return NULL;
}

const struct option score_options[] = {
    { OPTION_TEXT, 0, "model", offsetof(struct score_args, model), "FILE",
      .help = "the model, a file or URL; of a pair the one with the long window",
      .unset = "built in" },
    { OPTION_TEXT, 0, "short-model", offsetof(struct score_args, short_model), "FILE",
      .help = "the model of the pair with the short window, a file or URL",
      .unset = "built in" },
    { OPTION_TEXT, 0, "tokenizer", offsetof(struct score_args, tokenizer), "FILE",
      .help = "GGUF file whose vocabulary counts the fact tokens", .unset = "the model" },
    { OPTION_TEXT, 0, "flagged-words", offsetof(struct score_args, flagged_words), "FILE",
      .help = "list of words and phrases that the fact flagged_words counts, one a line" },
    { OPTION_LIST, 0, "label", offsetof(struct score_args, labels), "NAME=PATH",
      .help = "also store a value of meta as column NAME" },
    { OPTION_INT, 0, "short-window", offsetof(struct score_args, short_window), "W",
      .help = "tokens at the end of the prompt that the short model sees",
      .unset = "the whole prompt", .max = INT32_MAX },
    { OPTION_TEXT, 0, "short-rope", offsetof(struct score_args, short_rope), "none|ntk|ntk:S",
      .help = "how to stretch the short model's positions", .unset = "none" },
    { OPTION_CONDITIONS, 0, "where", offsetof(struct score_args, where), "SQL",
      .help = "only samples that meet a condition over v_sample" },
    { OPTION_CHOICE, 0, "template", offsetof(struct score_args, template), "NAME",
      .help = "prompt template of dialogues; auto: as the model's file says",
      .choice_name = score_template_choice },
    { OPTION_CHOICE, 0, "turns", offsetof(struct score_args, turns), "TURNS",
      .help = "responses to score, the last of a dialogue, or all and their mean",
      .choices = score_turns_names },
    { OPTION_CHOICE, 0, "of", offsetof(struct score_args, of), "PART",
      .help = "part of each response to score: the answer, the thought before it, or all",
      .choices = score_of_names },
    { OPTION_TEXT, 0, "cohort", offsetof(struct score_args, cohort), "NAME",
      .help = "name of the cohort of hmp or gateau", .unset = "the name of the metric" },
    COHORT_OPTIONS(struct score_args, cohort_args),
    { OPTION_SHARE, 0, "top", offsetof(struct score_args, top), "N|P%",
      .help = "compute only the top N by gateau; skip segment passes that cannot affect it" },
    { OPTION_FLAG, 0, "exact-all", offsetof(struct score_args, exact_all), NULL,
      .help = "with --top: skip nothing" },
    { OPTION_INT, 0, "segment-tokens", offsetof(struct score_args, segment_tokens), "N",
      .help = "tokens per context segment", .min = 1, .max = SCORE_TOKENS_MAX },
    { OPTION_INT, 0, "max-segments", offsetof(struct score_args, max_segments), "N",
      .help = "segments per context; more become longer ones, 0: any number",
      .max = SCORE_TOKENS_MAX },
    { OPTION_CHOICE, 0, "last-segment", offsetof(struct score_args, last_segment), "HOW",
      .help = "what to do with a shorter last segment; half: keep it from half a segment on",
      .choices = segment_last_names },
    { OPTION_INT, 0, "response-tokens", offsetof(struct score_args, response_tokens), "N",
      .help = "tokens of the response that the segment passes use, 0: all",
      .max = SCORE_TOKENS_MAX },
    { OPTION_INT, 0, "instruction-tokens", offsetof(struct score_args, instruction_tokens), "N",
      .help = "tokens of the instruction that the segment passes use, 0: all",
      .max = SCORE_TOKENS_MAX },
    { OPTION_CHOICE, 0, "attn-row", offsetof(struct score_args, attn_row), "ROWS",
      .help = "whose attention counts, the response's own rows or those that predict it",
      .choices = score_attn_row_names },
    { OPTION_CHOICE, 0, "attention-by", offsetof(struct score_args, attention_by), "LEVEL",
      .help = "store the attention to segments also per layer, or per layer and head",
      .choices = tables_names },
    { OPTION_CHOICE, 0, "truncate", offsetof(struct score_args, truncate), "SIDE",
      .help = "end of an over-long context that is cut", .choices = score_side_names },
    { OPTION_CHOICE, 0, "cas-truncate", offsetof(struct score_args, cas_truncate), "SIDE",
      .help = "the same in the segment passes", .choices = score_side_names },
    { OPTION_CHOICE, 0, "importance", offsetof(struct score_args, importance), "HOW",
      .help = "importance of a segment in cas", .choices = score_importance_names },
    { OPTION_FLAG, 0, "pearson", offsetof(struct score_args, centred), NULL,
      .help = "cas is Pearson's correlation instead of the cosine" },
    { OPTION_FLAG, 0, "drop-first-segment", offsetof(struct score_args, drop_first), NULL,
      .help = "cas without the first segment, which collects attention for being first" },
    { OPTION_INT, 0, "max-tokens", offsetof(struct score_args, max_tokens), "N",
      .help = "tokens per sequence; longer ones lose context", .unset = "the model's window",
      .max = SCORE_TOKENS_MAX },
    { OPTION_INT, 0, "batch-tokens", offsetof(struct score_args, batch_tokens), "N",
      .help = "tokens per batch; changes speed and memory only", .min = 1,
      .max = SCORE_TOKENS_MAX },
    { OPTION_INT, 0, "near-tokens", offsetof(struct score_args, near_tokens), "N",
      .help = "tokens of context that nll_near keeps", .unset = "an eighth of --max-tokens",
      .max = SCORE_TOKENS_MAX },
    { OPTION_TEXT, 0, "question", offsetof(struct score_args, question), "TEXT",
      .help = "question that yes_probability and rating ask about each sample" },
    { OPTION_INT, 0, "neighbour", offsetof(struct score_args, neighbour), "N",
      .help = "knn is the distance to the Nth nearest sample", .min = 1,
      .max = NEAREST_NTH_MAX },
    { OPTION_CHOICE, 0, "compat", offsetof(struct score_args, compat), "NAME",
      .help = "published code whose arithmetic to reproduce", .choice_name = compat_name },
    { OPTION_FLAG, 0, "estimate", offsetof(struct score_args, estimate), NULL,
      .help = "measure some samples, print what all would cost, and store no score" },
    { OPTION_DURATION, 0, "max-cost", offsetof(struct score_args, max_cost), "TIME",
      .help = "do not start a run that may take longer, such as 90s, 30m or 2h" },
    { OPTION_SIZE, 0, "max-memory", offsetof(struct score_args, max_memory), "SIZE",
      .help = "memory to use at most, beside the weights in their file",
      .min = MEMORY_LEAST_BYTES },
    { OPTION_FLAG, 0, "mmap-only", offsetof(struct score_args, mmap_only), NULL,
      .help = "use the weights from the file, without packing them in memory first" },
    { .type = OPTION_END },
};

const struct option score_positional = {
    .type = OPTION_LIST,
    .name = "metrics",
    .offset = offsetof(struct score_args, metrics),
    .value_name = "METRIC",
    .help = "metrics and facts to compute; 'curate explain' lists them",
};
