/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sample_place.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "store/db_private.h"

struct place {
    int64_t source_id;
    int64_t line;
    int64_t sample_id;
};

struct place_source {
    int64_t source_id;
    struct slice name;
};

struct sample_places {
    struct place *places; /* in the order of SQL_PLACES */
    size_t n;
    struct place_source *sources;
    size_t n_sources;
    struct arena arena; /* names */
};

static const char SQL_COUNT_PLACES[] =
    "SELECT (SELECT count(*) FROM sample) + (SELECT count(*) FROM dup_meta),"
    " (SELECT count(*) FROM source)";
static const char SQL_PLACES[] =
    "SELECT f.source_id, s.line, s.sample_id FROM sample s JOIN file f ON f.file_id = s.file_id"
    " UNION SELECT f.source_id, d.line, d.sample_id FROM dup_meta d"
    " JOIN file f ON f.file_id = d.file_id ORDER BY 1, 2, 3";
static const char SQL_SOURCES[] = "SELECT source_id, name FROM source ORDER BY source_id";

static int make_place_room(struct store *store, struct sample_places *places, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, SQL_COUNT_PLACES, &stmt, err) < 0 || stmt_next(stmt, err) < 0)
        return -1;
    places->places = calloc((size_t)stmt_int(stmt, 0) + 1, sizeof *places->places);
    places->sources = calloc((size_t)stmt_int(stmt, 1) + 1, sizeof *places->sources);
    stmt_reset(stmt);
    return places->places && places->sources ? 0 : error_nomem(err);
}

static int read_places(struct store *store, struct sample_places *places, struct error *err)
{
    struct stmt *stmt = NULL;
    int rc;

    if (stmt_use(store, SQL_PLACES, &stmt, err) < 0)
        return -1;
    while ((rc = stmt_next(stmt, err)) == 1)
        places->places[places->n++] =
            (struct place){ stmt_int(stmt, 0), stmt_int(stmt, 1), stmt_int(stmt, 2) };
    stmt_reset(stmt);
    return rc;
}

static int read_place_sources(struct store *store, struct sample_places *places,
                              struct error *err)
{
    struct stmt *stmt = NULL;
    int rc;

    if (stmt_use(store, SQL_SOURCES, &stmt, err) < 0)
        return -1;
    while ((rc = stmt_next(stmt, err)) == 1) {
        const struct slice name = arena_copy(&places->arena, stmt_bytes(stmt, 1));

        if (!name.ptr) {
            rc = error_nomem(err);
            break;
        }
        places->sources[places->n_sources++] =
            (struct place_source){ .source_id = stmt_int(stmt, 0), .name = name };
    }
    stmt_reset(stmt);
    return rc;
}

int sample_places_read(struct store *store, struct sample_places **out, struct error *err)
{
    struct sample_places *places = calloc(1, sizeof *places);

    *out = NULL;
    if (!places)
        return error_nomem(err);
    arena_init(&places->arena);
    if (make_place_room(store, places, err) < 0 || read_places(store, places, err) < 0 ||
        read_place_sources(store, places, err) < 0) {
        sample_places_free(places);
        return -1;
    }
    *out = places;
    return 0;
}

void sample_places_free(struct sample_places *places)
{
    if (!places)
        return;
    free(places->places);
    free(places->sources);
    arena_release(&places->arena);
    free(places);
}

/* The last part of a source's name, up to its first dot. */
static struct slice short_name(struct slice name)
{
    const char *slash = memrchr(name.ptr, '/', name.len);
    struct slice part = name;

    if (slash)
        part = slice_of(slash + 1, (size_t)(name.ptr + name.len - slash) - 1);
    const char *dot = part.len > 0 ? memchr(part.ptr, '.', part.len) : NULL;
    if (dot)
        part.len = (size_t)(dot - part.ptr);
    return part;
}

size_t sample_places_source(const struct sample_places *places, struct slice name,
                            int64_t *source_id)
{
    size_t n = 0;

    for (size_t i = 0; i < places->n_sources; i++)
        if (slice_equal(places->sources[i].name, name)) {
            *source_id = places->sources[i].source_id;
            return 1;
        }
    for (size_t i = 0; i < places->n_sources && n < 2; i++)
        if (slice_equal(short_name(places->sources[i].name), name)) {
            *source_id = places->sources[i].source_id;
            n++;
        }
    return n;
}

size_t sample_places_find(const struct sample_places *places, int64_t source_id, int64_t line,
                          int64_t ids[2])
{
    size_t from = 0, to = places->n, n = 0;

    while (from < to) {
        const size_t middle = from + (to - from) / 2;
        const struct place *place = &places->places[middle];

        if (place->source_id < source_id ||
            (place->source_id == source_id && place->line < line))
            from = middle + 1;
        else
            to = middle;
    }
    for (; from < places->n && n < 2 && places->places[from].source_id == source_id &&
           places->places[from].line == line;
         from++)
        ids[n++] = places->places[from].sample_id;
    return n;
}
