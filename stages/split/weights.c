/* SPDX-License-Identifier: Apache-2.0 */
/* What exact parts are measured by, and the values within which they are exact. */
#include "base/error.h"
#include "base/report.h"
#include "stages/split/groups.h"
#include "stages/stage.h"
#include "store/profile.h"
#include "store/split.h"

/* The largest sum of weights: quota_share() counts below 2^53. */
static const double WEIGHT_MAX = 9007199254740992.0;

/* The state of reading a fact, or the values of --stratify. */
struct weighing {
    struct grouping *made;
    const char *fact;
    double sum;
    uint64_t n_without;
    uint64_t n_mixed; /* samples with another value than their group */
    uint32_t stratum; /* the number of the value that is read */
    int64_t key;
};

/* The group of a sample; NULL: it is not in the split. */
static struct split_group *find_group_of(const struct weighing *weighing, int64_t sample_id,
                                         uint32_t *number)
{
    const struct grouping *made = weighing->made;

    if (!dedup_samples_number(&made->samples, sample_id, number) ||
        made->group_of[*number] == SPLIT_NONE)
        return NULL;
    return &made->groups[made->group_of[*number]];
}

static int add_weight(void *arg, const struct split_value *value, struct error *err)
{
    struct weighing *weighing = arg;
    uint32_t number;
    struct split_group *group = find_group_of(weighing, value->sample_id, &number);

    if (!group)
        return 0;
    if (value->is_null) {
        weighing->n_without++;
        return 0;
    }
    if (!(value->number >= 0 && weighing->sum + value->number < WEIGHT_MAX))
        return error_set(err, ERR_INPUT,
                         "sample %lld is damaged: its number of %s is out of range: run "
                         "'curate fsck'",
                         (long long)value->sample_id, weighing->fact);
    weighing->sum += value->number;
    group->weight += (uint64_t)value->number;
    return 0;
}

int grouping_weigh(const struct stage_context *context, const char *fact,
                   struct grouping *grouping, struct error *err)
{
    const struct split_source source = { .key = SPLIT_KEY_EXPRESSION, .expression = fact };
    struct weighing weighing = { .made = grouping, .fact = fact };
    bool is_text = false;
    const int found = profile_find_column(context->store, fact, &is_text, err);

    if (found < 0)
        return -1;
    if (found == 0 || is_text)
        return error_set(err, ERR_NOT_FOUND,
                         "--exact %s: this fact was not measured: run 'curate measure' for it "
                         "first, or use --exact samples",
                         fact);
    for (size_t i = 0; i < grouping->n_groups; i++)
        grouping->groups[i].weight = 0;
    if (split_each_value(context->store, &source, add_weight, &weighing, err) < 0)
        return -1;
    if (weighing.n_without > 0)
        report_note(context->report,
                    "--exact %s: %llu samples have no number of %s and count 0: measure them "
                    "first",
                    fact, (unsigned long long)weighing.n_without, fact);
    return 0;
}

/* Number the values in their order, and note that of each group's first sample. */
static int add_stratum(void *arg, const struct split_value *value, struct error *err)
{
    struct weighing *weighing = arg;
    uint32_t number;
    struct split_group *group = find_group_of(weighing, value->sample_id, &number);

    (void)err;
    if (!group)
        return 0;
    if (weighing->stratum == 0 || value->key != weighing->key) {
        weighing->stratum++;
        weighing->key = value->key;
    }
    if (group->first == number)
        group->stratum = weighing->stratum;
    return 0;
}

/* Count the samples whose value is not that of their group. */
static int count_mixed(void *arg, const struct split_value *value, struct error *err)
{
    struct weighing *weighing = arg;
    uint32_t number;
    const struct split_group *group = find_group_of(weighing, value->sample_id, &number);

    (void)err;
    if (!group)
        return 0;
    if (weighing->stratum == 0 || value->key != weighing->key) {
        weighing->stratum++;
        weighing->key = value->key;
    }
    weighing->n_mixed += group->stratum != weighing->stratum;
    return 0;
}

int grouping_stratify(const struct stage_context *context, const char *expression,
                      struct grouping *grouping, struct error *err)
{
    const struct split_source source = { .key = SPLIT_KEY_EXPRESSION,
                                         .expression = expression };
    struct weighing strata = { .made = grouping };
    struct weighing mixed = { .made = grouping };

    if (split_each_value(context->store, &source, add_stratum, &strata, err) < 0 ||
        split_each_value(context->store, &source, count_mixed, &mixed, err) < 0)
        return error_prefix(err, "--stratify");
    report_note(context->report, "--stratify %s: %lu values", expression,
                (unsigned long)strata.stratum);
    if (mixed.n_mixed > 0)
        report_note(context->report,
                    "--stratify %s: %llu samples have another value than the first sample of "
                    "their group, and count to its value",
                    expression, (unsigned long long)mixed.n_mixed);
    return 0;
}
