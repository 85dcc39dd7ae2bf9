/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folders as save_to_disk of datasets 5.2 writes them, and as they get damaged.
 */
#include "tests/support/test.h"

#include "base/buf.h"
#include "base/report.h"
#include "stages/ingest/saved_dataset.h"

enum { PATHS_MAX = 16, TEXT_MAX = 4000 };

#define INFO            "{\"citation\": \"\", \"features\": {\"text\": {\"_type\": \"Value\"}}}"
#define INFO_OF(config) "{\"config_name\": \"" config "\", \"features\": {}}"
#define FILE_OF(name)   "{\"filename\": \"" name "\"}"
#define STATE(split, files)                                                                    \
    "{\"_data_files\": [" files "], \"_fingerprint\": \"b5\", \"_format_columns\": null, "     \
    "\"_split\": " split "}"
#define ONE "data-00000-of-00001.arrow"

struct saved_file {
    const char *path;
    const char *text; /* NULL: not read */
};

struct saved_case {
    const char *name;
    struct saved_file files[PATHS_MAX];
    const char *config;
    const char *split;
    const char *want; /* "PATH CONFIG SPLIT" a line; "0": no saved dataset; "! " and an error */
    enum error_code code;
    const char *note;
};

static const struct saved_case cases[] = {
    { "one dataset of two files, in the order of state.json",
      { { "data-00000-of-00002.arrow", NULL },
        { "data-00001-of-00002.arrow", NULL },
        { "dataset_info.json", INFO },
        { "state.json", STATE("null", FILE_OF("data-00001-of-00002.arrow") ", " FILE_OF(
                                          "data-00000-of-00002.arrow")) } },
      .want = "data-00001-of-00002.arrow - -\ndata-00000-of-00002.arrow - -\n" },
    { "the split of state.json and the config of dataset_info.json",
      { { "x/" ONE, NULL },
        { "x/dataset_info.json", INFO_OF("en") },
        { "x/state.json", STATE("\"train\"", FILE_OF(ONE)) } },
      .want = "x/" ONE " en train\n" },
    { "a folder for each split",
      { { "dataset_dict.json", "{\"splits\": [\"train\", \"test_sft\"]}" },
        { "test_sft/" ONE, NULL },
        { "test_sft/dataset_info.json", INFO },
        { "test_sft/state.json", STATE("null", FILE_OF(ONE)) },
        { "train/" ONE, NULL },
        { "train/dataset_info.json", INFO },
        { "train/state.json", STATE("null", FILE_OF(ONE)) } },
      .want = "test_sft/" ONE " - test_sft\ntrain/" ONE " - train\n" },
    { "one split of them",
      { { "dataset_dict.json", "{\"splits\": [\"train\", \"test\"]}" },
        { "test/" ONE, NULL },
        { "test/dataset_info.json", INFO },
        { "test/state.json", STATE("null", FILE_OF(ONE)) },
        { "train/" ONE, NULL },
        { "train/dataset_info.json", INFO },
        { "train/state.json", STATE("null", FILE_OF(ONE)) } },
      .split = "test",
      .want = "test/" ONE " - test\n" },
    { "a split that is not there",
      { { "dataset_dict.json", "{\"splits\": [\"train\"]}" },
        { "train/" ONE, NULL },
        { "train/dataset_info.json", INFO },
        { "train/state.json", STATE("null", FILE_OF(ONE)) } },
      .split = "dev",
      .want = "! folder: no split 'dev': it has train",
      .code = ERR_NOT_FOUND },
    { "a config that is not there",
      { { ONE, NULL },
        { "dataset_info.json", INFO },
        { "state.json", STATE("null", FILE_OF(ONE)) } },
      .config = "en",
      .want = "! folder: no config 'en': it has none",
      .code = ERR_NOT_FOUND },
    { "caches of Python are passed over, files elsewhere are read",
      { { "more.jsonl", NULL },
        { "x/cache-12ab.arrow", NULL },
        { "x/" ONE, NULL },
        { "x/dataset_info.json", INFO },
        { "x/state.json", STATE("null", FILE_OF(ONE)) },
        { "y/state.json", NULL } },
      .want = "x/" ONE " - -\nmore.jsonl - -\n",
      .note = "folder: passed over 1 file that state.json does not name" },
    { "other folders are no saved datasets",
      { { "state.json", "{}" }, { "a.jsonl", NULL }, { "x/dataset_info.json", INFO } },
      .want = "0" },
    { "a dataset without rows has no files",
      { { "dataset_info.json", INFO }, { "state.json", STATE("null", "") } },
      .want = "" },
    { "a mapping of indices",
      { { ONE, NULL },
        { "indices.arrow", NULL },
        { "dataset_info.json", INFO },
        { "state.json",
          "{\"_data_files\": [" FILE_OF(ONE) "], \"_indices_data_files\": [" FILE_OF(
              "indices.arrow") "]}" } },
      .want = "! call flatten_indices() in Python and save it again",
      .code = ERR_UNSUPPORTED },
    { "no mapping of indices",
      { { ONE, NULL },
        { "dataset_info.json", INFO },
        { "state.json", "{\"_data_files\": [" FILE_OF(ONE) "], \"_indices_data_files\": null, "
                                                           "\"_indices_files\": []}" } },
      .want = ONE " - -\n" },
    { "a file that is missing",
      { { "dataset_info.json", INFO }, { "state.json", STATE("null", FILE_OF(ONE)) } },
      .want = "! folder/state.json names the file " ONE ": it is missing",
      .code = ERR_NOT_FOUND },
    { "a split that is missing",
      { { "dataset_dict.json", "{\"splits\": [\"train\", \"test\"]}" },
        { "train/" ONE, NULL },
        { "train/dataset_info.json", INFO },
        { "train/state.json", STATE("null", FILE_OF(ONE)) } },
      .want = "! folder/dataset_dict.json names the split test: test/state.json is missing",
      .code = ERR_NOT_FOUND },
    { "a file of another folder",
      { { "a.arrow", NULL },
        { "x/dataset_info.json", INFO },
        { "x/state.json", STATE("null", FILE_OF("../a.arrow")) } },
      .want = "! folder/x/state.json: file 1 of `_data_files` has no valid `filename`",
      .code = ERR_INPUT },
    { "a file named twice is read once",
      { { ONE, NULL },
        { "dataset_info.json", INFO },
        { "state.json", STATE("null", FILE_OF(ONE) "," FILE_OF(ONE)) } },
      .want = ONE " - -\n" },
    { "a state that is cut",
      { { ONE, NULL }, { "dataset_info.json", INFO }, { "state.json", "{\"_data_files\": [" } },
      .want = "! folder/state.json: at byte 17: ",
      .code = ERR_INPUT },
    { "a state that is a list",
      { { ONE, NULL }, { "dataset_info.json", INFO }, { "state.json", "[]" } },
      .want = "! folder/state.json: must be a JSON object",
      .code = ERR_INPUT },
    { "a state without files",
      { { ONE, NULL }, { "dataset_info.json", INFO }, { "state.json", "{}" } },
      .want = "! folder/state.json: `_data_files` must be a list",
      .code = ERR_INPUT },
    { "splits that are no list",
      { { "dataset_dict.json", "{\"splits\": 7}" },
        { ONE, NULL },
        { "dataset_info.json", INFO },
        { "state.json", STATE("null", FILE_OF(ONE)) } },
      .want = "! folder/dataset_dict.json: `splits` must be a list",
      .code = ERR_INPUT },
    { "a split that leads out of the folder",
      { { "x/dataset_dict.json", "{\"splits\": [\"../y\"]}" },
        { "y/" ONE, NULL },
        { "y/dataset_info.json", INFO },
        { "y/state.json", STATE("null", FILE_OF(ONE)) } },
      .want = "! folder/x/dataset_dict.json: split 1 has no valid name",
      .code = ERR_INPUT },
};

static int read_text(void *state, size_t number, struct buf *out, struct error *err)
{
    const struct saved_case *c = state;

    assert_non_null(c->files[number].text);
    return buf_add_text(out, c->files[number].text, err);
}

static void keep_note(struct report *report, const char *text)
{
    snprintf(report->arg, TEXT_MAX, "%s", text);
}

static void print_files(const struct repository *chosen, const char *const *paths,
                        struct buf *out)
{
    struct error err;

    for (size_t i = 0; i < chosen->n; i++) {
        const struct repository_file *file = &chosen->files[i];

        assert_ok(buf_printf(out, &err, "%s %s %s\n", paths[file->number],
                             file->config ? file->config : "-",
                             file->split ? file->split : "-"));
    }
}

static void check_case(const struct saved_case *c)
{
    const char *paths[PATHS_MAX];
    char note[TEXT_MAX] = "";
    struct report report = { .note = keep_note, .arg = note };
    struct repository chosen = { .n = 0 };
    struct buf got;
    struct error err = { .msg = "" };
    size_t n = 0;

    for (; n < PATHS_MAX && c->files[n].path; n++)
        paths[n] = c->files[n].path;
    const struct repository_query query = {
        .name = "folder",
        .paths = paths,
        .n_paths = n,
        .is_whole = true,
        .config = c->config,
        .split = c->split,
        .read_file = read_text,
        .state = (void *)c,
        .report = &report,
    };
    const int rc = saved_dataset_choose(&query, &chosen, &err);
    buf_init(&got, TEXT_MAX);
    if (c->want[0] == '!') {
        if (rc != -1 || err.code != c->code || !strstr(err.msg, c->want + 2))
            fail_msg("%s: %d, %d '%s', not '%s'", c->name, rc, (int)err.code, err.msg,
                     c->want + 2);
    } else {
        assert_ok(buf_add_text(&got, rc == 0 ? "0" : "", &err));
        if (rc < 0)
            fail_msg("%s: %s", c->name, err.msg);
        print_files(&chosen, paths, &got);
        if (strcmp(got.data, c->want) != 0)
            fail_msg("%s:\n%sinstead of\n%s", c->name, got.data, c->want);
        if (strcmp(note, c->note ? c->note : "") != 0)
            fail_msg("%s: noted '%s'", c->name, note);
        repository_release(&chosen);
    }
    buf_release(&got);
}

static void saved_datasets_are_read_by_their_state(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_case(&cases[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(saved_datasets_are_read_by_their_state),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
