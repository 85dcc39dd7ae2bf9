/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json/json.h"
#include "base/json/jsonout.h"
#include "base/json/prune.h"
#include "base/text/utf8.h"

enum { SCRATCH_MAX_BYTES = 1 << 30 };

struct canonical_writer {
    struct jsonout out;
    struct buf scratch; /* one text in canonical form, or one number */
    struct arena keys;  /* sorted members of the objects that are being written */
    struct error *err;
};

struct canonical_member {
    struct slice key; /* in canonical form */
    const struct json_value *value;
};

static int compare_members(const void *a, const void *b)
{
    const struct canonical_member *left = a, *right = b;

    return strcmp(left->key.ptr, right->key.ptr);
}

/* Get the canonical form of a text, valid until the next call. */
static int canonicalize(struct canonical_writer *writer, struct slice text, struct slice *out)
{
    *out = text;
    if (utf8_is_canonical(text))
        return 0;
    buf_clear(&writer->scratch);
    if (utf8_canonical(text, &writer->scratch, writer->err) < 0)
        return -1;
    *out = buf_slice(&writer->scratch);
    return 0;
}

/* List the members of an object that are not padding, sorted by key. */
static struct canonical_member *sort_members(struct canonical_writer *writer,
                                             const struct json_value *object, size_t *n_members)
{
    struct canonical_member *members =
        arena_alloc(&writer->keys, json_count(object) + 1, sizeof *members);
    struct slice key;
    size_t pos = 0, n = 0;

    if (!members) {
        error_nomem(writer->err);
        return NULL;
    }
    while (json_member_next(object, &pos, &key, &members[n].value)) {
        if (prune_is_padding(members[n].value))
            continue;
        if (canonicalize(writer, key, &key) < 0)
            return NULL;
        members[n].key = arena_copy(&writer->keys, key);
        if (!members[n++].key.ptr) {
            error_nomem(writer->err);
            return NULL;
        }
    }
    qsort(members, n, sizeof *members, compare_members);
    *n_members = n;
    return members;
}

static int write_canonical_value(struct canonical_writer *writer,
                                 const struct json_value *value);

static int write_canonical_object(struct canonical_writer *writer,
                                  const struct json_value *object)
{
    size_t n = 0;
    const struct canonical_member *members = sort_members(writer, object, &n);

    if (!members)
        return -1;
    jsonout_object_begin(&writer->out);
    for (size_t i = 0; i < n; i++) {
        jsonout_key(&writer->out, members[i].key.ptr);
        if (write_canonical_value(writer, members[i].value) < 0)
            return -1;
    }
    jsonout_object_end(&writer->out);
    return 0;
}

static int write_canonical_array(struct canonical_writer *writer,
                                 const struct json_value *array)
{
    jsonout_array_begin(&writer->out);
    for (size_t i = 0; i < json_count(array); i++)
        if (write_canonical_value(writer, json_at(array, i)) < 0)
            return -1;
    jsonout_array_end(&writer->out);
    return 0;
}

/* Recursive, at most JSON_MAX_DEPTH deep. */
static int write_canonical_value(struct canonical_writer *writer,
                                 const struct json_value *value)
{
    struct slice text;

    switch (json_type(value)) {
    case JSON_OBJECT:
        return write_canonical_object(writer, value);
    case JSON_ARRAY:
        return write_canonical_array(writer, value);
    case JSON_STRING:
        if (canonicalize(writer, json_text(value), &text) < 0)
            return -1;
        jsonout_text(&writer->out, text);
        return 0;
    case JSON_NULL:
    case JSON_BOOL:
    case JSON_NUMBER:
        break;
    }
    buf_clear(&writer->scratch);
    if (json_write(value, &writer->scratch, writer->err) < 0)
        return -1;
    jsonout_raw(&writer->out, buf_slice(&writer->scratch));
    return 0;
}

int json_write_canonical(const struct json_value *value, struct buf *out, struct error *err)
{
    struct canonical_writer writer = { .err = err };

    jsonout_init(&writer.out, out);
    buf_init(&writer.scratch, SCRATCH_MAX_BYTES);
    arena_init(&writer.keys);
    int rc = write_canonical_value(&writer, value);
    if (rc == 0)
        rc = jsonout_end(&writer.out, err);
    arena_release(&writer.keys);
    buf_release(&writer.scratch);
    return rc;
}
