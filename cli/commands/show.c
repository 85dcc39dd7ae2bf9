/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "base/text/escape.h"
#include "cli/command.h"
#include "cli/contamination_print.h"
#include "cli/segment_text.h"
#include "cli/show_numbers.h"
#include "scoring/infer/gguf/gguf_fetch.h"
#include "scoring/infer/gguf/gguf_file.h"
#include "store/query.h"
#include "store/selection.h"
#include "store/store.h"

enum {
    SQL_MAX_BYTES = 1 << 16,
    TEXT_MAX_BYTES = 1 << 30,
    LINE_CHARS = 300,    /* shown of a question or an answer */
    SEGMENT_CHARS = 700, /* shown of a segment: about 128 tokens */
};

struct show_args {
    const char *selection;
    const char *model;
    int64_t top;
    bool contamination;
};

static const struct option opts[] = {
    { OPTION_INT, 0, "top", offsetof(struct show_args, top), "N",
      .help = "number of samples, from rank 1", .min = 1 },
    { OPTION_TEXT, 0, "model", offsetof(struct show_args, model), "FILE",
      .help = "model that the segments were made with, a file or URL", .unset = "built in" },
    { OPTION_FLAG, 0, "contamination", offsetof(struct show_args, contamination), NULL,
      .help = "show flagged samples with the texts of evaluations" },
    { .type = OPTION_END },
};

static const struct option positional = {
    OPTION_TEXT, 0,
    "selection", offsetof(struct show_args, selection),
    "SELECTION", .help = "name of a selection",
};

/* The state of the command. */
struct show {
    struct store *store;
    struct segment_text *segments;
    struct fetched_file model_file; /* of --model */
    struct buf model_path;          /* what is opened */
    struct buf model;               /* its name in the database */
    struct arena arena;             /* holds fact */
    const char *selection;
    const char *fact; /* that the selection was ordered by; NULL: scores */
    bool json;
    struct buf sql;
    struct buf text; /* of a segment */
    struct buf out;
    struct jsonout object;
};

/* A sample of the selection. */
struct place {
    int64_t rank;
    int64_t sample_id;
    double score;
};

/* One of the two segments that are shown. */
struct segment {
    int64_t index;
    int64_t n_segments;
    size_t start, end;
    size_t n_kept; /* tokens of the context that the model saw */
    double nll;
    double attention;
};

/* Append text as an SQL literal. */
static int add_literal(struct buf *sql, const char *text, struct error *err)
{
    if (buf_add_text(sql, "'", err) < 0)
        return -1;
    for (; *text; text++)
        if (buf_add(sql, text, 1, err) < 0 || (*text == '\'' && buf_add(sql, text, 1, err) < 0))
            return -1;
    return buf_add_text(sql, "'", err);
}

/* Complete show->sql with a literal and `rest`, and run it. */
static int open_query(struct show *show, const char *literal, const char *rest,
                      struct query **out, struct error *err)
{
    if (add_literal(&show->sql, literal, err) < 0 || buf_add_text(&show->sql, rest, err) < 0)
        return -1;
    return query_open(show->store, show->sql.data, out, err);
}

/* 1: the model did not see all of the sample's context; 0: it did; -1. */
static int is_truncated(struct show *show, int64_t sample_id, struct error *err)
{
    struct query *query = NULL;

    buf_clear(&show->sql);
    if (buf_printf(&show->sql, err,
                   "SELECT 1 FROM v_scores WHERE sample_id = %" PRId64
                   " AND metric = 'cas' AND status = 'truncated' AND model = ",
                   sample_id) < 0 ||
        open_query(show, show->model.data, "", &query, err) < 0)
        return -1;
    const int rc = query_next(query, err);
    query_close(query);
    return rc;
}

/* Fill *out with the first of the sample's segments in this order. 1; 0: this model has no
 * segments of the sample; -1. */
static int find_segment(struct show *show, int64_t sample_id, const char *order,
                        struct segment *out, struct error *err)
{
    struct query *query = NULL;
    int rc = -1;

    buf_clear(&show->sql);
    if (buf_printf(&show->sql, err,
                   "SELECT segment, tok_start, tok_end, nll, attention FROM v_segments "
                   "WHERE sample_id = %" PRId64 " AND model = ",
                   sample_id) < 0 ||
        open_query(show, show->model.data, order, &query, err) < 0)
        return -1;
    *out = (struct segment){ 0 };
    while ((rc = query_next(query, err)) == 1) {
        const int64_t index = query_value(query, 0).integer;
        const size_t end = (size_t)query_value(query, 2).integer;

        if (out->n_segments == 0) {
            out->index = index;
            out->start = (size_t)query_value(query, 1).integer;
            out->end = end;
            out->nll = query_value(query, 3).real;
            out->attention = query_value(query, 4).real;
        }
        if (index >= out->n_segments)
            out->n_segments = index < INT64_MAX ? index + 1 : index;
        if (end > out->n_kept)
            out->n_kept = end;
    }
    query_close(query);
    return rc < 0 ? -1 : out->n_segments > 0;
}

static int print_segment(struct show *show, const char *what, const struct segment *segment,
                         struct error *err)
{
    if (show->json) {
        jsonout_key(&show->object, what);
        jsonout_object_begin(&show->object);
        jsonout_key(&show->object, "segment");
        jsonout_int(&show->object, segment->index);
        jsonout_key(&show->object, "nll");
        jsonout_double(&show->object, segment->nll);
        jsonout_key(&show->object, "attention");
        jsonout_double(&show->object, segment->attention);
        jsonout_key(&show->object, "text");
        jsonout_text(&show->object, buf_slice(&show->text));
        jsonout_object_end(&show->object);
        return 0;
    }
    if (buf_printf(&show->out, err,
                   "   %-12s segment %" PRId64 " (0 to %" PRId64 "), nll %.2f, attention %.2g\n"
                   "     | ",
                   what, segment->index, segment->n_segments - 1, segment->nll,
                   segment->attention) < 0 ||
        escape_add_line(&show->out, buf_slice(&show->text), SEGMENT_CHARS, err) < 0)
        return -1;
    return buf_add_text(&show->out, "\n", err);
}

static int read_context(struct show *show, int64_t sample_id, struct slice context,
                        size_t n_kept, struct error *err)
{
    const int truncated = is_truncated(show, sample_id, err);

    if (truncated < 0)
        return -1;
    /* Opened only now: a selection of samples without context needs no model. */
    if (!show->segments && segment_text_open(show->model_path.data, &show->segments, err) < 0)
        return -1;
    if (segment_text_read(show->segments, context, n_kept, truncated == 1, err) < 0) {
        error_prefix(err, "sample %" PRId64 ", %s", sample_id, show->model_path.data);
        return -1;
    }
    return 0;
}

/* Add the segment with which alone the answer is likeliest, and the one with the most
 * attention. */
static int add_segments(struct show *show, int64_t sample_id, struct slice context,
                        struct error *err)
{
    static const struct {
        const char *what;
        const char *order;
    } chosen[] = { { "helps_most", " ORDER BY nll, segment" },
                   { "seen_most", " ORDER BY attention DESC, segment" } };

    for (size_t i = 0; i < sizeof chosen / sizeof *chosen; i++) {
        struct segment segment;
        const int found = find_segment(show, sample_id, chosen[i].order, &segment, err);

        if (found <= 0)
            return found;
        if (read_context(show, sample_id, context, segment.n_kept, err) < 0)
            return -1;
        buf_clear(&show->text);
        if (segment_text_add(show->segments, segment.start, segment.end, &show->text, err) <
                0 ||
            print_segment(show, chosen[i].what, &segment, err) < 0)
            return -1;
    }
    return 0;
}

static int add_scores(struct show *show, int64_t sample_id, struct error *err)
{
    struct query *query = NULL;
    int rc = -1;

    buf_clear(&show->sql);
    if (buf_printf(&show->sql, err,
                   "SELECT metric, model, value FROM v_scores WHERE sample_id = %" PRId64
                   " ORDER BY metric, model",
                   sample_id) < 0 ||
        query_open(show->store, show->sql.data, &query, err) < 0)
        return -1;
    if (show->json) {
        jsonout_key(&show->object, "scores");
        jsonout_array_begin(&show->object);
    }
    while ((rc = query_next(query, err)) == 1)
        if (show_score(query, &show->out, show->json ? &show->object : NULL, err) < 0)
            break;
    if (show->json)
        jsonout_array_end(&show->object);
    query_close(query);
    return rc == 0 ? 0 : -1;
}

/* Add the terms of the formula that the selection was ordered by. */
static int add_terms(struct show *show, const struct place *place, struct error *err)
{
    struct query *query = NULL;

    buf_clear(&show->sql);
    if (buf_printf(&show->sql, err,
                   "SELECT text, value FROM v_selection_terms WHERE rank = %" PRId64
                   " AND selection = ",
                   place->rank) < 0 ||
        open_query(show, show->selection, " ORDER BY term", &query, err) < 0)
        return -1;
    const int rc = show_terms(query, &show->out, show->json ? &show->object : NULL, err);
    query_close(query);
    return rc;
}

static int add_labelled(struct show *show, const char *what, struct slice text,
                        struct error *err)
{
    if (show->json) {
        jsonout_key(&show->object, what);
        jsonout_text(&show->object, text);
        return 0;
    }
    if (buf_printf(&show->out, err, "   %-12s ", what) < 0 ||
        escape_add_line(&show->out, text, LINE_CHARS, err) < 0)
        return -1;
    return buf_add_text(&show->out, "\n", err);
}

static int add_head(struct show *show, const struct place *place, struct slice ext_id,
                    struct error *err)
{
    if (show->json) {
        jsonout_key(&show->object, "rank");
        jsonout_int(&show->object, place->rank);
        jsonout_key(&show->object, "sample_id");
        jsonout_int(&show->object, place->sample_id);
        jsonout_key(&show->object, "ext_id");
        jsonout_text(&show->object, ext_id);
        jsonout_key(&show->object, "score");
        jsonout_double(&show->object, place->score);
        if (show->fact) {
            jsonout_key(&show->object, "fact");
            jsonout_text(&show->object, slice_text(show->fact));
        }
        return 0;
    }
    if (buf_printf(&show->out, err, "%" PRId64 ". ", place->rank) < 0 ||
        escape_add_line(&show->out, ext_id, LINE_CHARS, err) < 0)
        return -1;
    if (show->fact) {
        if (buf_add_text(&show->out, "  ", err) < 0 ||
            escape_add_line(&show->out, slice_text(show->fact), LINE_CHARS, err) < 0)
            return -1;
        return buf_printf(&show->out, err, " %.15g\n", place->score);
    }
    return buf_printf(&show->out, err, "  score %.4g\n", place->score);
}

static int add_place(struct show *show, const struct place *place, struct query *query,
                     struct error *err)
{
    if (show->json) {
        jsonout_init(&show->object, &show->out);
        jsonout_object_begin(&show->object);
    }
    if (add_head(show, place, query_value(query, 0).bytes, err) < 0 ||
        add_labelled(show, "question", query_value(query, 1).bytes, err) < 0 ||
        add_labelled(show, "answer", query_value(query, 2).bytes, err) < 0 ||
        add_terms(show, place, err) < 0 || add_scores(show, place->sample_id, err) < 0 ||
        add_segments(show, place->sample_id, query_value(query, 3).bytes, err) < 0)
        return -1;
    if (show->json) {
        jsonout_object_end(&show->object);
        if (jsonout_end(&show->object, err) < 0)
            return -1;
    }
    return buf_add_text(&show->out, "\n", err);
}

/* Print one sample of the selection, after all of its text was collected. */
static int show_sample(struct show *show, const struct place *place, struct error *err)
{
    struct query *query = NULL;
    int rc = -1;

    buf_clear(&show->sql);
    buf_clear(&show->out);
    if (buf_printf(&show->sql, err,
                   "SELECT ext_id, instruction, response, context FROM v_sample "
                   "WHERE sample_id = %" PRId64,
                   place->sample_id) < 0 ||
        query_open(show->store, show->sql.data, &query, err) < 0)
        return -1;
    rc = query_next(query, err);
    if (rc == 1)
        rc = add_place(show, place, query, err);
    query_close(query);
    if (rc < 0)
        return -1;
    if (fwrite(show->out.data, 1, show->out.len, stdout) != show->out.len)
        return error_set(err, ERR_IO, "standard output: cannot be written");
    return 0;
}

static int show_all(struct show *show, const struct show_args *args, struct error *err)
{
    struct query *query = NULL;
    const char *order;
    int64_t n_shown = 0;
    int rc = -1;

    if (selection_fact(show->store, args->selection, &show->arena, &show->fact, &order, err) <
            0 ||
        buf_add_text(&show->sql,
                     "SELECT rank, sample_id, score FROM v_selection WHERE selection = ", err) <
            0 ||
        open_query(show, args->selection, " ORDER BY rank", &query, err) < 0)
        return -1;
    while (n_shown < args->top && (rc = query_next(query, err)) == 1) {
        const struct place place = {
            .rank = query_value(query, 0).integer,
            .sample_id = query_value(query, 1).integer,
            .score = query_value(query, 2).real,
        };

        if ((rc = show_sample(show, &place, err)) < 0)
            break;
        n_shown++;
    }
    if (rc == 0 && n_shown == 0)
        rc = error_set(err, ERR_NOT_FOUND, "there is no selection '%s', or it is empty",
                       args->selection);
    query_close(query);
    return rc < 0 ? -1 : 0;
}

/* Set the path of the model, and its name: the file name without folder and suffix. */
static int choose_model(struct show *show, struct cli *cli, const char *given,
                        struct error *err)
{
    const char *path = "curate-tiny-long.gguf";
    int rc;

    if (given) {
        if (gguf_fetch(&cli->fetcher, given, &show->model_file, err) < 0)
            return -1;
        path = show->model_file.public_name;
        rc = buf_add_text(&show->model_path, show->model_file.local_path, err);
    } else {
        rc = buf_printf(&show->model_path, err, "%s/%s", cli->models_dir, path);
    }
    if (rc < 0)
        return -1;
    return buf_add_slice(&show->model, gguf_model_name(path), err);
}

static int show_contamination(struct cli *cli, const struct show_args *args, struct error *err)
{
    struct store *store = NULL;

    if (args->selection)
        return error_set(err, ERR_USAGE,
                         "%s: --contamination shows flagged samples: leave out the selection",
                         args->selection);
    if (command_open_store(cli, &store, err) < 0)
        return -1;
    const int rc = contamination_print(store, args->top, cli->json, err);
    store_close(store);
    return rc;
}

static int cmd_show_run(struct cli *cli, const void *args, struct error *err)
{
    const struct show_args *a = args;
    struct show show = { .json = cli->json, .selection = a->selection };
    int rc = -1;

    if (a->contamination)
        return show_contamination(cli, a, err);
    if (!a->selection)
        return error_set(err, ERR_USAGE,
                         "the argument SELECTION is missing: see 'curate help show'");
    arena_init(&show.arena);
    buf_init(&show.model_path, SQL_MAX_BYTES);
    buf_init(&show.model, SQL_MAX_BYTES);
    buf_init(&show.sql, SQL_MAX_BYTES);
    buf_init(&show.text, TEXT_MAX_BYTES);
    buf_init(&show.out, TEXT_MAX_BYTES);
    if (choose_model(&show, cli, a->model, err) < 0 ||
        command_open_store(cli, &show.store, err) < 0)
        goto done;
    rc = show_all(&show, a, err);
done:
    store_close(show.store);
    segment_text_close(show.segments);
    fetched_file_release(&show.model_file);
    arena_release(&show.arena);
    buf_release(&show.out);
    buf_release(&show.text);
    buf_release(&show.sql);
    buf_release(&show.model);
    buf_release(&show.model_path);
    return rc;
}

const struct command cmd_show = {
    .name = "show",
    .summary = "show why the first samples of a selection are in it",
    .description =
        "Prints the question, the answer and the scores of each sample. If segments are\n"
        "stored, also prints two of them with their text: the one that alone makes the answer\n"
        "likeliest (helps_most), and the one with the most attention (seen_most). Control\n"
        "characters are replaced. With --json all text is unchanged, one object per sample.\n"
        "With --contamination instead: the samples that decontaminate has flagged.",
    .options = opts,
    .positional = &positional,
    .args_size = sizeof(struct show_args),
    .defaults = &(const struct show_args){ .top = 5 },
    .run = cmd_show_run,
};
