/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Put the media of a list at their places in the turns.
 *
 * LLaMA-Factory, LLaVA and ms-swift write marks as <image> into the texts, and list the media
 * in a member of the record. TRL writes parts without a reference, as {"type": "image"}. Where
 * the numbers of marks and media differ, text and list stay as they are: which belongs to which
 * is not known.
 */
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/chat/media.h"
#include "base/json/json.h"
#include "base/json/prune.h"
#include "stages/ingest/formats/draft_private.h"

/* The media of one type. */
struct media_kind {
    const char *type;
    const char *mark;
    const char *bare; /* the end of a medium without a reference, in the internal form */
    enum member list, single;
};

static const struct media_kind media_kinds[] = {
    { "image", "<image>", "\"part\":{\"type\":\"image\"}}", MEMBER_IMAGES, MEMBER_IMAGE },
    { "video", "<video>", "\"part\":{\"type\":\"video\"}}", MEMBER_VIDEOS, MEMBER_VIDEO },
    { "audio", "<audio>", "\"part\":{\"type\":\"audio\"}}", MEMBER_AUDIOS, MEMBER_AUDIO },
};

enum { N_MEDIA_KINDS = sizeof media_kinds / sizeof media_kinds[0] };

/* References, of which the first `next` have their place. */
struct media_list {
    const struct media_kind *kind;
    const struct json_value *value; /* a list or one reference; NULL: none to place */
    size_t next;
};

static size_t count_references(const struct json_value *value)
{
    if (json_type(value) == JSON_ARRAY)
        return json_count(value);
    return json_text(value).len > 0 ||
           (json_type(value) == JSON_OBJECT && json_count(value) > 0);
}

static const struct json_value *next_reference(struct media_list *list)
{
    const size_t i = list->next++;

    return json_type(list->value) == JSON_ARRAY ? json_at(list->value, i) : list->value;
}

static size_t count_text(struct slice text, const char *what)
{
    const size_t len = strlen(what);
    const char *end = text.ptr + text.len;
    const char *at = text.len > 0 ? text.ptr : NULL;
    size_t n = 0;

    while (at && (at = memmem(at, (size_t)(end - at), what, len))) {
        at += len;
        n++;
    }
    return n;
}

/* The list whose mark comes first in the text, with the place of the mark; NULL for none. */
static struct media_list *find_next_mark(struct media_list *lists, struct slice text,
                                         const char **at)
{
    struct media_list *first = NULL;

    for (size_t i = 0; i < N_MEDIA_KINDS; i++) {
        const char *mark = lists[i].kind ? lists[i].kind->mark : NULL;
        const char *found = lists[i].value && text.len > 0
                                ? memmem(text.ptr, text.len, mark, strlen(mark))
                                : NULL;

        if (found && (!first || found < *at)) {
            first = &lists[i];
            *at = found;
        }
    }
    return first;
}

/* Append the text without marks, and the media that stand for them. Returns 0 or -1. */
static int replace_marks(struct media_list *lists, struct slice text, struct buf *content,
                         struct buf *media, struct error *err)
{
    struct media_list *list;
    const char *at = NULL;

    while ((list = find_next_mark(lists, text, &at))) {
        const char *rest = at + strlen(list->kind->mark);

        if (buf_add(content, text.ptr, (size_t)(at - text.ptr), err) < 0 ||
            media_add_reference(list->kind->type, content->len, next_reference(list), true,
                                media, err) < 0)
            return -1;
        text = slice_of(rest, (size_t)(text.ptr + text.len - rest));
    }
    return buf_add_slice(content, text, err);
}

/* Set the turn's media, and its content, from the marks in its content. */
static void place_marked(struct draft *draft, struct turn *turn, struct media_list *lists)
{
    struct buf content, media;

    buf_init(&content, SIZE_MAX / 4); /* shorter than the turn */
    buf_init(&media, SIZE_MAX / 4);   /* hardly longer than the record */
    if (replace_marks(lists, turn->content, &content, &media, draft->err) < 0 ||
        (media.len > 0 && media_end(&media, draft->err) < 0)) {
        draft->state = DRAFT_FAILED;
    } else if (media.len > 0) {
        turn->media = draft_copy(draft, buf_slice(&media));
        turn->content =
            draft_copy(draft, content.len > 0 ? buf_slice(&content) : slice_text(""));
    }
    buf_release(&content);
    buf_release(&media);
}

/* Set the turn's media: all at its start. */
static void place_at_start(struct draft *draft, struct turn *turn, struct media_list *list)
{
    const size_t n = count_references(list->value);
    struct buf media;

    buf_init(&media, SIZE_MAX / 4); /* hardly longer than the record */
    for (size_t i = 0; draft->state == DRAFT_GOOD && i < n; i++)
        if (media_add_reference(list->kind->type, 0, next_reference(list), false, &media,
                                draft->err) < 0)
            draft->state = DRAFT_FAILED;
    if (draft->state == DRAFT_GOOD && media_end(&media, draft->err) < 0)
        draft->state = DRAFT_FAILED;
    if (draft->state == DRAFT_GOOD)
        turn->media = draft_copy(draft, buf_slice(&media));
    buf_release(&media);
}

bool draft_place_media(struct draft *draft, struct turn *turn, const char *type,
                       const struct json_value *references)
{
    struct media_list lists[N_MEDIA_KINDS] = { { .kind = NULL } };
    size_t i = 0;

    while (i < N_MEDIA_KINDS && strcmp(media_kinds[i].type, type) != 0)
        i++;
    const size_t n = count_references(references);
    if (i == N_MEDIA_KINDS || n == 0 || turn->media.ptr || draft->state != DRAFT_GOOD)
        return false;
    lists[0] = (struct media_list){ .kind = &media_kinds[i], .value = references };
    const size_t n_marks = count_text(turn->content, media_kinds[i].mark);
    if (n_marks == n)
        place_marked(draft, turn, lists);
    else if (n_marks == 0)
        place_at_start(draft, turn, &lists[0]);
    else
        draft_add_defect(draft, DEFECT_MEDIA_MISMATCH);
    return turn->media.ptr != NULL;
}

/* Give the media of the turn that lack a reference the next ones of the list. */
static void fill_bare(struct draft *draft, struct turn *turn, struct media_list *list)
{
    const char *bare = list->kind->bare;
    const size_t len = strlen(bare);
    struct slice left = turn->media;
    const char *at = left.len > 0 ? memmem(left.ptr, left.len, bare, len) : NULL;
    struct buf buf;
    int rc = 0;

    if (!at)
        return;
    buf_init(&buf, SIZE_MAX / 4); /* hardly longer than the record */
    for (; rc == 0 && at; at = memmem(left.ptr, left.len, bare, len)) {
        rc = buf_add(&buf, left.ptr, (size_t)(at - left.ptr) + len - 2, draft->err);
        if (rc == 0)
            rc = buf_printf(&buf, draft->err, ",\"%s\":", list->kind->type);
        if (rc == 0)
            rc = prune_write(next_reference(list), &buf, draft->err);
        if (rc == 0)
            rc = buf_add_text(&buf, "}}", draft->err);
        left = slice_of(at + len, (size_t)(left.ptr + left.len - at) - len);
    }
    if (rc < 0 || buf_add_slice(&buf, left, draft->err) < 0)
        draft->state = DRAFT_FAILED;
    else
        turn->media = draft_copy(draft, buf_slice(&buf));
    buf_release(&buf);
}

/* Decide what the media of one type are for: all marks, or all media without a reference. */
static void choose_places(struct draft *draft, const struct media_kind *kind,
                          enum member member, struct media_list *marked,
                          struct media_list *bare)
{
    const struct sample *out = draft->out;
    const struct json_value *value = draft->members->values[member];
    const size_t n = count_references(value);
    bool is_mixed = false; /* a turn has marks and parts: their order is not known */
    size_t n_marks = 0;
    size_t n_bare = 0;

    for (size_t i = 0; i < out->n_turns; i++) {
        const size_t here = count_text(out->turns[i].content, kind->mark);

        is_mixed = is_mixed || (here > 0 && out->turns[i].media.ptr);
        n_bare += count_text(out->turns[i].media, kind->bare);
        n_marks += here;
    }
    if (is_mixed || n_marks + n_bare != n || (n_marks > 0 && n_bare > 0)) {
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

/* The member with the media of a type; MEMBER_NONE if there is none, or a list and a single
 * one. */
static enum member find_media_member(struct draft *draft, const struct media_kind *kind)
{
    const struct json_value *list = draft->members->values[kind->list];
    const struct json_value *single = draft->members->values[kind->single];

    if (count_references(list) > 0 && count_references(single) > 0) {
        draft_add_defect(draft, DEFECT_MEDIA_MISMATCH);
        return MEMBER_NONE;
    }
    if (may_refer(single) && count_references(list) == 0)
        return kind->single;
    return may_refer(list) ? kind->list : MEMBER_NONE;
}

void draft_read_media(struct draft *draft)
{
    struct media_list marked[N_MEDIA_KINDS] = { { .kind = NULL } };
    struct media_list bare[N_MEDIA_KINDS] = { { .kind = NULL } };
    bool any = false;

    if (draft->state != DRAFT_GOOD || draft->out->n_turns == 0)
        return;
    for (size_t i = 0; i < N_MEDIA_KINDS; i++) {
        const enum member member = find_media_member(draft, &media_kinds[i]);

        if (member)
            choose_places(draft, &media_kinds[i], member, &marked[i], &bare[i]);
        any = any || marked[i].value || bare[i].value;
    }
    for (size_t i = 0; any && draft->state == DRAFT_GOOD && i < draft->out->n_turns; i++) {
        struct turn *turn = &draft->out->turns[i];

        for (size_t j = 0; draft->state == DRAFT_GOOD && j < N_MEDIA_KINDS; j++)
            if (bare[j].value)
                fill_bare(draft, turn, &bare[j]);
        if (draft->state == DRAFT_GOOD && !turn->media.ptr)
            place_marked(draft, turn, marked);
    }
}
