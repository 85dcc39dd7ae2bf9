/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/infer.h"

#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/io/file.h"
#include "base/json/json.h"
#include "base/threads/pool.h"
#include "scoring/infer/model/model.h"
#include "scoring/kernels/kernels.h"

enum { MAX_FILE_BYTES = 1 << 26 };

void runner_open(struct runner *runner, const char *path, unsigned cpu_flags, size_t n_threads)
{
    struct kernels kernels;
    struct error err;

    *runner = (struct runner){ NULL, NULL, NULL };
    kernels_init(&kernels, cpu_flags);
    assert_ok(model_open(path, &runner->model, &err));
    assert_ok(pool_new(n_threads, &runner->pool, &err));
    assert_ok(session_new(runner->model, &kernels, runner->pool, &runner->session, &err));
}

void runner_close(struct runner *runner)
{
    session_free(runner->session);
    pool_free(runner->pool);
    model_close(runner->model);
    *runner = (struct runner){ NULL, NULL, NULL };
}

size_t find_families(unsigned flags[FAMILIES_MAX])
{
    const unsigned all[FAMILIES_MAX] = { 0, CPU_AVX2, CPU_AVX2 | CPU_AVX512 };
    const char *last = "";
    size_t n = 0;

    for (size_t i = 0; i < FAMILIES_MAX; i++) {
        struct kernels kernels;

        kernels_init(&kernels, all[i]);
        if ((cpu_detect() & all[i]) != all[i] || strcmp(kernels.name, last) == 0)
            continue;
        last = kernels.name;
        flags[n++] = all[i];
    }
    return n;
}

static const char *join(struct arena *arena, const char *folder, const char *name)
{
    const size_t n = strlen(folder) + strlen(name) + 2;
    char *path = arena_alloc(arena, n, 1);

    assert_non_null(path);
    snprintf(path, n, "%s/%s", folder, name);
    return path;
}

const char *source_path(struct arena *arena, const char *name)
{
    const char *source = getenv("CURATE_SOURCE");

    return join(arena, source ? source : ".", name);
}

const char *shared_path(struct arena *arena, const char *name)
{
    const char *shared = getenv("CURATE_SHARED");
    struct stat st;

    if (!shared)
        return NULL;
    const char *path = join(arena, shared, name);
    return stat(path, &st) == 0 ? path : NULL;
}

double *read_doubles(struct arena *arena, const struct json_value *array)
{
    const size_t n = json_count(array);
    double *numbers = arena_alloc(arena, n + 1, sizeof *numbers);

    assert_non_null(numbers);
    for (size_t i = 0; i < n; i++)
        assert_true(json_double(json_at(array, i), &numbers[i]));
    return numbers;
}

void read_ids(const struct json_value *array, int32_t *ids, size_t *n)
{
    for (size_t i = 0; i < json_count(array); i++) {
        int64_t id = -1;

        assert_true(json_int(json_at(array, i), &id));
        ids[(*n)++] = (int32_t)id;
    }
}

static size_t read_size(const struct json_value *object, const char *key)
{
    int64_t value = -1;

    assert_true(json_int(json_get(object, key), &value));
    assert_true(value >= 0);
    return (size_t)value;
}

static const struct span *read_spans(struct arena *arena, const struct json_value *spans)
{
    struct span *all = arena_alloc(arena, json_count(spans) + 1, sizeof *all);

    assert_non_null(all);
    for (size_t i = 0; i < json_count(spans); i++) {
        const double *ends = read_doubles(arena, json_at(spans, i));

        all[i] = (struct span){ (size_t)ends[0], (size_t)ends[1] };
    }
    return all;
}

/* Read the expected numbers that come from the states: likelihood of next tokens, pool, focus,
 * reach. */
static void read_states(struct arena *arena, const struct json_value *record,
                        struct infer_case *out)
{
    static const char *const keys[] = { "asked_nll", "pooled", "focus", "reach" };
    const struct json_value *asked = json_get(record, "asked");
    struct sequence *sequence = &out->sequence;
    int32_t *ids = arena_alloc(arena, json_count(asked), sizeof *ids);
    size_t at[4] = { 0 };

    assert_non_null(ids);
    read_ids(asked, ids, &sequence->n_next_ids);
    for (size_t i = 0; i < 4; i++) {
        at[i] = out->n_states;
        out->n_states += json_count(json_get(record, keys[i]));
    }
    double *want = arena_alloc(arena, out->n_states, sizeof *want);
    out->want_states = want;
    out->states = arena_alloc(arena, out->n_states, sizeof *out->states);
    assert_true(want && out->states);
    for (size_t i = 0; i < 4; i++) {
        const struct json_value *array = json_get(record, keys[i]);

        memcpy(want + at[i], read_doubles(arena, array), json_count(array) * sizeof *want);
    }
    sequence->next_ids = ids;
    sequence->next_nll_nats = out->states;
    sequence->pool_from = sequence->score_from;
    sequence->pooled = out->states + at[1];
    sequence->focus_layer = read_size(record, "focus_layer");
    sequence->focus_spans = read_spans(arena, json_get(record, "focus_spans"));
    sequence->n_focus_spans = json_count(json_get(record, "focus_spans"));
    sequence->focus = out->states + at[2];
    sequence->reach_distance = read_size(record, "reach_distance");
    sequence->reach = out->states + at[3];
}

static void read_case(struct arena *arena, const struct json_value *record,
                      struct infer_case *out)
{
    const struct json_value *tokens = json_get(record, "tokens");
    const struct json_value *spans = json_get(record, "spans");
    const size_t n = json_count(tokens);
    int32_t *ids = arena_alloc(arena, n, sizeof *ids);
    size_t n_ids = 0;

    assert_non_null(ids);
    read_ids(tokens, ids, &n_ids);
    *out = (struct infer_case){ .n_states = 0 };
    out->sequence = (struct sequence){
        .tokens = ids,
        .n_tokens = n,
        .score_from = read_size(record, "score_from"),
        .nll_nats = arena_alloc(arena, n, sizeof(double)),
        .attend_from = read_size(record, "attend_from"),
        .spans = read_spans(arena, spans),
        .n_spans = json_count(spans),
        .attention = arena_alloc(arena, json_count(spans), sizeof(double)),
    };
    assert_true(out->sequence.nll_nats && out->sequence.attention);
    out->want_nll = read_doubles(arena, json_get(record, "nll"));
    out->want_attention = read_doubles(arena, json_get(record, "attention"));
    const struct json_value *by_head = json_get(record, "attention_by_head");
    if (by_head) {
        out->n_by_head = json_count(by_head);
        out->want_by_head = read_doubles(arena, by_head);
        out->sequence.attention_by_head = arena_alloc(arena, out->n_by_head, sizeof(double));
        assert_non_null(out->sequence.attention_by_head);
    }
    if (json_get(record, "asked"))
        read_states(arena, record, out);
}

void infer_cases_open(struct infer_cases *cases, const char *path)
{
    const struct json_value *array = NULL;
    enum json_issue issue = JSON_OK;
    const char *detail = NULL;
    struct json *json = NULL;
    size_t at = 0;
    struct buf text;
    struct error err;

    arena_init(&cases->arena);
    buf_init(&text, MAX_FILE_BYTES);
    assert_ok(file_read(path, &text, &err));
    assert_ok(json_new(&json, &err));
    assert_ok(json_parse(json, buf_slice(&text), &array, &issue, &at, &detail, &err));
    cases->n = json_count(array);
    assert_true(cases->n > 0);
    cases->cases = arena_alloc(&cases->arena, cases->n, sizeof *cases->cases);
    assert_non_null(cases->cases);
    for (size_t i = 0; i < cases->n; i++)
        read_case(&cases->arena, json_at(array, i), &cases->cases[i]);
    json_free(json);
    buf_release(&text);
}

void infer_cases_close(struct infer_cases *cases)
{
    arena_release(&cases->arena);
    cases->n = 0;
}

double max_difference(const double *a, const double *b, size_t n)
{
    double largest = 0;

    for (size_t i = 0; i < n; i++) {
        const double difference = fabs(a[i] - b[i]);

        if (!(difference <= largest)) /* true also if difference is NaN */
            largest = isnan(difference) ? INFINITY : difference;
    }
    return largest;
}
