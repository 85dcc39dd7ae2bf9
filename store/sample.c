/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sample.h"

#include "base/error.h"
#include "store/db_private.h"

static const char FIND_SAMPLE[] = "SELECT sample_id FROM sample WHERE hash = :hash";

static const char GET_CONTEXT_ID[] =
    "SELECT context_id FROM sample WHERE sample_id = :sample_id";

static const char FIND_CLASH[] =
    "SELECT 1 FROM sample WHERE ext_id = :ext_id AND file_id = :file_id"
    " AND NOT EXISTS (SELECT 1 FROM sample WHERE hash = :hash) LIMIT 1";

static const char FIND_CONTEXT[] = "SELECT context_id FROM context WHERE hash = :hash";

static const char ADD_CONTEXT[] = "INSERT INTO context (hash, text) VALUES (:hash, :text)";

static const char ADD_SAMPLE[] =
    "INSERT INTO sample (hash, kind, file_id, line, byte_offset, run_id, context_id, split,"
    " n_turns, instruction_turn, response_turn, ext_id, system, meta, tools, item)"
    " VALUES (:hash, :kind, :file_id, :line, :byte_offset, :run_id, :context_id, :split,"
    " :n_turns, :instruction_turn, :response_turn, :ext_id, :system, :meta, :tools, :item)";

/* Of a turn that is nothing but a text, as most are. */
static const char ADD_TEXT_TURN[] = "INSERT INTO turn (sample_id, turn, role, content, extra)"
                                    " VALUES (:sample_id, :turn, :role, :content, :extra)";

static const char ADD_TURN[] =
    "INSERT INTO turn (sample_id, turn, role, content, extra, thought, calls, media, trained,"
    " side) VALUES (:sample_id, :turn, :role, :content, :extra, :thought, :calls, :media,"
    " :trained, :side)";

struct slice sample_instruction(const struct sample *sample)
{
    if (sample->instruction_turn < 0)
        return slice_of(NULL, 0);
    return sample->turns[sample->instruction_turn].content;
}

struct slice sample_response(const struct sample *sample)
{
    if (sample->response_turn < 0)
        return slice_of(NULL, 0);
    return sample->turns[sample->response_turn].content;
}

const char *sample_kind_name(enum sample_kind kind)
{
    static const char *const names[] = {
        [SAMPLE_SFT] = "sft",
        [SAMPLE_PROMPT_ONLY] = "prompt_only",
        [SAMPLE_TEXT] = "text",
        [SAMPLE_PAIR] = "pair",
    };

    return names[kind];
}

const char *turn_side_name(enum turn_side side)
{
    static const char *const names[] = {
        [TURN_SIDE_PROMPT] = "prompt",
        [TURN_SIDE_CHOSEN] = "chosen",
        [TURN_SIDE_REJECTED] = "rejected",
    };

    return names[side];
}

size_t sample_count_chosen(const struct sample *sample)
{
    size_t n = 0;

    while (n < sample->n_turns && sample->turns[n].side != TURN_SIDE_REJECTED)
        n++;
    return n;
}

/* Get the id of the row with this hash. Returns 1, 0 if there is none, or -1. */
static int find_by_hash(struct store *store, const char *sql, const struct hash *hash,
                        int64_t *id, struct error *err)
{
    struct stmt *stmt = NULL;

    if (stmt_use(store, sql, &stmt, err) < 0)
        return -1;
    stmt_bind_blob(stmt, ":hash", hash->bytes, sizeof hash->bytes);
    const int rc = stmt_next(stmt, err);
    if (rc == 1) {
        *id = stmt_int(stmt, 0);
        stmt_reset(stmt);
    }
    return rc;
}

/* Get the id of the sample's context. Adds the context if it is new. */
static int put_context(struct store *store, const struct sample *sample, int64_t *id,
                       struct error *err)
{
    struct stmt *stmt = NULL;
    const struct hash *hash = &sample->context_hash;
    const int found = find_by_hash(store, FIND_CONTEXT, hash, id, err);

    if (found != 0)
        return found < 0 ? -1 : 0;
    if (stmt_use(store, ADD_CONTEXT, &stmt, err) < 0)
        return -1;
    stmt_bind_blob(stmt, ":hash", hash->bytes, sizeof hash->bytes);
    stmt_bind_text(stmt, ":text", sample->context);
    if (stmt_run(stmt, err) < 0)
        return -1;
    *id = db_last_id(store);
    return 0;
}

static int add_sample_row(struct store *store, const struct sample *sample, int64_t run_id,
                          int64_t *sample_id, struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t context_id = 0;

    if (sample->context.ptr && put_context(store, sample, &context_id, err) < 0)
        return -1;
    if (stmt_use(store, ADD_SAMPLE, &stmt, err) < 0)
        return -1;
    stmt_bind_blob(stmt, ":hash", sample->hash.bytes, sizeof sample->hash.bytes);
    stmt_bind_text(stmt, ":kind", slice_text(sample_kind_name(sample->kind)));
    stmt_bind_int(stmt, ":file_id", sample->file_id);
    stmt_bind_count(stmt, ":line", sample->line);
    stmt_bind_count(stmt, ":byte_offset", sample->byte_offset);
    stmt_bind_int(stmt, ":run_id", run_id);
    if (sample->context.ptr)
        stmt_bind_int(stmt, ":context_id", context_id);
    stmt_bind_text(stmt, ":split", sample->split);
    stmt_bind_count(stmt, ":n_turns", sample->n_turns);
    if (sample->instruction_turn >= 0)
        stmt_bind_int(stmt, ":instruction_turn", sample->instruction_turn);
    if (sample->response_turn >= 0)
        stmt_bind_int(stmt, ":response_turn", sample->response_turn);
    stmt_bind_text(stmt, ":ext_id", sample->ext_id);
    stmt_bind_text(stmt, ":system", sample->system);
    stmt_bind_text(stmt, ":meta", sample->meta);
    stmt_bind_text(stmt, ":tools", sample->tools);
    stmt_bind_count(stmt, ":item", sample->item);
    if (stmt_run(stmt, err) < 0)
        return -1;
    *sample_id = db_last_id(store);
    return 0;
}

static int add_turn_row(struct store *store, int64_t sample_id, size_t index,
                        const struct turn *turn, struct error *err)
{
    const bool is_text = !turn->thought.ptr && !turn->calls.ptr && !turn->media.ptr &&
                         turn->trained == TURN_TRAINED_UNSAID && turn->side == TURN_SIDE_PROMPT;
    struct stmt *stmt = NULL;

    if (stmt_use(store, is_text ? ADD_TEXT_TURN : ADD_TURN, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":sample_id", sample_id);
    stmt_bind_count(stmt, ":turn", index);
    stmt_bind_text(stmt, ":role", turn->role);
    stmt_bind_text(stmt, ":content", turn->content);
    stmt_bind_text(stmt, ":extra", turn->extra);
    if (is_text)
        return stmt_run(stmt, err);
    stmt_bind_text(stmt, ":thought", turn->thought);
    stmt_bind_text(stmt, ":calls", turn->calls);
    stmt_bind_text(stmt, ":media", turn->media);
    if (turn->trained != TURN_TRAINED_UNSAID)
        stmt_bind_int(stmt, ":trained", turn->trained == TURN_TRAINED_YES);
    if (turn->side != TURN_SIDE_PROMPT)
        stmt_bind_text(stmt, ":side", slice_text(turn_side_name(turn->side)));
    return stmt_run(stmt, err);
}

int sample_add(struct store *store, const struct sample *sample, int64_t run_id,
               int64_t *sample_id, struct error *err)
{
    const int found = find_by_hash(store, FIND_SAMPLE, &sample->hash, sample_id, err);

    if (found != 0)
        return found < 0 ? -1 : 0;
    if (add_sample_row(store, sample, run_id, sample_id, err) < 0)
        return -1;
    for (size_t i = 0; i < sample->n_turns; i++)
        if (add_turn_row(store, *sample_id, i, &sample->turns[i], err) < 0)
            return -1;
    return 1;
}

int sample_ext_id_clashes(struct store *store, const struct sample *sample, struct error *err)
{
    struct stmt *stmt = NULL;

    if (!sample->ext_id.ptr)
        return 0;
    if (stmt_use(store, FIND_CLASH, &stmt, err) < 0)
        return -1;
    stmt_bind_text(stmt, ":ext_id", sample->ext_id);
    stmt_bind_int(stmt, ":file_id", sample->file_id);
    stmt_bind_blob(stmt, ":hash", sample->hash.bytes, sizeof sample->hash.bytes);
    const int rc = stmt_next(stmt, err);
    if (rc == 1)
        stmt_reset(stmt);
    return rc;
}

int sample_context_id(struct store *store, int64_t sample_id, int64_t *context_id,
                      struct error *err)
{
    struct stmt *stmt = NULL;

    *context_id = 0;
    if (stmt_use(store, GET_CONTEXT_ID, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":sample_id", sample_id);
    const int rc = stmt_next(stmt, err);
    if (rc == 1)
        *context_id = stmt_int(stmt, 0); /* 0 for NULL */
    stmt_reset(stmt);
    return rc < 0 ? -1 : 0;
}

int sample_count(struct store *store, int64_t *out, struct error *err)
{
    return db_int(store, "SELECT count(*) FROM sample", out, err);
}
