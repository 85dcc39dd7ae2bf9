/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/io/file.h"
#include "store/score.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"
#include "tests/support/tmp.h"

struct fixture {
    struct store_fixture *samples;
    struct stage_run run;
    struct tmp tmp;
    const char *out;
};

static int64_t add_text(struct store_fixture *f, const char *text)
{
    struct sample sample = { .kind = SAMPLE_TEXT,
                             .context = slice_text(text),
                             .instruction_turn = -1,
                             .response_turn = -1,
                             .line = 1 };

    return store_fixture_add_sample(f, &sample);
}

/* "both" holds a sample with a response and a plain text. "answers" holds two samples with
 * responses, the best one first. */
static void add_selections(struct fixture *f)
{
    struct store_fixture *samples = f->samples;
    const int64_t ids[] = { store_fixture_add(samples, NULL, "one?", "first"),
                            store_fixture_add(samples, NULL, "two?", "second"),
                            add_text(samples, "plain text") };
    const int64_t set = store_fixture_set(
        samples->store, "ifd", store_fixture_model(samples->store, "tiny", 1), "{}", "higher");
    struct error err;

    for (int i = 0; i < 3; i++) {
        const struct score_row row = {
            .score_set_id = set, .sample_id = ids[i], .value = i, .status = "ok", .n_tokens = 1
        };
        assert_ok(score_put(samples->store, &row, samples->run_id, &err));
    }
    assert_ok(
        stage_run(&f->run, &err, "select", "name", "both", "by", "ifd", "top", "2", NULL));
    assert_ok(stage_run(&f->run, &err, "select", "name", "answers", "by", "ifd", "top", "2",
                        "where", "kind = 'sft'", NULL));
}

static int setup(void **state)
{
    static struct fixture f;
    void *samples;

    store_fixture_setup(&samples);
    f.samples = samples;
    stage_run_init(&f.run, f.samples->store);
    tmp_open(&f.tmp);
    f.out = tmp_path(&f.tmp, "out.jsonl");
    add_selections(&f);
    *state = &f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    void *samples = f->samples;

    tmp_close(&f->tmp);
    store_fixture_teardown(&samples);
    return 0;
}

static int export_to(struct fixture *f, const char *selection, const char *format,
                     struct error *err)
{
    return stage_run(&f->run, err, "export", "selection", selection, "to", format, "output",
                     f->out, NULL);
}

static void assert_file(const struct fixture *f, const char *want)
{
    struct buf bytes;
    struct error err;

    buf_init(&bytes, 1 << 20);
    assert_ok(file_read(f->out, &bytes, &err));
    assert_string_equal(bytes.data, want);
    buf_release(&bytes);
}

#define MESSAGES                                                                               \
    "{\"messages\":[{\"role\":\"user\",\"content\":\"two?\"},"                                 \
    "{\"role\":\"assistant\",\"content\":\"second\"}]}\n"                                      \
    "{\"messages\":[{\"role\":\"user\",\"content\":\"one?\"},"                                 \
    "{\"role\":\"assistant\",\"content\":\"first\"}]}\n"

static void export_writes_samples_in_order_of_rank(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(
        stage_run(&f->run, &err, "export", "selection", "answers", "output", f->out, NULL));

    assert_file(f, MESSAGES);
    assert_string_equal(stage_run_text(&f->run, "result"), "new");
    assert_int_equal(stage_run_int(&f->run, "exported"), 2);
    assert_int_equal(stage_run_int(&f->run, "bytes"), strlen(MESSAGES));
}

static void the_database_records_an_export_with_its_digest(void **state)
{
    struct fixture *f = *state;
    uint8_t sha256[DIGEST_BYTES];
    char hex[2 * DIGEST_BYTES + 1], want[512];
    struct error err;

    assert_ok(export_to(f, "answers", "messages", &err));

    assert_ok(digest_file(f->out, sha256, &err));
    digest_hex(sha256, sizeof sha256, hex);
    snprintf(want, sizeof want, "answers|messages|%s|2|%zu|%s", f->out, strlen(MESSAGES), hex);
    assert_rows(f->run.store,
                "SELECT selection, format, path, n_samples, n_bytes, lower(hex(sha256))"
                " FROM export",
                want);
}

static void the_same_export_again_changes_no_file(void **state)
{
    struct fixture *f = *state;
    struct file_stamp before, after;
    struct error err;

    assert_ok(export_to(f, "answers", "messages", &err));
    assert_ok(file_stamp(f->out, &before, &err));
    assert_ok(export_to(f, "answers", "messages", &err));
    assert_ok(file_stamp(f->out, &after, &err));

    assert_string_equal(stage_run_text(&f->run, "result"), "unchanged");
    assert_memory_equal(&before, &after, sizeof before);
    assert_rows(f->run.store, "SELECT count(*) FROM export", "1");
}

static void assert_manifest(const struct fixture *f)
{
    char path[512], hex[2 * DIGEST_BYTES + 1], want[512];
    uint8_t sha256[DIGEST_BYTES];
    struct buf bytes;
    struct error err;

    assert_ok(digest_file(f->out, sha256, &err));
    digest_hex(sha256, sizeof sha256, hex);
    snprintf(
        want, sizeof want,
        "{\"schema\":\"curate.manifest/1\",\"file\":\"out.jsonl\",\"selection\":\"answers\","
        "\"format\":\"messages\",\"samples\":2,\"bytes\":%zu,\"sha256\":\"%s\"}\n",
        strlen(MESSAGES), hex);
    snprintf(path, sizeof path, "%s.manifest", f->out);
    buf_init(&bytes, 1 << 20);
    assert_ok(file_read(path, &bytes, &err));
    assert_string_equal(bytes.data, want);
    buf_release(&bytes);
}

/* A run may be killed before the manifest or before the database row is written. */
static void export_finishes_what_a_killed_run_left(void **state)
{
    struct fixture *f = *state;
    char manifest[512];
    struct error err;

    assert_ok(export_to(f, "answers", "messages", &err));
    assert_manifest(f);
    snprintf(manifest, sizeof manifest, "%s.manifest", f->out);
    assert_int_equal(unlink(manifest), 0);
    assert_ok(export_to(f, "answers", "messages", &err));
    assert_string_equal(stage_run_text(&f->run, "result"), "unchanged");
    assert_manifest(f);
    assert_rows(f->run.store, "SELECT count(*) FROM export", "1");

    assert_int_equal(unlink(manifest), 0);
    assert_int_equal(unlink(f->out), 0);
    tmp_write(&f->tmp, "out.jsonl", MESSAGES,
              strlen(MESSAGES)); /* the file, without a row and without a manifest */
    assert_ok(stage_run(&f->run, &err, "export", "selection", "both", "skip", "true", "to",
                        "jsonl", "output", tmp_path(&f->tmp, "other"), NULL));
    assert_ok(export_to(f, "answers", "messages", &err));
    assert_manifest(f);
    assert_rows(f->run.store, "SELECT count(*) FROM export", "2");
}

static void a_different_file_is_replaced_with_force_only(void **state)
{
    struct fixture *f = *state;
    struct error err;

    tmp_write(&f->tmp, "out.jsonl", "mine\n", 5);
    assert_fails(export_to(f, "answers", "messages", &err), ERR_CANTCREATE, "--force");
    assert_file(f, "mine\n");
    assert_rows(f->run.store, "SELECT count(*) FROM export", "0");

    assert_ok(stage_run(&f->run, &err, "export", "selection", "answers", "output", f->out,
                        "force", "true", NULL));
    assert_file(f, MESSAGES);
    assert_string_equal(stage_run_text(&f->run, "result"), "replaced");
}

static void a_sample_the_format_cannot_hold_is_an_error_that_names_it(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_fails(export_to(f, "both", "messages", &err), ERR_INPUT, "sample 3");
    assert_non_null(strstr(err.msg, "--skip"));
    assert_int_equal(access(f->out, F_OK), -1);
}

static void skip_leaves_out_samples_the_format_cannot_hold_and_counts_them(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(stage_run(&f->run, &err, "export", "selection", "both", "output", f->out, "skip",
                        "true", NULL));

    assert_int_equal(stage_run_int(&f->run, "exported"), 1);
    assert_int_equal(stage_run_int(&f->run, "skipped"), 1);
    assert_non_null(strstr(f->run.notes, "sample 3 and others like it are left out"));
}

static void roles_option_drops_or_merges_turns_out_of_order(void **state)
{
    struct fixture *f = *state;
    struct turn turns[] = { { .role = slice_text("user"), .content = slice_text("a") },
                            { .role = slice_text("user"), .content = slice_text("b") },
                            { .role = slice_text("assistant"), .content = slice_text("c") } };
    struct sample sample = {
        .turns = turns, .n_turns = 3, .response_turn = 2, .instruction_turn = 1, .line = 1
    };
    struct store_fixture *samples = f->samples;
    const struct score_row row = { .score_set_id = 1,
                                   .sample_id = store_fixture_add_sample(samples, &sample),
                                   .value = 9,
                                   .status = "ok",
                                   .n_tokens = 1 };
    struct error err;

    assert_ok(score_put(samples->store, &row, samples->run_id, &err));
    assert_ok(stage_run(&f->run, &err, "select", "name", "odd", "by", "ifd", "top", "3",
                        "where", "kind = 'sft'", NULL));
    assert_ok(stage_run(&f->run, &err, "export", "selection", "odd", "output", f->out, "roles",
                        "drop", NULL));
    assert_file(f, MESSAGES);
    assert_int_equal(stage_run_int(&f->run, "skipped"), 1);
    assert_ok(stage_run(&f->run, &err, "export", "selection", "odd", "output", f->out, "roles",
                        "merge", "force", "true", NULL));
    assert_int_equal(stage_run_int(&f->run, "changed"), 1);
    assert_file(f, "{\"messages\":[{\"role\":\"user\",\"content\":\"a\\n\\nb\"},"
                   "{\"role\":\"assistant\",\"content\":\"c\"}]}\n" MESSAGES);
}

static void jsonl_holds_every_sample(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(export_to(f, "both", "jsonl", &err));
    assert_int_equal(stage_run_int(&f->run, "exported"), 2);
}

static void a_stopped_export_leaves_no_file(void **state)
{
    struct fixture *f = *state;
    struct error err;

    f->run.stopped = true;
    assert_fails(export_to(f, "answers", "messages", &err), ERR_CANCELLED,
                 "nothing was written");
    assert_int_equal(access(f->out, F_OK), -1);
    assert_rows(f->run.store, "SELECT count(*) FROM export", "0");
}

static void an_unknown_selection_or_format_or_no_output_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_fails(export_to(f, "worst", "messages", &err), ERR_NOT_FOUND, "answers");
    assert_fails(export_to(f, "answers", "parquet", &err), ERR_USAGE, "messages");
    assert_fails(export_to(f, "answers", "text", &err), ERR_USAGE, "--to text");
    assert_fails(stage_run(&f->run, &err, "export", "selection", "answers", NULL), ERR_USAGE,
                 "no output file");
}

static void a_missing_output_folder_is_an_error_that_names_it(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_fails(stage_run(&f->run, &err, "export", "selection", "answers", "output",
                           "/no/such/folder/out.jsonl", NULL),
                 ERR_CANTCREATE, "/no/such/folder");
}

static void an_export_can_be_written_to_a_device(void **state)
{
    struct fixture *f = *state;
    struct error err;

    assert_ok(stage_run(&f->run, &err, "export", "selection", "answers", "output", "/dev/null",
                        NULL));
    assert_int_equal(stage_run_int(&f->run, "exported"), 2);
}

static void a_dry_run_of_export_counts_and_writes_nothing(void **state)
{
    struct fixture *f = *state;
    struct error err;

    f->run.dry_run = true;
    assert_ok(export_to(f, "answers", "messages", &err));

    assert_int_equal(stage_run_int(&f->run, "exported"), 2);
    assert_int_equal(access(f->out, F_OK), -1);
    assert_rows(f->run.store, "SELECT count(*) FROM export", "0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(export_writes_samples_in_order_of_rank),
        TEST(the_database_records_an_export_with_its_digest),
        TEST(the_same_export_again_changes_no_file),
        TEST(export_finishes_what_a_killed_run_left),
        TEST(a_different_file_is_replaced_with_force_only),
        TEST(a_sample_the_format_cannot_hold_is_an_error_that_names_it),
        TEST(skip_leaves_out_samples_the_format_cannot_hold_and_counts_them),
        TEST(roles_option_drops_or_merges_turns_out_of_order),
        TEST(jsonl_holds_every_sample),
        TEST(a_stopped_export_leaves_no_file),
        TEST(an_unknown_selection_or_format_or_no_output_is_an_error),
        TEST(a_missing_output_folder_is_an_error_that_names_it),
        TEST(an_export_can_be_written_to_a_device),
        TEST(a_dry_run_of_export_counts_and_writes_nothing),
    };

    return cmocka_run_group_tests_name("stages/export", tests, NULL, NULL);
}
