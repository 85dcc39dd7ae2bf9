/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Put the media of a list at their places in the turns. Where the numbers of places and media
 * differ, text and list stay as they are: which belongs to which is not known.
 */
#include <stdint.h>

#include "base/buf.h"
#include "base/chat/media_marks.h"
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
    else if (rc == 1)
        set_media(draft, turn, &content, &media);
    else
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

/* Decide what the media of one kind are for: all marks, or all media without a reference. */
static void choose_places(struct draft *draft, const struct media_kind *kind,
                          enum member member, struct media_list *marked,
                          struct media_list *bare)
{
    const struct sample *out = draft->out;
    const struct json_value *value = draft->members->values[member];
    bool is_mixed = false; /* a turn has marks and parts: their order is not known */
    size_t n_marks = 0;
    size_t n_bare = 0;

    for (size_t i = 0; i < out->n_turns; i++) {
        const size_t here = media_count_marks(kind, out->turns[i].content);

        is_mixed = is_mixed || (here > 0 && out->turns[i].media.ptr);
        n_bare += media_count_bare(kind, out->turns[i].media);
        n_marks += here;
    }
    if (is_mixed || n_marks + n_bare != media_count(value) || (n_marks > 0 && n_bare > 0)) {
        draft_add_defect(draft, DEFECT_MEDIA_MISMATCH);
        return;
    }
    draft_claim(draft, member);
    if (n_marks > 0)
        *marked = (struct media_list){ .kind = kind, .value = value };
    else if (n_bare > 0)
        *bare = (struct media_list){ .kind = kind, .value = value };
}

/* Can the value be a list of references, or one? */
static bool may_refer(const struct json_value *value)
{
    const enum json_type type = json_type(value);

    return type == JSON_STRING || type == JSON_ARRAY || type == JSON_OBJECT;
}

/* The member with the media of a kind; MEMBER_NONE if there is none, or a list and a single
 * one. */
static enum member find_media_member(struct draft *draft, size_t kind)
{
    const enum member *names = media_members[kind];
    const struct json_value *list = draft->members->values[names[0]];
    const struct json_value *single = draft->members->values[names[1]];

    if (media_count(list) > 0 && media_count(single) > 0) {
        draft_add_defect(draft, DEFECT_MEDIA_MISMATCH);
        return MEMBER_NONE;
    }
    if (may_refer(single) && media_count(list) == 0)
        return names[1];
    return may_refer(list) ? names[0] : MEMBER_NONE;
}

void draft_read_media(struct draft *draft)
{
    struct media_list marked[N_MEDIA_KINDS] = { { .kind = NULL } };
    struct media_list bare[N_MEDIA_KINDS] = { { .kind = NULL } };
    bool any = false;

    if (draft->state != DRAFT_GOOD || draft->out->n_turns == 0)
        return;
    for (size_t i = 0; i < N_MEDIA_KINDS; i++) {
        const enum member member = find_media_member(draft, i);

        if (member)
            choose_places(draft, &media_kinds[i], member, &marked[i], &bare[i]);
        any = any || marked[i].value || bare[i].value;
    }
    for (size_t i = 0; any && draft->state == DRAFT_GOOD && i < draft->out->n_turns; i++) {
        struct turn *turn = &draft->out->turns[i];

        for (size_t j = 0; j < N_MEDIA_KINDS; j++)
            if (bare[j].value)
                fill_bare(draft, turn, &bare[j]);
        if (draft->state == DRAFT_GOOD && !turn->media.ptr)
            place_marked(draft, turn, marked);
    }
}
