/* SPDX-License-Identifier: Apache-2.0 */
/*
 * defect.h - what can be wrong with a record, and what is done about it.
 *
 * Code names a defect by this enum, from the reader of a record to the row in the database. The
 * class name of a defect stands in the table of defect.c alone. It is stored in the database
 * and used on the command line, so it never changes.
 *
 * Each defect has a default action, which the user can change: reject the record, repair it
 * (replace, drop or decode a part), or keep it as it is. A run counts records by defect and
 * action. A repaired or kept sample also has a row for each defect of its own. Defects of the
 * file's layout have no such row.
 *
 * To add a defect: a member of the enum, an entry in the table of defect.c, and a corpus in
 * tests/unit/test_defect.c.
 */
#ifndef CURATE_DEFECT_H
#define CURATE_DEFECT_H

#include <stdbool.h>
#include <stdint.h>

struct error;
struct sample;
struct text_list;

enum defect {
    DEFECT_NONE, /* nothing is wrong */

    /* The record cannot be read. A row of `score import` can have most of these, too. */
    DEFECT_BAD_JSON,
    DEFECT_TRUNCATED,
    DEFECT_TOO_LONG,
    DEFECT_TOO_DEEP,
    DEFECT_NOT_AN_OBJECT,
    DEFECT_UNKNOWN_SHAPE,
    DEFECT_UNCLAIMED_TEXT,
    DEFECT_EMPTY_RECORD,
    DEFECT_MISSING_CONTENT,
    DEFECT_BAD_TYPE,
    DEFECT_BAD_UTF8,
    /* Layout of the file. */
    DEFECT_BOM,
    DEFECT_CR,
    DEFECT_BLANK_LINE,
    DEFECT_STRAY_COMMA,
    DEFECT_SAME_LINE,
    DEFECT_MANY_LINES,
    /* JSON text. */
    DEFECT_NAN_INF,
    DEFECT_LONE_SURROGATE,
    DEFECT_NUL,
    DEFECT_CONTROL,
    DEFECT_BIG_NUMBER,
    DEFECT_DUPLICATE_KEY,
    DEFECT_DOUBLE_ENCODED,
    /* Sample as a whole. */
    DEFECT_TYPE_DRIFT,
    DEFECT_NULL_CONTENT,
    DEFECT_EMPTY_RESPONSE,
    DEFECT_BAD_ROLE,
    DEFECT_ROLE_ORDER,
    DEFECT_LATE_SYSTEM,
    DEFECT_SIDES_ALIKE,
    DEFECT_DISLIKED,
    DEFECT_MEDIA_MISMATCH,
    DEFECT_DUPLICATE_ID,
    /* Texts of the sample. */
    DEFECT_TEMPLATE_LEAK,
    DEFECT_REFUSAL,
    DEFECT_PLACEHOLDER,
    DEFECT_HTML_ENTITY,
    DEFECT_MOJIBAKE,
    DEFECT_INVISIBLE,
    /* Rows of CSV and tables, which `retry` cannot read; the others only of `score import`. */
    DEFECT_BAD_CSV,
    DEFECT_BAD_PAGE,
    DEFECT_MISSING_KEY,
    DEFECT_MISSING_VALUE,
    DEFECT_BAD_VALUE,
    DEFECT_NO_SUCH_SAMPLE,
    DEFECT_AMBIGUOUS_KEY,
    DEFECT_TWO_VALUES,
    N_DEFECTS
};

enum defect_action { ACTION_REJECT, ACTION_REPAIR, ACTION_KEEP };

/* A set of defects is a uint64_t: bit i stands for defect i. */
static inline uint64_t defect_bit(enum defect defect)
{
    return (uint64_t)1 << defect;
}

struct defect_class {
    const char *name;
    enum defect_action action; /* the default */
    enum defect_action other;  /* another one that the user may choose, besides rejecting */
    bool of_file;              /* layout of the file: counted, but no row for the sample */
    bool of_row;               /* only rows have it, which `retry` does not read */
    const char *what;          /* a phrase for lists */
    const char *page;          /* what is done about it, and what a user can do */
};

/* Indexed by enum defect. DEFECT_NONE has an empty name. */
extern const struct defect_class defect_classes[N_DEFECTS];

/* The defect with this class name; DEFECT_NONE when there is none. */
enum defect defect_find(const char *name);
const char *defect_action_name(enum defect_action action);

/* What to do with each defect. */
struct defect_policy {
    enum defect_action actions[N_DEFECTS];
    uint64_t chosen; /* set of the defects whose action the user gave */
};

/* Make a policy from the options: the default actions; with strict, reject what would be
 * repaired; then a list of CLASS=ACTION. ERR_USAGE. */
int defect_policy_make(const struct text_list *on, bool strict, struct defect_policy *out,
                       struct error *err);
/* Set the default action of each defect. */
void defect_policy_init(struct defect_policy *policy);
/* Reject what would be repaired. */
void defect_policy_strict(struct defect_policy *policy);
/* Change one action: the text "CLASS=ACTION" of the option --on. ERR_USAGE. */
int defect_policy_set(struct defect_policy *policy, const char *text, struct error *err);
/* Can a user choose this action for the defect? */
bool defect_allows(const struct defect_class *class, enum defect_action action);
/* The set of defects that the policy repairs. */
uint64_t defect_repaired(const struct defect_policy *policy);
/* The first defect of the set that the policy rejects; DEFECT_NONE when there is none. */
enum defect defect_rejected(const struct defect_policy *policy, uint64_t defects);

/* defect_text.c: the set of defects in the texts of the sample: template_leak, refusal,
 * placeholder, html_entity, mojibake, invisible. Runs at memory speed: it searches for a few
 * rare bytes. */
uint64_t defect_scan_texts(const struct sample *sample);

#endif
