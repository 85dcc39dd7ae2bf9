/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packs of hashes: what is written is read, and a pack with other bytes is refused, or is the
 * same pack for its digest.
 */
#include "tests/support/test.h"

#include "base/buf.h"
#include "base/io/file.h"
#include "base/report.h"
#include "stages/decontaminate/decontaminate_private.h"
#include "tests/support/rng.h"
#include "tests/support/tmp.h"

static const struct contamination_rule rule = {
    .ngram = 8, .covered = .5, .longest = 30, .answers = true
};

static int read_pack_of(const char *path, struct read_evaluation *out, struct error *err)
{
    struct report report = { .phase = "test" };
    const struct evaluation_source source = { .argument = path,
                                              .rule = rule,
                                              .report = &report };

    return evaluation_read(&source, out, err);
}

static void damaged_packs_are_refused(void **state)
{
    static const char items[] =
        "{\"question\": \"a b c d e f g h i j k\", \"answer\": \"l m n o p q r s t\"}\n"
        "{\"question\": \"one two three four\", \"answer\": \"5\"}\n"
        "{\"question\": \"why?\", \"answer\": \"\"}\n";
    struct rng rng = rng_from_env("CURATE_SEED");
    struct tmp tmp;
    struct read_evaluation evaluation;
    uint8_t want[DIGEST_BYTES], got[DIGEST_BYTES];
    struct error err;
    struct buf pack;

    (void)state;
    tmp_open(&tmp);
    const char *from = tmp_write(&tmp, "items.jsonl", items, sizeof items - 1);
    const char *path = tmp_path(&tmp, "x.pack");
    assert_ok(read_pack_of(from, &evaluation, &err));
    assert_ok(contamination_index_digest(evaluation.index, want, &err));
    assert_ok(pack_write(&evaluation, &rule, path, &err));
    evaluation_release(&evaluation);
    buf_init(&pack, 1 << 20);
    assert_ok(file_read(path, &pack, &err));
    assert_ok(read_pack_of(path, &evaluation, &err));
    assert_true(evaluation.is_pack && evaluation.n_items == 3);
    assert_string_equal(evaluation.name, "items");
    evaluation_release(&evaluation);
    for (size_t i = 0; i < 400; i++) {
        const size_t at = rng_below(&rng, pack.len);
        const char was = pack.data[at];
        const size_t len = i % 4 == 0 ? at : pack.len;

        pack.data[at] = (char)rng_next(&rng);
        tmp.n_paths = 2; /* the same file again */
        (void)tmp_write(&tmp, "x.pack", pack.data, len);
        pack.data[at] = was;
        if (read_pack_of(path, &evaluation, &err) == 0 && evaluation.is_pack) {
            assert_ok(contamination_index_digest(evaluation.index, got, &err));
            assert_memory_equal(got, want, DIGEST_BYTES);
        }
        evaluation_release(&evaluation);
    }
    buf_release(&pack);
    tmp_close(&tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(damaged_packs_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
