/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The members of a record that no reader claims: the producer's id, and meta.
 */
#include <string.h>

#include "base/buf.h"
#include "base/json/json.h"
#include "base/json/prune.h"
#include "stages/ingest/formats/draft_private.h"
#include "stages/record/verdict.h"

/* JSON text of some members is hardly longer than the record, whose length is bounded. This
 * only keeps the sum of two sizes from overflowing. */
static const size_t members_max_bytes = SIZE_MAX / 4;

/* Append to the text of an object without its closing bracket. */
static int append_member(struct slice key, const struct json_value *value, struct buf *buf,
                         struct error *err)
{
    return prune_add_name(key, 0, buf, err) < 0 ? -1 : json_write(value, buf, err);
}

static int append_to_meta(const struct draft *draft, struct slice name,
                          const struct json_value *value, struct buf *buf)
{
    if (!draft->is_padded)
        return append_member(name, value, buf, draft->err);
    if (prune_is_padding(value))
        return 0;
    return prune_write_member(name, value, 0, buf, draft->err);
}

/* Close the object and copy it to the arena; ptr NULL when it has no members. */
static struct slice end_members(struct draft *draft, struct buf *buf)
{
    if (buf->len == 0 || draft->state != DRAFT_GOOD)
        return slice_of(NULL, 0);
    if (buf_add_text(buf, "}", draft->err) < 0) {
        draft->state = DRAFT_FAILED;
        return slice_of(NULL, 0);
    }
    return draft_copy(draft, buf_slice(buf));
}

struct slice draft_members_where(struct draft *draft, const struct json_value *object,
                                 bool (*wanted)(const void *arg, struct slice name,
                                                const struct json_value *value),
                                 const void *arg)
{
    const struct json_value *value;
    struct slice name;
    struct buf buf;
    size_t pos = 0;

    buf_init(&buf, members_max_bytes);
    while (draft->state == DRAFT_GOOD && json_member_next(object, &pos, &name, &value) == 1)
        if (wanted(arg, name, value) && append_to_meta(draft, name, value, &buf) < 0)
            draft->state = DRAFT_FAILED;
    const struct slice text = end_members(draft, &buf);
    buf_release(&buf);
    return text;
}

struct slice draft_extra(struct draft *draft, const struct json_value *object,
                         bool (*wanted)(const void *arg, struct slice *name,
                                        const struct json_value *value),
                         const void *arg, const struct draft_member *added, size_t n_added)
{
    const struct json_value *value;
    struct slice name;
    struct buf buf;
    size_t pos = 0;

    buf_init(&buf, members_max_bytes);
    while (draft->state == DRAFT_GOOD && json_member_next(object, &pos, &name, &value) == 1)
        if (!prune_is_empty(value) && wanted(arg, &name, value) &&
            prune_write_member(name, value, 0, &buf, draft->err) < 0)
            draft->state = DRAFT_FAILED;
    for (size_t i = 0; draft->state == DRAFT_GOOD && i < n_added; i++)
        if (added[i].json.ptr &&
            (prune_add_name(slice_text(added[i].name), 0, &buf, draft->err) < 0 ||
             buf_add_slice(&buf, added[i].json, draft->err) < 0))
            draft->state = DRAFT_FAILED;
    const struct slice text = end_members(draft, &buf);
    buf_release(&buf);
    return text;
}

static bool is_neither(const void *arg, struct slice *name, const struct json_value *value)
{
    const struct slice *keys = arg;

    (void)value;
    return !(keys[0].ptr && slice_equal(*name, keys[0])) &&
           !(keys[1].ptr && slice_equal(*name, keys[1]));
}

struct slice draft_other_members(struct draft *draft, const struct json_value *object,
                                 struct slice key, struct slice other)
{
    const struct slice keys[] = { key, other };

    return draft_extra(draft, object, is_neither, keys, NULL, 0);
}

bool draft_is_claimed(const struct draft *draft, struct slice name,
                      const struct json_value *value)
{
    if (json_type(value) == JSON_NULL) {
        const enum member member = member_of(name);

        return member && (draft->null_claims[member / 64] >> member % 64 & 1);
    }
    for (size_t i = 0; i < draft->n_claims; i++)
        if (draft->claims[i] == value)
            return true;
    return false;
}

static void append_unclaimed(struct draft *draft, const struct json_value *object,
                             struct buf *buf)
{
    const struct json_value *value;
    struct slice name;
    size_t pos = 0;

    while (draft->state == DRAFT_GOOD && json_member_next(object, &pos, &name, &value) == 1) {
        const bool is_inner = object != draft->members->record;

        if (!(is_inner && json_type(value) == JSON_NULL) &&
            draft_is_claimed(draft, name, value))
            continue;
        if (append_to_meta(draft, name, value, buf) < 0)
            draft->state = DRAFT_FAILED;
        if (draft->out->kind == SAMPLE_SFT && verdict_of(name, value) == 0)
            draft_add_defect(draft, DEFECT_DISLIKED);
    }
}

void draft_fill_meta(struct draft *draft)
{
    const struct json_value *wrapped = draft->members->values[draft->unwrap];
    struct buf buf;

    buf_init(&buf, members_max_bytes);
    if (json_type(wrapped) == JSON_OBJECT || (draft->unwrap && !wrapped)) {
        draft_claim(draft, draft->unwrap);
        append_unclaimed(draft, wrapped, &buf);
    }
    append_unclaimed(draft, draft->members->record, &buf);
    draft->out->meta = end_members(draft, &buf);
    buf_release(&buf);
}

/* The first of these members that is a text or a number. */
void draft_fill_ext_id(struct draft *draft)
{
    for (const enum member *id = members_ids; *id; id++) {
        const struct json_value *value = draft->members->values[*id];
        const bool is_id = json_text(value).len > 0 || json_type(value) == JSON_NUMBER;

        if (value && !is_id)
            continue;
        draft_claim(draft, *id); /* a null is not worth keeping */
        if (is_id) {
            const uint64_t before = draft->defects;

            draft->out->ext_id = draft_text(draft, value, member_name(*id));
            draft->defects = before; /* a number is not type_drift here */
            return;
        }
    }
}
