/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walk into documents, to the records that lie at a path in them: see frame_set_path().
 *
 * The way to the records is a stack of open brackets. Each of them is one step of the path, so
 * the state between two records is small enough to be stored with a place. Values off the path
 * are skipped while their bytes arrive.
 */
#include <strings.h>

#include "base/io/frame_private.h"

/* Flags of a place, above those of frame.c; stored in databases. */
enum {
    FLAG_IN_DOCUMENT = 8,
    FLAG_FOUND = 16,
    DEPTH_SHIFT = 5, /* 4 bits */
    OBJECTS_SHIFT = 9,
};

void frame_set_path(struct frame *frame, const struct json_path *path)
{
    struct frame_walk *w = &frame->walk;

    w->path = path;
    w->each = path->n > 0 && path->steps[path->n - 1].type == STEP_EACH;
    w->n_steps = path->n - w->each;
}

bool frame_is_walking(const struct frame *f)
{
    if (!f->walk.path || f->array_open)
        return false;
    /* A byte order mark is found as in any stream. */
    return frame_here(f) > 0 || !strchr("\xef\xff\xfe", f->data[f->pos]);
}

unsigned frame_walk_flags(const struct frame *f)
{
    const struct frame_walk *w = &f->walk;
    unsigned flags = (unsigned)w->depth << DEPTH_SHIFT;

    if (!w->path)
        return 0;
    for (size_t i = 0; i < w->depth; i++)
        flags |= (unsigned)w->is_object[i] << (OBJECTS_SHIFT + i);
    return flags | (w->in_document ? FLAG_IN_DOCUMENT : 0U) | (w->found ? FLAG_FOUND : 0U);
}

void frame_walk_resume(struct frame *f, unsigned flags)
{
    struct frame_walk *w = &f->walk;

    if (!w->path)
        return;
    w->in_document = flags & FLAG_IN_DOCUMENT;
    w->found = flags & FLAG_FOUND;
    w->depth = flags >> DEPTH_SHIFT & 15;
    for (size_t i = 0; i < w->depth && i < WALK_DEPTH; i++) {
        w->is_object[i] = flags >> (OBJECTS_SHIFT + i) & 1;
        w->index[i] = i < w->n_steps ? w->path->steps[i].index : 0; /* it is inside this one */
    }
    w->start = (struct frame_mark){ frame_here(f), f->line, f->line_at };
}

static void walk_newline(struct frame *f)
{
    f->pos++;
    f->line++;
    f->line_at = frame_here(f);
    f->line_is_blank = true;
}

/* The document is over: it is whole, or has an issue. */
static void end_document(struct frame *f, enum frame_issue issue)
{
    struct frame_walk *w = &f->walk;

    if (issue == FRAME_OK && !w->found)
        issue = FRAME_OFF_PATH;
    w->issue = issue;
    w->in_document = w->in_key = w->expects_key = w->has_key = false;
    w->skip = SKIP_NOTHING;
    w->depth = 0;
}

static void end_value(struct frame *f)
{
    if (f->walk.depth == 0)
        end_document(f, FRAME_OK);
}

/* A value that is the whole document, or was its records, is over when the walk goes on. */
static void end_whole_document(struct frame *f)
{
    const struct frame_walk *w = &f->walk;

    if (w->in_document && w->depth == 0 && w->skip == SKIP_NOTHING)
        end_document(f, FRAME_OK);
}

/* Scan one byte of a string. Returns true if it ends there. The caller looks for newlines. */
static bool ends_string(struct frame_walk *w, char c)
{
    if (w->escaped || c == '\\') {
        w->escaped = !w->escaped;
        return false;
    }
    return c == '"';
}

/* Scan one byte of a value off the path. Returns true if the value ends before it. */
static bool skip_byte(struct frame_walk *w, char c)
{
    if (w->skip == SKIP_WORD)
        return strchr(",:]}[{\" \t\r\n", c) != NULL;
    if (w->skip_string) {
        w->skip_string = !ends_string(w, c);
    } else if (c == '"') {
        w->skip_string = true;
    } else if (c == '{' || c == '[') {
        w->skip_depth++;
    } else if (c == '}' || c == ']') {
        w->skip_depth--;
    }
    return false;
}

/* Skip a value off the path, up to the end of the bytes at most. */
static void walk_skip(struct frame *f)
{
    struct frame_walk *w = &f->walk;

    while (f->pos < f->len && w->skip != SKIP_NOTHING) {
        const char c = f->data[f->pos];

        if (c == '\n' && w->skip_string) {
            end_document(f, FRAME_TRUNCATED);
        } else if (skip_byte(w, c)) {
            w->skip = SKIP_NOTHING;
            end_value(f);
        } else if (c == '\n') {
            walk_newline(f);
        } else {
            f->pos++;
            if (w->skip != SKIP_WORD && w->skip_depth == 0 && !w->skip_string) {
                w->skip = SKIP_NOTHING;
                end_value(f);
            }
        }
    }
}

static bool is_next_step(const struct frame_walk *w)
{
    const struct json_step *step =
        w->depth > 0 && w->depth <= w->n_steps ? &w->path->steps[w->depth - 1] : NULL;

    if (!step || step->type == STEP_EACH)
        return true;
    if (step->type == STEP_INDEX)
        return !w->is_object[w->depth - 1] && w->index[w->depth - 1] == step->index;
    return w->is_object[w->depth - 1] && w->matches;
}

/* Read the name of a member, as far as there are bytes. */
static void walk_key(struct frame *f)
{
    struct frame_walk *w = &f->walk;
    const struct json_step *step =
        w->depth <= w->n_steps ? &w->path->steps[w->depth - 1] : NULL;

    while (f->pos < f->len) {
        const char c = f->data[f->pos];

        if (c == '\n') {
            end_document(f, FRAME_TRUNCATED);
            return;
        }
        f->pos++;
        if (ends_string(w, c))
            break;
        if (w->name_len < WALK_NAME_BYTES)
            w->name[w->name_len++] = c;
        if (f->pos == f->len)
            return;
    }
    w->in_key = w->expects_key = f->line_is_blank = false;
    w->has_key = true;
    w->matches = step && step->type == STEP_MEMBER && step->name.len == w->name_len &&
                 w->name_len < WALK_NAME_BYTES &&
                 strncasecmp(step->name.ptr, w->name, w->name_len) == 0;
}

static void enter(struct frame_walk *w, char c)
{
    w->is_object[w->depth] = w->expects_key = c == '{';
    w->index[w->depth] = 0;
    w->depth++;
}

/* Does the path lead into the value that this bracket opens? */
static bool leads_on(const struct frame_walk *w, char c)
{
    if (w->depth > w->n_steps || (c != '{' && c != '['))
        return false;
    if (w->depth == w->n_steps)
        return w->each && c == '{';
    const enum json_step_type type = w->path->steps[w->depth].type;
    return type == STEP_EACH || (type == STEP_MEMBER) == (c == '{');
}

static void begin_skip(struct frame_walk *w, char c)
{
    w->skip_depth = 0;
    w->skip_string = w->escaped = false;
    w->skip = strchr("{[\"", c) ? SKIP_BRACKETS : SKIP_WORD;
}

/* Begin a value. Returns 1 if it is a record, 0 if it is the list of them, -1 to go on. */
static int walk_value(struct frame *f, char c)
{
    struct frame_walk *w = &f->walk;

    if (w->depth == 0) {
        w->start = (struct frame_mark){ frame_here(f), f->line, f->line_at };
        w->in_document = true;
        w->found = false;
        w->head_len = 0;
    }
    if (is_next_step(w) && leads_on(w, c)) {
        enter(w, c);
        w->found = w->found || w->depth > w->n_steps;
        f->line_is_blank = false;
        f->pos++;
        return -1;
    }
    if (!is_next_step(w) || w->depth < w->n_steps) {
        begin_skip(w, c);
        f->line_is_blank = false;
        return -1;
    }
    w->found = true;
    if (w->depth == w->n_steps && c == '[') {
        f->array_open = f->array_unclosed = true;
        f->line_is_blank = f->seen_comma = false;
        f->pos++;
        return 0;
    }
    f->seen_comma = true; /* nothing is wrong with the bytes before it */
    return 1;
}

/* Scan a byte between two values on the way. Returns as walk_value(). */
static int walk_byte(struct frame *f)
{
    struct frame_walk *w = &f->walk;
    const bool in_object = w->depth > 0 && w->is_object[w->depth - 1];
    const char c = f->data[f->pos];

    if (c == '\n') {
        walk_newline(f);
    } else if (strchr(" \t\r:", c)) {
        f->pos++;
    } else if (c == ',') {
        f->pos++;
        w->expects_key = in_object;
        if (w->depth > 0)
            w->index[w->depth - 1]++;
    } else if ((c == '}' || c == ']') && w->depth == 0) {
        f->noted |= FRAME_NOTED_COMMA;
        f->pos++;
    } else if (c == '}' || c == ']') {
        f->pos++;
        w->depth--;
        w->expects_key = false;
        if (in_object == (c == '}'))
            end_value(f);
        else
            end_document(f, FRAME_BROKEN);
    } else if (w->expects_key) {
        w->in_key = c == '"';
        w->name_len = 0;
        w->escaped = false;
        f->pos++;
        if (!w->in_key)
            end_document(f, FRAME_BROKEN);
    } else if (in_object && !w->has_key) {
        end_document(f, FRAME_BROKEN);
    } else {
        w->has_key = false;
        return walk_value(f, c);
    }
    return -1;
}

/* Keep the first bytes of a document without records, for its reject. */
static void keep_head(struct frame *f, size_t from)
{
    struct frame_walk *w = &f->walk;
    const size_t room = FRAME_HEAD_BYTES - w->head_len;
    const size_t n = f->pos - from < room ? f->pos - from : room;

    if (!w->found && (w->in_document || w->issue)) {
        memcpy(f->head + w->head_len, f->data + from, n);
        w->head_len += n;
    }
}

int frame_walk(struct frame *f)
{
    struct frame_walk *w = &f->walk;
    int rc = -1;

    end_whole_document(f);
    while (rc < 0 && f->pos < f->len && !w->issue) {
        const size_t from = f->pos;

        if (w->skip != SKIP_NOTHING)
            walk_skip(f);
        else if (w->in_key)
            walk_key(f);
        else
            rc = walk_byte(f);
        keep_head(f, from);
    }
    return rc;
}

int frame_return_walk(struct frame *f, struct frame_record *out)
{
    struct frame_walk *w = &f->walk;

    if (!f->array_open)
        end_whole_document(f);
    if (!w->issue && w->in_document && f->finished && f->pos == f->len && !f->array_open)
        end_document(f, w->depth == 0 && w->skip == SKIP_WORD ? FRAME_OK : FRAME_TRUNCATED);
    if (!w->issue)
        return 0;
    *out = (struct frame_record){ .text = slice_text(""),
                                  .byte_offset = frame_here(f),
                                  .line = f->line,
                                  .issue = w->issue,
                                  .noted = f->noted };
    if (!w->found) {
        out->text = slice_of(f->head, frame_head_bytes(f, w->head_len));
        out->byte_offset = w->start.at;
        out->byte_len = frame_here(f) - w->start.at;
        out->line = w->start.line;
    }
    f->noted = 0;
    w->issue = FRAME_OK;
    return 1;
}
