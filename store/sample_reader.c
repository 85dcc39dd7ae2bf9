/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/json/json_check.h"
#include "base/text/utf8.h"
#include "store/db_private.h"
#include "store/sample.h"

static const char READ_SAMPLE[] =
    "SELECT s.kind, s.hash, s.ext_id, s.system, s.split, s.meta, c.text, c.hash, s.n_turns,"
    " s.instruction_turn, s.response_turn, s.file_id, s.line, s.byte_offset, s.tools, s.item"
    " FROM sample s LEFT JOIN context c ON c.context_id = s.context_id"
    " WHERE s.sample_id = :sample_id";

enum {
    COL_KIND,
    COL_HASH,
    COL_EXT_ID,
    COL_SYSTEM,
    COL_SPLIT,
    COL_META,
    COL_CONTEXT,
    COL_CONTEXT_HASH,
    COL_N_TURNS,
    COL_INSTRUCTION,
    COL_RESPONSE,
    COL_FILE_ID,
    COL_LINE,
    COL_BYTE_OFFSET,
    COL_TOOLS,
    COL_ITEM,
};

static const char READ_TURNS[] =
    "SELECT role, content, extra, thought, calls, media, trained, side FROM turn"
    " WHERE sample_id = :sample_id ORDER BY turn";

enum {
    COL_ROLE,
    COL_CONTENT,
    COL_EXTRA,
    COL_THOUGHT,
    COL_CALLS,
    COL_MEDIA,
    COL_TRAINED,
    COL_SIDE,
};

struct sample_reader {
    struct store *store;
    struct json *json;  /* checks tools, calls and media */
    struct arena arena; /* text of the last sample */
    struct turn *turns; /* turns of the last sample */
    size_t turns_cap;
};

int sample_reader_new(struct store *store, struct sample_reader **out, struct error *err)
{
    struct sample_reader *reader = calloc(1, sizeof *reader);

    if (!reader)
        return error_nomem(err);
    if (json_new(&reader->json, err) < 0) {
        free(reader);
        return -1;
    }
    reader->store = store;
    arena_init(&reader->arena);
    *out = reader;
    return 0;
}

void sample_reader_free(struct sample_reader *reader)
{
    if (!reader)
        return;
    json_free(reader->json);
    arena_release(&reader->arena);
    free(reader->turns);
    free(reader);
}

static int raise_damaged(const struct sample_reader *reader, int64_t sample_id,
                         const char *what, struct error *err)
{
    return error_set(err, ERR_INPUT, "%s: sample %" PRId64 " is damaged: %s",
                     db_path(reader->store), sample_id, what);
}

/* Copy text to the arena, because SQLite's bytes are gone after the next step. ptr NULL stays
 * NULL. */
static int copy_sample_text(struct sample_reader *reader, int64_t sample_id, struct slice text,
                            struct slice *out, struct error *err)
{
    *out = text;
    if (!text.ptr)
        return 0;
    if (utf8_bad_at(text) < text.len)
        return raise_damaged(reader, sample_id, "one of its texts is not UTF-8", err);
    *out = arena_copy(&reader->arena, text);
    return out->ptr ? 0 : error_nomem(err);
}

/* True if the text is an object or an array, as `open` and `close` say, on one line, as
 * json_write() writes it. Exports copy it as it is. */
static bool is_json_line(struct slice text, char open, char close)
{
    struct json_check check;

    return text.len >= 2 && text.ptr[0] == open && text.ptr[text.len - 1] == close &&
           !memchr(text.ptr, '\n', text.len) && !memchr(text.ptr, '\r', text.len) &&
           json_check(text, &check) && !check.raw_controls && !(check.noted & JSON_NOTED_NAN);
}

/* Copy a column that holds a JSON object. */
static int copy_sample_object(struct sample_reader *reader, int64_t sample_id,
                              struct slice text, struct slice *out, struct error *err)
{
    if (copy_sample_text(reader, sample_id, text, out, err) < 0)
        return -1;
    if (text.ptr && !is_json_line(text, '{', '}'))
        return raise_damaged(reader, sample_id,
                             "its meta or the extra of a turn is not a JSON object", err);
    return 0;
}

/* Copy a column that holds a JSON array, and check each element: is_valid() returns false for
 * an element that other code must not see. */
static int copy_sample_array(struct sample_reader *reader, int64_t sample_id, struct slice text,
                             bool (*is_valid)(const struct json_value *element,
                                              struct slice content, size_t *at),
                             struct slice content, struct slice *out, struct error *err)
{
    const struct json_value *array = NULL;
    const char *detail = NULL;
    enum json_issue issue;
    size_t issue_at, at = 0;

    if (copy_sample_text(reader, sample_id, text, out, err) < 0)
        return -1;
    if (!text.ptr)
        return 0;
    bool valid = is_json_line(*out, '[', ']');
    if (valid && json_parse(reader->json, *out, &array, &issue, &issue_at, &detail, err) < 0)
        return -1;
    valid = valid && array;
    for (size_t i = 0; valid && i < json_count(array); i++)
        valid = is_valid(json_at(array, i), content, &at);
    return valid ? 0
                 : raise_damaged(reader, sample_id,
                                 "its tools or the calls or media of a turn are not a list of "
                                 "what they should be",
                                 err);
}

/* A tool of an unknown form is kept as the record has it. */
static bool is_tool(const struct json_value *element, struct slice content, size_t *at)
{
    (void)content;
    (void)at;
    return json_type(element) == JSON_OBJECT || json_type(element) == JSON_STRING;
}

static bool is_call(const struct json_value *element, struct slice content, size_t *at)
{
    const struct json_value *id = json_get(element, "id");

    (void)content;
    (void)at;
    return json_type(json_get(element, "name")) == JSON_STRING &&
           (!id || json_type(id) == JSON_STRING);
}

/* Media stand in ascending order at places between two characters of the content. */
static bool is_media(const struct json_value *element, struct slice content, size_t *at)
{
    const struct json_value *place = json_get(element, "at");
    int64_t number = 0;

    if (json_type(json_get(element, "type")) != JSON_STRING ||
        json_type(json_get(element, "part")) != JSON_OBJECT ||
        json_type(place) != JSON_NUMBER || !json_int(place, &number))
        return false;
    if (number < 0 || (uint64_t)number < *at || (uint64_t)number > content.len)
        return false;
    *at = (size_t)number;
    return *at == content.len || ((unsigned char)content.ptr[*at] & 0xc0) != 0x80;
}

static int parse_kind_name(struct slice name, enum sample_kind *out)
{
    static const enum sample_kind kinds[] = { SAMPLE_SFT, SAMPLE_PROMPT_ONLY, SAMPLE_TEXT,
                                              SAMPLE_PAIR };

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (slice_equal(name, slice_text(sample_kind_name(kinds[i])))) {
            *out = kinds[i];
            return 0;
        }
    }
    return -1;
}

static int parse_hash_column(struct slice bytes, struct hash *out)
{
    if (bytes.len != sizeof out->bytes)
        return -1;
    memcpy(out->bytes, bytes.ptr, sizeof out->bytes);
    return 0;
}

/* Parse the index of a turn. NULL gives -1. */
static int parse_turn_index(const struct stmt *row, size_t column, int64_t n_turns, int *out)
{
    if (stmt_column_type(row, column) == STMT_NULL) {
        *out = -1;
        return 0;
    }
    const int64_t index = stmt_int(row, column);
    if (index < 0 || index >= n_turns)
        return -1;
    *out = (int)index;
    return 0;
}

static int parse_sample_row(struct sample_reader *reader, const struct stmt *row,
                            int64_t sample_id, struct sample *out, struct error *err)
{
    const int64_t n_turns = stmt_int(row, COL_N_TURNS);
    struct sample sample = {
        .file_id = stmt_int(row, COL_FILE_ID),
        .line = (uint64_t)stmt_int(row, COL_LINE),
        .byte_offset = (uint64_t)stmt_int(row, COL_BYTE_OFFSET),
        .item = (uint64_t)stmt_int(row, COL_ITEM),
    };
    const struct slice none = slice_of(NULL, 0);

    if (n_turns < 0 || n_turns > INT32_MAX)
        return raise_damaged(reader, sample_id, "invalid number of turns", err);
    if (stmt_int(row, COL_ITEM) < 0)
        return raise_damaged(reader, sample_id, "invalid item of its record", err);
    sample.n_turns = (size_t)n_turns;
    if (parse_kind_name(stmt_bytes(row, COL_KIND), &sample.kind) < 0)
        return raise_damaged(reader, sample_id, "unknown kind", err);
    if (parse_turn_index(row, COL_INSTRUCTION, n_turns, &sample.instruction_turn) < 0 ||
        parse_turn_index(row, COL_RESPONSE, n_turns, &sample.response_turn) < 0)
        return raise_damaged(reader, sample_id, "it refers to a turn that it does not have",
                             err);
    if (parse_hash_column(stmt_bytes(row, COL_HASH), &sample.hash) < 0)
        return raise_damaged(reader, sample_id, "invalid hash", err);
    if (copy_sample_text(reader, sample_id, stmt_bytes(row, COL_EXT_ID), &sample.ext_id, err) <
            0 ||
        copy_sample_text(reader, sample_id, stmt_bytes(row, COL_SYSTEM), &sample.system, err) <
            0 ||
        copy_sample_text(reader, sample_id, stmt_bytes(row, COL_SPLIT), &sample.split, err) <
            0 ||
        copy_sample_object(reader, sample_id, stmt_bytes(row, COL_META), &sample.meta, err) <
            0 ||
        copy_sample_array(reader, sample_id, stmt_bytes(row, COL_TOOLS), is_tool, none,
                          &sample.tools, err) < 0 ||
        copy_sample_text(reader, sample_id, stmt_bytes(row, COL_CONTEXT), &sample.context,
                         err) < 0)
        return -1;
    if (sample.context.ptr &&
        parse_hash_column(stmt_bytes(row, COL_CONTEXT_HASH), &sample.context_hash) < 0)
        return raise_damaged(reader, sample_id, "invalid hash of its context", err);
    *out = sample;
    return 0;
}

static int read_sample_row(struct sample_reader *reader, int64_t sample_id, struct sample *out,
                           struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(reader->store, READ_SAMPLE, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":sample_id", sample_id);
    int rc = stmt_next(stmt, err);
    if (rc == 1 && parse_sample_row(reader, stmt, sample_id, out, err) < 0)
        rc = -1;
    stmt_reset(stmt);
    return rc;
}

/* Parse the columns trained and side of a turn. Returns -1 for an unknown value. */
static int parse_turn_facts(const struct stmt *row, struct turn *out)
{
    const int64_t trained = stmt_int(row, COL_TRAINED);
    const struct slice side = stmt_bytes(row, COL_SIDE);

    out->trained = TURN_TRAINED_UNSAID;
    if (stmt_column_type(row, COL_TRAINED) != STMT_NULL)
        out->trained = trained == 1 ? TURN_TRAINED_YES : TURN_TRAINED_NO;
    out->side = TURN_SIDE_PROMPT;
    if (slice_equal(side, slice_text("chosen")))
        out->side = TURN_SIDE_CHOSEN;
    else if (slice_equal(side, slice_text("rejected")))
        out->side = TURN_SIDE_REJECTED;
    else if (side.ptr)
        return -1;
    return trained == 0 || trained == 1 ? 0 : -1;
}

/* Only pairs have sides, their turns are in the order of the sides, and their response is of
 * the chosen side. */
static bool sides_are_in_order(const struct sample *sample)
{
    const enum turn_side answers =
        sample->kind == SAMPLE_PAIR ? TURN_SIDE_CHOSEN : TURN_SIDE_PROMPT;
    enum turn_side last = TURN_SIDE_PROMPT;

    for (size_t i = 0; i < sample->n_turns; i++) {
        const enum turn_side side = sample->turns[i].side;

        if (side < last || (side != TURN_SIDE_PROMPT && sample->kind != SAMPLE_PAIR))
            return false;
        last = side;
    }
    return sample->response_turn < 0 || sample->turns[sample->response_turn].side == answers;
}

static int read_turn_row(struct sample_reader *reader, int64_t sample_id, size_t index,
                         const struct stmt *row, struct error *err)
{
    if (index == reader->turns_cap) {
        const size_t cap = index ? 2 * index : 8;
        struct turn *turns = reallocarray(reader->turns, cap, sizeof *turns);
        if (!turns)
            return error_nomem(err);
        reader->turns = turns;
        reader->turns_cap = cap;
    }
    struct turn *turn = &reader->turns[index];
    if (copy_sample_text(reader, sample_id, stmt_bytes(row, COL_ROLE), &turn->role, err) < 0 ||
        copy_sample_text(reader, sample_id, stmt_bytes(row, COL_CONTENT), &turn->content, err) <
            0 ||
        copy_sample_object(reader, sample_id, stmt_bytes(row, COL_EXTRA), &turn->extra, err) <
            0 ||
        copy_sample_text(reader, sample_id, stmt_bytes(row, COL_THOUGHT), &turn->thought, err) <
            0 ||
        copy_sample_array(reader, sample_id, stmt_bytes(row, COL_CALLS), is_call, turn->content,
                          &turn->calls, err) < 0 ||
        copy_sample_array(reader, sample_id, stmt_bytes(row, COL_MEDIA), is_media,
                          turn->content, &turn->media, err) < 0)
        return -1;
    if (parse_turn_facts(row, turn) < 0)
        return raise_damaged(reader, sample_id, "trained or side of a turn is invalid", err);
    return 0;
}

static int read_sample_turns(struct sample_reader *reader, int64_t sample_id, size_t n_turns,
                             struct error *err)
{
    struct stmt *stmt = NULL;
    size_t n = 0;
    int rc;

    if (stmt_use(reader->store, READ_TURNS, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":sample_id", sample_id);
    while ((rc = stmt_next(stmt, err)) == 1 && n < n_turns) {
        if (read_turn_row(reader, sample_id, n, stmt, err) < 0) {
            rc = -1;
            break;
        }
        n++;
    }
    stmt_reset(stmt);
    if (rc < 0)
        return -1;
    if (rc == 1 || n < n_turns)
        return raise_damaged(reader, sample_id, "its number of turns does not match its turns",
                             err);
    return 0;
}

int sample_read(struct sample_reader *reader, int64_t sample_id, struct sample *out,
                struct error *err)
{
    struct sample sample = { 0 };

    arena_clear(&reader->arena);
    const int rc = read_sample_row(reader, sample_id, &sample, err);
    if (rc != 1)
        return rc;
    if (read_sample_turns(reader, sample_id, sample.n_turns, err) < 0)
        return -1;
    sample.turns = reader->turns;
    if (!sides_are_in_order(&sample))
        return raise_damaged(reader, sample_id, "the sides of its turns do not match its kind",
                             err);
    *out = sample;
    return 1;
}
