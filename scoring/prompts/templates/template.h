/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template.h - the text around the turns of a dialogue, by family of models.
 *
 * A template is data: a string for each position. In these strings the names of control tokens,
 * {bos} and {eos} become ids. A model file's own tokenizer.chat_template is an untrusted
 * program (Jinja): it is never run, only recognised by the text it contains.
 *
 * docs/adding.md says how to add a family. A file's template that matches several families is
 * not recognised, so the marks of families must exclude each other.
 */
#ifndef CURATE_TEMPLATE_H
#define CURATE_TEMPLATE_H

#include <stdbool.h>

#include "base/slice.h"

struct error;
struct tokenizer;

/* Maximum lengths of lists, including the NULL at their end. */
enum { TEMPLATE_CONTROLS_MAX = 8, TEMPLATE_MARKS_MAX = 6 };

/* The position of a sample's context, relative to the first user turn. */
enum context_place {
    CONTEXT_FIRST_IN_TURN, /* between user_open and the user's text */
    CONTEXT_BEFORE_TURN,   /* before user_open */
    CONTEXT_LAST_IN_TURN,  /* between the user's text and user_close */
};

/* The position of the definitions of tools. */
enum tools_place {
    TOOLS_IN_SYSTEM,       /* in the system turn, after its text */
    TOOLS_IN_FIRST_USER,   /* in the first user turn, before everything else */
    TOOLS_BEFORE_LAST_USER /* before user_open of the last user turn */
};

/*
 * How a template writes definitions of tools, calls and results. A string that is NULL is
 * empty, unless its comment says otherwise. JSON is written as Python's json.dumps() writes it,
 * as published templates do.
 */
struct tool_form {
    const char *marks[TEMPLATE_MARKS_MAX];       /* all of these are in a file's template that
                                                    writes tools in this form */
    const char *controls[TEMPLATE_CONTROLS_MAX]; /* more control tokens in these strings; a
                                                    vocabulary without them has no tools */

    enum tools_place place;
    const char *system_open;  /* with tools, instead of the template's; NULL: the same */
    const char *after_system; /* TOOLS_IN_SYSTEM: between the system text and open */
    const char *open;
    const char *before_tool;
    const char *between_tools;
    const char *after_tool;
    const char *close;
    unsigned indent; /* of the JSON of a tool; 0: it is on one line */

    /* The calls of a turn: calls_open, then for each call_open NAME call_arguments ARGUMENTS
     * call_close. */
    size_t max_calls; /* 0: any number */
    bool only_calls;  /* a turn with calls has no text */
    const char *calls_open;
    const char *after_text; /* between the turn's text and its calls */
    const char *call_open;
    const char *call_arguments;
    const char *call_id; /* between the arguments and the call's id; NULL: no ids */
    const char *call_close;
    const char *between_calls;
    const char *calls_close;
    bool raw_arguments; /* arguments that are a text are written without quotes */
    size_t id_len;      /* every id must have so many bytes; 0: any number */

    const char *results_open; /* around consecutive results */
    const char *results_close;
    const char *result_open;
    const char *result_id; /* between the text and the id of the call; NULL: no ids */
    const char *result_close;
    bool quotes_results; /* a result is written as a JSON string */
};

/* A string that is NULL is empty, unless its comment says otherwise. */
struct prompt_template {
    const char *name;

    /* How to recognise a file's template: it contains all marks and exact_marks and none of
     * lacks. Exact marks are searched in the file's text, marks in the text without white space
     * and written line ends (\n) and with one kind of quotes, lacks in both. A form without
     * marks is never recognised. */
    const char *marks[TEMPLATE_MARKS_MAX];
    const char *exact_marks[TEMPLATE_MARKS_MAX];
    const char *lacks[TEMPLATE_MARKS_MAX];

    /* Names of control tokens in the strings below. A name that the vocabulary lacks is an
     * error with needs_controls, and ordinary text without. */
    const char *controls[TEMPLATE_CONTROLS_MAX];
    bool needs_controls;
    bool starts_with_bos;     /* BOS comes first even if the file does not ask for it */
    bool trims;               /* remove white space around a turn's text */
    bool trims_after_control; /* remove white space after a control token */
    bool needs_user; /* each assistant turn needs a user turn before it; add an empty one */

    bool system_from_file;      /* read default_system from the file's template if possible */
    const char *default_system; /* for a dialogue without system text; NULL: none */
    const char *default_system_for_context; /* instead, if there is a context; NULL: the same */
    const char *system_open;
    const char *system_close;
    bool system_in_user; /* the system text is part of the first user turn, at its start */

    enum context_place context_place;
    const char *context_open;
    const char *context_close;

    const char *user_open;
    const char *user_close;
    const char *tool_open; /* NULL: tool turns are written as user turns */
    const char *tool_close;
    const char *assistant_open;
    const char *response_open; /* instead of assistant_open for the last turn; NULL: the same */
    const char *response_open_unless; /* ... unless the turn's text contains this */
    const char *assistant_lead;       /* tokenised together with the assistant's text */
    const char *assistant_close;      /* only before a next turn */
    bool forgets_thoughts;            /* a thought is written only after the last user turn */

    const struct tool_form *tools; /* NULL: the template cannot write tools */
    bool tools_from_file; /* use `tools` only for files whose template contains its marks;
                             false: also for a form that was chosen by name */
};

struct template_family {
    const char *name;
    const struct prompt_template *const *forms; /* NULL-terminated */
};

/* All families, NULL-terminated. */
extern const struct template_family *const template_families[];

/* The form of that name, or NULL. */
const struct prompt_template *prompt_template_find(const char *name);

/* Recognise a file's template. *out is NULL if it matches no form, or forms of several
 * families. ERR_NOMEM. */
int prompt_template_recognise(struct slice source, const struct prompt_template **out,
                              struct error *err);

/* Does the file's template, which was recognised as this form, write tools? */
bool prompt_template_has_tools(const struct prompt_template *form, struct slice source);

/* A form with the default system text of a model file. Do not copy the struct: form may point
 * into it. */
struct chosen_template {
    struct prompt_template form;
    char system[2048]; /* form.default_system, if it was read from the file */
};

/* ERR_USAGE, with the names there are, unless name is "auto" or the name of a form. */
int prompt_template_check(const char *name, struct error *err);

/* ERR_UNSUPPORTED, with the name, if the vocabulary lacks a token that the form needs. */
int prompt_template_fits(const struct prompt_template *form, const struct tokenizer *tokenizer,
                         struct error *err);

/*
 * Choose a form by name. "auto" is the form of the model file's template, or "plain" if the
 * file has none. Fails as the two functions above; ERR_UNSUPPORTED, with the names there are,
 * if the file's template is not recognised; ERR_NOMEM.
 */
int prompt_template_choose(const char *name, const struct tokenizer *tokenizer,
                           struct chosen_template *out, struct error *err);

#endif
