/* SPDX-License-Identifier: Apache-2.0 */
/* Samples of earlier releases get the forms and hashes of today. */
#include "tests/support/test.h"

#include "base/report.h"
#include "store/fsck.h"
#include "store/sample.h"
#include "store/store.h"
#include "tests/support/old_database.h"
#include "tests/support/store_fixture.h"
#include "tests/support/tmp.h"

enum { OLD_VERSION = 14, MAX_TURNS = 4 };

static const char run_and_file[] =
    "INSERT INTO run (run_id, command, options, version, host, pid, started_at_ms, status)"
    " VALUES (1, 'ingest', '{}', '0.1.0', 'a', 1, 0, 'ok'),"
    " (2, 'score', '{}', '0.1.0', 'a', 1, 0, 'ok');"
    "INSERT INTO source VALUES (1, 's'); INSERT INTO file VALUES (1, 1, 'a.jsonl');";

static int setup(void **state)
{
    struct tmp *tmp = test_calloc(1, sizeof *tmp);

    tmp_open(tmp);
    *state = tmp;
    return 0;
}

static int teardown(void **state)
{
    tmp_close(*state);
    test_free(*state);
    return 0;
}

static struct slice text_or_none(const char *text)
{
    return text ? slice_text(text) : slice_of(NULL, 0);
}

/* A question and an answer with members; NULL: none. */
static struct sample old_sample(struct turn turns[MAX_TURNS], const char *answer,
                                const char *extra, const char *meta)
{
    turns[0] = (struct turn){ .role = slice_text("user"), .content = slice_text("why?") };
    turns[1] = (struct turn){ .role = slice_text("assistant"),
                              .content = slice_text(answer),
                              .extra = text_or_none(extra) };
    return (struct sample){ .kind = SAMPLE_SFT,
                            .turns = turns,
                            .n_turns = 2,
                            .meta = text_or_none(meta),
                            .instruction_turn = 0,
                            .response_turn = 1 };
}

static void add_old(const char *path, int64_t id, const char *answer, const char *extra,
                    const char *meta)
{
    struct turn turns[MAX_TURNS];
    const struct sample sample = old_sample(turns, answer, extra, meta);

    old_database_add_sample(path, id, &sample);
}

/* Make the database of an earlier release, with a run and a file. */
static const char *make_old(struct tmp *tmp)
{
    const char *path = tmp_path(tmp, "old.db");

    old_database_make(path, OLD_VERSION);
    cli_run(path, run_and_file);
    return path;
}

static void note_problem(void *arg, const struct fsck_problem *problem)
{
    (void)arg;
    fail_msg("%s: %s: %s", problem->check, problem->where, problem->detail);
}

/* Migrate, and check that nothing is wrong afterwards. */
static struct store_migration migrate(const char *path)
{
    struct report report = { .phase = NULL };
    struct store *store = NULL;
    struct fsck_result result;
    struct error err;

    cli_run(path, "UPDATE run SET n_inserted = (SELECT count(*) FROM sample),"
                  " n_read = (SELECT count(*) FROM sample) WHERE run_id <> 2;");
    assert_ok(store_open(path, STORE_READ_WRITE, &store, &err));
    const struct store_migration done = *store_migration(store);
    assert_ok(fsck_run(store, &report, note_problem, NULL, &result, &err));
    store_close(store);
    return done;
}

/* The sample has the hash that a sample of these members, read today, gets. */
static void assert_hash(const char *path, int64_t id, struct sample *sample)
{
    struct identifier *identifier = NULL;
    struct error err;
    char sql[100], hex[2 * HASH_BYTES + 1];

    assert_ok(identifier_new(&identifier, &err));
    assert_ok(sample_identify(identifier, sample, &err));
    identifier_free(identifier);
    for (size_t i = 0; i < HASH_BYTES; i++)
        snprintf(hex + 2 * i, 3, "%02X", sample->hash.bytes[i]);
    snprintf(sql, sizeof sql, "SELECT hex(hash) FROM sample WHERE sample_id = %d;", (int)id);
    assert_cli_rows(path, sql, hex);
}

static void members_move_to_where_readers_put_them_today(void **state)
{
    const char *path = make_old(*state);
    struct turn turns[MAX_TURNS];

    add_old(path, 1, "",
            "{\"tool_calls\":[{\"id\":\"c\",\"type\":\"function\",\"function\":"
            "{\"name\":\"f\",\"arguments\":\"{\\\"a\\\":1}\"}}],\"refusal\":null}",
            "{\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"page\":3}");
    add_old(path, 2, "<think>\nhm\n</think>\n\nyes", NULL, NULL);
    add_old(path, 3, "yes", "{\"reasoning_content\":\"hm\",\"name\":\"x\"}", "{\"page\":3}");
    add_old(path, 4, "[{\"name\":\"f\",\"arguments\":{}}]", "{\"from\":\"function_call\"}",
            NULL);
    add_old(path, 5, "plain", NULL, "{\"page\":\"tools\"}");
    const struct store_migration done = migrate(path);

    assert_int_equal(done.n_rewritten, 4);
    assert_int_equal(done.n_rehashed, 0);
    assert_int_equal(done.n_merged, 0);
    assert_int_equal(done.n_damaged, 0);
    assert_cli_rows(
        path,
        "SELECT sample_id, content, thought, calls, trained, extra FROM v_turn WHERE turn = 1;",
        "1|||[{\"id\":\"c\",\"name\":\"f\",\"arguments\":{\"a\":1}}]||\n"
        "2|yes|hm|||\n3|yes|hm|||{\"name\":\"x\"}\n"
        "4|||[{\"name\":\"f\",\"arguments\":{}}]||\n5|plain||||");
    assert_cli_rows(path, "SELECT sample_id, tools, meta FROM v_sample;",
                    "1|[{\"name\":\"f\"}]|{\"page\":3}\n2||\n3||{\"page\":3}\n4||\n"
                    "5||{\"page\":\"tools\"}");
    assert_cli_rows(path, "SELECT old_sample_id, sample_id, what FROM v_migrated;",
                    "1|1|rewritten\n2|2|rewritten\n3|3|rewritten\n4|4|rewritten");

    struct sample today = old_sample(turns, "yes", NULL, NULL);
    turns[1].thought = slice_text("hm");
    assert_hash(path, 2, &today);
}

/* A list of parts whose texts do not meet is rebuilt from content and media. */
static void images_leave_the_parts_of_a_content(void **state)
{
    const char *path = make_old(*state);

    add_old(path, 1, "a\nb",
            "{\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"u\"}},"
            "{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"image\",\"image\":\"v\"},"
            "{\"type\":\"text\",\"text\":\"b\"}]}",
            NULL);
    add_old(path, 2, "c", "{\"content\":[{\"type\":\"text\",\"text\":\"c\"}]}", NULL);
    /* Where the texts meet is known from the parts alone; the text was changed; more members.
     */
    add_old(
        path, 3, "a\nb",
        "{\"content\":[{\"type\":\"text\",\"text\":\"a\"},{\"type\":\"text\",\"text\":\"b\"}]}",
        NULL);
    add_old(path, 4, "d", "{\"content\":[{\"type\":\"text\",\"text\":\"e\"}]}", NULL);
    add_old(path, 5, "f",
            "{\"content\":[{\"type\":\"text\",\"text\":\"f\",\"cache_control\":{\"a\":1}}]}",
            NULL);
    const struct store_migration done = migrate(path);

    assert_int_equal(done.n_rewritten, 2);
    assert_cli_rows(
        path, "SELECT sample_id, media, extra IS NULL FROM v_turn WHERE turn = 1;",
        "1|[{\"type\":\"image\",\"at\":0,\"part\":{\"type\":\"image_url\",\"image_url\":"
        "{\"url\":\"u\"}}},{\"type\":\"image\",\"at\":1,\"part\":{\"type\":\"image\","
        "\"image\":\"v\"}}]|1\n2||1\n3||0\n4||0\n5||0");
}

static void content_parts_are_read_as_readers_read_them_today(void **state)
{
    const char *path = make_old(*state);

    add_old(path, 1, "a cat",
            "{\"content\":[{\"type\":\"image\",\"image\":\"i\",\"x\":null},"
            "{\"type\":\"text\",\"text\":\"a cat\"}]}",
            NULL);
    add_old(path, 2, "<think>hm</think>yes",
            "{\"content\":[{\"type\":\"text\",\"text\":\"<think>hm</"
            "think>yes\"}],\"name\":\"n\"}",
            NULL);
    add_old(path, 3, "a\nb",
            "{\"parts\":[{\"type\":\"thinking\",\"thinking\":\"hm\",\"signature\":\"s\"},"
            "{\"text\":\"a\"},{\"text\":\"b\"},{\"type\":\"tool_use\",\"id\":\"t\","
            "\"name\":\"f\","
            "\"input\":{}}]}",
            NULL);
    add_old(path, 4, "another text", "{\"content\":[{\"type\":\"text\",\"text\":\"a\"}]}",
            NULL);
    add_old(path, 5, "", "{\"content\":[7]}", NULL);
    assert_int_equal(migrate(path).n_rewritten, 3);
    assert_cli_rows(path,
                    "SELECT sample_id, content, thought, calls, media, extra FROM v_turn "
                    "WHERE turn = 1;",
                    "1|a "
                    "cat|||[{\"type\":\"image\",\"at\":0,\"part\":{\"type\":\"image\","
                    "\"image\":\"i\"}}]|\n"
                    "2|yes|hm|||{\"name\":\"n\"}\n"
                    "3|a\nb|hm|[{\"id\":\"t\",\"name\":\"f\",\"arguments\":{}}]||{"
                    "\"content\":[{\"text\":"
                    "\"a\"},"
                    "{\"text\":\"b\"}],\"signature\":\"s\"}\n"
                    "4|another text||||{\"content\":[{\"type\":\"text\",\"text\":\"a\"}]}\n"
                    "5|||||{\"content\":[7]}");
}

#define IMAGE_I "{\"type\":\"image\",\"at\":0,\"part\":{\"type\":\"image\",\"image\":\"i\""
#define MARK    ",\"placeholder\":true}}"

static void media_of_a_list_get_their_places(void **state)
{
    const char *path = make_old(*state);

    add_old(path, 1, "see <image> and <video>", NULL,
            "{\"images\":[\"i\"],\"page\":1,\"videos\":[\"v\"]}");
    add_old(path, 2, "see <image>", NULL, "{\"image\":\"i\"}");
    add_old(path, 3, "look <image>", NULL, "{\"images\":[\"i\",\"j\"]}");
    add_old(path, 4, "see", "{\"images\":[\"i\"]}", NULL);
    add_old(path, 5, "", "{\"content\":[{\"type\":\"image\"}]}", "{\"images\":[\"i\"]}");
    assert_int_equal(migrate(path).n_rewritten, 5);
    assert_cli_rows(
        path,
        "SELECT t.sample_id, t.content, t.media, extra, meta FROM v_turn t JOIN v_sample USING "
        "(sample_id)"
        " WHERE turn = 1 ORDER BY 1;",
        "1|see  and "
        "|[{\"type\":\"image\",\"at\":4,\"part\":{\"type\":\"image\",\"image\":\"i\","
        "\"placeholder\":true}},{\"type\":\"video\",\"at\":9,\"part\":{\"type\":\"video\","
        "\"video\":"
        "\"v\",\"placeholder\":true}}]||{\"page\":1}\n"
        "2|see |[{\"type\":\"image\",\"at\":4,\"part\":{\"type\":\"image\",\"image\":\"i\","
        "\"placeholder\":true}}]||\n"
        "3|look <image>|||\n"
        "4|see|[{\"type\":\"image\",\"at\":0,\"part\":{\"type\":\"image\",\"image\":\"i\"}}]||"
        "\n"
        "5||[{\"type\":\"image\",\"at\":0,\"part\":{\"type\":\"image\",\"image\":\"i\"}}]||");
}

static void media_without_a_place_stand_before_the_question(void **state)
{
    const char *path = make_old(*state);
    struct turn turns[MAX_TURNS];
    struct sample today = old_sample(turns, "see", NULL, NULL);

    add_old(path, 1, "see", NULL, "{\"image\":\"i\",\"page\":1}");
    add_old(path, 2, "see <image>", NULL, "{\"images\":[\"i\",\"j\"]}");
    add_old(path, 3, "hear", NULL, "{\"audio\":\"a\",\"images\":[\"i\"]}");
    add_old(path, 4, "none", NULL, "{\"images\":[null],\"video\":{},\"page\":1}");
    assert_int_equal(migrate(path).n_rewritten, 4);
    assert_cli_rows(path,
                    "SELECT t.sample_id, t.content, t.media, meta FROM v_turn t JOIN v_sample "
                    "USING (sample_id) WHERE turn = 0 ORDER BY 1;",
                    "1|why?|[" IMAGE_I MARK "]|{\"page\":1}\n"
                    "2|why?|[" IMAGE_I "}},{\"type\":\"image\",\"at\":0,\"part\":"
                    "{\"type\":\"image\",\"image\":\"j\"}}]|\n"
                    "3|why?|[" IMAGE_I MARK ",{\"type\":\"audio\",\"at\":0,\"part\":"
                    "{\"type\":\"audio\",\"audio\":\"a\"" MARK "]|\n"
                    "4|why?||{\"images\":[null],\"page\":1}");
    turns[0].media = slice_text("[" IMAGE_I MARK "]");
    assert_hash(path, 1, &today);
}

static void a_turn_that_must_not_be_learned_from_is_no_response(void **state)
{
    const char *path = make_old(*state);
    struct turn turns[MAX_TURNS];
    struct sample sample = old_sample(turns, "good", "{\"weight\":1}", NULL);

    turns[2] = (struct turn){ .role = slice_text("user"), .content = slice_text("and?") };
    turns[3] = (struct turn){ .role = slice_text("assistant"),
                              .content = slice_text("bad"),
                              .extra = slice_text("{\"weight\":0}") };
    sample.n_turns = 4;
    sample.instruction_turn = 2;
    sample.response_turn = 3;
    old_database_add_sample(path, 1, &sample);
    migrate(path);

    assert_cli_rows(path,
                    "SELECT instruction, response FROM v_sample;"
                    "SELECT trained, extra FROM v_turn WHERE role = 'assistant';",
                    "why?|good\n1|\n0|");
}

/* Order of members and padded nulls made two samples of one. */
static void samples_that_become_equal_are_merged(void **state)
{
    const char *path = make_old(*state);

    add_old(path, 1, "yes", "{\"b\":1,\"a\":2}", "{\"page\":1}");
    add_old(path, 2, "yes", "{\"a\":2,\"b\":1}", "{\"page\":2}");
    add_old(path, 3, "yes", "{\"a\":2,\"b\":1,\"c\":null}", "{\"page\":1}");
    add_old(path, 4, "no", NULL, NULL);
    cli_run(path,
            "INSERT INTO model VALUES (1, CAST(printf('%032d', 1) AS BLOB), 'm', 'llama', 1,"
            " 2048, zeroblob(16), 'm.gguf', 1, 1, 1, 1);"
            "INSERT INTO metric VALUES (1, 'nll', 1, 'nats/token', 'lower'),"
            " (2, 'hmp', 1, 'x', 'higher');"
            "INSERT INTO score_set (score_set_id, metric_id, model_id, params, params_hash)"
            " VALUES (1, 1, 1, '{\"turns\":\"last\"}',"
            " x'37152621DD678E8F30F7B6826CDFAC90'), (2, 2, 1, '{\"turns\":\"last\"}',"
            " x'37152621DD678E8F30F7B6826CDFAC90');"
            "INSERT INTO score VALUES (1, 1, 0.5, 'ok', 3, 2), (1, 2, 0.25, 'ok', 3, 2),"
            " (2, 2, 0.75, 'ok', 3, 2), (2, 3, 0.125, 'ok', 3, 2);"
            "INSERT INTO turn_score VALUES (2, 2, 1, 0.5, 'ok', 3);"
            "INSERT INTO segment_score VALUES (2, 2, 0, 0, 8, 0.5, 1);"
            "INSERT INTO sample_defect VALUES (2, 'nul'), (3, 'nul');"
            "INSERT INTO selection VALUES (1, 's', 1, NULL, '4', 4, 0, 2),"
            " (2, 't', 1, NULL, '1', 4, 0, 2);"
            "INSERT INTO selection_sample VALUES (1, 1, 3, 1), (1, 2, 4, 0.9), (1, 3, 1, 0.8),"
            " (1, 4, 2, 0.7), (2, 1, 2, 1);");
    const struct store_migration done = migrate(path);

    assert_int_equal(done.n_merged, 2);
    assert_cli_rows(path,
                    "SELECT sample_id FROM sample; SELECT old_sample_id, sample_id, what"
                    " FROM v_migrated ORDER BY old_sample_id;",
                    "1\n4\n1|1|rehashed\n2|1|merged\n3|1|merged");
    assert_cli_rows(path,
                    "SELECT score_set_id, sample_id, value FROM score ORDER BY 1, 2;"
                    "SELECT sample_id, turn FROM turn_score;"
                    "SELECT sample_id, segment FROM segment_score;"
                    "SELECT sample_id, class FROM sample_defect;",
                    "1|1|0.5\n2|1|0.75\n1|1\n1|0\n1|nul");
    assert_cli_rows(path, "SELECT selection, rank, sample_id FROM v_selection ORDER BY 1, 2;",
                    "s|1|1\ns|2|4\nt|1|1");
    assert_cli_rows(path,
                    "SELECT read, inserted, duplicate, dup_meta, sft FROM v_runs LIMIT 1;"
                    "SELECT line, meta, sample_meta FROM v_dup_meta;",
                    "4|2|2|1|2\n2|{\"page\":2}|{\"page\":1}");
}

static void scores_of_the_old_form_are_removed_and_imported_ones_stay(void **state)
{
    const char *path = make_old(*state);

    add_old(path, 1, "<think>hm</think>yes", NULL, NULL);
    add_old(path, 2, "yes", NULL, NULL);
    cli_run(path,
            "INSERT INTO model VALUES (1, CAST(printf('%032d', 1) AS BLOB), 'm', 'llama', 1,"
            " 2048, zeroblob(16), 'm.gguf', 1, 1, 1, 1);"
            "INSERT INTO metric VALUES (1, 'nll', 1, 'nats/token', 'lower'),"
            " (2, 'judge', 1, 'points', 'higher');"
            "INSERT INTO score_set (score_set_id, metric_id, model_id, params, params_hash)"
            " VALUES (1, 1, 1, '{\"turns\":\"last\"}',"
            " x'37152621DD678E8F30F7B6826CDFAC90'),"
            " (2, 2, 1, '{\"imported\":true}', x'B606FE27AE297D1899037B8D609063B3');"
            "INSERT INTO score VALUES (1, 1, 0.5, 'ok', 3, 2), (1, 2, 0.25, 'ok', 3, 2),"
            " (2, 1, 7, 'ok', 0, 2);"
            "INSERT INTO turn_score VALUES (1, 1, 1, 0.5, 'ok', 3), (1, 2, 1, 0.5, 'ok', 3);"
            "INSERT INTO segment_score VALUES (1, 1, 0, 0, 8, 0.5, 1);");
    assert_int_equal(migrate(path).n_rewritten, 1);
    assert_cli_rows(path,
                    "SELECT score_set_id, sample_id, value FROM score ORDER BY 1, 2;"
                    "SELECT sample_id FROM turn_score; SELECT count(*) FROM segment_score;",
                    "1|2|0.25\n2|1|7.0\n2\n0");
}

/* The new hash of sample 1 is the old one of sample 2, which has tools. */
static void tools_keep_samples_apart(void **state)
{
    const char *path = make_old(*state);

    add_old(path, 1, "yes", "{\"b\":1,\"a\":2}", NULL);
    add_old(path, 2, "yes", "{\"a\":2,\"b\":1}", "{\"tools\":[{\"name\":\"f\"}]}");
    const struct store_migration done = migrate(path);

    assert_int_equal(done.n_merged, 0);
    assert_cli_rows(path, "SELECT sample_id, tools FROM v_sample;", "1|\n2|[{\"name\":\"f\"}]");
}

/* The hash would hide what happened to it. */
static void a_damaged_sample_is_left_to_fsck(void **state)
{
    const char *path = make_old(*state);
    struct store *store = NULL;
    struct error err;

    add_old(path, 1, "yes", "{\"b\":1,\"a\":2}", NULL);
    add_old(path, 2, "no", "{\"b\":1,\"a\":2}", NULL);
    cli_run(path, "UPDATE turn SET content = 'other' WHERE sample_id = 1 AND turn = 0;"
                  "UPDATE turn SET extra = '[]' WHERE sample_id = 2 AND turn = 1;");
    assert_ok(store_open(path, STORE_READ_WRITE, &store, &err));
    assert_int_equal(store_migration(store)->n_damaged, 2);
    assert_int_equal(store_migration(store)->n_rehashed, 0);
    store_close(store);
    assert_cli_rows(path, "SELECT count(*) FROM v_migrated;", "0");
}

static void kinds_of_earlier_runs_are_counted(void **state)
{
    const char *path = make_old(*state);

    add_old(path, 1, "yes", NULL, NULL);
    cli_run(path,
            "INSERT INTO run (run_id, command, options, version, host, pid, started_at_ms,"
            " status) VALUES (3, 'run', '{}', '0.1.0', 'a', 1, 0, 'ok');"
            "UPDATE run SET parent_run_id = 3 WHERE run_id < 3;");
    migrate(path);

    assert_cli_rows(path, "SELECT run_id, sft, pair, prompt_only, text FROM v_runs;",
                    "1|1|0|0|0\n2|0|0|0|0\n3|1|0|0|0");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(members_move_to_where_readers_put_them_today),
        TEST(images_leave_the_parts_of_a_content),
        TEST(content_parts_are_read_as_readers_read_them_today),
        TEST(media_of_a_list_get_their_places),
        TEST(media_without_a_place_stand_before_the_question),
        TEST(a_turn_that_must_not_be_learned_from_is_no_response),
        TEST(samples_that_become_equal_are_merged),
        TEST(scores_of_the_old_form_are_removed_and_imported_ones_stay),
        TEST(tools_keep_samples_apart),
        TEST(a_damaged_sample_is_left_to_fsck),
        TEST(kinds_of_earlier_runs_are_counted),
    };
#undef TEST

    return cmocka_run_group_tests_name("store/migrate_samples", tests, NULL, NULL);
}
