/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Give the media of a sample of an earlier release their places in its turns.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/chat/media_marks.h"
#include "base/chat/media_plan.h"
#include "base/error.h"
#include "base/json/json.h"
#include "base/json/prune.h"
#include "store/reform_private.h"
#include "store/sample.h"

int reform_keep(struct reform *reform, const struct buf *buf, struct slice *out)
{
    *out = arena_copy(reform->arena, buf_slice(buf));
    return out->ptr ? 0 : error_nomem(reform->err);
}

int reform_parse(struct reform *reform, struct slice text, const struct json_value **value)
{
    const char *detail = NULL;
    enum json_issue issue;
    size_t at;

    return json_parse(reform->json, text, value, &issue, &at, &detail, reform->err);
}

static bool is_dropped(const struct json_value *value, const struct json_value *const *dropped,
                       size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (dropped[i] == value)
            return true;
    return false;
}

int reform_drop_members(struct reform *reform, const struct json_value *meta,
                        const struct json_value *const *dropped, size_t n,
                        struct sample *sample)
{
    const struct json_value *value;
    struct slice name;
    struct buf buf;
    size_t pos = 0;
    int rc = 0;

    buf_init(&buf, REFORM_MAX_BYTES);
    while (rc == 0 && json_member_next(meta, &pos, &name, &value)) {
        if (is_dropped(value, dropped, n))
            continue;
        rc = prune_add_name(name, 0, &buf, reform->err);
        if (rc == 0)
            rc = json_write(value, &buf, reform->err);
    }
    if (rc == 0 && buf.len > 0)
        rc = buf_add_text(&buf, "}", reform->err);
    reform->changed = true;
    sample->meta = slice_of(NULL, 0);
    if (rc == 0 && buf.len > 0)
        rc = reform_keep(reform, &buf, &sample->meta);
    buf_release(&buf);
    return rc;
}

/* Set content and media of a turn from buffers. */
static int reform_set_media(struct reform *reform, struct turn *turn, const struct buf *content,
                            const struct buf *media)
{
    if (media->len == 0)
        return 0;
    reform->changed = true;
    if (reform_keep(reform, media, &turn->media) < 0)
        return -1;
    turn->content = slice_text("");
    return content->len > 0 ? reform_keep(reform, content, &turn->content) : 0;
}

int reform_media_member(struct reform *reform, const char *type, const struct json_value *value,
                        struct turn *turn)
{
    const struct media_kind *kind = media_kind_of(type);
    struct buf content, media;

    if (!kind || media_count(value) == 0 || turn->media.ptr)
        return 0;
    buf_init(&content, REFORM_MAX_BYTES);
    buf_init(&media, REFORM_MAX_BYTES);
    int rc = media_place_in_text(kind, value, turn->content, &content, &media, reform->err);
    if (rc >= 0)
        rc = reform_set_media(reform, turn, &content, &media) < 0 ? -1 : 1;
    buf_release(&content);
    buf_release(&media);
    return rc;
}

static void reform_plan_media(const struct sample *sample, const struct json_value *meta,
                              size_t i, struct media_plan *plan)
{
    const struct media_kind *kind = &media_kinds[i];
    struct media_count count = { .marks = 0 };

    for (size_t j = 0; j < sample->n_turns; j++)
        media_count_turn(kind, sample->turns[j].content, sample->turns[j].media,
                         sample->turns[j].extra, &count);
    media_count_other(kind, sample->system, &count);
    media_count_other(kind, sample->context, &count);
    (void)media_plan_kind(plan, i, json_get_nocase(meta, kind->list),
                          json_get_nocase(meta, kind->single), &count);
}

static int reform_place_media(struct reform *reform, struct media_list *marked,
                              struct media_list *bare, struct turn *turn)
{
    struct buf content, media;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < N_MEDIA_KINDS; i++) {
        if (!bare[i].value || media_count_bare(bare[i].kind, turn->media) == 0)
            continue;
        buf_init(&media, REFORM_MAX_BYTES);
        rc = media_fill_bare(&bare[i], turn->media, &media, reform->err);
        if (rc == 0)
            rc = reform_keep(reform, &media, &turn->media);
        buf_release(&media);
    }
    if (rc < 0 || turn->media.ptr)
        return rc;
    buf_init(&content, REFORM_MAX_BYTES);
    buf_init(&media, REFORM_MAX_BYTES);
    rc = media_place_marks(marked, turn->content, &content, &media, reform->err);
    if (rc == 0)
        rc = reform_set_media(reform, turn, &content, &media);
    buf_release(&content);
    buf_release(&media);
    return rc;
}

/* Put the media that have no place in the texts before the first question. */
static int reform_place_start(struct reform *reform, struct media_plan *plan,
                              struct sample *sample)
{
    struct turn *turn = &sample->turns[sample_find_first_question(sample)];
    struct buf media;

    if (plan->n_start == 0)
        return 0;
    buf_init(&media, REFORM_MAX_BYTES);
    int rc = media_plan_write_start(plan, turn->media, &media, reform->err);
    if (rc == 0)
        rc = reform_keep(reform, &media, &turn->media);
    buf_release(&media);
    return rc;
}

int reform_media(struct reform *reform, struct sample *sample)
{
    struct media_plan plan = { .n_start = 0 };
    const struct json_value *meta = NULL;

    if (!sample->meta.ptr || sample->n_turns == 0)
        return 0;
    if (reform_parse(reform, sample->meta, &meta) < 0)
        return -1;
    for (size_t i = 0; i < N_MEDIA_KINDS; i++)
        reform_plan_media(sample, meta, i, &plan);
    if (plan.n_used == 0)
        return 0;
    for (size_t i = 0; i < sample->n_turns; i++)
        if (reform_place_media(reform, plan.marked, plan.bare, &sample->turns[i]) < 0)
            return -1;
    return reform_place_start(reform, &plan, sample) < 0
               ? -1
               : reform_drop_members(reform, meta, plan.used, plan.n_used, sample);
}
