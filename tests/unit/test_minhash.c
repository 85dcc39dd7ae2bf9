/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shingles, signatures and buckets. Texts of random words are changed word by word, so that the
 * exact similarity of each pair is known.
 */
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#include "scoring/duplicates/buckets.h"
#include "scoring/duplicates/minhash.h"
#include "scoring/duplicates/shingles.h"
#include "scoring/duplicates/sketch.h"
#include "scoring/duplicates/words.h"
#include "scoring/kernels/kernels.h"
#include "tests/support/rng.h"

enum { N_PAIRS = 3000, TEXT_WORDS = 100, VOCABULARY = 5000, TEXT_MAX = 16 * TEXT_WORDS };

static const struct shingle_rule FIVE_WORDS = { 5, false };

static size_t count_shingles(const char *text, const struct shingle_rule *rule)
{
    struct shingle_list list = { 0 };
    struct word_reader *reader;
    struct word_list words;
    struct error err;

    assert_ok(word_reader_new(false, &reader, &err));
    assert_ok(word_reader_split(reader, slice_text(text), &words, &err));
    assert_ok(shingles_make(&words, rule, &list, &err));
    const size_t n = list.n;
    word_reader_free(reader);
    shingle_list_release(&list);
    return n;
}

static void texts_have_a_shingle_for_each_run_of_words(void **state)
{
    const struct shingle_rule characters = { 4, true };

    (void)state;
    assert_int_equal(count_shingles("", &FIVE_WORDS), 0);
    assert_int_equal(count_shingles("!?", &FIVE_WORDS), 0);
    assert_int_equal(count_shingles("ok", &FIVE_WORDS), 1);
    assert_int_equal(count_shingles("a b c d e", &FIVE_WORDS), 1);
    assert_int_equal(count_shingles("a b c d e f g", &FIVE_WORDS), 3);
    assert_int_equal(count_shingles("", &characters), 0);
    assert_int_equal(count_shingles("ab", &characters), 1);
    assert_int_equal(count_shingles("abcd", &characters), 1);
    assert_int_equal(count_shingles("h\xc3\xa9lloo", &characters), 3);
}

/* Set the list to the shingles of a text, as a set. */
static void make_set(struct word_reader *reader, const char *text, struct shingle_list *out)
{
    struct word_list words;
    struct error err;

    assert_ok(word_reader_split(reader, slice_text(text), &words, &err));
    assert_ok(shingles_make(&words, &FIVE_WORDS, out, &err));
    shingles_make_set(out);
}

static void similarity_counts_common_and_different_shingles(void **state)
{
    static const struct {
        const char *a, *b;
        double jaccard, containment;
    } cases[] = {
        { "ok", "OK.", 1, 1 },
        { "ok", "no", 0, 0 },
        { "a b c d e f", "a b c d e g", 1.0 / 3, 0.5 },
        { "a b c d e", "x a b c d e y z", 0.25, 1 },
        { "a b c d e a b c d e", "e a b c d e a b c", 1, 1 }, /* only what differs counts */
        { "", "", 0, 0 },
        { "", "a", 0, 0 },
    };
    struct shingle_list a = { 0 };
    struct shingle_list b = { 0 };
    struct word_reader *reader;
    struct error err;

    (void)state;
    assert_ok(word_reader_new(false, &reader, &err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        make_set(reader, cases[i].a, &a);
        make_set(reader, cases[i].b, &b);
        const struct overlap overlap = shingles_compare(a.hashes, a.n, b.hashes, b.n);
        assert_true(overlap.jaccard == cases[i].jaccard);
        assert_true(overlap.containment == cases[i].containment);
    }
    word_reader_free(reader);
    shingle_list_release(&a);
    shingle_list_release(&b);
}

static int compare_values(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

static void numbers_of_any_size_are_sorted(void **state)
{
    static uint64_t values[3000], spare[3000], want[3000];
    struct rng rng = rng_from_env("CURATE_SEED");

    (void)state;
    for (int round = 0; round < 200; round++) {
        const size_t n = rng_below(&rng, 3000);
        const unsigned shift = (unsigned)rng_below(&rng, 64);

        for (size_t i = 0; i < n; i++)
            want[i] = values[i] = rng_next(&rng) >> shift;
        qsort(want, n, sizeof *want, compare_values);
        sort_u64(values, spare, n);
        assert_memory_equal(values, want, n * sizeof *want);
    }
}

/* Texts, and copies of them with some words changed. */
struct planted {
    uint8_t *signatures; /* of text 2 * i and of its copy 2 * i + 1 */
    uint64_t *sets[2 * N_PAIRS];
    size_t set_lens[2 * N_PAIRS];
    double similarity[N_PAIRS];
};

static void write_words(const unsigned *words, char *out)
{
    size_t len = 0;

    for (size_t i = 0; i < TEXT_WORDS; i++)
        len += (size_t)snprintf(out + len, TEXT_MAX - len, "w%u ", words[i]);
}

static void plant_text(struct planted *planted, size_t i, const unsigned *words,
                       struct word_reader *reader, const struct minhash *minhash,
                       const struct kernels *kernels)
{
    struct shingle_list list = { 0 };
    uint32_t values[120];
    char text[TEXT_MAX];

    write_words(words, text);
    make_set(reader, text, &list);
    planted->sets[i] = list.hashes;
    planted->set_lens[i] = list.n;
    minhash_sign(minhash, kernels, &list, values,
                 planted->signatures + i * minhash_bytes(minhash));
    free(list.spare);
}

static void plant(struct planted *planted, const struct minhash *minhash)
{
    struct rng rng = rng_from_seed(1);
    struct word_reader *reader;
    struct kernels kernels;
    struct error err;

    kernels_init(&kernels, cpu_detect());
    assert_ok(word_reader_new(false, &reader, &err));
    planted->signatures = malloc(2 * N_PAIRS * minhash_bytes(minhash));
    assert_non_null(planted->signatures);
    for (size_t i = 0; i < N_PAIRS; i++) {
        const double rate = 0.001 + 0.09 * rng_unit(&rng);
        unsigned words[TEXT_WORDS];

        for (size_t k = 0; k < TEXT_WORDS; k++)
            words[k] = (unsigned)rng_below(&rng, VOCABULARY);
        plant_text(planted, 2 * i, words, reader, minhash, &kernels);
        for (size_t k = 0; k < TEXT_WORDS; k++)
            if (rng_unit(&rng) < rate)
                words[k] = (unsigned)rng_below(&rng, VOCABULARY);
        plant_text(planted, 2 * i + 1, words, reader, minhash, &kernels);
        planted->similarity[i] =
            shingles_compare(planted->sets[2 * i], planted->set_lens[2 * i],
                             planted->sets[2 * i + 1], planted->set_lens[2 * i + 1])
                .jaccard;
    }
    word_reader_free(reader);
}

/* The pairs that agree in a band. */
struct found {
    bool pairs[N_PAIRS];
    size_t n_others;
};

static int note_pair(void *arg, uint32_t a, uint32_t b, struct error *err)
{
    struct found *found = arg;

    (void)err;
    if (a / 2 == b / 2)
        found->pairs[a / 2] = true;
    else
        found->n_others++;
    return 0;
}

static void find_planted(const struct planted *planted, const struct minhash *minhash,
                         struct found *found)
{
    static uint64_t entries[2 * N_PAIRS], spare[2 * N_PAIRS];
    static uint8_t flags[2 * N_PAIRS];
    const unsigned shift = bucket_shift(2 * N_PAIRS);
    uint64_t n_big = 0;
    struct error err;

    memset(flags, BUCKET_IS_NEW | BUCKET_IS_ASKED, sizeof flags);
    for (unsigned band = 0; band < minhash->n_bands; band++) {
        for (uint32_t i = 0; i < 2 * N_PAIRS; i++)
            entries[i] = bucket_entry(
                minhash_band(minhash, planted->signatures + i * minhash_bytes(minhash), band),
                i, shift);
        sort_u64(entries, spare, 2 * N_PAIRS);
        assert_ok(buckets_each_pair(entries, 2 * N_PAIRS, shift, flags, note_pair, found,
                                    &n_big, &err));
    }
    assert_int_equal(n_big, 0);
}

/* In each interval of similarity, the number of pairs that are found is within three standard
 * deviations of the formula 1 - (1 - J^rows)^bands. */
static void recall_is_that_of_the_formula(void **state)
{
    static const double limits[] = { 0, .55, .65, .72, .77, .82, .87, .92, 1.01 };
    struct found *found = calloc(1, sizeof *found);
    struct planted *planted = calloc(1, sizeof *planted);
    struct minhash minhash;
    struct error err;

    (void)state;
    assert_true(found && planted);
    assert_ok(minhash_init(&minhash, 20, 6, 1, &err));
    plant(planted, &minhash);
    find_planted(planted, &minhash, found);
    for (size_t k = 0; k + 1 < sizeof limits / sizeof *limits; k++) {
        double want = 0;
        double variance = 0;
        size_t n = 0;
        size_t n_found = 0;

        for (size_t i = 0; i < N_PAIRS; i++) {
            const double j = planted->similarity[i];
            const double p = 1 - pow(1 - pow(j, 6), 20);

            if (j < limits[k] || j >= limits[k + 1])
                continue;
            n++;
            n_found += found->pairs[i];
            want += p;
            variance += p * (1 - p);
        }
        printf("# %.2f to %.2f: %zu of %zu found, %.1f expected\n", limits[k], limits[k + 1],
               n_found, n, want);
        assert_true(n > 50);
        assert_true(fabs((double)n_found - want) <= 3 * sqrt(variance) + 0.5);
    }
    assert_true(found->n_others < 5);
    for (size_t i = 0; i < 2 * N_PAIRS; i++)
        free(planted->sets[i]);
    free(planted->signatures);
    free(planted);
    free(found);
    minhash_release(&minhash);
}

static void signatures_do_not_depend_on_the_cpu_or_the_order(void **state)
{
    struct kernels ref;
    struct kernels best;
    struct minhash minhash;
    struct shingle_list list = { 0 };
    struct word_reader *reader;
    uint32_t values[260];
    uint8_t a[2000], b[2000];
    struct error err;

    (void)state;
    kernels_init(&ref, 0);
    kernels_init(&best, cpu_detect());
    assert_ok(minhash_init(&minhash, 20, 13, 42, &err));
    assert_ok(word_reader_new(false, &reader, &err));
    make_set(reader, "one two three four five six seven eight nine ten eleven", &list);
    minhash_sign(&minhash, &ref, &list, values, a);
    const uint64_t first = list.hashes[0];
    list.hashes[0] = list.hashes[list.n - 1];
    list.hashes[list.n - 1] = first;
    minhash_sign(&minhash, &best, &list, values, b);
    assert_memory_equal(a, b, minhash_bytes(&minhash));
    assert_true(minhash_agreement(&minhash, a, b) == 1);
    /* The first values of this text, for all time: stored signatures depend on them. */
    assert_memory_equal(a, "\x4c\xe5\xe1\x05", 4);
    assert_true(minhash_band(&minhash, a, 19) == 0x0a8921b3f031641e);
    list.n--;
    minhash_sign(&minhash, &best, &list, values, b);
    assert_true(minhash_digest(&minhash, a) != minhash_digest(&minhash, b));
    assert_true(minhash_agreement(&minhash, a, b) > 0.6);
    word_reader_free(reader);
    shingle_list_release(&list);
    minhash_release(&minhash);
}

/* Sets of random hashes, the smaller one with a share of its hashes in the larger one. */
static void sketches_find_what_a_larger_set_contains(void **state)
{
    enum { LARGE = 50000, SMALL = 2000, ROUNDS = 60 };
    static uint64_t large[LARGE], small[SMALL], spare[LARGE];
    static uint8_t a[SKETCH_MAX * SKETCH_HASH_BYTES], b[SKETCH_MAX * SKETCH_HASH_BYTES];
    struct rng rng = rng_from_seed(9);
    size_t n_missed = 0;

    (void)state;
    for (size_t round = 0; round < ROUNDS; round++) {
        const size_t n_common = round % 3 == 0 ? 0 : SMALL * (75 + round % 25) / 100;

        for (size_t i = 0; i < LARGE; i++)
            large[i] = rng_next(&rng);
        for (size_t i = 0; i < SMALL; i++)
            small[i] = i < n_common ? large[i] : rng_next(&rng);
        sort_u64(large, spare, LARGE);
        sort_u64(small, spare, SMALL);
        const size_t n_a = sketch_write(small, SMALL, a) / SKETCH_HASH_BYTES;
        const size_t n_b = sketch_write(large, LARGE, b) / SKETCH_HASH_BYTES;
        assert_int_equal(n_a, SKETCH_MAX);
        assert_true(sketch_hash(b, 1023) == large[1023]);
        const bool may = sketch_may_contain(a, n_a, b, n_b, 0.75);
        assert_int_equal(may, sketch_may_contain(b, n_b, a, n_a, 0.75));
        if (n_common == 0)
            assert_false(may);
        else
            n_missed += !may;
    }
    assert_true(n_missed <= 1);
    assert_false(sketch_may_contain(a, 0, b, 10, 0.5));
    assert_true(sketch_may_contain(a, 10, a, 10, 1));
}

struct counted {
    size_t n;
    size_t n_of_first; /* pairs with one of the first members */
};

static int count_pair(void *arg, uint32_t a, uint32_t b, struct error *err)
{
    struct counted *counted = arg;

    (void)err;
    assert_true(a < b);
    counted->n++;
    counted->n_of_first += a < BUCKET_FIRST;
    return 0;
}

/* Put n samples into one bucket and count the pairs. */
static struct counted count_pairs(size_t n, const uint8_t *flags, uint64_t *n_big)
{
    static uint64_t entries[BUCKET_BIG + 1];
    struct counted counted = { 0 };
    struct error err;

    for (size_t i = 0; i < n; i++)
        entries[i] = bucket_entry(UINT64_MAX, (uint32_t)i, bucket_shift(n));
    *n_big = 0;
    assert_ok(buckets_each_pair(entries, n, bucket_shift(n), flags, count_pair, &counted, n_big,
                                &err));
    return counted;
}

static void big_buckets_compare_with_their_first_members(void **state)
{
    static uint8_t flags[BUCKET_BIG + 1];
    uint64_t n_big;

    (void)state;
    memset(flags, BUCKET_IS_NEW | BUCKET_IS_ASKED, sizeof flags);
    assert_int_equal(count_pairs(BUCKET_BIG, flags, &n_big).n,
                     (size_t)BUCKET_BIG * (BUCKET_BIG - 1) / 2);
    assert_int_equal(n_big, 0);
    const struct counted big = count_pairs(BUCKET_BIG + 1, flags, &n_big);
    assert_int_equal(n_big, 1);
    assert_int_equal(big.n, big.n_of_first);
    assert_int_equal(big.n,
                     BUCKET_FIRST * (BUCKET_BIG + 1) - BUCKET_FIRST * (BUCKET_FIRST + 1) / 2);
}

static void pairs_have_a_new_sample_and_one_that_is_asked_for(void **state)
{
    const uint8_t flags[] = { BUCKET_IS_NEW, BUCKET_IS_ASKED, 0,
                              BUCKET_IS_NEW | BUCKET_IS_ASKED };
    uint64_t n_big;

    (void)state;
    /* 0-1, 0-3, 1-3 and 2-3, not 0-2 and 1-2. */
    assert_int_equal(count_pairs(4, flags, &n_big).n, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_have_a_shingle_for_each_run_of_words),
        cmocka_unit_test(similarity_counts_common_and_different_shingles),
        cmocka_unit_test(numbers_of_any_size_are_sorted),
        cmocka_unit_test(recall_is_that_of_the_formula),
        cmocka_unit_test(signatures_do_not_depend_on_the_cpu_or_the_order),
        cmocka_unit_test(sketches_find_what_a_larger_set_contains),
        cmocka_unit_test(big_buckets_compare_with_their_first_members),
        cmocka_unit_test(pairs_have_a_new_sample_and_one_that_is_asked_for),
    };

    return cmocka_run_group_tests_name("scoring/duplicates/minhash", tests, NULL, NULL);
}
