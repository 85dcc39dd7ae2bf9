/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Put the media of a list at their places in the turns (media_plan.h). Where the numbers of
 * places and media differ, the text keeps its marks: which belongs to which is not known.
 */
#include <stdint.h>

#include "base/buf.h"
#include "base/chat/media_marks.h"
#include "base/chat/media_plan.h"
#include "base/json/json.h"
#include "stages/ingest/formats/draft_private.h"

/* Members with references, by kind: a list, and a single one. */
static const enum member media_members[N_MEDIA_KINDS][2] = {
    { MEMBER_IMAGES, MEMBER_IMAGE },
    { MEMBER_VIDEOS, MEMBER_VIDEO },
    { MEMBER_AUDIOS, MEMBER_AUDIO },
};

/* Set content and media of a turn, if there are any media. */
static void set_media(struct draft *draft, struct turn *turn, const struct buf *content,
                      const struct buf *media)
{
    if (draft->state != DRAFT_GOOD || media->len == 0)
        return;
    turn->media = draft_copy(draft, buf_slice(media));
    turn->content = draft_copy(draft, content->len > 0 ? buf_slice(content) : slice_text(""));
}

bool draft_place_media(struct draft *draft, struct turn *turn, const char *type,
                       const struct json_value *references)
{
    const struct media_kind *kind = media_kind_of(type);
    struct buf content, media;

    if (!kind || media_count(references) == 0 || turn->media.ptr || draft->state != DRAFT_GOOD)
        return false;
    buf_init(&content, SIZE_MAX / 4); /* shorter than the turn */
    buf_init(&media, SIZE_MAX / 4);   /* hardly longer than the record */
    const int rc =
        media_place_in_text(kind, references, turn->content, &content, &media, draft->err);
    if (rc < 0)
        draft->state = DRAFT_FAILED;
    else
        set_media(draft, turn, &content, &media);
    if (rc == 0)
        draft_add_defect(draft, DEFECT_MEDIA_MISMATCH);
    buf_release(&content);
    buf_release(&media);
    return turn->media.ptr != NULL;
}

/* Put media at the marks of a turn. */
static void place_marked(struct draft *draft, struct turn *turn, struct media_list *lists)
{
    struct buf content, media;

    buf_init(&content, SIZE_MAX / 4); /* shorter than the turn */
    buf_init(&media, SIZE_MAX / 4);   /* hardly longer than the record */
    if (media_place_marks(lists, turn->content, &content, &media, draft->err) < 0)
        draft->state = DRAFT_FAILED;
    set_media(draft, turn, &content, &media);
    buf_release(&content);
    buf_release(&media);
}

/* Give the media of a turn that lack a reference the next ones of the list. */
static void fill_bare(struct draft *draft, struct turn *turn, struct media_list *list)
{
    struct buf media;

    if (draft->state != DRAFT_GOOD || media_count_bare(list->kind, turn->media) == 0)
        return;
    buf_init(&media, SIZE_MAX / 4); /* hardly longer than the record */
    if (media_fill_bare(list, turn->media, &media, draft->err) < 0)
        draft->state = DRAFT_FAILED;
    else
        turn->media = draft_copy(draft, buf_slice(&media));
    buf_release(&media);
}

/* Decide where the media of one kind belong. */
static void plan_kind(struct draft *draft, size_t i, struct media_plan *plan)
{
    const struct json_value *const *values = draft->members->values;
    const struct media_kind *kind = &media_kinds[i];
    const struct sample *out = draft->out;
    struct media_count count = { .marks = 0 };

    for (size_t j = 0; j < out->n_turns; j++)
        media_count_turn(kind, out->turns[j].content, out->turns[j].media, out->turns[j].extra,
                         &count);
    media_count_other(kind, out->system, &count);
    media_count_other(kind, out->context, &count);
    if (!media_plan_kind(plan, i, values[media_members[i][0]], values[media_members[i][1]],
                         &count))
        draft_add_defect(draft, DEFECT_MEDIA_MISMATCH);
}

/* Put the media that have no place in the texts before the first question. */
static void place_at_first_question(struct draft *draft, struct media_plan *plan)
{
    struct turn *turn = &draft->out->turns[sample_find_first_question(draft->out)];
    struct buf media;

    if (draft->state != DRAFT_GOOD || plan->n_start == 0)
        return;
    buf_init(&media, SIZE_MAX / 4); /* hardly longer than the record */
    if (media_plan_write_start(plan, turn->media, &media, draft->err) < 0)
        draft->state = DRAFT_FAILED;
    else
        turn->media = draft_copy(draft, buf_slice(&media));
    buf_release(&media);
}

void draft_read_media(struct draft *draft)
{
    struct media_plan plan = { .n_start = 0 };

    if (draft->state != DRAFT_GOOD || draft->out->n_turns == 0)
        return;
    for (size_t i = 0; i < N_MEDIA_KINDS; i++)
        plan_kind(draft, i, &plan);
    for (size_t i = 0; i < plan.n_used; i++)
        draft_claim_value(draft, plan.used[i]);
    for (size_t i = 0; plan.n_used > 0 && i < draft->out->n_turns; i++) {
        struct turn *turn = &draft->out->turns[i];

        for (size_t j = 0; j < N_MEDIA_KINDS; j++)
            if (plan.bare[j].value)
                fill_bare(draft, turn, &plan.bare[j]);
        if (draft->state == DRAFT_GOOD && !turn->media.ptr)
            place_marked(draft, turn, plan.marked);
    }
    place_at_first_question(draft, &plan);
}
