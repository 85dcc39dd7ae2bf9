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
#include "store/sample.h"

struct arena;
struct error;
struct format_options;
struct json_value;

enum { DRAFT_TAKEN_MAX = 24 };

struct draft {
    /* The caller of format_read() sets these five. All are borrowed. */
    const struct json_value *record; /* an object */
    const struct format_options *options;
    struct arena *arena; /* gets the texts of the sample */
    struct sample *out;
    struct error *err;

    /* A reader may set these before its first other call. */
    bool nocase;        /* find members by key whatever the case of its letters */
    const char *unwrap; /* key of an object whose members go to meta; NULL for none */

    /* What format_read() returned 0 for. */
    enum defect rejected_for;
    const char *detail; /* what is wrong, and where; in the arena */

    uint64_t defects; /* set of the defects that were repaired or kept */
    int state;        /* 1 good so far, 0 rejected, -1 out of memory */
    size_t turns_cap;
    size_t n_taken;
    struct draft_taken {
        const char *key;
        const struct json_value *value;
    } taken[DRAFT_TAKEN_MAX];
};

/* For format_read(): make the sample empty, and complete it when the reader is done. Returns
 * 1 when the sample is complete, 0 when the record is rejected, -1 for ERR_NOMEM. */
void draft_begin(struct draft *draft);
int draft_finish(struct draft *draft);
/* Repair the texts as the policy says. For draft_finish(). */
void draft_repair(struct draft *draft);

/* Reject the record for a defect. The text says what is wrong, and where. */
void draft_reject(struct draft *draft, enum defect defect, const char *fmt, ...)
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
