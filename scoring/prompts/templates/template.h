/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h - what stands around the turns of a dialogue, by family of models.
 *
 * A template is data: strings for each place, in which the names of control tokens and {bos}
 * and {eos} stand for ids. A model file's own tokenizer.chat_template is a program (Jinja) from
 * a stranger; it is never carried out, only recognised by what is in it.
 *
 * To add a family: template_NAME.c with `const struct template_family template_family_NAME`,
 * NAME in the list of scoring/meson.build. A file's template that fits several families is none
 * of them, so its marks must tell it from the others.
 */
#ifndef CURATE_TEMPLATE_H
#define CURATE_TEMPLATE_H

#include <stdbool.h>

#include "base/slice.h"

struct error;
struct tokenizer;

/* Lists end with a NULL, which counts. */
enum { TEMPLATE_CONTROLS_MAX = 8, TEMPLATE_MARKS_MAX = 6 };

/* Where a sample's context goes: always with the first user turn. */
enum context_place {
    CONTEXT_FIRST_IN_TURN, /* between user_open and the user's text */
    CONTEXT_BEFORE_TURN,   /* before user_open */
    CONTEXT_LAST_IN_TURN,  /* between the user's text and user_close */
};

/* A string that is NULL counts as empty. */
struct prompt_template {
    const char *name;

    /* A file's template is of this form when it has all of these and none of those. Ended by
     * NULL; nothing at all is never recognised. Marks are compared without white space,
     * written line ends (\n) and kinds of quotes; exact ones as they stand; what it lacks in
     * both ways. */
    const char *marks[TEMPLATE_MARKS_MAX];
    const char *exact_marks[TEMPLATE_MARKS_MAX];
    const char *lacks[TEMPLATE_MARKS_MAX];

    /* Names in the strings below that become the ids of the tokens of that name. Where the
     * vocabulary has no such token they are text, unless the template needs them. */
    const char *controls[TEMPLATE_CONTROLS_MAX];
    bool needs_controls;
    bool starts_with_bos;     /* also where the file does not ask for it */
    bool trims;               /* a turn's text loses the white space around it */
    bool trims_after_control; /* text loses the white space that follows a control token */
    bool needs_user; /* an assistant's turn follows a user's, if need be an empty one */

    bool system_from_file;                  /* a file's own may say what default_system is */
    const char *default_system;             /* where the dialogue has no system text */
    const char *default_system_for_context; /* likewise, when there is a context */
    const char *system_open;
    const char *system_close;
    bool system_in_user; /* within the first user turn, before anything else in it */

    enum context_place context_place;
    const char *context_open;
    const char *context_close;

    const char *user_open;
    const char *user_close;
    const char *tool_open; /* NULL: tools speak as users do */
    const char *tool_close;
    const char *assistant_open;
    const char *response_open; /* instead, of the last turn, unless its text says otherwise */
    const char *response_says;
    const char *assistant_lead;  /* tokenised together with the assistant's text */
    const char *assistant_close; /* only where another turn follows */
};

struct template_family {
    const char *name;
    const struct prompt_template *const *forms; /* NULL-terminated */
};

/* All families, NULL-terminated. */
extern const struct template_family *const template_families[];

/* A form by its name; NULL when there is none of that name. */
const struct prompt_template *prompt_template_find(const char *name);

/* What a file's template is: *out is NULL when it is none of ours, or could be several. Reads
 * the text and nothing else. -1 is ERR_NOMEM. */
int prompt_template_recognise(struct slice source, const struct prompt_template **out,
                              struct error *err);

/* A form with what a file adds to it. Not to be moved: form may point into it. */
struct chosen_template {
    struct prompt_template form;
    char system[2048]; /* what default_system points to, if it is the file's */
};

/* ERR_USAGE, naming those there are, unless it is "auto" or a form's name. */
int prompt_template_check(const char *name, struct error *err);

/* ERR_UNSUPPORTED, naming the first, when the vocabulary lacks tokens that the form needs. */
int prompt_template_fits(const struct prompt_template *form, const struct tokenizer *tokenizer,
                         struct error *err);

/*
 * Choose by name, or with "auto" the one that the model's file has, and plain where it has
 * none. ERR_USAGE and ERR_UNSUPPORTED as above; ERR_UNSUPPORTED, naming those there are, when
 * the file's own is not recognised.
 */
int prompt_template_choose(const char *name, const struct tokenizer *tokenizer,
                           struct chosen_template *out, struct error *err);

#endif
