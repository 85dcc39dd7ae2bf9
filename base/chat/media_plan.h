/* SPDX-License-Identifier: Apache-2.0 */
/*
 * media_plan.h - decide where the media belong that members of a record refer to.
 *
 * They belong to the marks in the texts, or to content parts without a reference. If there is
 * neither, they belong to the start of the first question. There they are marks, which the
 * record left out, if marks can be written: with no other media and no other mark. If the
 * numbers differ, the media stand there too, as parts, and the texts keep their marks.
 */
#ifndef CURATE_MEDIA_PLAN_H
#define CURATE_MEDIA_PLAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/chat/media_marks.h"
#include "base/slice.h"

struct buf;
struct error;
struct json_value;

/* What the texts and turns of a record hold of one kind of media. */
struct media_count {
    size_t marks, bare;  /* in turns; bare: media without a reference */
    size_t others;       /* media with a reference in turns, marks in other texts */
    bool is_mixed;       /* a turn has marks and media: their order is not known */
    bool has_other_form; /* a turn has media, of any kind, or content parts in its extra */
};

struct media_plan {
    struct media_list marked[N_MEDIA_KINDS], bare[N_MEDIA_KINDS]; /* value NULL: none */
    struct media_list start[2 * N_MEDIA_KINDS];                   /* of the first question */
    const struct json_value *used[2 * N_MEDIA_KINDS];             /* values that get places */
    size_t n_start, n_used;
    bool parts_only; /* marks cannot be written */
};

void media_count_turn(const struct media_kind *kind, struct slice content, struct slice media,
                      struct slice extra, struct media_count *count);
/* Count the marks of a text that is no turn: a system prompt or a context. */
void media_count_other(const struct media_kind *kind, struct slice text,
                       struct media_count *count);

/* Plan one kind of media. list and single are what the record's members hold; NULL: missing.
 * Start with a plan of zeros, and plan the kinds in the order of media_kinds[]. Returns false
 * if the numbers of places and references differ, or if both members have references. */
bool media_plan_kind(struct media_plan *plan, size_t kind, const struct json_value *list,
                     const struct json_value *single, const struct media_count *count);
/* Append the planned media of the start, and behind them those that the turn has. Call it last.
 * Returns 0, or -1 with err set: ERR_NOMEM. */
int media_plan_write_start(struct media_plan *plan, struct slice media, struct buf *out,
                           struct error *err);

#endif
