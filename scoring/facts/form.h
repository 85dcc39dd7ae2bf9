/* SPDX-License-Identifier: Apache-2.0 */
/*
 * form.h - what the verifiers of form share: blocks of a response, and checks of formats.
 *
 * A check reads a text once. It stops at the first error, and it needs no memory beside its
 * arguments.
 */
#ifndef CURATE_FORM_H
#define CURATE_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct measured_sample;

/* The content of the turn that is the response. ptr NULL: there is none. */
struct slice form_response(const struct measured_sample *sample);

/* A fenced code block, or the prose between two of them. */
struct form_block {
    bool is_code;
    bool is_closed;        /* has a closing fence */
    struct slice language; /* first word behind the opening fence */
    struct slice opening;  /* the line of the opening fence, without its line end */
    struct slice text;     /* between the fences; of prose all of it */
};
/*
 * Get the block at *pos, which is 0 for the first. Fences are those of CommonMark: at least
 * three backticks or tildes alone on a line; the closing one is of the same character and at
 * least as long. They may be indented by any width, and stand in a quote or behind the mark of
 * a list item. Returns false at the end of the text.
 */
bool form_block_next(struct slice text, size_t *pos, struct form_block *out);

/* Get the line at *pos without its line end (LF, CR LF). Returns false at the end. */
bool form_line_next(struct slice text, size_t *pos, struct slice *line);

/* Is the name one of the words of the list? The list has a blank before and behind each word.
 * ASCII case is ignored. */
bool form_in_list(const char *list, struct slice name);

/* What was found of one format in a response. */
struct form_result {
    bool found;         /* there is something of the format */
    const char *kind;   /* of the first error; static; NULL: there is none */
    const char *detail; /* of the error; static; NULL: none */
    struct slice place; /* of the error; part of the response */
};
/* Keep an error unless there is one already. Returns false. */
bool form_fail(struct form_result *result, const char *kind, struct slice place);
/* The bytes of a text from start to end. */
static inline struct slice form_cut(struct slice text, size_t start, size_t end)
{
    return slice_of(text.ptr + start, end - start);
}

/* Check a JSON text. A text without a byte is an error. */
void form_check_json(struct slice text, struct form_result *result);
/* Does a text look like a JSON object or list, complete or not? */
bool form_is_json(struct slice text);
/* Check records of CSV (RFC 4180), or of another delimiter. */
void form_check_csv(struct slice text, char delimiter, struct form_result *result);
/* Find and check the Markdown tables of a text. */
void form_check_markdown(struct slice text, struct form_result *result);
/* Find and check the LaTeX tables of a text. */
void form_check_latex(struct slice text, struct form_result *result);
/* Check a text that is HTML. tables has what was found of the tables in it. */
void form_check_html(struct slice text, struct form_result *tags, struct form_result *tables);
/* Find and check the HTML of prose: a text that is all HTML, or tables within. */
void form_find_html(struct slice text, struct form_result *tags, struct form_result *tables);

#endif
