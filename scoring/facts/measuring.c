/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/json/json.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/span_list.h"
#include "scoring/infer/tokenizer/tokenizer.h"

struct measuring {
    struct measure_options options;
    struct text_splitter *splitter;
    struct buf all;       /* the whole sample as one text */
    struct token_buf ids; /* of one text */
    struct measure_limit limit;
    size_t max_bytes; /* SIZE_MAX: no limit */
};

/* One JSON tree may take this part of the memory: a measurer holds up to three. */
enum { TREE_PART = 4 };
/* With a limit, the memory of more token ids is freed after a sample. */
enum { IDS_KEPT = 1 << 16 };

int measuring_new(const struct measure_options *options, struct measuring **out,
                  struct error *err)
{
    struct measuring *measuring = calloc(1, sizeof *measuring);

    if (!measuring)
        return error_nomem(err);
    measuring->options = *options;
    measuring->options.ids = &measuring->ids;
    measuring->options.limit = &measuring->limit;
    measuring->max_bytes = SIZE_MAX;
    buf_init(&measuring->all, SIZE_MAX / 4);
    if (text_splitter_new(&measuring->splitter, err) < 0) {
        measuring_free(measuring);
        return -1;
    }
    *out = measuring;
    return 0;
}

void measuring_free(struct measuring *measuring)
{
    if (!measuring)
        return;
    text_splitter_free(measuring->splitter);
    buf_release(&measuring->all);
    token_buf_release(&measuring->ids);
    free(measuring);
}

int measure_parse_json(struct json *json, struct slice text,
                       const struct measure_options *options, const struct json_value **out,
                       struct error *err)
{
    struct measure_limit *limit = options->limit;
    const bool is_limited =
        limit && limit->tree_bytes > 0 && limit->tree_bytes < JSON_TREE_BYTES;
    enum json_issue issue = JSON_OK;
    const char *detail;
    size_t at;

    json_limit(json, is_limited ? limit->tree_bytes : JSON_TREE_BYTES);
    if (json_parse(json, text, out, &issue, &at, &detail, err) < 0)
        return -1;
    if (!is_limited || issue != JSON_TOO_LARGE)
        return 0;
    limit->is_exceeded = true;
    return error_nomem(err);
}

void measuring_limit(struct measuring *measuring, size_t max_bytes)
{
    measuring->max_bytes = max_bytes;
    measuring->limit.tree_bytes = max_bytes / TREE_PART;
}

int span_add(struct span_list *spans, const struct span *span, struct error *err)
{
    if (spans->max > 0 && spans->n >= spans->max) {
        spans->is_exceeded = true;
        return error_nomem(err);
    }
    if (spans->n == spans->cap) {
        const size_t cap = spans->cap ? 2 * spans->cap : 64;
        struct span *items = reallocarray(spans->items, cap, sizeof *items);

        if (!items)
            return error_nomem(err);
        spans->items = items;
        spans->cap = cap;
    }
    spans->items[spans->n++] = *span;
    return 0;
}

void span_list_release(struct span_list *spans)
{
    free(spans->items);
    *spans = (struct span_list){ 0 };
}

/* Append a text of the sample on lines of its own. */
static int join_text(struct buf *all, struct slice text, struct error *err)
{
    if (text.len == 0)
        return 0;
    if (all->len > 0 && buf_add(all, "\n", 1, err) < 0)
        return -1;
    return buf_add_slice(all, text, err);
}

static void note_text(struct slice text, size_t *n, struct slice *last)
{
    if (text.len == 0)
        return;
    (*n)++;
    *last = text;
}

/* Join the texts of the sample. If it has only one, *out is this text itself. */
static int join_all(struct buf *all, const struct measured_sample *sample, struct slice *out,
                    struct error *err)
{
    size_t n = 0;

    buf_clear(all);
    note_text(sample->system, &n, out);
    note_text(sample->context, &n, out);
    for (size_t i = 0; i < sample->n_turns; i++)
        note_text(sample->turns[i].content, &n, out);
    if (n <= 1)
        return 0;
    if (join_text(all, sample->system, err) < 0 || join_text(all, sample->context, err) < 0)
        return -1;
    for (size_t i = 0; i < sample->n_turns; i++)
        if (join_text(all, sample->turns[i].content, err) < 0)
            return -1;
    *out = buf_slice(all);
    return 0;
}

static struct slice content_of(const struct measured_sample *sample, int turn)
{
    return turn < 0 ? slice_of(NULL, 0) : sample->turns[turn].content;
}

static void set_reasons(struct fact_value *out, size_t n, const char *reason)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (struct fact_value){ .reason = reason };
}

/* Where the values of a part of a measurer begin among its columns. */
static size_t column_of_part(const struct measurer *measurer, enum text_part part)
{
    size_t n = 0;

    for (int p = 0; p < (int)part; p++)
        n += measurer->parts >> p & 1 ? measurer->n_facts : 0;
    return n;
}

/* Split a text. Returns 0, 1 if that or one of the measurers of these parts needs more memory
 * than the limit, or -1. */
static int split_text(struct measuring *measuring, struct slice bytes, unsigned parts,
                      const struct measurer *const *chosen, size_t n, struct measured_text *out,
                      struct error *err)
{
    const size_t held = measuring->all.cap;
    size_t most = 0;

    if (held >= measuring->max_bytes)
        return 1;
    text_splitter_limit(measuring->splitter, measuring->max_bytes - held);
    const int rc = text_split(measuring->splitter, bytes, out, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < n; i++) {
        if (!(chosen[i]->parts & parts) || !chosen[i]->measure_bytes)
            continue;
        const size_t needed = chosen[i]->measure_bytes(out, &measuring->options);
        most = needed > most ? needed : most;
    }
    const size_t left = measuring->max_bytes - held;
    const size_t split = text_splitter_bytes(measuring->splitter);
    return split > left || most > left - split ? 1 : 0;
}

/* Copy the values of a part that is the same text, if the measurer has this part. */
static bool copy_part(const struct measurer *measurer, enum text_part from,
                      const struct fact_value *columns, struct fact_value *out)
{
    if (!(measurer->parts >> from & 1))
        return false;
    memcpy(out, columns + column_of_part(measurer, from), measurer->n_facts * sizeof *out);
    return true;
}

/* Find the first part that is the same text; `part` if none before it is. */
static enum text_part find_same_part(const struct slice *texts, enum text_part part)
{
    int first = 0;

    while (texts[first].ptr != texts[part].ptr || texts[first].len != texts[part].len)
        first++;
    return (enum text_part)first;
}

/* Measure one part with all measurers that look at it. A text that is several parts is measured
 * once: the whole sample may be its response. Returns 0, 1 for the limit, or -1. */
static int measure_part(struct measuring *measuring, const struct slice *texts,
                        enum text_part part, const struct measurer *const *chosen, size_t n,
                        struct fact_value *out, struct error *err)
{
    const struct slice bytes = texts[part];
    const enum text_part same = find_same_part(texts, part);
    struct measured_text text = { .n_chars = 0 };
    int rc = 0;

    for (size_t i = 0; i < n; i++) {
        const struct fact_value *columns = out;
        struct fact_value *values = out + column_of_part(chosen[i], part);

        out += measurer_count_columns(chosen[i]);
        if (!chosen[i]->measure || !(chosen[i]->parts >> part & 1))
            continue;
        if (bytes.len == 0) {
            set_reasons(values, chosen[i]->n_facts, MEASURE_ABSENT);
            continue;
        }
        if (same != part && copy_part(chosen[i], same, columns, values))
            continue;
        if (!text.text.ptr)
            rc = split_text(measuring, bytes, 1U << part, chosen, n, &text, err);
        if (rc != 0)
            return rc;
        if (chosen[i]->measure(&text, &measuring->options, values, err) < 0)
            return -1;
    }
    return 0;
}

/* Let a measurer look at the whole sample. Returns 0, 1 for the limit, or -1. */
static int verify_sample(struct measuring *measuring, const struct measured_sample *sample,
                         const struct measurer *measurer, struct fact_value *out,
                         struct span_list *spans, struct error *err)
{
    const size_t held = sample->arena->total_bytes;

    if (measurer->verify_bytes && measurer->verify_bytes(sample) > measuring->max_bytes)
        return 1;
    spans->is_exceeded = measuring->limit.is_exceeded = false;
    if (measurer->verify(sample, &measuring->options, out, spans, err) < 0)
        return spans->is_exceeded || measuring->limit.is_exceeded ? 1 : -1;
    return sample->arena->total_bytes - held > measuring->max_bytes ? 1 : 0;
}

int measuring_run(struct measuring *measuring, const struct measured_sample *sample,
                  const struct measurer *const *chosen, size_t n, struct fact_value *out,
                  struct span_list *spans, struct error *err)
{
    struct slice texts[N_TEXT_PARTS] = {
        [PART_INSTRUCTION] = content_of(sample, sample->instruction_turn),
        [PART_CONTEXT] = sample->context,
        [PART_RESPONSE] = content_of(sample, sample->response_turn),
    };
    struct fact_value *values = out;
    unsigned parts = 0;
    int rc = 0;

    for (size_t i = 0; i < n; i++) {
        const size_t n_columns = measurer_count_columns(chosen[i]);

        memset(values, 0, n_columns * sizeof *values);
        if (chosen[i]->verify)
            rc = verify_sample(measuring, sample, chosen[i], values, spans, err);
        if (rc != 0)
            return rc;
        parts |= chosen[i]->measure ? chosen[i]->parts : 0;
        values += n_columns;
    }
    if (parts & 1U << PART_ALL)
        rc = join_all(&measuring->all, sample, &texts[PART_ALL], err);
    for (int part = 0; part < N_TEXT_PARTS && rc == 0; part++)
        if (parts >> part & 1)
            rc = measure_part(measuring, texts, (enum text_part)part, chosen, n, out, err);
    if (measuring->max_bytes < SIZE_MAX && measuring->ids.cap > IDS_KEPT)
        token_buf_release(&measuring->ids);
    return rc;
}

/* Copy the values of a turn that is a part of the sample. Returns false if it is no part that
 * the measurer has. */
static bool copy_measured_turn(const struct measurer *measurer,
                               const struct measured_sample *sample, size_t turn,
                               const struct fact_value *columns, struct fact_value *out)
{
    if ((int)turn == sample->instruction_turn &&
        copy_part(measurer, PART_INSTRUCTION, columns, out))
        return true;
    return (int)turn == sample->response_turn &&
           copy_part(measurer, PART_RESPONSE, columns, out);
}

int measuring_run_turn(struct measuring *measuring, const struct measured_sample *sample,
                       size_t turn, const struct measurer *const *chosen, size_t n,
                       const struct fact_value *values, struct fact_value *out,
                       struct error *err)
{
    const struct slice content = sample->turns[turn].content;
    struct measured_text text = { .n_chars = 0 };
    int rc = 0;

    for (size_t i = 0; i < n; i++) {
        const struct fact_value *columns = values;
        struct fact_value *own = out;

        values += measurer_count_columns(chosen[i]);
        if (!chosen[i]->of_turns)
            continue;
        out += chosen[i]->n_facts;
        memset(own, 0, chosen[i]->n_facts * sizeof *own);
        if (content.len == 0) {
            set_reasons(own, chosen[i]->n_facts, MEASURE_ABSENT);
            continue;
        }
        if (copy_measured_turn(chosen[i], sample, turn, columns, own))
            continue;
        if (!text.text.ptr)
            rc = split_text(measuring, content, PARTS_WHOLE_AND_EACH, chosen, n, &text, err);
        if (rc != 0)
            return rc;
        if (chosen[i]->measure(&text, &measuring->options, own, err) < 0)
            return -1;
    }
    return 0;
}
