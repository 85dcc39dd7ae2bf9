/* SPDX-License-Identifier: Apache-2.0 */
/* Store an evaluation with its items. */
#include "base/buf.h"
#include "base/json/jsonout.h"
#include "scoring/duplicates/words.h"
#include "stages/decontaminate/decontaminate_private.h"
#include "store/store.h"

enum { EVALUATION_PARAMS_BYTES = 1024 };

struct slice evaluation_params(const struct contamination_rule *rule, bool everywhere,
                               struct arena *arena)
{
    struct slice params = { NULL, 0 };
    struct jsonout json;
    struct error ignored;
    struct buf text;

    buf_init(&text, EVALUATION_PARAMS_BYTES);
    jsonout_init(&json, &text);
    jsonout_object_begin(&json); /* members sorted, as in all stored parameters */
    jsonout_key(&json, "answers");
    jsonout_bool(&json, rule->answers);
    jsonout_key(&json, "covered");
    jsonout_double(&json, rule->covered);
    jsonout_key(&json, "everywhere");
    jsonout_bool(&json, everywhere);
    jsonout_key(&json, "longest");
    jsonout_int(&json, rule->longest);
    jsonout_key(&json, "ngram");
    jsonout_int(&json, rule->ngram);
    jsonout_key(&json, "version");
    jsonout_int(&json, CONTAMINATION_VERSION);
    jsonout_key(&json, "words");
    jsonout_int(&json, WORDS_VERSION);
    jsonout_object_end(&json);
    if (jsonout_end(&json, &ignored) == 0)
        params = arena_copy(arena, buf_slice(&text));
    buf_release(&text);
    return params;
}

static int add_items(struct store *store, const struct read_evaluation *evaluation,
                     struct error *err)
{
    for (size_t i = 0; i < evaluation->n_items; i++) {
        const struct read_item *item = &evaluation->items[i];
        const struct contamination_index *index = evaluation->index;
        const struct evaluation_item row = {
            .item = (int64_t)i,
            .place = item->place,
            .prompt = item->prompt,
            .answer = item->answer,
            .n_prompt_words = contamination_index_hashes(index, i, false).n_words,
            .n_answer_words = contamination_index_hashes(index, i, true).n_words,
            .checkable = contamination_index_checkable(index, i),
        };

        if (evaluation_add_item(store, evaluation->id, &row, err) < 0)
            return -1;
    }
    return 0;
}

/* Add the evaluation, in place of the stored one if there is one. */
static int add_evaluation(struct store *store, struct read_evaluation *evaluation,
                          const struct evaluation *row, int64_t run_id, struct error *err)
{
    if (store_begin(store, err) < 0)
        return -1;
    if ((evaluation->id == 0 || evaluation_remove(store, evaluation->id, err) == 0) &&
        evaluation_add(store, row, run_id, &evaluation->id, err) == 0 &&
        add_items(store, evaluation, err) == 0)
        return store_commit(store, err);
    store_rollback(store);
    return -1;
}

int evaluation_put(struct store *store, struct read_evaluation *evaluation, struct slice params,
                   bool replace, int64_t run_id, bool dry_run, struct error *err)
{
    struct evaluation row = { .name = evaluation->name,
                              .path = evaluation->path,
                              .params = params,
                              .n_items = (int64_t)evaluation->n_items,
                              .n_not_checkable = evaluation->n_not_checkable,
                              .n_common = evaluation->n_common };
    enum evaluation_state state = EVALUATION_NEW;

    if (contamination_index_digest(evaluation->index, row.digest, err) < 0 ||
        evaluation_find(store, &row, &evaluation->id, &state, err) < 0)
        return -1;
    if (state == EVALUATION_SAME)
        return 0;
    if (state != EVALUATION_NEW && !replace)
        return error_set(err, ERR_USAGE,
                         "evaluation '%s' was searched for with other %s: use --replace to "
                         "search again, or another --name",
                         evaluation->name,
                         state == EVALUATION_OTHER_PARAMS ? "parameters" : "items");
    if (dry_run) {
        evaluation->id = 0;
        return 0;
    }
    return add_evaluation(store, evaluation, &row, run_id, err);
}
