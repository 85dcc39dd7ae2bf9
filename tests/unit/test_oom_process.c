/* SPDX-License-Identifier: Apache-2.0 */
/* Each allocation fails once, those inside libraries included. The call then returns ERR_NOMEM
 * or does all its work; it loses nothing and leaks nothing. */
#include "tests/support/test.h"

#include <stdlib.h>

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/io/frame.h"
#include "base/io/inflate.h"
#include "base/json/json.h"
#include "base/text/language.h"
#include "base/text/regex.h"
#include "pipeline/recipe.h"
#include "stages/ingest/formats/format.h"
#include "stages/ingest/parse.h"
#include "store/selection.h"
#include "store/store.h"
#include "tests/support/oom_process.h"
#include "tests/support/open_bytes.h"
#include "tests/support/store_fixture.h"

enum { MAX_ALLOCATIONS = 100000, RESULT_MAX_BYTES = 1 << 20 };

/* Do something with the input, write what came of it to `result`, and undo it. */
typedef int scenario(struct slice input, struct buf *result, struct error *err);

/* Fail each allocation in turn. With growth above 0, for scenarios of many allocations, the one
 * after allocation n is n + 1 + growth * n. */
static void survives_failures(scenario *run, struct slice input, double growth)
{
    struct buf want, got;
    struct error err;
    size_t n = 0;

    buf_init(&want, RESULT_MAX_BYTES);
    buf_init(&got, RESULT_MAX_BYTES);
    assert_ok(buf_reserve(&got, RESULT_MAX_BYTES / 2, &err));
    assert_ok(run(input, &want, &err)); /* allocates what libraries never free */
    for (; n < MAX_ALLOCATIONS; n += 1 + (size_t)(growth * (double)n)) {
        const int64_t blocks = oom_process_blocks();

        buf_clear(&got);
        oom_process_begin(n);
        const int rc = run(input, &got, &err);
        const bool refused = oom_process_end();
        if (oom_process_blocks() != blocks)
            fail_msg("%lld blocks leak after allocation %zu was refused: %s",
                     (long long)(oom_process_blocks() - blocks), n, rc < 0 ? err.msg : "done");
        if (rc == 0)
            assert_true(slice_equal(buf_slice(&got), buf_slice(&want)));
        else
            assert_fails(rc, ERR_NOMEM, "memory");
        if (!refused)
            break;
    }
    assert_true(n > 0 && n < MAX_ALLOCATIONS);
    buf_release(&want);
    buf_release(&got);
}

static void survives_each_failure(scenario *run, struct slice input)
{
    survives_failures(run, input, 0);
}

static int write_again(struct slice input, struct buf *result, struct error *err)
{
    const struct json_value *value = NULL;
    const char *detail = NULL;
    struct json *json = NULL;
    enum json_issue issue = JSON_OK;
    size_t issue_at;
    int rc = json_new(&json, err);

    if (rc == 0)
        rc = json_parse(json, input, &value, &issue, &issue_at, &detail, err);
    if (rc == 0)
        assert_int_equal(issue, JSON_OK);
    if (rc == 0)
        rc = json_write(value, result, err);
    json_free(json);
    return rc;
}

static void reading_json_survives_each_failed_allocation_of_libraries(void **state)
{
    struct error err;
    struct buf text;

    (void)state;
    survives_each_failure(
        write_again,
        slice_text(
            "{\"a\": [1, -2.5e3, 12345678901234567890123, true, null, NaN, \"caf\\u00e9\","
            " {\"b\": {}, \"b\": [[]]}], \"a\\n\": \"\"}"));
    buf_init(&text, RESULT_MAX_BYTES);
    for (int i = 0; i < 60; i++) /* enough for json-c's tables and arrays to grow */
        assert_ok(buf_printf(&text, &err,
                             "%s\"key %d\": [%d,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6,7,8"
                             ",9,0,1,2,3,4,5,6,7,8,9,0,1,2,3]",
                             i ? "," : "{", i, i));
    assert_ok(buf_add_text(&text, "}", &err));
    survives_each_failure(write_again, buf_slice(&text));
    buf_release(&text);
}

static int parse_one(struct slice input, struct buf *result, struct error *err)
{
    const struct format_options options = { .input_context_bytes = 40 };
    const struct frame_record record = { .text = input };
    struct parser *parser = NULL;
    struct parsed parsed;
    struct arena arena;
    int rc = parser_new(&options, &parser, err);

    arena_init(&arena);
    if (rc == 0)
        rc = parse_record(parser, &record, NULL, false, &arena, &parsed, err);
    if (rc == 0) {
        assert_int_equal(parsed.rejected_for, DEFECT_NONE);
        rc = buf_add(result, parsed.sample.hash.bytes, HASH_BYTES, err);
    }
    arena_release(&arena);
    parser_free(parser);
    return rc;
}

static void parsing_a_record_survives_each_failed_allocation_of_libraries(void **state)
{
    (void)state;
    survives_each_failure(
        parse_one, slice_text("{\"messages\": [{\"role\": \"user\", \"content\": \"e\xcc\x81"
                              "?\"}, {\"role\": \"assistant\", \"content\": \"yes\","
                              " \"name\": \"x\"}], \"id\": 7, \"more\": [1]}"));
}

static int unpack(struct slice input, struct buf *result, struct error *err)
{
    struct inflate *in = NULL;
    char bytes[1000];
    ssize_t n = inflate_open_bytes(input.ptr, input.len, &in, err);

    if (n == 0)
        while ((n = inflate_read(in, bytes, sizeof bytes, err)) > 0 &&
               buf_add(result, bytes, (size_t)n, err) == 0)
            ;
    inflate_close(in);
    return (int)n;
}

static void decompressing_survives_each_failed_allocation_of_libraries(void **state)
{
    static const char text[] = "one line\nand another line\nand another line\n";
    char packed[1000];
    z_stream z = { .next_in = (Bytef *)text, .avail_in = sizeof text - 1 };

    (void)state;
    z.next_out = (Bytef *)packed;
    z.avail_out = sizeof packed;
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    survives_each_failure(unpack, slice_of(packed, z.total_out));
    deflateEnd(&z);
    const size_t n = ZSTD_compress(packed, sizeof packed, text, sizeof text - 1, 3);
    assert_false(ZSTD_isError(n));
    survives_each_failure(unpack, slice_of(packed, n));

    size_t n_xz = 0;
    assert_int_equal(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC32, NULL, (const uint8_t *)text,
                                             sizeof text - 1, (uint8_t *)packed, &n_xz,
                                             sizeof packed),
                     LZMA_OK);
    survives_each_failure(unpack, slice_of(packed, n_xz));
    unsigned n_bzip2 = sizeof packed;
    assert_int_equal(
        BZ2_bzBuffToBuffCompress(packed, &n_bzip2, (char *)text, sizeof text - 1, 1, 0, 0),
        BZ_OK);
    survives_each_failure(unpack, slice_of(packed, n_bzip2));
}

static int read_recipe(struct slice input, struct buf *result, struct error *err)
{
    struct recipe *recipe = NULL;
    int rc = recipe_parse(input, "recipe", NULL, &recipe, err);

    if (rc == 0)
        rc = buf_printf(result, err, "%zu steps", recipe_count(recipe));
    recipe_free(recipe);
    return rc;
}

static void reading_a_recipe_survives_each_failed_allocation_of_libraries(void **state)
{
    (void)state;
    survives_each_failure(read_recipe,
                          slice_text("version: 1\ndb: a.db\nsteps:\n"
                                     "  - ingest: {files: [a, b], source: mine}\n"
                                     "  - select: {name: best, by: nll, top: 10%}\n"));
}

static int match(struct slice input, struct buf *result, struct error *err)
{
    struct regex *regex = NULL;
    int rc = regex_new(input.ptr, &regex, err);

    (void)result;
    regex_free(regex);
    return rc;
}

static void compiling_a_pattern_survives_each_failed_allocation_of_libraries(void **state)
{
    (void)state;
    survives_each_failure(match, slice_text("(?i:'s|'t)|\\p{L}+|\\p{N}{1,3}|\\s+"));
}

static int make_and_ask(struct slice input, struct buf *result, struct error *err)
{
    struct store *store = NULL;
    struct id_list ids = { 0 };
    int rc = store_open(":memory:", STORE_CREATE, &store, err);

    if (rc == 0)
        rc = condition_select(store, input.ptr, &ids, err);
    if (rc == 0)
        rc = buf_printf(result, err, "%zu", ids.n);
    id_list_release(&ids);
    store_close(store);
    return rc;
}

static void making_and_querying_a_database_survives_failed_allocations_of_sqlite(void **state)
{
    (void)state;
    /* SQLite creates the schema with some ten thousand allocations. */
    survives_failures(make_and_ask, slice_text("n_turns > 1 AND source LIKE 'a%'"), 0.03);
}

/* CLD2 may keep a buffer that cannot be freed, so blocks are not counted. */
static void identifying_a_language_survives_each_failed_allocation_of_cld2(void **state)
{
    const struct slice text = slice_text("Die Hauptstadt von Frankreich ist Paris.");
    const char *code;
    struct error err;
    size_t n = 0;

    (void)state;
    for (; n < MAX_ALLOCATIONS; n++) {
        oom_process_begin(n);
        const int rc = language_identify(text, NULL, &code, &err);
        if (!oom_process_end())
            break;
        if (rc == 0)
            assert_string_equal(code, "de");
        else
            assert_fails(rc, ERR_NOMEM, "memory");
    }
    assert_true(n > 3 && n < MAX_ALLOCATIONS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading_json_survives_each_failed_allocation_of_libraries),
        cmocka_unit_test(parsing_a_record_survives_each_failed_allocation_of_libraries),
        cmocka_unit_test(decompressing_survives_each_failed_allocation_of_libraries),
        cmocka_unit_test(reading_a_recipe_survives_each_failed_allocation_of_libraries),
        cmocka_unit_test(compiling_a_pattern_survives_each_failed_allocation_of_libraries),
        cmocka_unit_test(making_and_querying_a_database_survives_failed_allocations_of_sqlite),
        cmocka_unit_test(identifying_a_language_survives_each_failed_allocation_of_cld2),
    };

    return cmocka_run_group_tests_name("out of memory in libraries", tests, NULL, NULL);
}
