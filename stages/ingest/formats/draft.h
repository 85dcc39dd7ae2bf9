/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft.h - build a sample from the members of one record.
 *
 * The reader of a shape calls these functions in a straight line. It claims the members that
 * it knows and adds turns. Members that no call has claimed go to the sample's meta, so nothing
 * of a record is lost. If one of them holds a question, an answer or a message by its name, the
 * record is rejected as unclaimed_text.
 *
 * The first rejection or failure is final: later calls do nothing and return text with ptr
 * NULL. So a reader checks nothing; format_read() returns the outcome.
 *
 * Texts of the sample are copied into the arena.
 */
#ifndef CURATE_DRAFT_H
#define CURATE_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "stages/ingest/formats/members.h"
#include "stages/record/defect.h"
#include "store/sample.h"

struct arena;
struct error;
struct format;
struct format_options;
struct json_value;

enum { DRAFT_CLAIMS_MAX = 32 }; /* more than any shape claims */

enum draft_state {
    DRAFT_GOOD = 1, /* so far */
    DRAFT_REJECTED = 0,
    DRAFT_FAILED = -1, /* ERR_NOMEM */
};

struct draft {
    /* The caller of format_read() sets these six. All are borrowed. */
    const struct members *members; /* of a record that is an object */
    bool is_padded; /* padding (base/json/prune.h) does not go to meta: a table made it */
    const struct format_options *options;
    struct arena *arena;
    struct sample *out;
    struct error *err;

    /* A reader may set these before its first other call. */
    bool says_context;  /* the record says itself what its context is, or that it has none */
    enum member unwrap; /* an object whose members go to meta; MEMBER_NONE for none */

    const struct format *format; /* whose reader it is */

    /* In the state DRAFT_REJECTED. */
    enum defect rejected_for;
    const char *detail; /* what is wrong, and where; in the arena */

    const struct json_value *accepted; /* answers of which one is the response; goes to meta */
    enum draft_state state;
    uint64_t defects; /* set of the defects that were repaired or kept */
    size_t turns_cap;
    size_t n_claims;
    const struct json_value *claims[DRAFT_CLAIMS_MAX]; /* values of claimed members */
    uint64_t null_claims[N_MEMBERS / 64 + 1];          /* set of those that are null */
};

/* For format_read(): make the sample empty. */
void draft_begin(struct draft *draft, const struct format *format);
/* For format_read(), after the reader: repair texts as the policy says, find the turns that
 * matter, fill in id and meta. Returns the state. */
enum draft_state draft_finish(struct draft *draft);

/* Reject the record for a defect. The text says what is wrong, and where. */
void draft_reject(struct draft *draft, enum defect defect, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Set the state DRAFT_FAILED and err. */
void draft_fail_nomem(struct draft *draft);
/* Add a defect that was repaired or kept to the sample's set. */
void draft_add_defect(struct draft *draft, enum defect defect);

/* Claim a member. Returns its value; NULL when it is missing or null. */
const struct json_value *draft_claim(struct draft *draft, enum member member);
/* Claim a value inside the member `unwrap`: it does not go to meta. */
void draft_claim_value(struct draft *draft, const struct json_value *value);
/* Claim a member and return its text, by the rule of draft_text(). */
struct slice draft_claim_text(struct draft *draft, enum member member);
/* Claim the first member of a list that exists, and those before it. Returns it; MEMBER_NONE
 * when all are missing. MEMBER_NONE ends the list. */
enum member draft_claim_first(struct draft *draft, const enum member *list);
/* The same; returns its text. */
struct slice draft_claim_first_text(struct draft *draft, const enum member *list);
/* The text of any value: a string as it is, a number or boolean as it is written, that of the
 * only element of a list; ptr NULL for null. Lists of several elements and objects are rejected
 * as bad_type: `what` names the value for the detail. If the user gave type_drift=repair, a
 * list becomes a text with a line for each element. */
struct slice draft_text(struct draft *draft, const struct json_value *value, const char *what);
/* JSON text of an object with the members of this one that a test wants, without padding if the
 * draft is padded; ptr NULL when none is left. */
struct slice draft_members_where(struct draft *draft, const struct json_value *object,
                                 bool (*wanted)(const void *arg, struct slice name,
                                                const struct json_value *value),
                                 const void *arg);
/*
 * The same for the extra of a turn. The test may change the name. Padding and members that are
 * empty lists or objects are left out (base/json/prune.h). Members of `added` follow, whose
 * values are JSON text; one with json.ptr NULL is left out. ptr NULL when no member is left.
 */
struct draft_member {
    const char *name;
    struct slice json;
};
struct slice draft_extra(struct draft *draft, const struct json_value *object,
                         bool (*wanted)(const void *arg, struct slice *name,
                                        const struct json_value *value),
                         const void *arg, const struct draft_member *added, size_t n_added);
/* The same for all members but the two named. A key may have ptr NULL. */
struct slice draft_other_members(struct draft *draft, const struct json_value *object,
                                 struct slice key, struct slice other);

/* Claim "system" or "system_prompt" as the system prompt. An empty text counts as missing. */
void draft_read_system(struct draft *draft);
/* Claim "history", a list of pairs, as turns of the user and the assistant. */
void draft_read_history(struct draft *draft);
/* Claim "context", "passage", "article" or "document" as the context: a text, or a list of
 * documents. Each document is a text, a title with its sentences, or an object with a text;
 * blank lines separate them. */
void draft_read_context(struct draft *draft);
/* Claim the first member of a list that exists as the response. Beside a context, a list of
 * accepted answers gives its first, and stays in meta as it is. */
void draft_read_answer(struct draft *draft, const enum member *list);
/* Set the context and how it was separated from the instruction (static). An empty text counts
 * as missing. */
void draft_set_context(struct draft *draft, struct slice text, const char *split);

/* The role that a word names. An unknown word is copied and counts as bad_role. */
struct slice draft_role_of(struct draft *draft, struct slice word);
/* Append a turn with all its fields. A content with ptr NULL becomes the empty text. */
void draft_add(struct draft *draft, const struct turn *turn);
/* Append a turn. A content with ptr NULL becomes the empty text. extra is JSON of an object,
 * ptr NULL for none. */
void draft_add_turn(struct draft *draft, struct slice role, struct slice content,
                    struct slice extra);
/* Append a user turn of text alone. */
void draft_add_user(struct draft *draft, struct slice text);
/* Append an assistant turn of text alone, unless text.ptr is NULL: then there is no response.
 */
void draft_add_response(struct draft *draft, struct slice text);
/* Append a user turn from an instruction and its input. A long input, or one as long as the
 * member "context_bytes" says, is the context. A short input is appended to the instruction as
 * a line of its own. */
void draft_add_instruction(struct draft *draft, struct slice instruction, struct slice input);

/*
 * Separate the context from the first user turn at the place that the member "context_bytes"
 * gives: the turn is the context of so many bytes, a blank line, and the instruction; or, if
 * the number is negative, the instruction, a blank line and the context. Returns false when the
 * record has no such member, or no blank line is there.
 */
bool draft_split_marked(struct draft *draft);
/* Separate the context from the first user turn at its last blank line with text on both sides.
 * Does nothing when there is none. */
void draft_split_last_paragraph(struct draft *draft);

#endif
