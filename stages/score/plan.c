/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/score/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "scoring/facts/measurer.h"

enum { NAMES_MAX = 400 };

static const struct measurer *find_facts(const char *name)
{
    const struct measurer *found = measurer_find(name);

    return found ? found : measurer_of_fact(name);
}

bool score_names_facts(const char *name)
{
    return !scorer_find(name) && find_facts(name);
}

static int raise_unknown_metric(const char *name, struct error *err)
{
    struct buf names;
    struct error ignored;

    buf_init(&names, NAMES_MAX);
    for (size_t i = 0; scorers[i]; i++)
        (void)buf_printf(&names, &ignored, "%s%s", i > 0 ? ", " : "", scorers[i]->name);
    error_set(err, ERR_USAGE, "no metric '%s': choose from %s", name,
              names.data ? names.data : "none");
    buf_release(&names);
    return -1;
}

static int plan_append(struct score_plan *plan, const struct score_node *node, size_t *index,
                       struct error *err)
{
    struct score_node *nodes = realloc(plan->nodes, (plan->n + 1) * sizeof *nodes);

    if (!nodes)
        return error_nomem(err);
    plan->nodes = nodes;
    *index = plan->n++;
    nodes[*index] = *node;
    plan->roles[node->role] = true;
    return 0;
}

/* Find the index of a metric in the plan, or append it behind its inputs. */
static int plan_node(struct score_plan *plan, const struct scorer *scorer,
                     enum scorer_model role, size_t *index, struct error *err);

static int plan_inputs(struct score_plan *plan, struct score_node *node, struct error *err)
{
    const struct scorer *scorer = node->scorer;

    node->n_inputs = scorer_input_count(scorer);
    for (size_t i = 0; i < node->n_inputs; i++) {
        const struct scorer_input *input = &scorer->inputs[i];
        const struct scorer *wanted = input->model == SCORER_IMPORTED
                                          ? scorer_find_imported(input->metric)
                                          : scorer_find(input->metric);
        /* A metric of the short model has inputs of the short model. */
        const enum scorer_model role =
            node->role == SCORER_SHORT_MODEL ? SCORER_SHORT_MODEL : input->model;

        if (!wanted)
            return error_set(err, ERR_INVARIANT, "metric %s: its input '%s' does not exist",
                             scorer->name, input->metric);
        if (plan_node(plan, wanted, role, &node->inputs[i], err) < 0)
            return -1;
        const struct score_node *made = &plan->nodes[node->inputs[i]];
        node->needs |= made->needs;
        node->has_segments = node->has_segments || made->has_segments;
        node->is_pooled = node->is_pooled || made->is_pooled;
        node->uses_neighbour = node->uses_neighbour || made->uses_neighbour;
        node->has_short_model =
            node->has_short_model || made->has_short_model ||
            (made->role == SCORER_SHORT_MODEL && node->role != SCORER_SHORT_MODEL);
    }
    return 0;
}

static int plan_node(struct score_plan *plan, const struct scorer *scorer,
                     enum scorer_model role, size_t *index, struct error *err)
{
    struct score_node node = { .scorer = scorer,
                               .role = scorer_needs_model(scorer) ? role : SCORER_NO_MODEL,
                               .is_pooled = scorer->pool != NULL,
                               .uses_neighbour = scorer->uses_neighbour,
                               .needs = scorer->needs,
                               .has_segments = (scorer->needs & NEED_SEGMENTS) != 0,
                               .reads_segments = scorer->observe && scorer->inputs[0].metric };

    for (size_t i = 0; i < plan->n; i++) {
        const struct score_node *there = &plan->nodes[i];

        if (there->scorer == scorer && there->role == node.role) {
            *index = i;
            return 0;
        }
    }
    if (scorer->left_out)
        return error_set(err, ERR_UNSUPPORTED,
                         "metric %s is left out of this build: build curate with %s",
                         scorer->name, scorer->left_out);
    if (plan_inputs(plan, &node, err) < 0)
        return -1;
    return plan_append(plan, &node, index, err);
}

int score_plan_make(const struct text_list *metrics, struct score_plan *out, struct error *err)
{
    size_t index;

    for (unsigned i = 0; i < metrics->n; i++) {
        const struct scorer *scorer = scorer_find(metrics->items[i]);

        if (score_names_facts(metrics->items[i])) {
            if (find_facts(metrics->items[i])->needs_tokenizer)
                out->counts_tokens = true;
            continue;
        }
        if (!scorer)
            return raise_unknown_metric(metrics->items[i], err);
        if (plan_node(out, scorer, SCORER_MODEL, &index, err) < 0)
            return -1;
        out->nodes[index].asked = true;
    }
    return 0;
}

int score_plan_copy(const struct score_plan *plan, struct score_plan *out, struct error *err)
{
    struct score_node *nodes = calloc(plan->n + 1, sizeof *nodes);

    if (!nodes)
        return error_nomem(err);
    if (plan->n > 0)
        memcpy(nodes, plan->nodes, plan->n * sizeof *nodes);
    *out = *plan;
    out->nodes = nodes;
    return 0;
}

void score_plan_release(struct score_plan *plan)
{
    free(plan->nodes);
    *plan = (struct score_plan){ 0 };
}

int score_node_name(const struct score_node *node, struct buf *out, struct error *err)
{
    return buf_printf(out, err, "%s%s", node->scorer->name,
                      node->role == SCORER_SHORT_MODEL ? "@short" : "");
}

bool score_node_asks_model(const struct score_node *node, bool all_turns)
{
    return node->scorer->observe && (!node->reads_segments || all_turns);
}

bool score_node_stores_segments(const struct score_node *node)
{
    return (node->scorer->needs & NEED_SEGMENTS) && !node->reads_segments;
}
