/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/score_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "base/slice.h"
#include "scoring/infer/model/model.h"
#include "scoring/prompts/prompt.h"
#include "stages/stage.h"
#include "store/score.h"
#include "store/store.h"

enum { PARAMS_MAX_BYTES = 1 << 20, NAME_MAX_BYTES = 256 };

/* Only what differs from a model as it is: sets without these keys stay what they were. */
static void add_short_view(const struct short_view *view, struct jsonout *out)
{
    char rope[32];

    if (view->ntk_factor > 0) {
        snprintf(rope, sizeof rope, "ntk:%.17g", view->ntk_factor);
        jsonout_key(out, "short_rope");
        jsonout_text(out, slice_text(rope));
    }
    if (view->window > 0) {
        jsonout_key(out, "short_window");
        jsonout_int(out, (int64_t)view->window);
    }
}

/*
 * All that can change a node's numbers beside the model, as canonical JSON: keys in
 * alphabetical order, no blanks. Equal parameters must give equal bytes, for ever: scores are
 * found by them.
 */
static int params_json(const struct scoring *scoring, const struct score_node *node,
                       struct buf *out, struct error *err)
{
    const struct observer_options *observing = &scoring->observing;
    const bool has_model = node->role != SCORER_NO_MODEL;
    char hex[2 * DIGEST_BYTES + 1];
    struct jsonout json;

    jsonout_init(&json, out);
    jsonout_object_begin(&json);
    if (has_model && observing->compat != COMPAT_NONE) {
        jsonout_key(&json, "compat");
        jsonout_text(&json, slice_text(compat_name(observing->compat)));
    }
    if (has_model) {
        jsonout_key(&json, "max_tokens");
        jsonout_int(&json, (int64_t)observing->max_tokens);
    }
    if (node->needs & NEED_NLL_NEAR) {
        jsonout_key(&json, "near_tokens");
        jsonout_int(&json, (int64_t)observing->near_tokens);
    }
    if (node->uses_neighbour) {
        jsonout_key(&json, "neighbour");
        jsonout_int(&json, (int64_t)scoring->neighbour);
    }
    if (node->needs & (NEED_YES_NO | NEED_RATING)) {
        jsonout_key(&json, "question");
        jsonout_text(&json, slice_text(observing->question));
    }
    if (node->needs & NEED_PAIRS) {
        jsonout_key(&json, "segment_tokens");
        jsonout_int(&json, (int64_t)observing->segment_tokens);
    }
    score_segment_params(scoring, node, &json);
    if (node->has_short_model) {
        digest_hex(scoring->models[SCORER_SHORT_MODEL].sha256, DIGEST_BYTES, hex);
        jsonout_key(&json, "short_model");
        jsonout_text(&json, slice_text(hex));
    }
    if (node->has_short_model || node->role == SCORER_SHORT_MODEL)
        add_short_view(&scoring->short_view, &json);
    if (has_model && observing->compat == COMPAT_NONE) {
        jsonout_key(&json, "template");
        jsonout_text(&json, slice_text(observing->template->name));
        jsonout_key(&json, "truncate");
        jsonout_text(&json, slice_text(scoring->args->truncate));
    }
    jsonout_key(&json, "turns");
    jsonout_text(&json, slice_text(scoring->args->turns));
    if (node->is_pooled) {
        jsonout_key(&json, "where");
        jsonout_text(&json, slice_text(scoring->args->where ? scoring->args->where : ""));
    }
    jsonout_object_end(&json);
    return jsonout_end(&json, err);
}

/* "models/tiny-long.gguf" is called "tiny-long". */
static int model_name(const char *path, struct buf *out, struct error *err)
{
    static const char suffix[] = ".gguf";
    const size_t suffix_len = sizeof suffix - 1;
    const char *slash = strrchr(path, '/');
    struct slice name = slice_text(slash ? slash + 1 : path);

    if (name.len > suffix_len &&
        memcmp(name.ptr + name.len - suffix_len, suffix, suffix_len) == 0)
        name.len -= suffix_len;
    return buf_add_slice(out, name, err);
}

static int put_model(struct scoring *scoring, struct score_model *model, struct error *err)
{
    const struct model_info *info = model_info(model->model);
    struct buf name;
    int rc = -1;

    buf_init(&name, NAME_MAX_BYTES);
    if (model_name(model->path, &name, err) < 0)
        goto done;
    struct model_row row = { .name = name.data,
                             .arch = info->arch,
                             .n_params = info->n_params,
                             .context_length = info->context_length,
                             .tokenizer_hash = model->tokenizer_hash,
                             .path = model->path,
                             .stamp = model->stamp };
    memcpy(row.sha256, model->sha256, DIGEST_BYTES);
    rc = model_put(scoring->context->store, &row, &model->model_id, err);
done:
    buf_release(&name);
    return rc;
}

/* What stands where a model does for scores that none has part in. */
static int put_none(struct scoring *scoring, struct error *err)
{
    const struct model_row row = { .name = "none", .arch = "none", .path = "" };

    return model_put(scoring->context->store, &row, &scoring->models[SCORER_NO_MODEL].model_id,
                     err);
}

/* The scores that somebody else gave last. */
static int find_imported(const struct scoring *scoring, struct score_node *node,
                         struct error *err)
{
    struct score_set_info info;

    if (score_set_find(scoring->context->store, node->scorer->name, NULL, &info, err) == 0) {
        node->set_id = info.score_set_id;
        return 0;
    }
    if (err->code != ERR_NOT_FOUND)
        return -1;
    return error_set(err, ERR_NOT_FOUND,
                     "a metric asked for is made of '%s' scores, which come from outside: "
                     "'curate score import FILE --metric %s' brings them in",
                     node->scorer->name, node->scorer->name);
}

static int find_set(struct scoring *scoring, struct score_node *node, struct error *err)
{
    static const char *const better[] = {
        [BETTER_HIGHER] = "higher", [BETTER_LOWER] = "lower"
    };
    const struct score_model *model = &scoring->models[node->role];
    struct store *store = scoring->context->store;
    struct buf params;
    int rc = -1;

    if (node->scorer->imported)
        return find_imported(scoring, node, err);
    buf_init(&params, PARAMS_MAX_BYTES);
    if (params_json(scoring, node, &params, err) < 0)
        goto done;
    const struct score_set set = { .metric = node->scorer->name,
                                   .version = node->scorer->version,
                                   .unit = node->scorer->unit,
                                   .better = better[node->scorer->better],
                                   .model_id = model->model_id,
                                   .params_json = buf_slice(&params) };
    if (scoring->looks)
        rc = score_set_lookup(store, &set, model->sha256, &node->set_id, err) < 0 ? -1 : 0;
    else
        rc = score_set_put(store, &set, &node->set_id, err) < 0
                 ? -1
                 : score_set_request(store, node->set_id, scoring->context->run_id, err);
done:
    buf_release(&params);
    return rc;
}

static int find_all(struct scoring *scoring, struct error *err)
{
    for (size_t i = 0; i < SCORE_MODELS && !scoring->looks; i++)
        if (scoring->plan.roles[i] && put_model(scoring, &scoring->models[i], err) < 0)
            return -1;
    if (scoring->plan.roles[SCORER_NO_MODEL] && !scoring->looks && put_none(scoring, err) < 0)
        return -1;
    for (size_t i = 0; i < scoring->plan.n; i++)
        if (!scoring->plan.nodes[i].scorer->rank &&
            find_set(scoring, &scoring->plan.nodes[i], err) < 0)
            return -1;
    return 0;
}

int score_sets_find(struct scoring *scoring, struct error *err)
{
    struct store *store = scoring->context->store;

    if (scoring->looks)
        return find_all(scoring, err);
    if (store_begin(store, err) < 0)
        return -1;
    if (find_all(scoring, err) == 0)
        return store_commit(store, err);
    store_rollback(store);
    return -1;
}
