/* SPDX-License-Identifier: Apache-2.0 */
/* JSON, CSV and tables of Markdown. */
#include <stdint.h>
#include <string.h>

#include "base/json/json_check.h"
#include "base/text/utf8.h"
#include "scoring/facts/form.h"

bool form_is_json(struct slice text)
{
    const struct slice trimmed = slice_trim(text);

    if (trimmed.len < 2 || (trimmed.ptr[0] != '{' && trimmed.ptr[0] != '['))
        return false;
    const struct slice inside = slice_trim_start(form_cut(trimmed, 1, trimmed.len));
    if (inside.len == 0)
        return false;
    if (trimmed.ptr[0] == '{')
        return inside.ptr[0] == '"' || (inside.ptr[0] == '}' && inside.len == 1);
    if (memchr("{[\"", inside.ptr[0], 3) || (inside.ptr[0] == ']' && inside.len == 1))
        return true;
    /* "[1] Smith" is a reference, [1, 2] is a list. */
    struct json_check check;
    return utf8_bad_at(trimmed) == trimmed.len && json_check(trimmed, &check);
}

/* The character at an offset, or the last one where the text ends there. */
static struct slice cut_character(struct slice text, size_t at)
{
    if (at == text.len)
        at = slice_trim_end(text).len;
    if (at == text.len && at > 0)
        at--;
    while (at > 0 && ((uint8_t)text.ptr[at] & 0xc0) == 0x80)
        at--;
    size_t len = at < text.len ? 1 : 0;
    while (at + len < text.len && ((uint8_t)text.ptr[at + len] & 0xc0) == 0x80)
        len++;
    return form_cut(text, at, at + len);
}

void form_check_json(struct slice text, struct form_result *result)
{
    const size_t bad_at = utf8_bad_at(text);
    struct json_check check = { .at = bad_at, .detail = "bytes that are not UTF-8" };

    result->found = true;
    if (bad_at < text.len || !json_check(text, &check)) {
        if (!result->kind)
            result->detail = check.detail;
        form_fail(result, "json_invalid", cut_character(text, check.at));
    } else if (check.noted & JSON_NOTED_NAN || check.raw_controls) {
        /* json_check() accepts both, for corpora, and does not keep the place. */
        if (!result->kind)
            result->detail = "NaN, Infinity, or a raw control character in a string";
        form_fail(result, "json_invalid", text);
    }
}

/* Read a field of CSV at *pos up to its delimiter, line end or the end. Returns false where its
 * quotes are wrong. */
static bool skip_csv_field(struct slice text, char delimiter, size_t *pos)
{
    size_t i = *pos;

    if (i < text.len && text.ptr[i] == '"') {
        for (i++;; i += 2) {
            const char *quote = i < text.len ? memchr(text.ptr + i, '"', text.len - i) : NULL;

            if (!quote)
                return false;
            i = (size_t)(quote - text.ptr);
            if (i + 1 == text.len || text.ptr[i + 1] != '"')
                break;
        }
        i++;
        if (text.len - i >= 2 && text.ptr[i] == '\r' && text.ptr[i + 1] == '\n')
            i++;
        *pos = i;
        return i == text.len || text.ptr[i] == delimiter || text.ptr[i] == '\n';
    }
    while (i < text.len && text.ptr[i] != delimiter && text.ptr[i] != '\n' &&
           text.ptr[i] != '"')
        i++;
    *pos = i;
    return i == text.len || text.ptr[i] != '"';
}

/* Read a record at *pos with the line end behind it. */
static bool skip_csv_record(struct slice text, char delimiter, size_t *pos, size_t *n_fields)
{
    *n_fields = 1;
    while (skip_csv_field(text, delimiter, pos)) {
        if (*pos == text.len)
            return true;
        if (text.ptr[(*pos)++] != delimiter)
            return true;
        ++*n_fields;
    }
    return false;
}

void form_check_csv(struct slice text, char delimiter, struct form_result *result)
{
    size_t want = 0;
    size_t pos = 0;

    while (pos < text.len) {
        const size_t first = pos;
        struct slice line;
        size_t line_end = pos;
        size_t n_fields;

        form_line_next(text, &line_end, &line);
        if (slice_is_blank(line)) {
            pos = line_end;
            continue;
        }
        result->found = true;
        if (!skip_csv_record(text, delimiter, &pos, &n_fields)) {
            form_fail(result, "csv_quote", line);
            return;
        }
        if (want == 0)
            want = n_fields;
        if (n_fields != want) {
            form_fail(result, "csv_fields", slice_trim_end(form_cut(text, first, pos)));
            return;
        }
    }
}

/* The number of cells of a line; 0 if it has no '|'. The ones at both ends are no cells. */
static size_t count_cells(struct slice line)
{
    const struct slice row = slice_trim(line);
    size_t n_bars = 0;
    size_t n_edges = 0;

    for (size_t i = 0; i < row.len; i++) {
        if (row.ptr[i] == '\\') {
            i++;
        } else if (row.ptr[i] == '|') {
            n_bars++;
            n_edges += i == 0 || i + 1 == row.len;
        }
    }
    return n_bars > 0 ? n_bars + 1 - n_edges : 0;
}

/* Is the line a delimiter row: cells of at least one '-' with a ':' at either end? */
static bool is_delimiter_row(struct slice line)
{
    const struct slice row = slice_trim(line);
    bool has_dash = false;
    bool has_bar = false;
    bool has_any_dash = false;

    for (size_t i = 0; i < row.len; i++) {
        const char c = row.ptr[i];
        const char before = i > 0 ? row.ptr[i - 1] : '|';

        if (!memchr("-:| \t", c, 5))
            return false;
        if (c == '|' && i > 0 && !has_dash)
            return false;
        if (c == '-' && has_dash && before != '-')
            return false;
        if (c == ':' && before == ':')
            return false;
        has_dash = c == '|' ? false : has_dash || c == '-';
        has_any_dash |= c == '-';
        has_bar |= c == '|';
    }
    return has_bar && has_any_dash && (has_dash || row.ptr[row.len - 1] == '|');
}

/* Is the line a border of a table drawn with '+' and '-' or '='? */
static bool is_grid_border(struct slice line)
{
    const struct slice row = slice_trim_start(line);

    return row.len > 1 && row.ptr[0] == '+' && (row.ptr[1] == '-' || row.ptr[1] == '=');
}

/* Can the line only be a row of a table: at least two cells between bars? */
static bool is_sure_row(struct slice line)
{
    const struct slice row = slice_trim(line);

    return row.len > 0 && row.ptr[0] == '|' && row.ptr[row.len - 1] == '|' &&
           count_cells(row) >= 2;
}

/* Check the rows of a table behind its first two lines. *pos becomes the line behind it. */
static void check_rows(struct slice text, size_t n_cells, size_t *pos,
                       struct form_result *result)
{
    struct slice line;
    size_t next = *pos;

    while (form_line_next(text, &next, &line)) {
        const size_t n = count_cells(line);

        if (n == 0)
            return;
        if (n_cells > 0 && n != n_cells)
            form_fail(result, "markdown_table_cells", line);
        *pos = next;
    }
}

void form_check_markdown(struct slice text, struct form_result *result)
{
    struct slice line;
    struct slice below;
    bool in_grid = false; /* a table drawn with '+' and '-' */
    size_t pos = 0;

    while (form_line_next(text, &pos, &line)) {
        const size_t n_cells = count_cells(line);
        size_t next = pos;

        in_grid = is_grid_border(line) || (in_grid && n_cells > 0);
        if (in_grid || n_cells == 0 || !form_line_next(text, &next, &below))
            continue;
        const bool is_table = is_delimiter_row(below);
        if (!is_table && !(is_sure_row(line) && is_sure_row(below)))
            continue;
        result->found = true;
        pos = next;
        if (!is_table)
            form_fail(result, "markdown_table_delimiter", below);
        else if (count_cells(below) != n_cells)
            form_fail(result, "markdown_table_cells", below);
        check_rows(text, is_table ? n_cells : 0, &pos, result);
    }
}
