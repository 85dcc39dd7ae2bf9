/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "stages/record/defect.h"
#include "store/store.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_fixture.h"
#include "tests/support/tmp.h"

struct fixture {
    struct tmp tmp;
    struct store *store;
    struct stage_run run;
};

static void new_store(struct fixture *f)
{
    struct error err;

    store_close(f->store);
    f->store = NULL;
    assert_ok(store_open(":memory:", STORE_CREATE, &f->store, &err));
    stage_run_init(&f->run, f->store);
}

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);

    tmp_open(&f->tmp);
    new_store(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    store_close(f->store);
    tmp_close(&f->tmp);
    test_free(f);
    return 0;
}

#define GOOD                "{\"text\":\"good\"}\n"
#define TURN(role, content) "{\"role\":\"" role "\",\"content\":" content "}"
#define DEEP16              "[[[[[[[[[[[[[[[["
#define DEEP256                                                                                \
    DEEP16 DEEP16 DEEP16 DEEP16 DEEP16 DEEP16 DEEP16 DEEP16 DEEP16 DEEP16 DEEP16 DEEP16 DEEP16 \
        DEEP16 DEEP16 DEEP16

#define SHUT64    "]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"
#define SHUT256   SHUT64 SHUT64 SHUT64 SHUT64
#define CHAT(...) "{\"messages\":[" __VA_ARGS__ "]}\n"
#define TWO_USERS                                                                              \
    CHAT(TURN("user", "\"a\"") "," TURN("user", "\"b\"") "," TURN("assistant", "\"c\""))
#define ASSISTANT_FIRST                                                                        \
    CHAT(TURN("assistant", "\"a\"") "," TURN("user", "\"b\"") "," TURN("assistant", "\"c\""))
#define USER_LAST                                                                              \
    CHAT(TURN("user", "\"a\"") "," TURN("assistant", "\"b\"") "," TURN("user", "\"c\""))

/* A corpus for each defect: how many records the default action accepts, and how many the other
 * action. */
static const struct dirty {
    enum defect defect;
    struct slice corpus;
    int n;                  /* records (or ends of files) with the defect */
    int inserted, rejected; /* with the default action */
    const char *other;      /* another action; NULL if there is none */
    int other_inserted, other_rejected;
} cases[] = {
#define BYTES(text)                                                                            \
    {                                                                                          \
        text, sizeof(text) - 1                                                                 \
    }
    { DEFECT_BAD_JSON, BYTES(GOOD "{\"text\":nope}\n" GOOD), 1, 1, 1, NULL, 0, 0 },
    { DEFECT_TRUNCATED, BYTES(GOOD "{\"text\":\"cut off"), 1, 1, 1, NULL, 0, 0 },
    { DEFECT_TOO_LONG,
      BYTES(GOOD "{\"text\":\"a record of more than three hundred bytes" DEEP256 "\"}\n"), 1, 1,
      1, NULL, 0, 0 },
    { DEFECT_TOO_DEEP, BYTES(GOOD "{\"a\":" DEEP256 SHUT256 "}"), 1, 1, 1, NULL, 0, 0 },
    { DEFECT_NOT_AN_OBJECT, BYTES(GOOD "7\n\"a\"\n"), 2, 1, 2, NULL, 0, 0 },
    { DEFECT_UNKNOWN_SHAPE, BYTES(GOOD "{\"a\":1}"), 1, 1, 1, NULL, 0, 0 },
    { DEFECT_UNCLAIMED_TEXT, BYTES(GOOD "{\"text\":\"a\",\"answer\":\"b\"}"), 1, 1, 1, "keep",
      2, 0 },
    { DEFECT_EMPTY_RECORD, BYTES(GOOD "{}\n{\"text\":\" \"}"), 2, 1, 2, NULL, 0, 0 },
    { DEFECT_MISSING_CONTENT, BYTES(GOOD "{\"kind\":\"sft\",\"turns\":[{\"role\":\"user\"}]}"),
      1, 1, 1, NULL, 0, 0 },
    { DEFECT_BAD_ROLE, BYTES(GOOD "{\"messages\":[" TURN("narrator", "\"a\"") "]}"), 1, 2, 0,
      "reject", 1, 1 },
    { DEFECT_BAD_TYPE, BYTES(GOOD "{\"messages\":[7]}"), 1, 1, 1, NULL, 0, 0 },
    { DEFECT_BAD_UTF8, BYTES(GOOD "{\"text\":\"caf\xe9\"}\n"), 1, 1, 1, "repair", 2, 0 },
    { DEFECT_BOM, BYTES("\xef\xbb\xbf{\"text\":\"a\"}\n" GOOD), 1, 2, 0, "reject", 1, 1 },
    { DEFECT_CR,
      BYTES("{\"text\":\"a\"}\r\n{\"text\":\"b\"}\r\n\n{\"text\":\"c\"}\xe2\x80\xa8{\"text\":"
            "\"d\"}"),
      3, 4, 0, "reject", 1, 3 },
    { DEFECT_BLANK_LINE, BYTES(GOOD "\n \n{\"text\":\"a\"}\n"), 1, 2, 0, "reject", 1, 1 },
    { DEFECT_STRAY_COMMA, BYTES("{\"text\":\"a\"},\n{\"text\":\"b\"}]\n{\"text\":\"c\"},\n"), 3,
      3, 0, "reject", 1, 2 },
    { DEFECT_SAME_LINE, BYTES("{\"text\":\"a\"}{\"text\":\"b\"}"), 1, 2, 0, "reject", 1, 1 },
    { DEFECT_MANY_LINES, BYTES(GOOD "{\n\"text\":\"a\"\n}\n"), 1, 2, 0, "reject", 1, 1 },
    { DEFECT_NAN_INF, BYTES(GOOD "{\"text\":\"a\",\"n\":[NaN,-Infinity]}"), 1, 2, 0, "reject",
      1, 1 },
    { DEFECT_LONE_SURROGATE, BYTES(GOOD "{\"text\":\"\\ud83d\"}"), 1, 2, 0, "reject", 1, 1 },
    { DEFECT_NUL, BYTES(GOOD "{\"text\":\"a\\u0000b\"}\n{\"text\":\"a\0b\"}"), 2, 2, 0,
      "reject", 1, 2 },
    { DEFECT_CONTROL, BYTES(GOOD "{\"text\":\"a\x1b\"}"), 1, 2, 0, "reject", 1, 1 },
    { DEFECT_BIG_NUMBER, BYTES(GOOD "{\"text\":\"a\",\"n\":123456789012345678901,\"m\":1e999}"),
      1, 2, 0, "reject", 1, 1 },
    { DEFECT_DUPLICATE_KEY, BYTES(GOOD "{\"text\":\"a\",\"text\":\"b\"}"), 1, 2, 0, "reject", 1,
      1 },
    { DEFECT_DOUBLE_ENCODED,
      BYTES(GOOD "\"{\\\"text\\\":\\\"a\\\"}\"\n{\"messages\":\"[{\\\"role\\\":\\\"user\\\","
                 "\\\"content\\\":\\\"a\\\"}]\"}"),
      2, 3, 0, "reject", 1, 2 },
    { DEFECT_TYPE_DRIFT,
      BYTES(GOOD "{\"id\":7,\"instruction\":\"a\",\"output\":4}\n"
                 "{\"instruction\":\"a\",\"output\":[\"b\",true]}"),
      2, 3, 0, "reject", 1, 2 },
    { DEFECT_NULL_CONTENT,
      BYTES(GOOD "{\"messages\":[" TURN("user", "\"a\"") "," TURN("assistant", "null") "]}"), 1,
      2, 0, "reject", 1, 1 },
    { DEFECT_EMPTY_RESPONSE, BYTES(GOOD "{\"instruction\":\"a\",\"output\":\" \\n\"}"), 1, 2, 0,
      "reject", 1, 1 },
    { DEFECT_ROLE_ORDER, BYTES(GOOD TWO_USERS ASSISTANT_FIRST USER_LAST), 3, 4, 0, "reject", 1,
      3 },
    { DEFECT_LATE_SYSTEM,
      BYTES(GOOD "{\"messages\":[" TURN("user", "\"a\"") "," TURN("system", "\"b\"") "," TURN(
          "assistant", "\"c\"") "]}"),
      1, 2, 0, "reject", 1, 1 },
    { DEFECT_SIDES_ALIKE,
      BYTES(GOOD "{\"prompt\":\"a\",\"chosen\":\"b\",\"rejected\":\" b\"}\n"
                 "{\"prompt\":\"a\",\"chosen\":\"b\",\"rejected\":\"c\"}\n"),
      1, 2, 1, "keep", 3, 0 },
    { DEFECT_MEDIA_MISMATCH,
      BYTES(GOOD "{\"instruction\":\"a <image>\",\"output\":\"b\",\"images\":[]}\n"
                 "{\"instruction\":\"c <image>\",\"output\":\"d\",\"image\":\"i\"}\n"),
      1, 3, 0, "reject", 2, 1 },
    { DEFECT_DISLIKED,
      BYTES(GOOD "{\"prompt\":\"a\",\"completion\":\"b\",\"label\":false}\n"
                 "{\"prompt\":\"a\",\"completion\":\"c\",\"label\":true}\n"
                 "{\"prompt\":\"d\",\"label\":false}\n"
                 "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},"
                 "{\"role\":\"assistant\",\"content\":\"e\",\"weight\":0}]}\n"),
      2, 3, 2, "keep", 5, 0 },
    { DEFECT_DUPLICATE_ID,
      BYTES("{\"id\":7,\"text\":\"a\"}\n{\"id\":8,\"text\":\"b\"}\n{\"id\":7,\"text\":\"c\"}\n"
            "{\"id\":7,\"text\":\"a\"}\n{\"text\":\"d\"}\n{\"id\":\"7\",\"text\":\"e\"}\n"),
      2, 5, 0, "reject", 3, 2 },
    { DEFECT_TEMPLATE_LEAK, BYTES(GOOD "{\"instruction\":\"a\",\"output\":\"b [INST] c\"}"), 1,
      2, 0, "reject", 1, 1 },
    { DEFECT_REFUSAL,
      BYTES(GOOD "{\"instruction\":\"a\",\"output\":\"Sorry, as an AI language model I b\"}"),
      1, 2, 0, "reject", 1, 1 },
    { DEFECT_PLACEHOLDER, BYTES(GOOD "{\"instruction\":\"a\",\"output\":\" N/A.\"}"), 1, 2, 0,
      "reject", 1, 1 },
    { DEFECT_HTML_ENTITY, BYTES(GOOD "{\"text\":\"a &amp; b\"}"), 1, 2, 0, "reject", 1, 1 },
    { DEFECT_MOJIBAKE, BYTES(GOOD "{\"text\":\"it\xc3\xa2\xe2\x82\xac\xe2\x84\xa2s\"}"), 1, 2,
      0, "reject", 1, 1 },
    { DEFECT_INVISIBLE, BYTES(GOOD "{\"text\":\"a\\u200bb\"}"), 1, 2, 0, "reject", 1, 1 },
};

/* Ingest the corpus with this action for its defect. */
static void ingest(struct fixture *f, const struct dirty *dirty, const char *action)
{
    const bool is_long = dirty->defect == DEFECT_TOO_LONG;
    const char *path = tmp_write(&f->tmp, "dirty.jsonl", dirty->corpus.ptr, dirty->corpus.len);
    char on[64];
    struct error err;

    snprintf(on, sizeof on, "%s=%s", defect_classes[dirty->defect].name, action);
    new_store(f);
    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "max-rejects", "100", "on", on,
                        "max-record", is_long ? "300" : "100000", NULL));
}

static void assert_outcome(const struct fixture *f, const struct dirty *dirty, int inserted,
                           int rejected)
{
    if (stage_run_int(&f->run, "inserted") != inserted ||
        stage_run_int(&f->run, "rejected") != rejected)
        fail_msg("%s: inserted %d, rejected %d, not %d and %d\n%s",
                 defect_classes[dirty->defect].name, (int)stage_run_int(&f->run, "inserted"),
                 (int)stage_run_int(&f->run, "rejected"), inserted, rejected, f->run.notes);
}

/* The run counts n records with the defect under this action, and none under another action. */
static void assert_counted(const struct fixture *f, const struct dirty *dirty,
                           const char *action, int n)
{
    const char *name = defect_classes[dirty->defect].name;
    char sql[200], want[100];

    snprintf(sql, sizeof sql,
             "SELECT action, n FROM v_run_defects WHERE class = '%s' ORDER BY action DESC",
             name);
    snprintf(want, sizeof want, "%s|%d", action, n);
    assert_rows(f->store, sql, want);
}

static void every_defect_has_a_test_corpus(void **state)
{
    uint64_t seen = 0;

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        seen |= defect_bit(cases[i].defect);
    for (int i = DEFECT_NONE + 1; i < N_DEFECTS; i++)
        if (!(seen & defect_bit((enum defect)i)) && !defect_classes[i].of_row)
            fail_msg("%s has no corpus", defect_classes[i].name);
}

static void the_default_action_is_applied_and_counted(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct dirty *dirty = &cases[i];
        const char *by_default = defect_action_name(defect_classes[dirty->defect].action);

        ingest(f, dirty, by_default);
        assert_outcome(f, dirty, dirty->inserted, dirty->rejected);
        assert_counted(f, dirty, by_default, dirty->n);
    }
}

static void an_accepted_sample_keeps_a_note_of_its_defect(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct defect_class *class = &defect_classes[cases[i].defect];
        const bool taken = class->action != ACTION_REJECT && !class->of_file;
        char sql[200], want[16];

        ingest(f, &cases[i], defect_action_name(class->action));
        snprintf(sql, sizeof sql, "SELECT count(*) > 0 FROM v_defects WHERE class = '%s'",
                 class->name);
        snprintf(want, sizeof want, "%d", taken);
        assert_rows(f->store, sql, want);
    }
}

static void the_option_on_changes_the_action(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct dirty *dirty = &cases[i];

        if (!dirty->other)
            continue;
        ingest(f, dirty, dirty->other);
        assert_outcome(f, dirty, dirty->other_inserted, dirty->other_rejected);
    }
}

/* The repair leaves alone text that discusses the defect (here, code), and counts only what it
 * changed. */
static void repair_counts_only_the_texts_that_it_changes(void **state)
{
    static const struct {
        const char *on, *corpus, *texts, *counted;
    } repaired[] = {
        { "html_entity=repair",
          "{\"text\":\"a &amp;lt; b\"}\n{\"text\":\"c `&lt;`\"}\n{\"text\":\"d\"}\n",
          "a < b\nc `&lt;`\nd", "html_entity|repair|1" },
        { "mojibake=repair",
          "{\"text\":\"it\xc3\xa2\xe2\x82\xac\xe2\x84\xa2s\"}\n{\"text\":\"d\"}\n",
          "it\xe2\x80\x99s\nd", "mojibake|repair|1" },
        { "invisible=repair", "{\"text\":\"a\\u200bb\"}\n{\"text\":\"d\"}\n", "ab\nd",
          "invisible|repair|1" },
    };
    struct fixture *f = *state;
    struct error err;

    for (size_t i = 0; i < sizeof repaired / sizeof repaired[0]; i++) {
        const char *path =
            tmp_write(&f->tmp, "damaged.jsonl", repaired[i].corpus, strlen(repaired[i].corpus));

        new_store(f);
        assert_ok(
            stage_run(&f->run, &err, "ingest", "files", path, "on", repaired[i].on, NULL));
        assert_rows(f->store, "SELECT context FROM v_sample ORDER BY sample_id",
                    repaired[i].texts);
        assert_rows(f->store, "SELECT class, action, n FROM v_run_defects",
                    repaired[i].counted);
        assert_rows(f->store, "SELECT count(*) FROM v_defects", "1");
    }
}

static void a_text_that_is_empty_once_repaired_is_missing(void **state)
{
    static const char corpus[] = "{\"text\":\"\\u200b\"}\n"
                                 "{\"instruction\":\"a\",\"output\":\"\\ufeff\"}\n"
                                 "{\"system\":\"\\u200b\",\"instruction\":\"a\","
                                 "\"output\":\"b\"}\n";
    struct fixture *f = *state;
    const char *path = tmp_write(&f->tmp, "hidden.jsonl", corpus, sizeof corpus - 1);
    struct error err;

    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "on", "invisible=repair",
                        "max-rejects", "50", NULL));
    assert_rows(f->store, "SELECT class FROM v_rejects", "empty_record");
    assert_rows(f->store, "SELECT system IS NULL, response FROM v_sample ORDER BY sample_id",
                "1|\n1|b");
    assert_rows(f->store, "SELECT count(*) FROM v_defects WHERE class = 'empty_response'", "1");
}

/* Chat formats have no such role, so the sample has this defect and one of role order. */
static void a_turn_with_an_unknown_role_is_kept(void **state)
{
    static const char corpus[] = CHAT(
        TURN("user", "\"a\"") "," TURN("Narrator", "\"b\"") "," TURN("assistant", "\"c\""));
    struct fixture *f = *state;
    const char *path = tmp_write(&f->tmp, "roles.jsonl", corpus, sizeof corpus - 1);
    struct error err;

    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, NULL));
    assert_rows(f->store, "SELECT role, content FROM turn ORDER BY turn",
                "user|a\nNarrator|b\nassistant|c");
    assert_rows(f->store, "SELECT class FROM v_defects ORDER BY class", "bad_role\nrole_order");
}

/* A record rejected for its id is still checked for it by a later retry. */
static void retry_checks_for_duplicate_ids_again(void **state)
{
    static const char corpus[] = "{\"id\":7,\"text\":\"a\"}\n{\"id\":7,\"text\":\"b\"}\n";
    struct fixture *f = *state;
    const char *path = tmp_write(&f->tmp, "ids.jsonl", corpus, sizeof corpus - 1);
    struct error err;

    assert_ok(stage_run(&f->run, &err, "ingest", "files", path, "on", "duplicate_id=reject",
                        "max-rejects", "50", NULL));
    assert_rows(f->store, "SELECT class FROM v_rejects", "duplicate_id");
    assert_ok(stage_run(&f->run, &err, "retry", "on", "duplicate_id=reject", NULL));
    assert_int_equal(stage_run_int(&f->run, "rejected"), 1);
    assert_rows(f->store, "SELECT class FROM v_rejects", "duplicate_id");
    assert_rows(f->store, "SELECT count(*) FROM v_sample", "1");
    assert_ok(stage_run(&f->run, &err, "retry", NULL));
    assert_int_equal(stage_run_int(&f->run, "inserted"), 1);
    assert_rows(f->store, "SELECT count(*) FROM v_rejects", "0");
    assert_rows(f->store, "SELECT class FROM v_defects", "duplicate_id");
    assert_rows(f->store,
                "SELECT action, n FROM v_run_defects WHERE class = 'duplicate_id'"
                " ORDER BY run_id",
                "reject|1\nreject|1\nkeep|1");
}

static void strict_rejects_records_that_would_be_repaired(void **state)
{
    struct defect_policy policy;

    (void)state;
    defect_policy_init(&policy);
    defect_policy_strict(&policy);
    for (int i = 0; i < N_DEFECTS; i++)
        assert_int_equal(policy.actions[i],
                         defect_classes[i].action == ACTION_KEEP ? ACTION_KEEP : ACTION_REJECT);
}

static void a_malformed_policy_is_refused(void **state)
{
    static const struct {
        const char *text, *phrase;
    } bad[] = {
        { "nan_inf", "CLASS=ACTION" },
        { "nan=reject", "unknown class" },
        { "nan_in=reject", "did you mean nan_inf" },
        { "foo=keep", "unknown class; " },
        { "nan_inf=keep", "repair or reject" },
        { "nan_inf=", "repair or reject" },
        { "bad_json=repair", "can only be rejected" },
        { "mojibake=mend", "keep or repair or reject" },
        { "bad_utf8=keep", "repair or reject" },
        { "=reject", "unknown class" },
        { "a_class_whose_name_is_longer_than_any_name_of_any_class_could_be_at_all=keep",
          "unknown class" },
    };
    struct defect_policy policy;
    struct error err;

    (void)state;
    defect_policy_init(&policy);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_fails(defect_policy_set(&policy, bad[i].text, &err), ERR_USAGE, bad[i].phrase);
}

static void every_defect_is_explained(void **state)
{
    (void)state;
    for (int i = DEFECT_NONE + 1; i < N_DEFECTS; i++) {
        assert_non_null(defect_classes[i].name);
        assert_int_equal(defect_find(defect_classes[i].name), i);
        assert_true(strlen(defect_classes[i].what) > 10);
        assert_int_equal(defect_classes[i].page[strlen(defect_classes[i].page) - 1], '\n');
    }
    assert_int_equal(defect_find("no_such_class"), DEFECT_NONE);
    assert_int_equal(defect_find(""), DEFECT_NONE);
}

static void utf16_with_a_byte_order_mark_is_converted(void **state)
{
    static const char wide[] = "\xff\xfe{\0\"\0t\0e\0x\0t\0\"\0:\0\"\0\xe4\0\"\0}\0\n\0"
                               "{\0\"\0t\0e\0x\0t\0\"\0:\0\"\0\x3d\xd8\"\0}\0\n";
    const struct dirty dirty = { .defect = DEFECT_BOM, .corpus = { wide, sizeof wide } };
    struct fixture *f = *state;

    ingest(f, &dirty, "repair");
    assert_outcome(f, &dirty, 1, 1);
    assert_non_null(strstr(f->run.notes, "is UTF-16LE, converted to UTF-8"));
    assert_rows(f->store, "SELECT context FROM v_sample", "\xc3\xa4");
    assert_rows(f->store, "SELECT line, class FROM v_rejects", "2|bad_utf8");
    assert_counted(f, &dirty, "repair", 1);
}

static void utf16_is_rejected_if_byte_order_marks_are(void **state)
{
    static const char wide[] = "\xff\xfe{\0}\0";
    struct fixture *f = *state;
    const char *path = tmp_write(&f->tmp, "dirty.jsonl", wide, sizeof wide - 1);
    struct error err;

    assert_fails(stage_run(&f->run, &err, "ingest", "files", path, "on", "bom=reject", NULL),
                 ERR_INPUT, "bom 1");
    assert_rows(f->store, "SELECT class, byte_offset, length(raw) FROM reject", "bom|0|6");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_defect_has_a_test_corpus),
        cmocka_unit_test_setup_teardown(the_default_action_is_applied_and_counted, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(an_accepted_sample_keeps_a_note_of_its_defect, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_option_on_changes_the_action, setup, teardown),
        cmocka_unit_test_setup_teardown(repair_counts_only_the_texts_that_it_changes, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_text_that_is_empty_once_repaired_is_missing, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_turn_with_an_unknown_role_is_kept, setup, teardown),
        cmocka_unit_test_setup_teardown(retry_checks_for_duplicate_ids_again, setup, teardown),
        cmocka_unit_test(strict_rejects_records_that_would_be_repaired),
        cmocka_unit_test(a_malformed_policy_is_refused),
        cmocka_unit_test(every_defect_is_explained),
        cmocka_unit_test_setup_teardown(utf16_with_a_byte_order_mark_is_converted, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(utf16_is_rejected_if_byte_order_marks_are, setup,
                                        teardown),
    };

    return cmocka_run_group_tests_name("stages/defect", tests, NULL, NULL);
}
