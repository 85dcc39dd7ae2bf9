/* SPDX-License-Identifier: Apache-2.0 */
/* Real corpora, where they are installed: each record is accounted for, and a second run adds
 * nothing. */
#include "tests/support/test.h"

#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>

#include "store/store.h"
#include "tests/support/stage_run.h"
#include "tests/support/store_digest.h"

static void every_record_of_a_real_corpus_is_accounted_for(void **state)
{
    const glob_t *corpora = *state;
    struct stage_run run;
    struct store *store = NULL;
    struct error err;

    assert_ok(store_open(":memory:", STORE_CREATE, &store, &err));
    stage_run_init(&run, store);
    for (size_t i = 0; i < corpora->gl_pathc; i++) {
        const char *path = corpora->gl_pathv[i];

        assert_ok(stage_run(&run, &err, "ingest", "files", path, NULL));
        const int64_t n_read = stage_run_int(&run, "read");
        const int64_t n_inserted = stage_run_int(&run, "inserted");
        printf("# %s: read=%" PRId64 " inserted=%" PRId64 " dup=%" PRId64 " rejected=%" PRId64
               "\n",
               path, n_read, n_inserted, stage_run_int(&run, "dup"),
               stage_run_int(&run, "rejected"));
        assert_true(n_inserted > 0);
        assert_int_equal(stage_run_int(&run, "rejected"), 0);

        const struct hash before = store_digest(store);
        assert_ok(stage_run(&run, &err, "ingest", "files", path, NULL));
        assert_int_equal(stage_run_int(&run, "dup"), n_read);
        const struct hash after = store_digest(store);
        assert_memory_equal(before.bytes, after.bytes, sizeof before.bytes);
    }
    store_close(store);
}

int main(void)
{
    const char *shared = getenv("CURATE_SHARED");
    char pattern[4096];
    glob_t corpora = { 0 };

    if (!shared)
        return SKIP_ALL("CURATE_SHARED names no folder of corpora");
    snprintf(pattern, sizeof pattern, "%s/corpora/*.json*", shared);
    if (glob(pattern, 0, NULL, &corpora) != 0)
        return SKIP_ALL("there are no corpora in $CURATE_SHARED");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(every_record_of_a_real_corpus_is_accounted_for, &corpora),
    };
    const int rc = cmocka_run_group_tests_name("real corpora", tests, NULL, NULL);
    globfree(&corpora);
    return rc;
}
