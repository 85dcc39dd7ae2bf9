/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spans, coverage and flags of items in samples. Random texts over few words are compared by a
 * second way as well: all runs of equal words, from every place of the one text and the other.
 */
#include "tests/support/test.h"

#include <math.h>
#include <stdlib.h>

#include "base/buf.h"
#include "scoring/duplicates/contamination.h"
#include "tests/support/rng.h"

enum { WORDS_MOST = 600, COMMON_ITEMS = 10 };

/* A text as numbers of words. */
struct numbers {
    size_t n;
    unsigned words[WORDS_MOST];
};

static const struct contamination_rule usual = {
    .ngram = 8, .covered = .5, .longest = 30, .answers = true
};

/* Write a text: words "w12", and anything between them. */
static void write_text(struct buf *out, const unsigned *words, size_t n)
{
    static const char *const between[] = { " ", ", ", "\n", " - ", ".  " };
    struct error err;

    for (size_t i = 0; i < n; i++)
        assert_ok(buf_printf(out, &err, "%s%c%u", i > 0 ? between[(i + words[i]) % 5] : "",
                             i % 7 == 0 ? 'W' : 'w', words[i]));
    assert_ok(buf_add_text(out, "", &err));
}

static struct slice text_of(struct buf *buf, const struct numbers *numbers)
{
    buf_init(buf, SIZE_MAX);
    write_text(buf, numbers->words, numbers->n);
    return buf_slice(buf);
}

static struct contamination_index *new_index(const struct contamination_rule *rule)
{
    struct contamination_index *index;
    struct error err;

    assert_ok(contamination_index_new(rule, &index, &err));
    return index;
}

static void add_item(struct contamination_index *index, const char *prompt, const char *answer)
{
    const struct slice none = { NULL, 0 };
    struct error err;

    assert_ok(contamination_index_add(index, prompt ? slice_text(prompt) : none,
                                      answer ? slice_text(answer) : none, &err));
}

static struct contamination_search *new_search(struct contamination_index *index)
{
    const struct contamination_index *const indexes[] = { index };
    struct contamination_search *search;
    struct error err;

    assert_ok(contamination_search_new(indexes, 1, &search, &err));
    return search;
}

static struct contamination_search *finish(struct contamination_index *index)
{
    struct error err;

    assert_ok(contamination_index_finish(index, &err));
    return new_search(index);
}

static struct contamination_found find(struct contamination_search *search, struct slice user,
                                       struct slice assistant)
{
    const struct contamination_text texts[] = {
        { .text = user, .turn = 0, .for_prompts = true },
        { .text = assistant, .turn = 1, .for_answers = true },
    };
    struct contamination_found found;
    struct error err;

    assert_ok(contamination_search_run(search, texts, 2, &found, &err));
    return found;
}

static struct contamination_found find_prompt(struct contamination_search *search,
                                              const char *user)
{
    return find(search, slice_text(user), slice_text(""));
}

/* An index of hashes with the items of another. */
static struct contamination_index *copy_hashes(const struct contamination_index *index,
                                               const struct contamination_rule *rule)
{
    struct contamination_index *copy = new_index(rule);
    struct error err;

    for (size_t i = 0; i < contamination_index_counts(index).n_items; i++) {
        const struct contamination_hashes prompt = contamination_index_hashes(index, i, false);
        const struct contamination_hashes answer = contamination_index_hashes(index, i, true);

        assert_ok(contamination_index_add_hashes(copy, &prompt, &answer, &err));
    }
    return copy;
}

/* The slow way: what one item of a list and one text have in common. */
struct overlap {
    bool any;
    bool whole;
    size_t longest;
    size_t n_covered;
};

static bool holds_run(const struct numbers *text, const unsigned *run, size_t n)
{
    for (size_t i = 0; i + n <= text->n; i++)
        if (memcmp(text->words + i, run, n * sizeof *run) == 0)
            return true;
    return false;
}

/* Is the run of n words in more than 10 items? Of texts shorter than an n-gram only those that
 * are the run count. */
static bool is_common_run(const struct numbers (*items)[2], size_t n_items, const unsigned *run,
                          size_t n, size_t ngram)
{
    size_t n_with = 0;

    for (size_t i = 0; i < n_items; i++) {
        bool holds = false;

        for (size_t side = 0; side < 2; side++) {
            const struct numbers *text = &items[i][side];
            const size_t least =
                side == 0 ? CONTAMINATION_PROMPT_WORDS : CONTAMINATION_ANSWER_WORDS;

            if (text->n >= least && (n == ngram ? text->n >= ngram : text->n == n))
                holds |= holds_run(text, run, n);
        }
        n_with += holds;
    }
    return n_with > COMMON_ITEMS;
}

static struct overlap compare_slowly(const struct numbers (*items)[2], size_t n_items,
                                     size_t item, size_t side, const struct numbers *text,
                                     size_t ngram)
{
    const struct numbers *part = &items[item][side];
    const size_t least = side == 0 ? CONTAMINATION_PROMPT_WORDS : CONTAMINATION_ANSWER_WORDS;
    const size_t gram = part->n < ngram ? part->n : ngram;
    bool covered[WORDS_MOST] = { false };
    struct overlap out = { .any = false };

    if (part->n < least)
        return out;
    for (size_t i = 0; i < text->n; i++) {
        for (size_t p = 0; p < part->n; p++) {
            size_t n = 0;
            bool evidence = false;

            if (i > 0 && p > 0 && text->words[i - 1] == part->words[p - 1])
                continue;
            while (i + n < text->n && p + n < part->n &&
                   text->words[i + n] == part->words[p + n])
                n++;
            for (size_t k = 0; k + gram <= n && !evidence; k++)
                evidence = !is_common_run(items, n_items, part->words + p + k, gram, ngram);
            if (!evidence)
                continue;
            out.any = true;
            out.whole |= n == part->n;
            out.longest = n > out.longest ? n : out.longest;
            memset(covered + p, true, n);
        }
    }
    for (size_t p = 0; p < part->n; p++)
        out.n_covered += covered[p];
    return out;
}

static const struct contamination_hit *hit_of(const struct contamination_found *found,
                                              size_t item)
{
    for (size_t i = 0; i < found->n_hits; i++)
        if (found->hits[i].item == item)
            return &found->hits[i];
    return NULL;
}

/* A text over few words; sometimes it holds a part of an item. */
static void make_numbers(struct rng *rng, size_t most, size_t n_words, struct numbers *out)
{
    out->n = rng_below(rng, most + 1);
    for (size_t i = 0; i < out->n; i++)
        out->words[i] = (unsigned)rng_below(rng, n_words);
}

static void plant(struct rng *rng, const struct numbers *item, struct numbers *text)
{
    const size_t n = item->n < text->n ? item->n : text->n;
    const size_t len = n > 0 ? 1 + rng_below(rng, n) : 0;

    if (len == 0)
        return;
    memcpy(text->words + rng_below(rng, text->n - len + 1),
           item->words + rng_below(rng, item->n - len + 1), len * sizeof *text->words);
}

static void assert_hit(const struct numbers (*items)[2], size_t n_items, size_t item,
                       const struct numbers texts[2], const struct contamination_rule *rule,
                       const struct contamination_found *found)
{
    const struct overlap prompt =
        compare_slowly(items, n_items, item, 0, &texts[0], rule->ngram);
    const struct overlap answer =
        compare_slowly(items, n_items, item, 1, &texts[1], rule->ngram);
    const struct contamination_hit *hit = hit_of(found, item);
    const size_t longest = prompt.longest > answer.longest ? prompt.longest : answer.longest;

    assert_int_equal(hit != NULL, prompt.any || answer.any);
    if (!hit)
        return;
    const double covered =
        items[item][0].n > 0 ? (double)prompt.n_covered / (double)items[item][0].n : 0;
    assert_true(hit->covered == covered);
    assert_int_equal(hit->longest, longest);
    assert_int_equal(hit->answer_whole, answer.whole);
    assert_int_equal(hit->flagged, prompt.whole || answer.whole || covered > rule->covered ||
                                       longest >= rule->longest);
}

/* Each span is the same words in the item and in the text. */
static void assert_spans(const struct numbers (*items)[2],
                         const struct contamination_found *found, const struct slice texts[2])
{
    for (size_t h = 0; h < found->n_hits; h++) {
        const struct contamination_hit *hit = &found->hits[h];

        for (size_t s = 0; s < hit->n_spans; s++) {
            const struct contamination_span *span = &found->spans[hit->first_span + s];
            const struct numbers *item = &items[hit->item][span->of_answer];
            const struct slice text = texts[span->turn];
            const char *at = text.ptr + span->start;

            assert_true(span->end <= text.len);
            for (uint32_t i = 0; i < span->n_words; i++) {
                char *end;

                at += strcspn(at, "wW") + 1;
                assert_int_equal(strtoul(at, &end, 10), item->words[span->item_word + i]);
                at = end;
            }
            assert_ptr_equal(at, text.ptr + span->end);
        }
    }
}

static void compare_random_texts(struct rng *rng, size_t n_words)
{
    const struct contamination_rule rule = {
        .ngram = 5 + (unsigned)rng_below(rng, 4), .covered = .5, .longest = 12, .answers = true
    };
    const size_t n_items = 1 + rng_below(rng, 30);
    struct numbers(*items)[2] = calloc(n_items, sizeof *items);
    struct contamination_index *index = new_index(&rule);
    struct error err;

    for (size_t i = 0; i < n_items; i++) {
        struct buf bufs[2];

        make_numbers(rng, 20, n_words, &items[i][0]);
        make_numbers(rng, 20, n_words, &items[i][1]);
        const struct slice prompt = text_of(&bufs[0], &items[i][0]);
        const struct slice answer = text_of(&bufs[1], &items[i][1]);
        assert_ok(contamination_index_add(index, prompt, answer, &err));
        buf_release(&bufs[0]);
        buf_release(&bufs[1]);
    }
    struct contamination_search *search = finish(index);
    struct contamination_index *hashes = copy_hashes(index, &rule);
    struct contamination_search *by_hashes = finish(hashes);
    for (size_t k = 0; k < 20; k++) {
        struct numbers texts[2];
        struct slice written[2];
        struct buf bufs[2];

        for (size_t side = 0; side < 2; side++) {
            make_numbers(rng, 60, n_words, &texts[side]);
            plant(rng, &items[rng_below(rng, n_items)][side], &texts[side]);
            written[side] = text_of(&bufs[side], &texts[side]);
        }
        const struct contamination_found found = find(search, written[0], written[1]);
        const struct contamination_found other = find(by_hashes, written[0], written[1]);
        assert_spans((const struct numbers(*)[2])items, &found, written);
        assert_int_equal(found.n_hits, other.n_hits);
        for (size_t i = 0; i < n_items; i++) {
            assert_hit((const struct numbers(*)[2])items, n_items, i, texts, &rule, &found);
            assert_hit((const struct numbers(*)[2])items, n_items, i, texts, &rule, &other);
        }
        buf_release(&bufs[0]);
        buf_release(&bufs[1]);
    }
    contamination_search_free(search);
    contamination_search_free(by_hashes);
    contamination_index_free(index);
    contamination_index_free(hashes);
    free(items);
}

static void random_texts_have_the_spans_that_brute_force_finds(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    static const size_t n_words[] = { 2, 3, 8, 40 };

    (void)state;
    for (size_t i = 0; i < 48; i++)
        compare_random_texts(&rng, n_words[i % 4]);
}

/* Questions as in an evaluation, over 5,000 words. */
enum { N_QUESTIONS = 200, QUESTION_WORDS = 100 };
struct planted {
    struct numbers questions[N_QUESTIONS];
    struct numbers answers[N_QUESTIONS];
    struct contamination_index *index;
    struct contamination_search *search;
    struct rng rng;
};

static int make_planted(void **state)
{
    struct planted *planted = calloc(1, sizeof *planted);
    struct error err;

    if (!planted)
        return -1;
    planted->rng = rng_from_seed(7);
    planted->index = new_index(&usual);
    for (size_t i = 0; i < N_QUESTIONS; i++) {
        struct buf bufs[2];

        planted->questions[i].n = QUESTION_WORDS;
        planted->answers[i].n = 12;
        for (size_t k = 0; k < QUESTION_WORDS; k++)
            planted->questions[i].words[k] = (unsigned)rng_below(&planted->rng, 5000);
        for (size_t k = 0; k < 12; k++)
            planted->answers[i].words[k] = (unsigned)rng_below(&planted->rng, 5000);
        const struct slice question = text_of(&bufs[0], &planted->questions[i]);
        const struct slice answer = text_of(&bufs[1], &planted->answers[i]);
        assert_ok(contamination_index_add(planted->index, question, answer, &err));
        buf_release(&bufs[0]);
        buf_release(&bufs[1]);
    }
    planted->search = finish(planted->index);
    *state = planted;
    return 0;
}

static int free_planted(void **state)
{
    struct planted *planted = *state;

    contamination_search_free(planted->search);
    contamination_index_free(planted->index);
    free(planted);
    return 0;
}

/* The mean coverage of all questions when each word is changed with probability p. */
static double mean_covered(struct planted *planted, double p, size_t n, size_t *n_flagged)
{
    double sum = 0;

    *n_flagged = 0;
    for (size_t i = 0; i < N_QUESTIONS; i++) {
        struct numbers text = planted->questions[i];
        struct buf buf;

        text.n = n;
        for (size_t k = 0; k < n; k++)
            if (rng_unit(&planted->rng) < p)
                text.words[k] = 5000 + (unsigned)rng_below(&planted->rng, 5000);
        const struct contamination_found found =
            find(planted->search, text_of(&buf, &text), slice_text(""));
        const struct contamination_hit *hit = hit_of(&found, i);
        sum += hit ? hit->covered : 0;
        *n_flagged += found.flagged;
        buf_release(&buf);
    }
    return sum / N_QUESTIONS;
}

static void planted_questions_are_covered_as_the_formula_says(void **state)
{
    struct planted *planted = *state;
    size_t n_flagged;

    assert_true(mean_covered(planted, 0, QUESTION_WORDS, &n_flagged) == 1);
    assert_int_equal(n_flagged, N_QUESTIONS);
    /* q^n (n p + q) for n = 8, a little less at both ends of a question */
    const double tenth = mean_covered(planted, .1, QUESTION_WORDS, &n_flagged);
    print_message("# one word in ten changed: covered %.3f, flagged %zu of 200\n", tenth,
                  n_flagged);
    assert_true(fabs(tenth - .73) < .05);
    const double three = mean_covered(planted, .3, QUESTION_WORDS, &n_flagged);
    print_message("# three words in ten changed: covered %.3f, flagged %zu\n", three,
                  n_flagged);
    assert_true(fabs(three - .19) < .04);
    assert_true(mean_covered(planted, 0, QUESTION_WORDS / 2, &n_flagged) == .5);
    assert_int_equal(n_flagged, N_QUESTIONS); /* 50 words in a row */
}

static void an_answer_alone_flags_a_sample(void **state)
{
    struct planted *planted = *state;

    for (size_t i = 0; i < N_QUESTIONS; i++) {
        struct buf buf;
        const struct slice answer = text_of(&buf, &planted->answers[i]);
        /* An answer is not looked for in a question. */
        assert_int_equal(find(planted->search, answer, slice_text("")).n_hits, 0);
        const struct contamination_found found = find(planted->search, slice_text(""), answer);
        assert_int_equal(found.n_hits, 1);
        assert_int_equal(found.hits[0].item, i);
        assert_true(found.hits[0].answer_whole && found.flagged && found.covered == 0);
        buf_release(&buf);
    }
}

static void clean_samples_are_not_flagged(void **state)
{
    struct planted *planted = *state;
    struct numbers text = { .n = 300 };

    for (size_t i = 0; i < 2000; i++) {
        struct buf buf;

        for (size_t k = 0; k < text.n; k++)
            text.words[k] = (unsigned)rng_below(&planted->rng, 5000);
        const struct slice written = text_of(&buf, &text);
        assert_false(find(planted->search, written, written).flagged);
        buf_release(&buf);
    }
}

static void a_short_question_is_found_in_a_long_context(void **state)
{
    static const char question[] = "How many pears does Ada have?";
    struct contamination_index *index = new_index(&usual);
    struct contamination_found found;
    struct error err;
    struct buf context;

    (void)state;
    add_item(index, question, "9");
    struct contamination_search *search = finish(index);
    buf_init(&context, SIZE_MAX);
    for (size_t i = 0; i < 64000; i++)
        assert_ok(buf_printf(&context, &err, i == 41234 ? "%s " : "word ", question));
    const struct contamination_text text = { .text = buf_slice(&context),
                                             .turn = -1,
                                             .for_prompts = true };
    assert_ok(contamination_search_run(search, &text, 1, &found, &err));
    assert_true(found.flagged && found.covered == 1 && found.n_hits == 1);
    assert_int_equal(found.spans[0].start, 41234 * 5);
    assert_int_equal(found.spans[0].end, 41234 * 5 + strlen(question) - 1); /* without '?' */
    assert_int_equal(found.spans[0].turn, -1);
    contamination_search_free(search);
    contamination_index_free(index);
    buf_release(&context);
}

/* Tulu 3: the share of the question's tokens that one training document covers, above .5. */
static void the_share_of_a_question_is_that_of_one_sample(void **state)
{
    static const char question[] =
        "a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 b0 b1 b2 b3 b4 b5 b6 b7 b8 b9";
    struct contamination_index *index = new_index(&contamination_presets[1].rule);
    struct contamination_found found;

    (void)state;
    assert_string_equal(contamination_presets[1].name, "tulu3");
    add_item(index, question, "c0 c1 c2 c3 c4 c5 c6 c7 c8 c9");
    struct contamination_search *search = finish(index);
    found = find_prompt(search, "x a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 b0 b1 y");
    assert_true(found.covered == .6 && found.flagged);
    found = find_prompt(search, "a0 a1 a2 a3 a4 a5 a6 a7 a8 a9");
    assert_true(found.covered == .5 && !found.flagged);
    found = find_prompt(search, "a0 a1 a2 a3 a4 a5 a6");
    assert_true(found.covered == 0 && !found.flagged && found.n_hits == 0);
    found = find_prompt(search, "a0 a1 a2 a3 a4 a5 a6 a7 z b2 b3 b4 b5 b6 b7 b8 b9");
    assert_true(found.covered == .8 && found.flagged && found.longest == 8);
    found = find_prompt(search, "z b2 b3 b4 b5 b6 b7 b8 b9");
    assert_true(found.covered == .4 && !found.flagged);
    found = find(search, slice_text(""), slice_text("c0 c1 c2 c3 c4 c5 c6 c7 c8 c9"));
    assert_int_equal(found.n_hits, 0);
    contamination_search_free(search);
    contamination_index_free(index);
}

static void common_ngrams_are_no_evidence_but_spans_extend_across_them(void **state)
{
    static const char common[] = "which of the following is the correct answer to";
    struct contamination_index *index = new_index(&usual);
    struct error err;
    char question[200];

    (void)state;
    for (size_t i = 0; i < 11; i++) {
        snprintf(question, sizeof question, "%s u%zu v%zu", common, i, i);
        add_item(index, question, NULL);
    }
    struct contamination_search *search = finish(index);
    const struct contamination_counts counts = contamination_index_counts(index);
    assert_int_equal(counts.n_common, 2);
    assert_int_equal(counts.n_not_checkable, 0);
    assert_int_equal(find_prompt(search, common).n_hits, 0);
    snprintf(question, sizeof question, "so %s u3 v4", common);
    struct contamination_found found = find_prompt(search, question);
    assert_int_equal(found.n_hits, 1);
    assert_int_equal(found.hits[0].item, 3);
    assert_int_equal(found.longest, 10);
    assert_true(found.covered == 10. / 11);
    contamination_search_free(search);
    contamination_index_free(index);
    index = new_index(&usual);
    for (size_t i = 0; i < 11; i++)
        add_item(index, common, NULL);
    assert_ok(contamination_index_finish(index, &err));
    assert_int_equal(contamination_index_counts(index).n_not_checkable, 11);
    contamination_index_free(index);
}

static void short_items_are_found_whole_and_shorter_ones_are_counted(void **state)
{
    struct contamination_index *index = new_index(&contamination_presets[2].rule);

    (void)state;
    assert_string_equal(contamination_presets[2].name, "gpt3");
    add_item(index, "one two three", "four");
    add_item(index, "one two three four", NULL);
    add_item(index, NULL, "a b c d e f g h");
    add_item(index, NULL, "a b c d e f g");
    add_item(index, NULL, NULL);
    struct contamination_search *search = finish(index);
    assert_int_equal(contamination_index_counts(index).n_not_checkable, 3);
    struct contamination_found found = find_prompt(search, "zero ONE two; three: FOUR five");
    assert_true(found.n_hits == 1 && found.hits[0].item == 1 && found.flagged);
    assert_int_equal(find_prompt(search, "one two three five").n_hits, 0);
    found = find(search, slice_text("a b c d e f g h"), slice_text("x a b c d e f g h"));
    assert_true(found.n_hits == 1 && found.hits[0].item == 2 && found.hits[0].answer_whole);
    contamination_search_free(search);
    contamination_index_free(index);
}

static void odd_texts_are_searched(void **state)
{
    static const char chinese[] = "\xe6\x88\x91\xe4\xbb\xac\xe6\x9c\x89\xe4\xb8\x89\xe4\xb8\xaa"
                                  "\xe8\x8b\xb9\xe6\x9e\x9c\xe5\x90\x97";
    struct contamination_index *index = new_index(&usual);
    struct error err;
    struct buf text;

    (void)state;
    add_item(index, chinese, NULL);
    add_item(index, "ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ha ho", NULL);
    struct contamination_search *search = finish(index);
    assert_true(find_prompt(search, chinese).covered == 1);
    assert_int_equal(find(search, slice_of("\0\0", 2), slice_text("")).n_hits, 0);
    buf_init(&text, SIZE_MAX);
    while (text.len < 10 << 20)
        assert_ok(buf_add_text(&text, "ha ha ha ha ha ha ha ha ha ha ha ", &err));
    struct contamination_found found = find(search, buf_slice(&text), slice_text(""));
    assert_int_equal(found.longest, 20);
    assert_true(found.covered == 20. / 21);
    assert_true(found.hits[0].n_spans < 64 * 16);
    contamination_search_free(search);
    contamination_index_free(index);
    buf_release(&text);
}

static void hashes_have_the_digest_of_their_texts(void **state)
{
    struct planted *planted = *state;
    struct contamination_index *copy = copy_hashes(planted->index, &usual);
    uint8_t digests[2][DIGEST_BYTES];
    struct error err;

    assert_ok(contamination_index_digest(planted->index, digests[0], &err));
    assert_ok(contamination_index_digest(copy, digests[1], &err));
    assert_memory_equal(digests[0], digests[1], DIGEST_BYTES);
    contamination_index_free(copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_texts_have_the_spans_that_brute_force_finds),
        cmocka_unit_test(planted_questions_are_covered_as_the_formula_says),
        cmocka_unit_test(an_answer_alone_flags_a_sample),
        cmocka_unit_test(clean_samples_are_not_flagged),
        cmocka_unit_test(a_short_question_is_found_in_a_long_context),
        cmocka_unit_test(the_share_of_a_question_is_that_of_one_sample),
        cmocka_unit_test(common_ngrams_are_no_evidence_but_spans_extend_across_them),
        cmocka_unit_test(short_items_are_found_whole_and_shorter_ones_are_counted),
        cmocka_unit_test(odd_texts_are_searched),
        cmocka_unit_test(hashes_have_the_digest_of_their_texts),
    };

    return cmocka_run_group_tests(tests, make_planted, free_planted);
}
