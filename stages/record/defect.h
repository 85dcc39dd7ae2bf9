/* SPDX-License-Identifier: Apache-2.0 */
/*
 * defect.h - what may be wrong with a record, and what is done about it.
 *
 * Each class of defect has a usual action that a user may change: the record is rejected, or
 * repaired (something in it is replaced, dropped or decoded), or kept as it is. All three are
 * counted in the run; a sample that was repaired or kept carries the names of its defects,
 * where they are its own and not of the way the file was laid out.
 *
 * To add one: a member of the enum, and a line of the table in defect.c.
 */
#ifndef CURATE_DEFECT_H
#define CURATE_DEFECT_H

#include <stdbool.h>
#include <stdint.h>

struct error;

enum defect {
    /* Nothing can be made of these. */
    DEFECT_BAD_JSON,
    DEFECT_TRUNCATED,
    DEFECT_TOO_LONG,
    DEFECT_TOO_DEEP,
    DEFECT_NOT_AN_OBJECT,
    DEFECT_UNKNOWN_SHAPE,
    DEFECT_EMPTY_RECORD,
    DEFECT_MISSING_CONTENT,
    DEFECT_BAD_TYPE,
    DEFECT_BAD_UTF8,
    /* Of the file. */
    DEFECT_BOM,
    DEFECT_CR,
    DEFECT_BLANK_LINE,
    DEFECT_STRAY_COMMA,
    DEFECT_SAME_LINE,
    DEFECT_MANY_LINES,
    /* Of the JSON text. */
    DEFECT_NAN_INF,
    DEFECT_LONE_SURROGATE,
    DEFECT_NUL,
    DEFECT_CONTROL,
    DEFECT_BIG_NUMBER,
    DEFECT_DUPLICATE_KEY,
    DEFECT_DOUBLE_ENCODED,
    /* Of the sample. */
    DEFECT_TYPE_DRIFT,
    DEFECT_NULL_CONTENT,
    DEFECT_EMPTY_RESPONSE,
    DEFECT_BAD_ROLE,
    DEFECT_ROLE_ORDER,
    DEFECT_LATE_SYSTEM,
    DEFECT_DUPLICATE_ID,
    /* Of its texts. */
    DEFECT_TEMPLATE_LEAK,
    DEFECT_REFUSAL,
    DEFECT_PLACEHOLDER,
    DEFECT_HTML_ENTITY,
    DEFECT_MOJIBAKE,
    DEFECT_INVISIBLE,
    N_DEFECTS
};

enum defect_action { DEFECT_REJECT, DEFECT_REPAIR, DEFECT_KEEP };

/* Sets of defects: bit i stands for defect i. */
static inline uint64_t defect_bit(enum defect defect)
{
    return (uint64_t)1 << defect;
}

struct defect_class {
    const char *name;
    enum defect_action usual;
    enum defect_action other; /* besides; whatever is not rejected can be */
    bool of_file;             /* of the way a file is laid out: counted, but in no sample */
    const char *what;         /* a phrase */
    const char *page;         /* what is done about it, and what a user can do */
};

extern const struct defect_class defect_classes[N_DEFECTS];

/* N_DEFECTS when there is none of this name. */
enum defect defect_find(const char *name);
const char *defect_action_name(enum defect_action action);

struct defect_policy {
    enum defect_action actions[N_DEFECTS];
};

void defect_policy_init(struct defect_policy *policy);
/* Whatever would be repaired is rejected. */
void defect_policy_strict(struct defect_policy *policy);
/* "CLASS=ACTION", as the user says it. ERR_USAGE. */
int defect_policy_set(struct defect_policy *policy, const char *text, struct error *err);
/* May the user ask for this action? */
bool defect_may_be(const struct defect_class *class, enum defect_action action);
/* All that the policy repairs, as bits. */
uint64_t defect_repaired(const struct defect_policy *policy);
/* The first of these that the policy rejects; N_DEFECTS for none. */
enum defect defect_rejected(const struct defect_policy *policy, uint64_t defects);

#endif
