/* SPDX-License-Identifier: Apache-2.0 */
/* Invariants of tokenisation over random text and random vocabularies. */
#include "tests/support/test.h"

#include "base/buf.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/infer/tokenizer/vocab.h"
#include "tests/support/rng.h"
#include "tests/support/vocab_fixture.h"

enum { ROUNDS = 400, TEXT_CHARS = 60, WORD_BYTES = 40 };

static void put_char(struct buf *out, uint32_t code)
{
    struct error err;
    char bytes[4];
    size_t len = 1;

    if (code < 0x80) {
        bytes[0] = (char)code;
    } else if (code < 0x800) {
        bytes[0] = (char)(0xc0 | code >> 6);
        len = 2;
    } else if (code < 0x10000) {
        bytes[0] = (char)(0xe0 | code >> 12);
        len = 3;
    } else {
        bytes[0] = (char)(0xf0 | code >> 18);
        len = 4;
    }
    for (size_t i = 1; i < len; i++)
        bytes[i] = (char)(0x80 | (code >> (6 * (len - 1 - i)) & 0x3f));
    assert_ok(buf_add(out, bytes, len, &err));
}

static uint32_t random_code(struct rng *rng)
{
    static const char common[] = "hello world hell 1234567890 ab \t\r\n\n  'S's<|t|>.,!";

    switch (rng_below(rng, 8)) {
    case 0:
        return (uint32_t)(0x80 + rng_below(rng, 0x780));
    case 1:
        return (uint32_t)(0x800 + rng_below(rng, 0xd800 - 0x800)); /* below the surrogates */
    case 2:
        return (uint32_t)(0x10000 + rng_below(rng, 0x100000));
    case 3:
        return (uint32_t)rng_below(rng, 0x80);
    case 4:
        return 0x2581; /* the character that stands for a space in SentencePiece */
    default:
        return (uint32_t)common[rng_below(rng, sizeof common - 1)];
    }
}

static void random_text(struct rng *rng, struct buf *out)
{
    const size_t n = rng_below(rng, TEXT_CHARS);

    buf_clear(out);
    for (size_t i = 0; i < n; i++) {
        const uint32_t code = random_code(rng);
        const size_t times = rng_below(rng, 10) == 0 ? 1 + rng_below(rng, 20) : 1;

        for (size_t j = 0; j < times; j++)
            put_char(out, code);
    }
}

/* SentencePiece cannot tell its own space from a plain one, so write both as plain. */
static void plain_spaces(struct slice text, struct buf *out)
{
    struct error err;

    buf_clear(out);
    for (size_t i = 0; i < text.len;) {
        const bool is_space = text.len - i >= VOCAB_SPACE_BYTES &&
                              memcmp(text.ptr + i, VOCAB_SPACE, VOCAB_SPACE_BYTES) == 0;

        assert_ok(buf_add(out, is_space ? " " : text.ptr + i, 1, &err));
        i += is_space ? VOCAB_SPACE_BYTES : 1;
    }
}

static void check_round_trips(const struct tokenizer *tokenizer, struct rng *rng, bool is_spm)
{
    struct token_buf ids = { 0 };
    struct buf text;
    struct buf want;
    struct buf got;
    struct error err;

    buf_init(&text, 1 << 20);
    buf_init(&want, 1 << 20);
    buf_init(&got, 1 << 20);
    for (int i = 0; i < ROUNDS; i++) {
        const unsigned flags = rng_below(rng, 2) ? TOKENIZE_FIRST : 0;

        random_text(rng, &text);
        ids.n = 0;
        assert_ok(tokenizer_encode(tokenizer, buf_slice(&text), flags, &ids, &err));
        for (size_t j = 0; j < ids.n; j++)
            assert_in_range(ids.ids[j], 0, tokenizer_count(tokenizer) - 1);
        buf_clear(&got);
        assert_ok(tokenizer_decode(tokenizer, ids.ids, ids.n, flags, &got, &err));
        plain_spaces(buf_slice(&text), &want);
        const struct slice expected = buf_slice(is_spm ? &want : &text);
        if (!slice_equal(buf_slice(&got), expected))
            fail_msg("%s, seed %" PRIu64 ": '%.*s' comes back as '%.*s'",
                     tokenizer_name(tokenizer), rng->seed, (int)expected.len, expected.ptr,
                     (int)got.len, got.data);
    }
    token_buf_release(&ids);
    buf_release(&text);
    buf_release(&want);
    buf_release(&got);
}

static void bpe_tokens_decode_to_the_text(void **state)
{
    static const char *const rules[] = {
        "gpt-2",        "llama-bpe", "dbrx",           "qwen2",     "starcoder", "falcon",
        "deepseek-llm", "default",   "deepseek-coder", "qwen35",    "tekken",    "deepseek-v3",
        "gpt-4o",       "youtu",     "bloom",          "chameleon", "minicpm5",  "viking",
    };
    struct rng rng = rng_from_env("CURATE_SEED");
    struct vocab_fixture fixture;
    struct vocab_open open;
    struct error err;

    (void)state;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        vocab_fixture_bpe(&fixture);
        fixture.pre = rules[i];
        vocab_fixture_add(&fixture, "<|t|>", TOKEN_USER_DEFINED, 0);
        assert_ok(vocab_fixture_open(&fixture, &open, &err));
        check_round_trips(open.tokenizer, &rng, false);
        vocab_open_release(&open);
    }
}

static void spm_tokens_decode_to_the_text(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct vocab_fixture fixture;
    struct vocab_open open;
    struct error err;

    (void)state;
    vocab_fixture_spm(&fixture);
    vocab_fixture_add(&fixture, "<|t|>", TOKEN_USER_DEFINED, 0);
    assert_ok(vocab_fixture_open(&fixture, &open, &err));
    check_round_trips(open.tokenizer, &rng, true);
    vocab_open_release(&open);
    vocab_fixture_raw(&fixture);
    vocab_fixture_add(&fixture, "<|t|>", TOKEN_USER_DEFINED, 0);
    assert_ok(vocab_fixture_open(&fixture, &open, &err));
    check_round_trips(open.tokenizer, &rng, true);
    vocab_open_release(&open);
}

/* A word as the parts it is joined to so far, for joining one pair at a time. */
struct parts {
    struct slice part[WORD_BYTES];
    size_t n;
};

static void join_at(struct parts *parts, size_t i)
{
    parts->part[i].len += parts->part[i + 1].len;
    parts->n--;
    memmove(&parts->part[i + 1], &parts->part[i + 2], (parts->n - i - 1) * sizeof *parts->part);
}

static int32_t id_of(const struct vocab_fixture *fixture, struct slice text)
{
    for (size_t i = 0; i < fixture->n_tokens; i++)
        if (fixture->types[i] == TOKEN_NORMAL && slice_equal(fixture->texts[i], text))
            return (int32_t)i;
    return TOKEN_NONE;
}

/* The definition: while two neighbours form a token, join the pair with the best score, the
 * leftmost of several. */
static void join_slowly_spm(const struct vocab_fixture *fixture, struct parts *parts)
{
    for (;;) {
        size_t best = parts->n;
        float best_score = 0;

        for (size_t i = 0; i + 1 < parts->n; i++) {
            const size_t len = parts->part[i].len + parts->part[i + 1].len;
            const int32_t id = id_of(fixture, slice_of(parts->part[i].ptr, len));

            if (id == TOKEN_NONE || (best < parts->n && fixture->scores[id] <= best_score))
                continue;
            best = i;
            best_score = fixture->scores[id];
        }
        if (best == parts->n)
            return;
        join_at(parts, best);
    }
}

static bool is_merge(struct slice merge, struct slice left, struct slice right)
{
    return merge.len == left.len + 1 + right.len &&
           memcmp(merge.ptr, left.ptr, left.len) == 0 && merge.ptr[left.len] == ' ' &&
           memcmp(merge.ptr + left.len + 1, right.ptr, right.len) == 0;
}

/* The same with the rank of the merge in place of the score. */
static void join_slowly_bpe(const struct vocab_fixture *fixture, struct parts *parts)
{
    for (size_t rank = 0; rank < fixture->n_merges;) {
        size_t i = 0;

        while (i + 1 < parts->n &&
               !is_merge(fixture->merges[rank], parts->part[i], parts->part[i + 1]))
            i++;
        if (i + 1 < parts->n) {
            join_at(parts, i);
            rank = 0;
        } else {
            rank++;
        }
    }
}

static void expect_parts(const struct vocab_fixture *fixture, const struct parts *parts,
                         const struct token_buf *ids, const struct rng *rng, struct slice text)
{
    bool same = ids->n == parts->n;

    for (size_t i = 0; same && i < parts->n; i++)
        same = ids->ids[i] == id_of(fixture, parts->part[i]);
    if (!same)
        fail_msg("seed %" PRIu64 ": '%.*s' gives other ids than joining pair by pair",
                 rng->seed, (int)text.len, text.ptr);
}

/* Random tokens of two letters and the space, with few different scores, so that many are
 * equal. */
static void add_random_tokens(struct vocab_fixture *fixture, char (*room)[16], struct rng *rng)
{
    static const char *const letters[] = { "a", "b", VOCAB_SPACE };

    for (size_t i = 0; i < 40; i++) {
        const size_t n = 2 + rng_below(rng, 4);
        char *text = room[i];

        text[0] = '\0';
        for (size_t j = 0; j < n; j++) {
            const size_t len = strlen(text);
            snprintf(text + len, sizeof room[i] - len, "%s", letters[rng_below(rng, 3)]);
        }
        if (id_of(fixture, slice_text(text)) == TOKEN_NONE)
            vocab_fixture_add(fixture, text, TOKEN_NORMAL, (float)rng_below(rng, 6));
    }
}

static void spm_encoding_equals_joining_pair_by_pair(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct vocab_fixture fixture;
    struct vocab_open open;
    struct token_buf ids = { 0 };
    struct error err;
    char room[40][16];

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        static const char *const letters[] = { "a", "b", VOCAB_SPACE };
        struct parts parts = { .n = 1 + rng_below(&rng, WORD_BYTES / VOCAB_SPACE_BYTES) };
        char text[WORD_BYTES + 1] = "";

        vocab_fixture_spm(&fixture);
        add_random_tokens(&fixture, room, &rng);
        for (size_t j = 0, len = 0; j < parts.n; j++) {
            const char *letter = letters[rng_below(&rng, 3)];

            parts.part[j] = slice_of(text + len, strlen(letter));
            memcpy(text + len, letter, strlen(letter));
            len += strlen(letter);
        }
        const struct slice all = slice_text(text);
        assert_ok(vocab_fixture_open(&fixture, &open, &err));
        ids.n = 0;
        assert_ok(tokenizer_encode(open.tokenizer, all, 0, &ids, &err));
        join_slowly_spm(&fixture, &parts);
        expect_parts(&fixture, &parts, &ids, &rng, all);
        vocab_open_release(&open);
    }
    token_buf_release(&ids);
}

static void bpe_encoding_equals_joining_pair_by_pair(void **state)
{
    static const char letters[] = "hellord";
    struct rng rng = rng_from_env("CURATE_SEED");
    struct vocab_fixture fixture;
    struct vocab_open open;
    struct token_buf ids = { 0 };
    struct error err;

    (void)state;
    vocab_fixture_bpe(&fixture);
    assert_ok(vocab_fixture_open(&fixture, &open, &err));
    for (int i = 0; i < ROUNDS; i++) {
        struct parts parts = { .n = 1 + rng_below(&rng, WORD_BYTES) };
        char text[WORD_BYTES];

        for (size_t j = 0; j < parts.n; j++) {
            text[j] = letters[rng_below(&rng, sizeof letters - 1)];
            parts.part[j] = slice_of(text + j, 1);
        }
        const struct slice all = slice_of(text, parts.n);
        ids.n = 0;
        assert_ok(tokenizer_encode(open.tokenizer, all, 0, &ids, &err));
        join_slowly_bpe(&fixture, &parts);
        expect_parts(&fixture, &parts, &ids, &rng, all);
    }
    vocab_open_release(&open);
    token_buf_release(&ids);
}

/* The definition: from the left, the longest user-defined token that the text continues
 * with. */
static void match_slowly(const struct vocab_fixture *fixture, struct slice text,
                         struct token_buf *out)
{
    struct error err;

    for (size_t at = 0; at < text.len;) {
        int32_t best = (uint8_t)text.ptr[at]; /* the token of the byte */
        size_t len = 1;

        for (size_t id = 256; id < fixture->n_tokens; id++) {
            const struct slice each = fixture->texts[id];

            if (fixture->types[id] != TOKEN_USER_DEFINED || each.len > text.len - at ||
                memcmp(text.ptr + at, each.ptr, each.len) != 0 ||
                (best >= 256 && each.len <= len))
                continue;
            best = (int32_t)id;
            len = each.len;
        }
        assert_ok(token_buf_add(out, best, &err));
        at += len;
    }
}

static void random_word(struct rng *rng, const char *letters, char *out, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] = letters[rng_below(rng, strlen(letters))];
    out[n] = '\0';
}

static void the_longest_user_defined_token_from_the_left_is_used(void **state)
{
    struct rng rng = rng_from_env("CURATE_SEED");
    struct vocab_fixture fixture;
    struct vocab_open open;
    struct token_buf ids = { 0 };
    struct token_buf want = { 0 };
    struct error err;
    char room[12][8];
    char text[WORD_BYTES];

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        vocab_fixture_bpe(&fixture);
        fixture.merges[0] = slice_text("l l"); /* joins nothing of the texts below */
        fixture.n_merges = 1;
        for (size_t j = 0; j < 12; j++) {
            random_word(&rng, "abc", room[j], 2 + rng_below(&rng, 5));
            bool is_new = true;
            for (size_t k = 0; k < j; k++)
                is_new = is_new && strcmp(room[j], room[k]) != 0;
            if (is_new)
                vocab_fixture_add(&fixture, room[j], TOKEN_USER_DEFINED, 0);
        }
        random_word(&rng, "aabbccd", text, rng_below(&rng, sizeof text));
        assert_ok(vocab_fixture_open(&fixture, &open, &err));
        ids.n = want.n = 0;
        assert_ok(tokenizer_encode(open.tokenizer, slice_text(text), 0, &ids, &err));
        match_slowly(&fixture, slice_text(text), &want);
        assert_int_equal(ids.n, want.n);
        if (ids.n > 0)
            assert_memory_equal(ids.ids, want.ids, ids.n * sizeof *ids.ids);
        vocab_open_release(&open);
    }
    token_buf_release(&ids);
    token_buf_release(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bpe_tokens_decode_to_the_text),
        cmocka_unit_test(spm_tokens_decode_to_the_text),
        cmocka_unit_test(spm_encoding_equals_joining_pair_by_pair),
        cmocka_unit_test(bpe_encoding_equals_joining_pair_by_pair),
        cmocka_unit_test(the_longest_user_defined_token_from_the_left_is_used),
    };

    return cmocka_run_group_tests_name("infer/tokenizer invariants", tests, NULL, NULL);
}
