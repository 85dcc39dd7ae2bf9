/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/container.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/io/csvin.h"

enum { HEADER_MAX_BYTES = 1 << 16, NAME_MAX_BYTES = 64 };

static bool ends_with(const char *name, size_t len, const char *end)
{
    const size_t n = strlen(end);

    return len > n && strncasecmp(name + len - n, end, n) == 0;
}

size_t container_unpacked_len(const char *name)
{
    static const char *const packed[] = { ".gz", ".zst", ".xz", ".bz2" };
    const size_t len = strlen(name);

    for (size_t i = 0; i < sizeof packed / sizeof packed[0]; i++)
        if (ends_with(name, len, packed[i]))
            return len - strlen(packed[i]);
    return len;
}

enum container container_of_name(const char *name)
{
    static const struct {
        const char *ending;
        enum container container;
    } endings[] = {
        { ".json", CONTAINER_JSON },     { ".jsonl", CONTAINER_JSON },
        { ".ndjson", CONTAINER_JSON },   { ".csv", CONTAINER_CSV },
        { ".tsv", CONTAINER_CSV },       { ".txt", CONTAINER_TEXT },
        { ".md", CONTAINER_TEXT },       { ".markdown", CONTAINER_TEXT },
        { ".parquet", CONTAINER_TABLE }, { ".arrow", CONTAINER_TABLE },
        { ".ipc", CONTAINER_TABLE },     { ".feather", CONTAINER_TABLE },
    };
    const size_t len = container_unpacked_len(name);

    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (ends_with(name, len, endings[i].ending))
            return endings[i].container;
    return CONTAINER_NONE;
}

static struct slice skip_mark_and_blanks(struct slice text)
{
    size_t i = text.len >= 3 && memcmp(text.ptr, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (i < text.len && memchr(" \t\r\n", text.ptr[i], 4))
        i++;
    return slice_of(text.ptr + i, text.len - i);
}

/* Does the text begin like JSON records: an object, perhaps in lists, or a list of strings? */
static bool begins_like_json(struct slice head)
{
    struct slice at = skip_mark_and_blanks(head);
    bool in_list = false;

    while (at.len > 0 && at.ptr[0] == '[') {
        at = skip_mark_and_blanks(slice_of(at.ptr + 1, at.len - 1));
        in_list = true;
    }
    if (at.len == 0)
        return false;
    if (in_list && (at.ptr[0] == '"' || at.ptr[0] == ']'))
        return true;
    if (at.ptr[0] != '{')
        return false;
    at = skip_mark_and_blanks(slice_of(at.ptr + 1, at.len - 1));
    return at.len > 0 && (at.ptr[0] == '"' || at.ptr[0] == '}');
}

/* The likely delimiter that is most often in the first line, outside quotes; a comma when there
 * is none. */
static char guess_delimiter(struct slice head)
{
    static const char delimiters[] = { ',', '\t', ';', '|' };
    size_t counts[sizeof delimiters] = { 0 };
    bool quoted = false;
    size_t best = 0;

    for (size_t i = 0; i < head.len && (quoted || head.ptr[i] != '\n'); i++) {
        quoted = quoted != (head.ptr[i] == '"');
        for (size_t d = 0; d < sizeof delimiters; d++)
            counts[d] += !quoted && head.ptr[i] == delimiters[d];
    }
    for (size_t d = 1; d < sizeof delimiters; d++)
        if (counts[d] > counts[best])
            best = d;
    return delimiters[best];
}

/* Can the field be the name of a column? */
static bool is_column_name(struct slice field)
{
    if (field.len > NAME_MAX_BYTES)
        return false;
    for (size_t i = 0; i < field.len; i++)
        if (memchr("{}[]\\\n:", field.ptr[i], 7))
            return false;
    return true;
}

/* Is the field the name of a column that corpora have? */
static bool is_known_column(struct slice field)
{
    static const char *const names[] = {
        "instruction",  "input",  "output",   "prompt",        "completion", "response",
        "question",     "answer", "query",    "text",          "context",    "messages",
        "conversation", "chosen", "rejected", "conversations", "content",    "target",
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i]) == field.len && strncasecmp(names[i], field.ptr, field.len) == 0)
            return true;
    return false;
}

static bool is_header(const struct csv_row *row)
{
    bool known = false;

    if (row->issue || row->n_fields < 2)
        return false;
    for (size_t i = 0; i < row->n_fields; i++) {
        if (!is_column_name(row->fields[i]))
            return false;
        known = known || is_known_column(row->fields[i]);
    }
    return known;
}

/* Are the first two rows a header with a known name and a row of as many fields? The second row
 * may be longer than the head. */
static int has_csv_rows(struct csv *csv, struct slice head, bool *out, struct error *err)
{
    struct csv_row row;

    csv_feed(csv, head.ptr, head.len);
    int rc = csv_next(csv, &row, err);
    if (rc < 1)
        return rc;
    const size_t n_columns = row.n_fields;
    if (!is_header(&row))
        return 0;
    rc = csv_next(csv, &row, err);
    *out = rc == 0 || (rc == 1 && !row.issue && row.n_fields == n_columns);
    return rc < 0 ? -1 : 0;
}

static int looks_like_csv(struct slice head, char delimiter, bool *out, struct error *err)
{
    const struct slice text = skip_mark_and_blanks(head);
    struct csv *csv = NULL;

    *out = false;
    if (text.len == 0 || memchr("{[", text.ptr[0], 2))
        return 0;
    if (csv_reader_new(HEADER_MAX_BYTES, &csv, err) < 0)
        return -1;
    csv_set_dialect(csv, delimiter);
    const int rc = has_csv_rows(csv, head, out, err);
    csv_reader_free(csv);
    return rc;
}

int container_find(const char *name, struct slice head, char *delimiter, enum container *out,
                   struct error *err)
{
    const bool given = *delimiter != 0;
    const enum container named = container_of_name(name);
    const bool tabs = ends_with(name, container_unpacked_len(name), ".tsv");
    bool csv = given || named == CONTAINER_CSV;

    if (!given)
        *delimiter = tabs ? '\t' : guess_delimiter(head);
    if (!given && begins_like_json(head))
        csv = false;
    else if (!csv && named != CONTAINER_TEXT && looks_like_csv(head, *delimiter, &csv, err) < 0)
        return -1;
    if (csv)
        *out = CONTAINER_CSV;
    else if (named == CONTAINER_TEXT && !begins_like_json(head))
        *out = CONTAINER_TEXT;
    else
        *out = CONTAINER_JSON;
    return 0;
}
