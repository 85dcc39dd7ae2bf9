/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft.h - a sample being put together from the members of a record.
 *
 * What the readers of all shapes share. A draft remembers which members a shape has taken; the
 * others become the sample's meta. The first refusal or failure sticks and the calls after it
 * do nothing, so that a reader is a straight line; draft_finish() says what came of it all.
 */
#ifndef CURATE_DRAFT_H
#define CURATE_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "stages/record/defect.h"

struct arena;
struct error;
struct format_options;
struct format_refusal;
struct json_value;
struct sample;

enum { DRAFT_TAKEN_MAX = 24 };

struct draft {
    const struct json_value *record; /* these six are given by the reader, */
    const struct format_options *options;
    struct arena *arena;
    struct sample *out;
    struct format_refusal *why;
    struct error *err;
    bool nocase;        /* whether "Prompt" is as good as "prompt", */
    const char *unwrap; /* a member whose own members go to meta; or NULL */

    uint64_t defects; /* that were repaired or kept, as bits of defect.h */
    int state;        /* 1 so far so good, 0 refused, -1 out of memory */
    size_t turns_cap;
    size_t n_taken;
    struct draft_taken {
        const char *key;
        const struct json_value *value;
    } taken[DRAFT_TAKEN_MAX];
};

/* Empty *out and begin. */
void draft_begin(struct draft *draft);
/* Mend the texts, as far as the policy has it; draft_finish() does. */
void draft_mend(struct draft *draft);
/* 1 filled, 0 refused, -1 failed: what a format's read() returns. */
int draft_finish(struct draft *draft);

void draft_refuse(struct draft *draft, const char *class, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void draft_fail_nomem(struct draft *draft);
/* Something was repaired, or is odd and kept. */
void draft_note(struct draft *draft, enum defect defect);

/* The member, taken; NULL when it is missing (or JSON's null). */
const struct json_value *draft_take(struct draft *draft, const char *key);
/* The member's text, taken: ptr NULL when it is missing or null. A number or a boolean becomes
 * its own text, a list of texts these, a line each; another list or an object is refused as
 * bad_type. */
struct slice draft_take_text(struct draft *draft, const char *key);
/* The same of the first of two names that is there. */
struct slice draft_take_either(struct draft *draft, const char *key, const char *other);
/* Any value as text in the arena, by the same rule; what says where it is, for the refusal. */
struct slice draft_text_of(struct draft *draft, const struct json_value *value,
                           const char *what);

/* "system" or "system_prompt"; an empty one is none. */
void draft_take_system(struct draft *draft);
/* The passage the instruction is about; an empty one is none. split is static. */
void draft_set_context(struct draft *draft, struct slice text, const char *split);
/* One more turn; role is one of the four words, extra may have ptr NULL. */
void draft_add_turn(struct draft *draft, const char *role, struct slice content,
                    struct slice extra);
/* The role (static) that goes by this word; the word itself, noted, when none does. */
struct slice draft_role(struct draft *draft, struct slice word);
/* The same with what draft_role() gave. */
void draft_add_turn_of(struct draft *draft, struct slice role, struct slice content,
                       struct slice extra);
/* "history": pairs of an earlier question and its answer. */
void draft_take_history(struct draft *draft);
/* The user's turn from an instruction and its input: a long input (or one that "context_bytes"
 * says is) is the context, a short one goes behind the instruction on a line of its own. */
void draft_ask(struct draft *draft, struct slice instruction, struct slice input);
/* The assistant's turn, unless text.ptr is NULL: then nobody answered. */
void draft_answer(struct draft *draft, struct slice text);

/*
 * "context_bytes": how a shape without a place for a context carries one. The first user
 * message is context, blank line, instruction, and this many bytes are the context. True when
 * the record says so and it was done.
 */
bool draft_split_marked(struct draft *draft);
/* Cut the first user message at its last blank line that has text on both sides, if any. */
void draft_split_last_paragraph(struct draft *draft);

/* JSON text, in the arena, of an object with all members of this one but two; ptr NULL when
 * there are no others. A key may be NULL. */
struct slice draft_others(struct draft *draft, const struct json_value *object, const char *key,
                          const char *other);

#endif
