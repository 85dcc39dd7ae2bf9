/* SPDX-License-Identifier: Apache-2.0 */
#include "base/chat/media_plan.h"

#include <string.h>

#include "base/buf.h"
#include "base/chat/media.h"
#include "base/json/json.h"
#include "base/json/prune.h"

static bool media_text_holds(struct slice text, const char *what)
{
    return text.len > 0 && memmem(text.ptr, text.len, what, strlen(what));
}

void media_count_turn(const struct media_kind *kind, struct slice content, struct slice media,
                      struct slice extra, struct media_count *count)
{
    const size_t n_marks = media_count_marks(kind, content);
    const size_t n_bare = media_count_bare(kind, media);

    count->marks += n_marks;
    count->bare += n_bare;
    count->others += media_count_type(kind, media) - n_bare;
    count->is_mixed = count->is_mixed || (n_marks > 0 && media.ptr);
    count->has_other_form =
        count->has_other_form || media.ptr || media_text_holds(extra, "\"content\":");
}

void media_count_other(const struct media_kind *kind, struct slice text,
                       struct media_count *count)
{
    count->others += media_count_marks(kind, text);
}

static bool names_medium(const struct json_value *value)
{
    const enum json_type type = json_type(value);

    return type == JSON_STRING ? json_text(value).len > 0
                               : type != JSON_NULL && !prune_is_empty(value);
}

/* Has the value a reference that is not empty? */
static bool has_reference(const struct json_value *value)
{
    if (json_type(value) != JSON_ARRAY)
        return media_count(value) > 0 && names_medium(value);
    for (size_t i = 0; i < json_count(value); i++)
        if (names_medium(json_at(value, i)))
            return true;
    return false;
}

/* Can the value be a list of references, or one? */
static bool may_refer(const struct json_value *value)
{
    const enum json_type type = json_type(value);

    return type == JSON_STRING || type == JSON_ARRAY || type == JSON_OBJECT;
}

static void use_value(struct media_plan *plan, const struct json_value *value)
{
    plan->used[plan->n_used++] = value;
}

static void plan_start(struct media_plan *plan, const struct media_kind *kind,
                       const struct json_value *value)
{
    if (!has_reference(value))
        return;
    plan->start[plan->n_start++] = (struct media_list){ .kind = kind, .value = value };
    use_value(plan, value);
}

static bool plan_value(struct media_plan *plan, size_t i, const struct json_value *value,
                       const struct media_count *count)
{
    const struct media_list list = { .kind = &media_kinds[i], .value = value };
    const size_t n = media_count(value);

    if (count->marks + count->bare == 0 && count->others == 0 && n > 0) {
        plan_start(plan, list.kind, value);
        return true;
    }
    if (count->is_mixed || count->marks + count->bare != n ||
        (count->marks > 0 && count->bare > 0)) {
        plan->parts_only = true;
        plan_start(plan, list.kind, value);
        return false;
    }
    use_value(plan, value);
    if (count->marks > 0)
        plan->marked[i] = list;
    else if (count->bare > 0)
        plan->bare[i] = list;
    return true;
}

bool media_plan_kind(struct media_plan *plan, size_t kind, const struct json_value *list,
                     const struct json_value *single, const struct media_count *count)
{
    const bool has_list = has_reference(list);

    plan->parts_only = plan->parts_only || count->has_other_form;
    if (has_list && has_reference(single)) {
        plan->parts_only = true;
        plan_start(plan, &media_kinds[kind], list);
        plan_start(plan, &media_kinds[kind], single);
        return false;
    }
    if (may_refer(single) && !has_list)
        return plan_value(plan, kind, single, count);
    if (may_refer(list))
        return plan_value(plan, kind, list, count);
    plan->parts_only = plan->parts_only || count->marks > 0;
    return true;
}

int media_plan_write_start(struct media_plan *plan, struct slice media, struct buf *out,
                           struct error *err)
{
    for (size_t i = 0; i < plan->n_start; i++)
        if (media_add_list(&plan->start[i], !plan->parts_only, out, err) < 0)
            return -1;
    if (media.len <= 2)
        return media_end(out, err);
    return buf_add_text(out, ",", err) < 0 ? -1
                                           : buf_add(out, media.ptr + 1, media.len - 1, err);
}
