/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/formats/members.h"

#include <string.h>
#include <strings.h>

#include "base/json/json.h"

static const struct {
    const char *name;
    unsigned char len;
    unsigned char use;
} known[N_MEMBERS] = { { "", 0, USE_OTHER },
#define X(id, name, use) { name, sizeof name - 1, USE_##use },
                       MEMBER_LIST(X)
#undef X
};

const enum member members_answers[] = {
    MEMBER_OUTPUT,    MEMBER_RESPONSE,  MEMBER_COMPLETION,  MEMBER_ANSWER,
    MEMBER_SOLUTION,  MEMBER_TARGET,    MEMBER_GENERATION,  MEMBER_REPLY,
    MEMBER_ASSISTANT, MEMBER_ANSWERS,   MEMBER_OUTPUTS,     MEMBER_RESPONSES,
    MEMBER_TARGETS,   MEMBER_SOLUTIONS, MEMBER_COMPLETIONS, MEMBER_GENERATIONS,
    MEMBER_NONE,
};

const enum member members_of_message[] = { MEMBER_ROLE, MEMBER_FROM, MEMBER_PARENT_ID,
                                           MEMBER_NONE };

const enum member members_ids[] = {
    MEMBER_ID,          MEMBER_UNDERSCORE_ID, MEMBER_CONVERSATION_ID,
    MEMBER_PROMPT_ID,   MEMBER_IDX,           MEMBER_UUID,
    MEMBER_QUESTION_ID, MEMBER_UID,           MEMBER_MESSAGE_TREE_ID,
    MEMBER_NONE,
};

/* Order two names as the list does. */
static int compare_names(struct slice name, size_t i)
{
    if (name.len != known[i].len)
        return name.len < known[i].len ? -1 : 1;
    const char first = name.ptr[0];
    const int lower = first >= 'A' && first <= 'Z' ? first - 'A' + 'a' : first;
    if (lower != known[i].name[0])
        return lower - known[i].name[0];
    return strncasecmp(name.ptr, known[i].name, name.len);
}

enum member member_of(struct slice name)
{
    size_t low = 1;
    size_t high = N_MEMBERS;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = compare_names(name, middle);

        if (order == 0)
            return (enum member)middle;
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return MEMBER_NONE;
}

const char *member_name(enum member member)
{
    return known[member].name;
}

void members_find(const struct json_value *record, struct members *out)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    memset(out, 0, sizeof *out);
    out->record = record;
    while (json_member_next(record, &pos, &name, &value) == 1) {
        const enum member member =
            json_type(value) == JSON_NULL ? MEMBER_NONE : member_of(name);

        if (member &&
            (!out->values[member] || slice_equal(name, slice_text(known[member].name))))
            out->values[member] = value;
    }
}

bool members_have(const struct members *members, const enum member *list)
{
    for (; *list; list++)
        if (members->values[*list])
            return true;
    return false;
}

/* The use of a name like response_a, response_2 (an answer) or response_long (perhaps one);
 * model_answer, too. */
static enum member_use use_of_made_name(struct slice name)
{
    const char *end = name.ptr + name.len;
    const char *first = memchr(name.ptr, '_', name.len);
    const char *last = memrchr(name.ptr, '_', name.len);

    if (!first)
        return USE_OTHER;
    const enum member front = member_of(slice_of(name.ptr, (size_t)(first - name.ptr)));
    const enum member back = member_of(slice_of(last + 1, (size_t)(end - last) - 1));
    if (known[front].use == USE_ANSWER)
        return end - first <= 3 ? USE_ANSWER : USE_WEAK;
    return known[back].use == USE_ANSWER ? USE_WEAK : USE_OTHER;
}

enum member_use member_use_of(struct slice name)
{
    const enum member member = member_of(name);

    return member ? (enum member_use)known[member].use : use_of_made_name(name);
}
