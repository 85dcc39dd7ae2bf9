/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kto: an answer with a label as TRL's KTO trainer reads it: prompt and completion, each a list
 * of messages, and label, which is true or false. The label comes from the record (verdict.h).
 */
#include "base/json/json.h"
#include "stages/export/layouts/chat_write.h"
#include "stages/export/layouts/layout.h"
#include "stages/record/roles.h"
#include "stages/record/verdict.h"
#include "store/sample.h"

/* The verdict in an object; -1 for none. */
static int kto_verdict_in(const struct json_value *object)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;
    int verdict = -1;

    while (verdict < 0 && json_member_next(object, &pos, &name, &value) == 1)
        verdict = verdict_of(name, value);
    return verdict;
}

/* Find the label in the sample's meta. Returns 1, 0 when there is none, -1 for ERR_NOMEM. */
static int kto_find_label(const struct sample *sample, bool *label, struct error *err)
{
    const struct json_value *meta = NULL;
    struct json *parser = NULL;
    enum json_issue issue;
    const char *detail;
    size_t at;
    int rc = -1;

    if (!sample->meta.ptr)
        return 0;
    if (json_new(&parser, err) == 0 &&
        json_parse(parser, sample->meta, &meta, &issue, &at, &detail, err) == 0) {
        const int verdict = meta ? kto_verdict_in(meta) : -1;

        *label = verdict == 1;
        rc = verdict >= 0;
    }
    json_free(parser);
    return rc;
}

/* Does the user speak after the answer? */
static bool goes_on(const struct sample *sample)
{
    for (size_t i = (size_t)sample->response_turn; i < sample->n_turns; i++)
        if (turn_has_role(&sample->turns[i], role_user))
            return true;
    return false;
}

static int kto_write(const struct sample *sample, struct buf *out, const char **why,
                     struct error *err)
{
    const size_t n_prompt = (size_t)(sample->instruction_turn + 1);
    const struct chat_list lists[] = {
        { "prompt", 0, n_prompt },
        { "completion", n_prompt, sample->n_turns },
    };
    const char *detail = NULL;
    bool label = false;

    if (sample->kind == SAMPLE_PAIR)
        detail = "it is a pair, which dpo holds";
    else if (sample->kind != SAMPLE_SFT || sample->response_turn < 0)
        detail = "it has no answer";
    else if (n_prompt == 0)
        detail = "it has no question";
    else if (goes_on(sample))
        detail = "the user speaks after its answer";
    if (detail) {
        *why = detail;
        return 0;
    }
    const int found = kto_find_label(sample, &label, err);
    if (found == 0)
        *why = "it has no label that is true or false";
    return found == 1 ? chat_write_lists(sample, lists, 2, &label, out, why, err) : found;
}

const struct layout layout_kto = {
    .name = "kto",
    .summary = "labelled answers for TRL: prompt, completion, label",
    .write = kto_write,
};
