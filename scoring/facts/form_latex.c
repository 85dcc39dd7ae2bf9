/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of LaTeX. */
#include <stdint.h>
#include <string.h>

#include "scoring/facts/form.h"

/* A longer group counts as one that does not end: so many open brackets cost linear time. */
enum { MAX_GROUP_BYTES = 4096 };
enum { MAX_SPEC_DEPTH = 4, MAX_REPEAT = 1000 };

struct latex {
    struct slice text;
    size_t i;
    struct form_result *result;
};

struct latex_row {
    size_t start;
    size_t n_cells;
    bool has_content; /* beside rules */
};

static const char table_environments[] = " tabular tabular* tabularx tabulary longtable ";
static const char width_environments[] = " tabular* tabularx tabulary ";
/* Commands between rows that are no content, with their arguments. */
static const char rule_commands[] =
    " hline cline toprule midrule bottomrule cmidrule specialrule addlinespace hhline "
    "firsthline lasthline noalign endhead endfirsthead endfoot endlastfoot caption label "
    "rowcolor centering arraystretch ";

static bool is_latex_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static void skip_latex_blanks(struct slice text, size_t *i)
{
    while (*i < text.len && memchr(" \t\r\n", text.ptr[*i], 4))
        ++*i;
}

/* Go behind a group that begins at *i with one of the brackets. Returns false, and leaves *i,
 * when there is none or it does not end. */
static bool skip_group(struct slice text, char open, char close, size_t *i)
{
    const size_t end = text.len - *i < MAX_GROUP_BYTES ? text.len : *i + MAX_GROUP_BYTES;
    size_t depth = 0;

    for (size_t at = *i; at < end; at++) {
        if (text.ptr[at] == '\\')
            at++;
        else if (text.ptr[at] == open)
            depth++;
        else if (text.ptr[at] == close && --depth == 0) {
            *i = at + 1;
            return true;
        }
        if (depth == 0)
            return false;
    }
    return false;
}

/* Skip the arguments of a command: [..], (..) and {..}. */
static void skip_arguments(struct slice text, size_t *i)
{
    while (skip_group(text, '{', '}', i) || skip_group(text, '[', ']', i) ||
           skip_group(text, '(', ')', i))
        ;
}

/* Get the inside of a group in braces. */
static bool read_group(struct slice text, size_t *i, struct slice *inside)
{
    skip_latex_blanks(text, i);
    const size_t first = *i;
    if (!skip_group(text, '{', '}', i))
        return false;
    *inside = form_cut(text, first + 1, *i - 1);
    return true;
}

static size_t read_latex_count(struct slice digits)
{
    size_t n = 0;

    for (size_t i = 0; i < digits.len && digits.ptr[i] >= '0' && digits.ptr[i] <= '9'; i++)
        n = n < MAX_REPEAT ? 10 * n + (size_t)(digits.ptr[i] - '0') : MAX_REPEAT;
    return n < MAX_REPEAT ? n : MAX_REPEAT;
}

/* Count the columns of a preamble: letters, with *{n}{..} n times. Arguments of a column, and
 * what @, !, > and < put between columns, are none. */
static size_t count_latex_columns(struct slice spec, int depth)
{
    size_t n = 0;
    size_t i = 0;

    while (i < spec.len) {
        const char c = spec.ptr[i++];
        struct slice count;
        struct slice inside;

        if (c == '*' && depth < MAX_SPEC_DEPTH && read_group(spec, &i, &count) &&
            read_group(spec, &i, &inside)) {
            n += read_latex_count(count) * count_latex_columns(inside, depth + 1);
        } else if (memchr("@!><", c, 4) || is_latex_letter(c)) {
            n += is_latex_letter(c);
            skip_latex_blanks(spec, &i);
            skip_arguments(spec, &i);
        }
    }
    return n < MAX_REPEAT ? n : MAX_REPEAT;
}

/* Read the name of the command behind a backslash at the cursor. */
static struct slice read_command(struct latex *latex)
{
    const size_t first = ++latex->i;

    while (latex->i < latex->text.len && is_latex_letter(latex->text.ptr[latex->i]))
        latex->i++;
    if (latex->i == first && latex->i < latex->text.len)
        latex->i++;
    return form_cut(latex->text, first, latex->i);
}

static void end_latex_row(struct latex *latex, struct latex_row *row, size_t n_columns,
                          size_t end)
{
    const bool is_row = row->has_content || row->n_cells > 1;

    if (is_row && row->n_cells != n_columns)
        form_fail(latex->result, "latex_table_cells",
                  slice_trim(form_cut(latex->text, row->start, end)));
    *row = (struct latex_row){ .start = latex->i, .n_cells = 1 };
}

/* Read a command of the body at the outermost level. Returns false at \end of the table. */
static bool read_body_command(struct latex *latex, struct latex_row *row, size_t n_columns,
                              size_t *depth)
{
    const size_t at = latex->i;
    const struct slice command = read_command(latex);
    struct slice inside;

    if (slice_equal(command, slice_text("begin"))) {
        ++*depth;
        row->has_content = true;
    } else if (slice_equal(command, slice_text("end"))) {
        if (*depth == 0) {
            end_latex_row(latex, row, n_columns, at);
            return false;
        }
        --*depth;
    } else if (*depth > 0) {
        return true;
    } else if (slice_equal(command, slice_text("\\")) ||
               slice_equal(command, slice_text("tabularnewline"))) {
        if (latex->i < latex->text.len && latex->text.ptr[latex->i] == '*')
            latex->i++;
        skip_group(latex->text, '[', ']', &latex->i);
        end_latex_row(latex, row, n_columns, latex->i);
    } else if (slice_equal(command, slice_text("multicolumn"))) {
        row->has_content = true;
        if (read_group(latex->text, &latex->i, &inside))
            row->n_cells += read_latex_count(inside) > 0 ? read_latex_count(inside) - 1 : 0;
    } else if (form_in_list(rule_commands, command)) {
        skip_arguments(latex->text, &latex->i);
    } else {
        row->has_content = true;
    }
    return true;
}

/* Check the rows of a table up to its \end. Returns false where it is missing. */
static bool check_body(struct latex *latex, size_t n_columns)
{
    const struct slice text = latex->text;
    struct latex_row row = { .start = latex->i, .n_cells = 1 };
    size_t depth = 0;
    size_t braces = 0;

    while (latex->i < text.len) {
        const char c = text.ptr[latex->i];

        if (c == '\\') {
            if (braces > 0)
                read_command(latex);
            else if (!read_body_command(latex, &row, n_columns, &depth))
                return true;
            continue;
        }
        latex->i++;
        if (c == '%') {
            const char *end = memchr(text.ptr + latex->i, '\n', text.len - latex->i);

            latex->i = end ? (size_t)(end - text.ptr) : text.len;
            continue;
        }
        braces += c == '{';
        braces -= c == '}' && braces > 0;
        if (braces == 0 && depth == 0)
            row.n_cells += c == '&';
        row.has_content |= !memchr(" \t\r\n&", c, 5);
    }
    return false;
}

/* The cursor is behind \begin. Check the environment if it is a table. */
static void check_environment(struct latex *latex, size_t begin_at)
{
    struct slice name;
    struct slice spec;

    if (!read_group(latex->text, &latex->i, &name) || !form_in_list(table_environments, name))
        return;
    latex->result->found = true;
    const struct slice begin = form_cut(latex->text, begin_at, latex->i);
    if (form_in_list(width_environments, name) && !read_group(latex->text, &latex->i, &spec)) {
        form_fail(latex->result, "latex_table_columns", begin);
        return;
    }
    skip_latex_blanks(latex->text, &latex->i);
    skip_group(latex->text, '[', ']', &latex->i);
    if (!read_group(latex->text, &latex->i, &spec) || count_latex_columns(spec, 0) == 0) {
        form_fail(latex->result, "latex_table_columns", begin);
        return;
    }
    if (!check_body(latex, count_latex_columns(spec, 0)))
        form_fail(latex->result, "latex_table_open", begin);
}

void form_check_latex(struct slice text, struct form_result *result)
{
    struct latex latex = { .text = text, .result = result };

    while (latex.i < text.len) {
        const char *mark = memchr(text.ptr + latex.i, '\\', text.len - latex.i);

        if (!mark)
            return;
        latex.i = (size_t)(mark - text.ptr);
        const size_t at = latex.i;
        if (slice_equal(read_command(&latex), slice_text("begin")))
            check_environment(&latex, at);
    }
}
