/* SPDX-License-Identifier: Apache-2.0 */

#include "base/error.h"
#include "base/json/jsonout.h"
#include "scoring/duplicates/words.h"
#include "stages/dedup/near_private.h"

const char *const near_presets[] = { "curate",     "fineweb",     "nemo", "slimpajama",
                                     "text-dedup", "data-juicer", NULL };

/* By index of near_presets. Only the first one and text-dedup verify what agrees in a band. */
static const struct near_rule presets[] = {
    { .n_bands = 20,
      .n_rows = 6,
      .shingle = { 5, false },
      .seed = 1,
      .verify = true,
      .threshold = 0.7 },
    { .n_bands = 14, .n_rows = 8, .shingle = { 5, false }, .seed = 1, .zero_digits = true },
    { .n_bands = 20, .n_rows = 13, .shingle = { 24, true }, .seed = 42 },
    { .n_bands = 9, .n_rows = 13, .shingle = { 13, false }, .seed = 1 },
    { .n_bands = 24,
      .n_rows = 10,
      .shingle = { 5, false },
      .seed = 42,
      .verify = true,
      .threshold = 0.7 },
    { .n_bands = 25, .n_rows = 10, .shingle = { 5, false }, .seed = 42 },
};

struct near_rule near_rule_of(int preset)
{
    struct near_rule rule = presets[preset];

    rule.kind = "near";
    rule.field = "whole";
    return rule;
}

static void write_bands(const struct near_rule *rule, struct jsonout *json)
{
    jsonout_key(json, "bands");
    jsonout_int(json, rule->n_bands);
    if (rule->shingle.characters) {
        jsonout_key(json, "characters");
        jsonout_int(json, rule->shingle.n);
    }
    if (rule->least_containment > 0) {
        jsonout_key(json, "containment");
        jsonout_double(json, rule->least_containment);
    }
    if (rule->zero_digits) {
        jsonout_key(json, "digits");
        jsonout_text(json, slice_text("zero"));
    }
    jsonout_key(json, "rows");
    jsonout_int(json, rule->n_rows);
    jsonout_key(json, "seed");
    jsonout_int(json, (int64_t)rule->seed);
    if (rule->verify) {
        jsonout_key(json, "threshold");
        jsonout_double(json, rule->threshold);
    }
    jsonout_key(json, "verified");
    jsonout_bool(json, rule->verify);
}

int near_rule_json(const struct near_rule *rule, const char *digest, struct buf *out,
                   struct error *err)
{
    const bool exact = rule->n_bands == 0;
    struct jsonout json;

    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    if (rule->against) {
        jsonout_key(&json, "against");
        jsonout_text(&json, slice_text(rule->against));
        jsonout_key(&json, "against_samples");
        jsonout_text(&json, slice_text(digest));
    }
    if (!exact)
        write_bands(rule, &json);
    jsonout_key(&json, "version");
    jsonout_int(&json, MINHASH_VERSION);
    if (!exact && !rule->shingle.characters) {
        jsonout_key(&json, "words");
        jsonout_int(&json, rule->shingle.n);
    }
    jsonout_key(&json, "words_version");
    jsonout_int(&json, WORDS_VERSION);
    jsonout_object_end(&json);
    return jsonout_end(&json, err);
}
