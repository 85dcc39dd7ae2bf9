/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of answers with a rating each: distilabel's generations and ratings, UltraFeedback's
 * completions.
 */
#include "base/json/json.h"
#include "stages/ingest/formats/draft.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/formats/pair_private.h"

static const enum member rated_answers[] = { MEMBER_GENERATIONS, MEMBER_RESPONSES,
                                             MEMBER_COMPLETIONS, MEMBER_NONE };
static const enum member rated_ratings[] = { MEMBER_RATINGS, MEMBER_RATING, MEMBER_LABELS,
                                             MEMBER_NONE };
static const char overall_score[] = "overall_score"; /* of UltraFeedback */

static enum member first_list(const struct members *members, const enum member *list)
{
    while (*list && json_type(members->values[*list]) != JSON_ARRAY)
        list++;
    return *list;
}

/* The rating of answer i; NULL for none. */
static const struct json_value *rating_at(const struct members *members, size_t i)
{
    const struct json_value *answers = members->values[first_list(members, rated_answers)];
    const struct json_value *ratings = members->values[first_list(members, rated_ratings)];

    if (json_type(json_at(answers, i)) == JSON_OBJECT)
        return json_get(json_at(answers, i), overall_score);
    return json_count(ratings) == json_count(answers) ? json_at(ratings, i) : NULL;
}

/* A number, or true for 1 and false for 0. */
static bool rating_value(const struct json_value *rating, double *out)
{
    bool truth = false;

    if (json_bool(rating, &truth)) {
        *out = truth;
        return true;
    }
    return json_double(rating, out);
}

static const struct json_value *text_of_rated(const struct json_value *answer)
{
    return json_type(answer) == JSON_OBJECT ? json_get(answer, "response") : answer;
}

bool pair_has_rated(const struct members *members)
{
    const enum member list = first_list(members, rated_answers);
    const struct json_value *answers = members->values[list];
    double ignored;

    for (size_t i = 0; i < json_count(answers); i++)
        if (!json_text(text_of_rated(json_at(answers, i))).ptr ||
            !rating_value(rating_at(members, i), &ignored))
            return false;
    return list && json_count(answers) > 1;
}

/* Reject the record unless the user keeps text that is not read: then the answers go to meta.
 */
static void reject_rated(struct draft *draft, const char *what, size_t n)
{
    const struct defect_policy *policy = draft->options->policy;

    if (policy && policy->actions[DEFECT_UNCLAIMED_TEXT] == ACTION_KEEP)
        return;
    if (n > 2)
        draft_reject(draft, DEFECT_UNCLAIMED_TEXT,
                     "%s holds %zu rated answers, but a pair has two: write them as chosen and "
                     "rejected",
                     what, n);
    else
        draft_reject(draft, DEFECT_UNCLAIMED_TEXT,
                     "%s holds two answers of one rating, so none of them is chosen", what);
}

void pair_choose_rated(struct draft *draft, struct pair_side *chosen,
                       struct pair_side *rejected)
{
    const struct members *members = draft->members;
    const enum member list = first_list(members, rated_answers);
    const struct json_value *answers = members->values[list];
    double ratings[2] = { 0, 0 };

    if (json_count(answers) == 2)
        for (size_t i = 0; i < 2; i++)
            (void)rating_value(rating_at(members, i), &ratings[i]);
    if (ratings[0] == ratings[1]) {
        reject_rated(draft, member_name(list), json_count(answers));
        return;
    }
    const size_t best = ratings[1] > ratings[0];
    chosen->value = text_of_rated(json_at(answers, best));
    rejected->value = text_of_rated(json_at(answers, 1 - best));
    draft->accepted = answers; /* the rest of what is said about them stays in meta */
}
