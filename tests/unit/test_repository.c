/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/report.h"
#include "stages/ingest/card.h"
#include "stages/ingest/repository.h"
#include "stages/ingest/split_name.h"

enum { PATHS_MAX = 40, TEXT_MAX = 8000 };

struct listing_case {
    const char *name;
    const char *card;    /* the YAML of README.md; NULL: no README.md */
    const char *listing; /* one path a line */
    const char *config;
    const char *split;
    const char *want; /* "PATH CONFIG SPLIT" a line; "- " for unknown; or "! " and an error */
    const char *note; /* a part of the notes; NULL: there is none */
    bool is_named;    /* the files are named one by one */
    bool is_folder;   /* they are those of a folder */
};

/* wikitext: two configs, each with its folder. */
#define WIKITEXT                                                                               \
    "configs:\n"                                                                               \
    "- config_name: wikitext-103\n"                                                            \
    "  data_files:\n"                                                                          \
    "  - split: test\n"                                                                        \
    "    path: wikitext-103/test-*\n"                                                          \
    "  - split: train\n"                                                                       \
    "    path: wikitext-103/train-*\n"                                                         \
    "- config_name: wikitext-2\n"                                                              \
    "  data_files:\n"                                                                          \
    "  - split: train\n"                                                                       \
    "    path: wikitext-2/train-*\n"
#define WIKITEXT_FILES                                                                         \
    "README.md\n"                                                                              \
    "wikitext-103/test-00000-of-00001.parquet\n"                                               \
    "wikitext-103/train-00000-of-00002.parquet\n"                                              \
    "wikitext-103/train-00001-of-00002.parquet\n"                                              \
    "wikitext-2/train-00000-of-00001.parquet\n"

static const struct listing_case cases[] = {
    { "configs by folder", WIKITEXT, WIKITEXT_FILES, NULL, NULL,
      "wikitext-103/test-00000-of-00001.parquet wikitext-103 test\n"
      "wikitext-103/train-00000-of-00002.parquet wikitext-103 train\n"
      "wikitext-103/train-00001-of-00002.parquet wikitext-103 train\n"
      "wikitext-2/train-00000-of-00001.parquet wikitext-2 train\n",
      .note = NULL },
    { "one config", WIKITEXT, WIKITEXT_FILES, "wikitext-2", NULL,
      "wikitext-2/train-00000-of-00001.parquet wikitext-2 train\n", .note = NULL },
    { "one split of all configs", WIKITEXT, WIKITEXT_FILES, NULL, "test",
      "wikitext-103/test-00000-of-00001.parquet wikitext-103 test\n", .note = NULL },
    { "one split of one config", WIKITEXT, WIKITEXT_FILES, "wikitext-103", "test",
      "wikitext-103/test-00000-of-00001.parquet wikitext-103 test\n", .note = NULL },
    { "an unknown config", WIKITEXT, WIKITEXT_FILES, "wikitext-1", NULL,
      "! no config 'wikitext-1': it has wikitext-103, wikitext-2", .note = NULL },
    { "an unknown split", WIKITEXT, WIKITEXT_FILES, NULL, "dev",
      "! no split 'dev': it has test, train", .note = NULL },
    { "a split that another config has", WIKITEXT, WIKITEXT_FILES, "wikitext-2", "test",
      "! no split 'test': it has train", .note = NULL },
    { "no README", NULL, ".gitattributes\ntest.jsonl\ntrain.jsonl\n", NULL, NULL,
      "test.jsonl default test\ntrain.jsonl default train\n", .note = NULL },
    { "a README without configs", "license: mit\ntags:\n- chat\n",
      "LICENSE\nREADME.md\ndata.json\nload.py\n", NULL, NULL, "data.json default train\n",
      .note = NULL },
    { "a README that is no card", "# not YAML: [\n", "README.md\na.jsonl\n", NULL, NULL,
      "a.jsonl default train\n", .note = NULL },
    { "shards in data/", NULL,
      "data/test_sft-00000-of-00001-f7dfac4afe5b93f4.parquet\n"
      "data/train_gen-00000-of-00003.parquet\ndata/train_sft-00000-of-00003.parquet\n",
      NULL, NULL,
      "data/test_sft-00000-of-00001-f7dfac4afe5b93f4.parquet default test_sft\n"
      "data/train_gen-00000-of-00003.parquet default train_gen\n"
      "data/train_sft-00000-of-00003.parquet default train_sft\n",
      .note = NULL },
    { "shards leave out what lies beside them", NULL,
      "data/train-00000-of-00001.parquet\nraw/dump.parquet\n", NULL, NULL,
      "data/train-00000-of-00001.parquet default train\n",
      .note = "passed over 1 file in no split of the dataset: raw/dump.parquet" },
    { "shards elsewhere are split by their words", NULL,
      "en/train-00000-of-00001.parquet\nen/validation-00000-of-00001.parquet\n", NULL, NULL,
      "en/train-00000-of-00001.parquet default train\n"
      "en/validation-00000-of-00001.parquet default validation\n",
      .note = NULL },
    { "folders of splits", NULL,
      "data/dev/a.jsonl\ndata/train-part.1/b.jsonl\ndata/training/test.jsonl\n"
      "my_eval/x.jsonl\nother/train.jsonl\n",
      NULL, NULL,
      "data/dev/a.jsonl default validation\n"
      "data/train-part.1/b.jsonl default train\n"
      "data/training/test.jsonl default train\n"
      "my_eval/x.jsonl default test\n",
      .note = "in no split of the dataset: other/train.jsonl" },
    { "the innermost folder decides", NULL, "test/train/a.jsonl\n", NULL, NULL,
      "test/train/a.jsonl default train\n", .note = NULL },
    { "aliases of splits in file names", NULL,
      "a.val.jsonl\nb-testing-1.jsonl\ndev.jsonl\nevaluation.jsonl\nmy_training_data.jsonl\n"
      "train2.jsonl\nvalid_0.jsonl\nvalidation.jsonl\n",
      NULL, NULL,
      "a.val.jsonl default validation\nb-testing-1.jsonl default test\n"
      "dev.jsonl default validation\nevaluation.jsonl default test\n"
      "my_training_data.jsonl default train\ntrain2.jsonl default train\n"
      "valid_0.jsonl default validation\nvalidation.jsonl default validation\n",
      .note = NULL },
    { "a word inside a word is no split", NULL,
      "contest.jsonl\ndevices.jsonl\ntrainer.jsonl\nvalue.jsonl\n", NULL, NULL,
      "contest.jsonl default train\ndevices.jsonl default train\n"
      "trainer.jsonl default train\nvalue.jsonl default train\n",
      .note = NULL },
    { "names of splits are in lower case", NULL, "Test.jsonl\nx/TRAIN/a.jsonl\n", NULL, NULL,
      "Test.jsonl default train\nx/TRAIN/a.jsonl default train\n", .note = NULL },
    { "a folder for each language",
      "configs:\n- config_name: de\n  data_dir: ./de/\n"
      "- config_name: en\n  data_dir: en\n  default: true\n",
      "README.md\nde/test.jsonl\nde/train.jsonl\nen/train.jsonl\nenglish/train.jsonl\n", NULL,
      NULL, "de/test.jsonl de test\nde/train.jsonl de train\nen/train.jsonl en train\n",
      .note = "in no split of the dataset: english/train.jsonl" },
    { "patterns are relative to data_dir",
      "configs:\n- config_name: a\n  data_dir: sets/a\n  data_files: '*.csv'\n",
      "README.md\nb.csv\nsets/a/b.csv\nsets/a/c/d.csv\n", NULL, NULL, "sets/a/b.csv a train\n",
      .note = "2 files in no split of the dataset: b.csv, ..." },
    { "shards in the data folder of a data_dir",
      "configs:\n- config_name: a\n  data_dir: sets\n",
      "README.md\nsets/data/dev-00000-of-00001.parquet\n", NULL, NULL,
      "sets/data/dev-00000-of-00001.parquet a dev\n", .note = NULL },
    { "data_files is a text", "configs:\n- config_name: main\n  data_files: ./main.jsonl\n",
      "README.md\nextra.jsonl\nmain.jsonl\n", NULL, NULL, "main.jsonl main train\n",
      .note = "in no split of the dataset: extra.jsonl" },
    { "data_files is a list of texts",
      "configs:\n- config_name: main\n  data_files:\n  - a/*.jsonl\n  - b/**\n",
      "README.md\na/1.jsonl\na/c/2.jsonl\nb/3.jsonl\nb/c/d/4.jsonl\n", NULL, NULL,
      "a/1.jsonl main train\nb/3.jsonl main train\nb/c/d/4.jsonl main train\n",
      .note = "1 file in no split of the dataset: a/c/2.jsonl" },
    { "a split with a list of paths",
      "configs:\n- config_name: x\n  data_files:\n  - split: random\n    path:\n"
      "    - one.jsonl\n    - 't[wh]*.jsonl'\n",
      "README.md\nfour.jsonl\none.jsonl\nthree.jsonl\ntwo.jsonl\n", NULL, "random",
      "one.jsonl x random\nthree.jsonl x random\ntwo.jsonl x random\n",
      .note = "in no split of the dataset: four.jsonl" },
    { "JSON is YAML",
      "\"configs\": [{\"config_name\": \"x\", \"data_files\": [{\"split\": \"test\", "
      "\"path\": \"a.json\"}]}]\n",
      "README.md\na.json\n", NULL, NULL, "a.json x test\n", .note = NULL },
    { "a file of two configs is read once, for the first",
      "configs:\n- config_name: all\n  data_files: '*/*.jsonl'\n"
      "- config_name: en\n  data_files:\n  - split: test\n    path: en/*.jsonl\n",
      "README.md\nde/a.jsonl\nen/a.jsonl\n", NULL, NULL,
      "de/a.jsonl all train\nen/a.jsonl all train\n", .note = NULL },
    { "a file of two configs is read for the one that is asked for",
      "configs:\n- config_name: all\n  data_files: '*/*.jsonl'\n"
      "- config_name: en\n  data_files:\n  - split: test\n    path: en/*.jsonl\n",
      "README.md\nde/a.jsonl\nen/a.jsonl\n", "en", NULL, "en/a.jsonl en test\n", .note = NULL },
    { "the most common kind is read", NULL,
      "a.jsonl.gz\nb.jsonl\nc.csv\nrequirements.txt\nnotes.txt\nmore.txt\n", NULL, NULL,
      "a.jsonl.gz default train\nb.jsonl default train\n",
      .note = "passed over 4 files of config default: most of its files are JSON" },
    { "of equally common kinds, Parquet is read", NULL,
      "test.json\ntest.parquet\ntrain.json\ntrain.parquet\n", NULL, NULL,
      "test.parquet default test\ntrain.parquet default train\n",
      .note = "passed over 2 files of config default: most of its files are Parquet" },
    { "texts are read where there is nothing else", NULL, "a.txt\nb.txt\nREADME.md\n", NULL,
      NULL, "a.txt default train\nb.txt default train\n", .note = NULL },
    { "a pattern with an ending asks for its kind",
      "configs:\n- config_name: x\n  data_files:\n  - split: a\n    path: '*.csv'\n"
      "  - split: b\n    path: '*.jsonl'\n",
      "README.md\n1.csv\n2.jsonl\n3.jsonl\n", NULL, NULL,
      "1.csv x a\n2.jsonl x b\n3.jsonl x b\n", .note = NULL },
    { "files that describe the dataset are no data", NULL,
      "config.json\ndataset_info.json\ndataset_infos.json\ntrain.json\n", NULL, NULL,
      "train.json default train\n", .note = NULL },
    { "a file that the card names is data",
      "configs:\n- config_name: x\n  data_files: config.json\n", "README.md\nconfig.json\n",
      NULL, NULL, "config.json x train\n", .note = NULL },
    { "hidden files and folders are passed over", NULL,
      ".cache/a.jsonl\n.b.jsonl\n__MACOSX/c.jsonl\nd.jsonl\ne/__pycache__/f.jsonl\n", NULL,
      NULL, "d.jsonl default train\n", .note = NULL },
    { "hidden files can be named",
      "configs:\n- config_name: x\n  data_files: ['.a/*.jsonl', '__b/**']\n",
      "README.md\n.a/.c.jsonl\n.a/b.jsonl\n__b/c.jsonl\n", NULL, NULL,
      ".a/b.jsonl x train\n__b/c.jsonl x train\n", .note = NULL },
    { "a conversion of the Hub", NULL,
      "de/partial-train/0000.parquet\nen-x/test/0000.parquet\nen/test/0000.parquet\n"
      "en/train/0000.parquet\nen/train/0001.parquet\n",
      "en", NULL,
      "en/test/0000.parquet en test\nen/train/0000.parquet en train\n"
      "en/train/0001.parquet en train\n",
      .note = NULL },
    { "a part of a split was converted", NULL, "de/partial-my.split/0000.parquet\n", NULL, NULL,
      "de/partial-my.split/0000.parquet de my.split\n", .note = NULL },
    { "a pattern without files is reported",
      "configs:\n- config_name: x\n  data_files: [a.jsonl, b-*.jsonl]\n",
      "README.md\na.jsonl\n", NULL, NULL, "a.jsonl x train\n",
      .note = "config x: no data file matches b-*.jsonl" },
    { "a config without files", "configs:\n- config_name: x\n  data_files: b-*.jsonl\n",
      "README.md\na.jsonl\n", NULL, NULL, "! config 'x' of README.md has no data files",
      .note = NULL },
    { "a config without files is asked for",
      "configs:\n- config_name: x\n  data_files: a.jsonl\n- config_name: y\n  data_dir: b\n",
      "README.md\na.jsonl\n", "y", NULL, "! config 'y' of README.md has no data files",
      .note = NULL },
    { "no data at all", "license: mit\n", ".gitattributes\nREADME.md\nmodel.bin\n", NULL, NULL,
      "! no file of this dataset ends in .parquet", .note = NULL },
    { "an empty repository", NULL, "", NULL, NULL, "! no file of this dataset ends in",
      .note = NULL },
    { "aliases of YAML repeat a value",
      "x: &a 1\nconfigs:\n- config_name: x\n  data_files: &f\n  - split: test\n    path: "
      "a.csv\n"
      "- config_name: y\n  data_files: *f\n",
      "README.md\na.csv\n", "y", NULL, "a.csv y test\n", .note = NULL },
    { "a malformed card", "configs:\n- config_name: [x\n", "README.md\na.jsonl\n", NULL, NULL,
      "! repo/README.md: line 4: not valid YAML", .note = NULL },
    { "a config without a name", "configs:\n- data_dir: x\n", "README.md\na.jsonl\n", NULL,
      NULL, "! repo/README.md: line 3: the config has no `config_name`", .note = NULL },
    { "configs that are no list", "configs:\n  config_name: x\n", "README.md\na.jsonl\n", NULL,
      NULL, "! line 3: `configs` must be a list", .note = NULL },
    { "files named one by one have what their names say", NULL,
      "data/train_sft-00000-of-00001.parquet\nde/test/0001.parquet\nx/dev/a.jsonl\n"
      "y/my-test.jsonl\nz.bin\n",
      NULL, NULL,
      "data/train_sft-00000-of-00001.parquet - train_sft\nde/test/0001.parquet de test\n"
      "x/dev/a.jsonl - validation\ny/my-test.jsonl - test\nz.bin - -\n",
      .is_named = true },
    { "files of a folder have what their names say", NULL,
      "en/.a.jsonl\nen/README.md\nen/a.jsonl\nen/dataset_info.json\nen/notes.txt\n"
      "en/other.csv\nen/test.jsonl\n",
      NULL, NULL, "en/a.jsonl - -\nen/other.csv - -\nen/test.jsonl - test\n",
      .is_folder = true },
    { "texts of a folder are read where there is nothing else", NULL,
      "en/README.md\nen/train.txt\n", NULL, NULL, "en/train.txt - train\n", .is_folder = true },
    { "a folder without data", NULL, "en/README.md\n", NULL, NULL,
      "! no file of this dataset ends in", .is_folder = true },
    { "files named one by one are chosen by split", NULL, "a.jsonl\ntest.jsonl\ntrain.jsonl\n",
      NULL, "test", "test.jsonl - test\n", .is_named = true },
    { "no file named one by one has the split", NULL, "a.jsonl\ntrain.jsonl\n", NULL, "dev",
      "! no split 'dev': it has train", .is_named = true },
    { "no file named one by one has a config", NULL, "a.jsonl\n", "en", NULL,
      "! no config 'en': its files belong to no config", .is_named = true },
};

static int read_card(void *state, size_t number, struct buf *out, struct error *err)
{
    const struct listing_case *c = state;

    (void)number;
    return buf_printf(out, err, "---\n%s---\n# Dataset\n", c->card);
}

static void collect_note(struct report *report, const char *text)
{
    struct buf *notes = report->arg;
    struct error err;

    assert_ok(buf_printf(notes, &err, "%s\n", text));
}

static size_t cut_lines(char *text, const char **out)
{
    size_t n = 0;

    for (char *end; (end = strchr(text, '\n')); text = end + 1) {
        *end = '\0';
        assert_true(n < PATHS_MAX);
        out[n++] = text;
    }
    return n;
}

static void print_choice(const struct repository *chosen, const char *const *paths,
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

static void check_listing(const struct listing_case *c)
{
    char text[TEXT_MAX];
    const char *paths[PATHS_MAX];
    struct buf notes, got;
    struct report report = { .note = collect_note, .arg = &notes };
    struct repository chosen = { .n = 0 };
    struct error err;

    buf_init(&notes, TEXT_MAX);
    buf_init(&got, TEXT_MAX);
    snprintf(text, sizeof text, "%s", c->listing);
    const struct repository_query query = {
        .name = "repo",
        .paths = paths,
        .n_paths = cut_lines(text, paths),
        .is_whole = !c->is_named && !c->is_folder,
        .is_folder = c->is_folder,
        .config = c->config,
        .split = c->split,
        .read_file = c->card ? read_card : NULL,
        .state = (void *)c,
        .report = &report,
    };
    const int rc = repository_choose(&query, &chosen, &err);
    if (c->want[0] == '!') {
        if (rc == 0 || !strstr(err.msg, c->want + 2))
            fail_msg("%s: '%s', not '%s'", c->name, rc == 0 ? "chosen" : err.msg, c->want + 2);
    } else {
        if (rc < 0)
            fail_msg("%s: %s", c->name, err.msg);
        print_choice(&chosen, paths, &got);
        if (strcmp(got.len > 0 ? got.data : "", c->want) != 0)
            fail_msg("%s:\n%sinstead of\n%s", c->name, got.len > 0 ? got.data : "", c->want);
        const char *noted = notes.len > 0 ? notes.data : "";
        if (c->note ? !strstr(noted, c->note) : noted[0] != '\0')
            fail_msg("%s: noted '%s', not '%s'", c->name, noted, c->note ? c->note : "");
        repository_release(&chosen);
    }
    buf_release(&notes);
    buf_release(&got);
}

static void files_of_realistic_listings_get_their_configs_and_splits(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_listing(&cases[i]);
}

static void a_repository_without_a_card_is_known_by_its_shards(void **state)
{
    const char *const shards[] = { "README.md", "data/train-00000-of-00001.parquet" };
    const char *const others[] = { "data/train.parquet",
                                   "x/data/train-00000-of-00001.parquet",
                                   "data/train-0000-of-00001.parquet",
                                   "data/train-00000-of-00001",
                                   "data/-00000-of-00001.jsonl",
                                   "data/model-00001-of-00002.safetensors" };

    (void)state;
    assert_true(repository_has_shards(shards, 2));
    assert_false(repository_has_shards(others, sizeof others / sizeof others[0]));
}

/* Parse a card whose YAML is made by repeating a text. */
static int parse_repeated(const char *before, const char *repeated, size_t n, const char *after,
                          struct card *card, struct error *err)
{
    struct buf text;
    struct arena arena;

    buf_init(&text, (size_t)1 << 26);
    arena_init(&arena);
    assert_int_equal(buf_printf(&text, err, "---\n%s", before), 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(buf_add_text(&text, repeated, err), 0);
    assert_int_equal(buf_printf(&text, err, "%s\n---\n", after), 0);
    const int rc = card_parse(buf_slice(&text), &arena, card, err);
    arena_release(&arena);
    buf_release(&text);
    return rc;
}

static void hostile_cards_are_refused(void **state)
{
    static const struct {
        const char *before, *repeated;
        size_t n;
        const char *after, *error;
    } hostile[] = {
        { "configs: ", "[", 1000000, "", "nested too deeply" },
        { "configs: ", "{a: ", 1000000, "", "nested too deeply" },
        { "features: ", "[", 100000, "\nconfigs: []", "nested too deeply" },
        { "configs: [", "a,", 600000, "]", "too many values" },
        { "configs:\n", "- config_name: a\n", 20001, "", "too many configs" },
        { "configs:\n- config_name: a\n  data_files:\n", "  - a\n", 200001, "",
          "too many patterns" },
        { "configs:\n- &c\n  config_name: x\n  data_files: [a,b,c,d,e,f,g,h,i,j]\n", "- *c\n",
          19999, "", NULL },
        { "configs:\n- &c\n  config_name: x\n  data_files: [a,b,c,d,e,f,g,h,i,j,k]\n", "- *c\n",
          19999, "", "too many patterns" },
        { "configs:\n- &c {config_name: x, data_files: [", "a*,", 100000, "]}\n- *c\n- *c\n",
          "too many patterns" },
        { "configs: &a [", "*a,", 1, "]", "an alias (*name)" },
        { "configs:\n", "- &a a\n", 1001, "", "too many anchors" },
        { "configs:\n- config_name: a\n  data_dir: ", "x", 4097, "", "longer than 4096" },
        { "%TAG !a! tag:x,2000:\n", "", 0, "\nconfigs: []\n", "a directive (%)" },
        { "configs:\n- config_name: \"a\\0b\"", "", 0, "\n", "NUL" },
        { "configs: []\n", "configs: []\n", 1, "", "the key is there twice" },
        { "configs:\n- config_name: a\n  data_files: ", "{train: x}", 1, "",
          "data_files must be a pattern" },
        { "configs:\n- config_name: a\n  data_files: ", "[x, {split: a, path: b}]", 1, "",
          "data_files must be a pattern" },
        { "configs:\n- config_name: a\n  data_files: ", "[{split: a}]", 1, "",
          "data_files must be a pattern" },
        { "configs:\n- config_name: ", "''", 1, "", "config_name: line 3: must be a text" },
        { "configs: ", "\x01", 1, "", "line 2: not valid YAML" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        struct card card = { .n_configs = 0 };
        struct error err;
        const int rc = parse_repeated(hostile[i].before, hostile[i].repeated, hostile[i].n,
                                      hostile[i].after, &card, &err);

        if (!hostile[i].error)
            assert_ok(rc);
        else
            assert_fails(rc, ERR_INPUT, hostile[i].error);
    }
}

static void a_pattern_that_backtracks_is_matched_in_bounded_time(void **state)
{
    enum { N = 2000, PATH_BYTES = 3000 };
    const char **paths = calloc(N, sizeof *paths);
    char *path = malloc(PATH_BYTES + 16);
    char card[4200] = "configs:\n- config_name: x\n  data_files: '";
    const struct listing_case c = { .card = card };
    struct repository chosen = { .n = 0 };
    struct error err;

    (void)state;
    assert_non_null(paths);
    assert_non_null(path);
    memset(path, 'a', PATH_BYTES);
    snprintf(path + PATH_BYTES, 16, ".jsonl");
    for (size_t i = 1; i < N; i++)
        paths[i] = path;
    paths[0] = "README.md";
    for (size_t len = strlen(card); len < 4000; len += 2)
        memcpy(card + len, "*a", 3);
    strncat(card, "b'\n", sizeof card - strlen(card) - 1);
    const struct repository_query query = { .name = "repo",
                                            .paths = paths,
                                            .n_paths = N,
                                            .is_whole = true,
                                            .read_file = read_card,
                                            .state = (void *)&c };
    assert_fails(repository_choose(&query, &chosen, &err), ERR_INPUT, "too many patterns");
    free(path);
    free(paths);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_of_realistic_listings_get_their_configs_and_splits),
        cmocka_unit_test(a_repository_without_a_card_is_known_by_its_shards),
        cmocka_unit_test(hostile_cards_are_refused),
        cmocka_unit_test(a_pattern_that_backtracks_is_matched_in_bounded_time),
    };

    return cmocka_run_group_tests_name("ingest/repository", tests, NULL, NULL);
}
