/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/sets.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/slice.h"
#include "scoring/infer/forward/session.h"
#include "scoring/infer/gguf/gguf_file.h"
#include "scoring/infer/model/model.h"
#include "scoring/kernels/kernels.h"
#include "stages/score/run.h"
#include "stages/stage.h"
#include "store/score.h"
#include "store/store.h"

enum { PARAMS_MAX_BYTES = 1 << 20, NAME_MAX_BYTES = 256 };

static int put_model(struct score_setup *setup, struct score_model *model, struct error *err)
{
    const struct model_info *info = model_info(model->model);
    struct buf name;
    int rc = -1;

    buf_init(&name, NAME_MAX_BYTES);
    if (buf_add_slice(&name, gguf_model_name(model->path), err) < 0)
        goto done;
    struct model_row row = { .name = name.data,
                             .arch = info->arch,
                             .n_params = info->n_params,
                             .context_length = info->context_length,
                             .tokenizer_hash = model->tokenizer_hash,
                             .path = model->path,
                             .stamp = model->stamp };
    memcpy(row.sha256, model->sha256, DIGEST_BYTES);
    rc = model_put(setup->context->store, &row, &model->model_id, err);
done:
    buf_release(&name);
    return rc;
}

/* The model row "none" stands for metrics that use no model. */
static int put_none(struct score_setup *setup, struct error *err)
{
    const struct model_row row = { .name = "none", .arch = "none", .path = "" };

    return model_put(setup->context->store, &row, &setup->models.of[SCORER_NO_MODEL].model_id,
                     err);
}

/* Find the scores that were imported last. */
static int find_imported(const struct score_setup *setup, struct score_node *node,
                         struct error *err)
{
    struct score_set_info info;

    if (score_set_find(setup->context->store, node->scorer->name, NULL, &info, err) == 0) {
        node->set_id = info.score_set_id;
        return 0;
    }
    if (err->code != ERR_NOT_FOUND)
        return -1;
    return error_set(err, ERR_NOT_FOUND,
                     "no '%s' scores, which a metric asked for is made of: use 'curate score "
                     "import FILE --metric %s'",
                     node->scorer->name, node->scorer->name);
}

/*
 * The arithmetic that migration 0012 wrote if some kernels had rounded: the families of all
 * scores of the model. What these families do with a model is known once it is open.
 */
static const char *const old_arithmetics[] = {
    "avx512vnni",
    "avx512bf16",
    "float,avx512vnni",
    "float,avx512bf16",
    "avx512vnni,avx512bf16",
    "float,avx512vnni,avx512bf16",
};

/* True if the kernels of this family (or "float": of all that do not round) compute the model
 * in this arithmetic. */
static bool family_computes(const struct model *model, const char *family,
                            const char *arithmetic)
{
    struct kernels kernels;
    unsigned flags;

    if (strcmp(family, "float") == 0)
        return strcmp(arithmetic, "float") == 0;
    if (!kernels_find_flags(family, &flags))
        return false;
    kernels_init(&kernels, flags);
    return strcmp(kernels.name, family) == 0 && /* this program was built with it */
           strcmp(session_arithmetic(model, &kernels), arithmetic) == 0;
}

/* True if all of these comma-separated families compute the model in this arithmetic. */
static bool families_compute(const struct model *model, const char *families,
                             const char *arithmetic)
{
    char family[32];

    while (*families) {
        const size_t len = strcspn(families, ",");

        snprintf(family, sizeof family, "%.*s", (int)len, families);
        if (!family_computes(model, family, arithmetic))
            return false;
        families += len + (families[len] == ',');
    }
    return true;
}

/* Look up the set with these parameters. Returns 1, 0 if there is none, or -1. */
static int look_up_set(const struct score_setup *setup, const struct score_node *node,
                       const struct score_set *set, int64_t *set_id, struct error *err)
{
    return score_set_lookup(setup->context->store, set, setup->models.of[node->role].sha256,
                            set_id, err);
}

/*
 * Find a set from before migration 0012 whose scores were all computed in the arithmetic of
 * `set`. A run changes its parameters to those of `set`. Returns 1, 0 if there is none, or -1.
 */
static int adopt_old_set(const struct score_setup *setup, const struct score_node *node,
                         const struct score_set *set, int64_t *set_id, struct error *err)
{
    const struct score_model *model = &setup->models.of[node->role];
    struct score_set old = *set;
    struct buf params;
    int found = 0;

    buf_init(&params, PARAMS_MAX_BYTES);
    for (size_t i = 0; i < sizeof old_arithmetics / sizeof *old_arithmetics && found == 0;
         i++) {
        if (!families_compute(model->model, old_arithmetics[i], model->arithmetic))
            continue;
        buf_clear(&params);
        if (score_parameters(setup, node, old_arithmetics[i], &params, err) < 0) {
            found = -1;
            break;
        }
        old.params_json = buf_slice(&params);
        found = look_up_set(setup, node, &old, set_id, err);
    }
    if (found == 1 && setup->writes &&
        score_set_change_params(setup->context->store, *set_id, set->params_json, err) < 0)
        found = -1;
    buf_release(&params);
    return found;
}

/* Find the id of a set. A run creates a set that does not exist. */
static int find_set_id(const struct score_setup *setup, const struct score_node *node,
                       const struct score_set *set, int64_t *set_id, struct error *err)
{
    struct store *store = setup->context->store;
    int found = look_up_set(setup, node, set, set_id, err);

    if (found == 0 && node->role != SCORER_NO_MODEL)
        found = adopt_old_set(setup, node, set, set_id, err);
    if (found < 0 || !setup->writes)
        return found < 0 ? -1 : 0;
    if (found == 0 && score_set_put(store, set, set_id, err) < 0)
        return -1;
    return score_set_request(store, *set_id, setup->context->run_id, err);
}

static int find_set(struct score_setup *setup, struct score_node *node, struct error *err)
{
    static const char *const better[] = {
        [BETTER_HIGHER] = "higher", [BETTER_LOWER] = "lower"
    };
    const struct score_model *model = &setup->models.of[node->role];
    struct buf params;
    int rc = -1;

    if (node->scorer->imported)
        return find_imported(setup, node, err);
    buf_init(&params, PARAMS_MAX_BYTES);
    if (score_parameters(setup, node, model->arithmetic, &params, err) == 0) {
        const struct score_set set = { .metric = node->scorer->name,
                                       .version = node->scorer->version,
                                       .unit = node->scorer->unit,
                                       .better = better[node->scorer->better],
                                       .model_id = model->model_id,
                                       .params_json = buf_slice(&params) };

        rc = find_set_id(setup, node, &set, &node->set_id, err);
    }
    buf_release(&params);
    return rc;
}

static int find_sets(struct score_setup *setup, struct error *err)
{
    for (size_t i = 0; i < SCORE_MODELS && setup->writes; i++)
        if (setup->plan.roles[i] && put_model(setup, &setup->models.of[i], err) < 0)
            return -1;
    if (setup->plan.roles[SCORER_NO_MODEL] && setup->writes && put_none(setup, err) < 0)
        return -1;
    for (size_t i = 0; i < setup->plan.n; i++)
        if (!setup->plan.nodes[i].scorer->rank &&
            find_set(setup, &setup->plan.nodes[i], err) < 0)
            return -1;
    return 0;
}

int score_sets_find(struct score_setup *setup, struct error *err)
{
    struct store *store = setup->context->store;

    if (!setup->writes)
        return find_sets(setup, err);
    if (store_begin(store, err) < 0)
        return -1;
    if (find_sets(setup, err) == 0)
        return store_commit(store, err);
    store_rollback(store);
    return -1;
}
