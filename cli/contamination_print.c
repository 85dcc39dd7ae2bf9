/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/contamination_print.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/json/jsonout.h"
#include "base/text/escape.h"
#include "store/query.h"

enum {
    HIT_SQL_BYTES = 4096,
    HIT_TEXT_BYTES = 1 << 30,
    HIT_LINE_CHARS = 300,
    HIT_NAME_BYTES = 1000
};

/* The columns of v_contamination. */
enum hit_column {
    HIT_EVALUATION,
    HIT_SAMPLE,
    HIT_EXT_ID,
    HIT_ITEM,
    HIT_PLACE,
    HIT_COVERED,
    HIT_LONGEST,
    HIT_ANSWER_WHOLE,
    HIT_FLAGGED,
    HIT_PROMPT,
    HIT_ANSWER,
};

static const char HIT_QUERY[] =
    "SELECT * FROM v_contamination WHERE flagged"
    " ORDER BY covered DESC, longest DESC, sample_id, evaluation, item LIMIT %" PRId64;

/* The name of the evaluation is in hexadecimal digits, so that no quote can end it. */
static const char SPAN_QUERY[] =
    "SELECT turn, start, end, of_answer, item_word, n_words, text FROM v_contamination_spans"
    " WHERE evaluation = CAST(X'%s' AS TEXT) AND sample_id = %" PRId64 " AND item = %" PRId64;

struct hit_print {
    struct store *store;
    bool as_json;
    struct buf sql;
    struct buf out;
    struct jsonout json;
};

static void add_hit_text(struct hit_print *print, const char *key, struct slice text)
{
    jsonout_key(&print->json, key);
    jsonout_text(&print->json, text);
}

static void add_hit_int(struct hit_print *print, const char *key, int64_t value)
{
    jsonout_key(&print->json, key);
    jsonout_int(&print->json, value);
}

/* Append "   label  | text". */
static int add_hit_line(struct hit_print *print, const char *label, struct slice text,
                        struct error *err)
{
    if (!text.ptr)
        return 0;
    if (buf_printf(&print->out, err, "   %-24s | ", label) < 0 ||
        escape_add_line(&print->out, text, HIT_LINE_CHARS, err) < 0)
        return -1;
    return buf_add_text(&print->out, "\n", err);
}

static int add_hit_span(struct hit_print *print, const struct query *row, struct error *err)
{
    const struct query_value turn = query_value(row, 0);
    const char *of = query_value(row, 3).integer ? "answer" : "question";
    const int64_t n_words = query_value(row, 5).integer;
    char label[80];

    if (!print->as_json) {
        if (turn.type == QUERY_NULL)
            snprintf(label, sizeof label, "context, %" PRId64 " words", n_words);
        else
            snprintf(label, sizeof label, "turn %" PRId64 ", %" PRId64 " words", turn.integer,
                     n_words);
        return add_hit_line(print, label, query_value(row, 6).bytes, err);
    }
    jsonout_object_begin(&print->json);
    jsonout_key(&print->json, "turn");
    if (turn.type == QUERY_NULL)
        jsonout_null(&print->json);
    else
        jsonout_int(&print->json, turn.integer);
    add_hit_int(print, "start", query_value(row, 1).integer);
    add_hit_int(print, "end", query_value(row, 2).integer);
    add_hit_text(print, "of", slice_text(of));
    add_hit_int(print, "item_word", query_value(row, 4).integer);
    add_hit_int(print, "n_words", n_words);
    add_hit_text(print, "text", query_value(row, 6).bytes);
    jsonout_object_end(&print->json);
    return 0;
}

static int add_hit_spans(struct hit_print *print, const struct query *hit, struct error *err)
{
    const struct slice name = query_value(hit, HIT_EVALUATION).bytes;
    char hex[2 * HIT_NAME_BYTES + 1];
    struct query *query = NULL;
    int rc;

    if (name.len > HIT_NAME_BYTES)
        return error_set(err, ERR_INPUT, "the name of an evaluation has more than %d bytes",
                         HIT_NAME_BYTES);
    digest_hex((const uint8_t *)name.ptr, name.len, hex);
    buf_clear(&print->sql);
    if (buf_printf(&print->sql, err, SPAN_QUERY, hex, query_value(hit, HIT_SAMPLE).integer,
                   query_value(hit, HIT_ITEM).integer) < 0 ||
        query_open(print->store, print->sql.data, &query, err) < 0)
        return -1;
    while ((rc = query_next(query, err)) == 1)
        if (add_hit_span(print, query, err) < 0) {
            rc = -1;
            break;
        }
    query_close(query);
    return rc;
}

static int add_hit_as_json(struct hit_print *print, const struct query *hit, struct error *err)
{
    jsonout_init(&print->json, &print->out);
    jsonout_object_begin(&print->json);
    add_hit_int(print, "sample_id", query_value(hit, HIT_SAMPLE).integer);
    add_hit_text(print, "ext_id", query_value(hit, HIT_EXT_ID).bytes);
    add_hit_text(print, "evaluation", query_value(hit, HIT_EVALUATION).bytes);
    add_hit_int(print, "item", query_value(hit, HIT_ITEM).integer);
    add_hit_text(print, "place", query_value(hit, HIT_PLACE).bytes);
    jsonout_key(&print->json, "covered");
    jsonout_double(&print->json, query_value(hit, HIT_COVERED).real);
    add_hit_int(print, "longest", query_value(hit, HIT_LONGEST).integer);
    add_hit_text(print, "question", query_value(hit, HIT_PROMPT).bytes);
    add_hit_text(print, "answer", query_value(hit, HIT_ANSWER).bytes);
    jsonout_key(&print->json, "spans");
    jsonout_array_begin(&print->json);
    if (add_hit_spans(print, hit, err) < 0)
        return -1;
    jsonout_array_end(&print->json);
    jsonout_object_end(&print->json);
    return jsonout_end(&print->json, err);
}

static int add_hit_as_text(struct hit_print *print, const struct query *hit, struct error *err)
{
    if (buf_printf(&print->out, err, "sample %" PRId64 ", ",
                   query_value(hit, HIT_SAMPLE).integer) < 0 ||
        escape_add_line(&print->out, query_value(hit, HIT_EVALUATION).bytes, HIT_LINE_CHARS,
                        err) < 0 ||
        buf_printf(&print->out, err, " item %" PRId64 ", ",
                   query_value(hit, HIT_ITEM).integer) < 0 ||
        escape_add_line(&print->out, query_value(hit, HIT_PLACE).bytes, HIT_LINE_CHARS, err) <
            0 ||
        buf_printf(&print->out, err, ": covered %.2f, longest %" PRId64 " words\n",
                   query_value(hit, HIT_COVERED).real,
                   query_value(hit, HIT_LONGEST).integer) < 0 ||
        add_hit_line(print, "question", query_value(hit, HIT_PROMPT).bytes, err) < 0 ||
        add_hit_line(print, "answer", query_value(hit, HIT_ANSWER).bytes, err) < 0)
        return -1;
    return add_hit_spans(print, hit, err);
}

static int print_hits(struct hit_print *print, struct query *hits, struct error *err)
{
    uint64_t n = 0;
    int rc;

    while ((rc = query_next(hits, err)) == 1) {
        buf_clear(&print->out);
        if ((print->as_json ? add_hit_as_json(print, hits, err)
                            : add_hit_as_text(print, hits, err)) < 0 ||
            buf_add_text(&print->out, "\n", err) < 0)
            return -1;
        if (fwrite(print->out.data, 1, print->out.len, stdout) != print->out.len)
            return error_set(err, ERR_IO, "standard output: cannot be written");
        n++;
    }
    if (rc == 0 && n == 0)
        return error_set(
            err, ERR_NOT_FOUND,
            "no sample is flagged: 'curate decontaminate' searches for evaluations");
    return rc;
}

int contamination_print(struct store *store, int64_t most, bool as_json, struct error *err)
{
    struct hit_print print = { .store = store, .as_json = as_json };
    struct query *hits = NULL;
    int rc = -1;

    buf_init(&print.sql, HIT_SQL_BYTES);
    buf_init(&print.out, HIT_TEXT_BYTES);
    if (buf_printf(&print.sql, err, HIT_QUERY, most) == 0 &&
        query_open(store, print.sql.data, &hits, err) == 0)
        rc = print_hits(&print, hits, err);
    query_close(hits);
    buf_release(&print.sql);
    buf_release(&print.out);
    return rc;
}
