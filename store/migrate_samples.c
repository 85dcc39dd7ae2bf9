/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json/json.h"
#include "store/db_private.h"
#include "store/migrate_private.h"

/* Ids are read in batches, because rows change and disappear meanwhile. */
enum { BATCH_IDS = 1000 };

/* Samples that may change. They have members in extra, tools or media in meta, or the end of a
 * thought or of a call in an answer. */
static const char NEXT_OLD[] =
    "SELECT s.sample_id FROM sample s WHERE s.sample_id > :after AND ("
    "s.meta LIKE '%\"tools\"%' OR s.meta LIKE '%\"functions\"%'"
    " OR s.meta LIKE '%\"image%' OR s.meta LIKE '%\"video%' OR s.meta LIKE '%\"audio%'"
    " OR EXISTS"
    " (SELECT 1 FROM turn t WHERE t.sample_id = s.sample_id AND (t.extra IS NOT NULL"
    " OR t.role = 'assistant' AND (instr(t.content, '</th') OR instr(t.content, '</reason')"
    " OR instr(t.content, '_of_thought|>') OR instr(t.content, '</tool_call>')))))"
    " ORDER BY s.sample_id LIMIT :limit";

static const char NEXT_REFORMED[] =
    "SELECT old_sample_id FROM migrated_sample WHERE old_sample_id > :after"
    " AND what <> 'merged' ORDER BY old_sample_id LIMIT :limit";

static const char FIND_HASH[] = "SELECT sample_id FROM sample WHERE hash = :hash";

static const char SET_SAMPLE[] =
    "UPDATE sample SET hash = :hash, meta = :meta, tools = :tools,"
    " instruction_turn = :instruction_turn, response_turn = :response_turn"
    " WHERE sample_id = :sample_id";

static const char SET_TURN[] =
    "UPDATE turn SET content = :content, extra = :extra, thought = :thought, calls = :calls,"
    " media = :media, trained = :trained WHERE sample_id = :sample_id AND turn = :turn";

static const char ADD_MIGRATED[] =
    "INSERT INTO migrated_sample (old_sample_id, old_hash, sample_id, what)"
    " VALUES (:old_sample_id, :old_hash, :sample_id, :what) ON CONFLICT (old_sample_id)"
    " DO UPDATE SET sample_id = excluded.sample_id, what = excluded.what";

/* Scores that the program computed from the old form. Imported ones stay: it cannot compute
 * them again. */
#define COMPUTED_ROWS                                                                          \
    " WHERE sample_id = :sample_id AND score_set_id IN"                                        \
    " (SELECT score_set_id FROM score_set WHERE params NOT LIKE '%\"imported\":true%')"

static const char *const drop_scores[] = {
    "DELETE FROM score" COMPUTED_ROWS,         "DELETE FROM turn_score" COMPUTED_ROWS,
    "DELETE FROM segment_score" COMPUTED_ROWS, "DELETE FROM segment_attention" COMPUTED_ROWS,
    "DELETE FROM embedding" COMPUTED_ROWS,
};

/* The state of the migration. */
struct sample_migration {
    struct store *store;
    struct sample_reader *reader; /* of the current sample */
    struct sample_reader *others; /* of samples with the same hash */
    struct identifier *identifier;
    struct json *json;
    struct arena arena; /* texts of the current sample */
    bool merges;        /* the indices for merging exist */
    uint64_t salt;      /* of placeholders, so that a file cannot hold one of them */
    size_t n_ids;
    int64_t ids[BATCH_IDS];
};

static int read_next_ids(struct sample_migration *m, const char *sql, int64_t after,
                         struct error *err)
{
    struct stmt *stmt = NULL;
    int rc;

    m->n_ids = 0;
    if (stmt_use(m->store, sql, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":after", after);
    stmt_bind_int(stmt, ":limit", BATCH_IDS);
    while ((rc = stmt_next(stmt, err)) == 1)
        m->ids[m->n_ids++] = stmt_int(stmt, 0);
    return rc;
}

static int add_migrated(struct sample_migration *m, int64_t old_id, const struct hash *old_hash,
                        int64_t sample_id, const char *what, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(m->store, ADD_MIGRATED, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":old_sample_id", old_id);
    stmt_bind_blob(stmt, ":old_hash", old_hash->bytes, sizeof old_hash->bytes);
    stmt_bind_int(stmt, ":sample_id", sample_id);
    stmt_bind_text(stmt, ":what", slice_text(what));
    return stmt_run(stmt, err);
}

static int set_turn(struct sample_migration *m, int64_t id, size_t i, const struct turn *turn,
                    struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(m->store, SET_TURN, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":content", turn->content);
    stmt_bind_text(stmt, ":extra", turn->extra);
    stmt_bind_text(stmt, ":thought", turn->thought);
    stmt_bind_text(stmt, ":calls", turn->calls);
    stmt_bind_text(stmt, ":media", turn->media);
    if (turn->trained != TURN_TRAINED_UNSAID)
        stmt_bind_int(stmt, ":trained", turn->trained == TURN_TRAINED_YES);
    stmt_bind_int(stmt, ":sample_id", id);
    stmt_bind_count(stmt, ":turn", i);
    return stmt_run(stmt, err);
}

static int set_sample(struct sample_migration *m, int64_t id, const struct sample *sample,
                      bool reformed, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(m->store, SET_SAMPLE, &stmt, err) < 0)
        return -1;
    stmt_bind_blob(stmt, ":hash", sample->hash.bytes, sizeof sample->hash.bytes);
    stmt_bind_text(stmt, ":meta", sample->meta);
    stmt_bind_text(stmt, ":tools", sample->tools);
    if (sample->instruction_turn >= 0)
        stmt_bind_int(stmt, ":instruction_turn", sample->instruction_turn);
    if (sample->response_turn >= 0)
        stmt_bind_int(stmt, ":response_turn", sample->response_turn);
    stmt_bind_int(stmt, ":sample_id", id);
    if (stmt_run(stmt, err) < 0)
        return -1;
    for (size_t i = 0; reformed && i < sample->n_turns; i++)
        if (set_turn(m, id, i, &sample->turns[i], err) < 0)
            return -1;
    return 0;
}

static int drop_computed_scores(struct sample_migration *m, int64_t id, struct error *err)
{
    for (size_t i = 0; i < sizeof drop_scores / sizeof drop_scores[0]; i++) {
        struct stmt *stmt = NULL;

        if (stmt_use(m->store, drop_scores[i], &stmt, err) < 0)
            return -1;
        stmt_bind_int(stmt, ":sample_id", id);
        if (stmt_run(stmt, err) < 0)
            return -1;
    }
    return 0;
}

/* Find the sample with the hash. Returns 1, 0 if there is none, or -1. */
static int find_equal(struct sample_migration *m, const struct hash *hash, int64_t *other,
                      struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(m->store, FIND_HASH, &stmt, err) < 0)
        return -1;
    stmt_bind_blob(stmt, ":hash", hash->bytes, sizeof hash->bytes);
    const int rc = stmt_next(stmt, err);
    if (rc == 1)
        *other = stmt_int(stmt, 0);
    stmt_reset(stmt);
    return rc;
}

/* Does the content of a sample match the hash? Returns 1, 0 or -1. */
static int has_content(struct sample_migration *m, int64_t id, const struct hash *hash,
                       struct error *err)
{
    struct sample sample;
    int rc = sample_read(m->others, id, &sample, err);

    if (rc == 1)
        rc = sample_identify(m->identifier, &sample, err) < 0 ? -1 : 1;
    if (rc < 0)
        return err->code == ERR_INPUT ? 0 : -1;
    return rc == 1 && memcmp(hash, &sample.hash, sizeof sample.hash) == 0;
}

/* Returns 1 if the content of the sample matches its hash, 0 or -1. */
static int is_sound(struct sample_migration *m, const struct sample *sample, struct error *err)
{
    struct hash hash;

    if (sample_identify_v1(m->identifier, sample, &hash, err) < 0)
        return -1;
    return memcmp(&hash, &sample->hash, sizeof hash) == 0;
}

/* A hash that no other sample has, until all samples have their new form: the new hash of one
 * may be the old hash of another. */
static struct hash placeholder(const struct sample_migration *m, int64_t id)
{
    struct hash hash;

    for (size_t i = 0; i < 8; i++) {
        hash.bytes[i] = (uint8_t)(m->salt >> (8 * i));
        hash.bytes[8 + i] = (uint8_t)((uint64_t)id >> (8 * i));
    }
    return hash;
}

/* Write the new form of a sample. A damaged sample stays as it is; fsck reports it. */
static int reform_sample(struct sample_migration *m, int64_t id, struct error *err)
{
    struct store_migration *counts = &m->store->migration;
    struct sample sample;

    arena_clear(&m->arena);
    int rc = sample_read(m->reader, id, &sample, err);
    if (rc == 1)
        rc = is_sound(m, &sample, err);
    if (rc == 0 || (rc < 0 && err->code == ERR_INPUT)) {
        counts->n_damaged++;
        return 0;
    }
    const struct hash old_hash = sample.hash;
    const int reformed = rc < 0 ? -1 : sample_reform(&sample, m->json, &m->arena, err);
    if (reformed < 0 || sample_identify(m->identifier, &sample, err) < 0)
        return -1;
    if (!reformed && memcmp(&old_hash, &sample.hash, sizeof old_hash) == 0)
        return 0;
    counts->n_rewritten += reformed == 1;
    counts->n_rehashed += reformed == 0;
    sample.hash = placeholder(m, id);
    if (set_sample(m, id, &sample, reformed == 1, err) < 0 ||
        (reformed == 1 && drop_computed_scores(m, id, err) < 0))
        return -1;
    return add_migrated(m, id, &old_hash, id, reformed ? "rewritten" : "rehashed", err);
}

static int merge_samples(struct sample_migration *m, int64_t kept, int64_t gone,
                         const struct hash *hash, struct error *err)
{
    if (!m->merges && migrate_merge_begin(m->store, err) < 0)
        return -1;
    m->merges = true;
    m->store->migration.n_merged++;
    if (migrate_merge(m->store, kept, gone, err) < 0)
        return -1;
    return add_migrated(m, gone, hash, kept, "merged", err);
}

/* Give a sample in its new form its hash. If another sample has this hash, they are equal: keep
 * the one with the lower id. */
static int rehash_sample(struct sample_migration *m, int64_t id, struct error *err)
{
    struct sample sample;
    int64_t other = 0;

    if (sample_read(m->reader, id, &sample, err) < 0 ||
        sample_identify(m->identifier, &sample, err) < 0)
        return -1;
    const int found = find_equal(m, &sample.hash, &other, err);
    const int equal = found == 1 ? has_content(m, other, &sample.hash, err) : found;
    if (equal < 0)
        return -1;
    if (found == 1 && !equal) { /* the other one is damaged */
        m->store->migration.n_damaged++;
        return 0;
    }
    if (equal && other < id)
        return merge_samples(m, other, id, &sample.hash, err);
    if (equal && merge_samples(m, id, other, &sample.hash, err) < 0)
        return -1;
    return set_sample(m, id, &sample, false, err);
}

/* Call a function for each id that the statement returns, in ascending order. */
static int for_each_id(struct sample_migration *m, const char *sql,
                       int (*each)(struct sample_migration *m, int64_t id, struct error *err),
                       struct error *err)
{
    int64_t after = 0;

    do {
        if (read_next_ids(m, sql, after, err) < 0)
            return -1;
        for (size_t i = 0; i < m->n_ids; i++)
            if (each(m, m->ids[i], err) < 0)
                return -1;
        after = m->n_ids > 0 ? m->ids[m->n_ids - 1] : after;
    } while (m->n_ids > 0);
    return 0;
}

static int migrate_all(struct sample_migration *m, struct error *err)
{
    if (for_each_id(m, NEXT_OLD, reform_sample, err) < 0 ||
        for_each_id(m, NEXT_REFORMED, rehash_sample, err) < 0)
        return -1;
    return m->merges ? migrate_merge_end(m->store, err) : 0;
}

int migrate_samples(struct store *store, struct error *err)
{
    struct sample_migration *m = calloc(1, sizeof *m);
    int rc = -1;

    if (!m)
        return error_nomem(err);
    m->store = store;
    m->salt = (uint64_t)clock_mono_ns() * 0x9e3779b97f4a7c15U;
    store->migration = (struct store_migration){ .n_merged = 0 };
    arena_init(&m->arena);
    if (sample_reader_new(store, &m->reader, err) == 0 &&
        sample_reader_new(store, &m->others, err) == 0 &&
        identifier_new(&m->identifier, err) == 0 && json_new(&m->json, err) == 0)
        rc = migrate_all(m, err);
    json_free(m->json);
    identifier_free(m->identifier);
    sample_reader_free(m->others);
    sample_reader_free(m->reader);
    arena_release(&m->arena);
    free(m);
    return rc;
}
