/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/tokenizer/pretok.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/text/regex.h"

enum { STEPS_MAX = 6 };

/*
 * The expressions that the authors of the models trained with. White space is written out as
 * Unicode's White_Space, because PCRE2 still includes U+180E in \s. SPACE is used inside
 * brackets.
 */
#define SPACE       "\\p{Z}\\t-\\r\\x{85}"
#define CONTRACTION "'s|'t|'re|'ve|'m|'ll|'d"
/* White space before a word, without its last character, which belongs to the word. */
#define SPACE_RUN "[" SPACE "]+(?![^" SPACE "])"

/* White space at the end of a text. Without the look-behind, the interpreter of PCRE2 would try
 * n times at n white-space characters elsewhere. The JIT avoids that. */
#define SPACE_END "(?<![" SPACE "])[" SPACE "]++\\z"

#define GPT2                                                                                   \
    CONTRACTION "| ?\\p{L}+| ?\\p{N}+| ?[^" SPACE "\\p{L}\\p{N}]+|" SPACE_RUN "|[" SPACE "]+"

/* The common end of the later expressions: line ends together, other white space. */
#define LINES "[" SPACE "]*[\\r\\n]+|" SPACE_RUN "|[" SPACE "]+"

#define LLAMA3(digits)                                                                         \
    "(?i:" CONTRACTION ")|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" digits "| ?[^" SPACE                 \
    "\\p{L}\\p{N}]+[\\r\\n]*|" LINES

/* A capital letter starts a new word. `ending` is what may follow a word as part of it. */
#define UPPER "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]"
#define LOWER "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]"
#define CASES(ending, digits)                                                                  \
    "[^\\r\\n\\p{L}\\p{N}]?" UPPER "*" LOWER "+" ending "|[^\\r\\n\\p{L}\\p{N}]?" UPPER        \
    "+" LOWER "*" ending "|" digits "| ?[^" SPACE "\\p{L}\\p{N}]+[\\r\\n/]*|" LINES

/* Letters with their marks. An ASCII punctuation mark joins the ASCII letters after it. */
#define DEEPSEEK3                                                                              \
    "[!-/:-@\\[-`{-~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+|"                   \
    " ?[\\p{P}\\p{S}]+[\\r\\n]*|" LINES

/* All except white space and punctuation marks that end a clause or a sentence. */
#define BLOOM                                                                                  \
    " ?[^(" SPACE "|.,!?\\x{2026}\\x{3002}\\x{ff0c}\\x{3001}\\x{964}\\x{6d4}\\x{60c})]+"

/* The list of deepseek-llm: most of the cased letters of Unicode 11. Written as numbers,
 * because an editor that normalises text would change some of these characters. */
#define CASED                                                                                  \
    "A-Za-z\\x{b5}\\x{c0}-\\x{d6}\\x{d8}-\\x{f6}\\x{f8}-\\x{1ba}\\x{1bc}-\\x{1bf}"             \
    "\\x{1c4}-\\x{293}\\x{295}-\\x{2af}\\x{370}-\\x{373}\\x{376}\\x{377}\\x{37b}-\\x{37d}"     \
    "\\x{37f}\\x{386}\\x{388}-\\x{38a}\\x{38c}\\x{38e}-\\x{3a1}\\x{3a3}-\\x{3f5}"              \
    "\\x{3f7}-\\x{481}\\x{48a}-\\x{52f}\\x{531}-\\x{556}\\x{10a0}-\\x{10c5}"                   \
    "\\x{13a0}-\\x{13f5}\\x{13f8}-\\x{13fd}\\x{1c90}-\\x{1cba}\\x{1cbd}-\\x{1cbf}"             \
    "\\x{1d00}-\\x{1d2b}\\x{1d6b}-\\x{1d77}\\x{1d79}-\\x{1d9a}\\x{1e00}-\\x{1f15}"             \
    "\\x{1f18}-\\x{1f1d}\\x{1f20}-\\x{1f45}\\x{1f48}-\\x{1f4d}\\x{1f50}-\\x{1f57}\\x{1f59}"    \
    "\\x{1f5b}\\x{1f5d}\\x{1f5f}-\\x{1f7d}\\x{1f80}-\\x{1fb4}\\x{1fb6}-\\x{1fbc}\\x{1fbe}"     \
    "\\x{1fc2}-\\x{1fc4}\\x{1fc6}-\\x{1fcc}\\x{1fd0}-\\x{1fd3}\\x{1fd6}-\\x{1fdb}"             \
    "\\x{1fe0}-\\x{1fec}\\x{1ff2}-\\x{1ff4}\\x{1ff6}-\\x{1ffc}\\x{2102}\\x{2107}"              \
    "\\x{210a}-\\x{2113}\\x{2115}\\x{2119}-\\x{211d}\\x{2124}\\x{2126}\\x{2128}"               \
    "\\x{212a}-\\x{212d}\\x{212f}-\\x{2134}\\x{2139}\\x{213c}-\\x{213f}\\x{2145}-\\x{2149}"    \
    "\\x{214e}\\x{2183}\\x{2184}\\x{2c00}-\\x{2c7b}\\x{2c7e}-\\x{2ce4}\\x{2ceb}-\\x{2cee}"     \
    "\\x{2cf2}\\x{2cf3}\\x{a640}-\\x{a66d}\\x{a680}-\\x{a69b}\\x{a722}-\\x{a76f}"              \
    "\\x{a771}-\\x{a787}\\x{a78b}-\\x{a78e}\\x{ab70}-\\x{abbf}\\x{fb00}-\\x{fb06}"             \
    "\\x{fb13}-\\x{fb17}\\x{ff21}-\\x{ff3a}\\x{ff41}-\\x{ff5a}\\x{10400}-\\x{1044f}"           \
    "\\x{104b0}-\\x{104d3}\\x{104d8}-\\x{104fb}\\x{10c80}-\\x{10cb2}\\x{10cc0}-\\x{10cf2}"     \
    "\\x{118a0}-\\x{118df}\\x{1e900}-\\x{1e943}"
#define MARKS                                                                                  \
    "!-/:-~\\x{ff01}-\\x{ff0f}\\x{ff1a}-\\x{ff5e}\\x{2018}-\\x{201f}\\x{3000}-\\x{3002}"
#define EAST_ASIAN "[\\x{4e00}-\\x{9fa5}\\x{800}-\\x{4e00}\\x{ac00}-\\x{d7ff}]+"
#define HAN_KANA   "[\\x{4e00}-\\x{9fa5}\\x{3040}-\\x{30ff}]+"
/* The list of youtu: Korean, full-width marks, Bopomofo. */
#define YOUTU                                                                                  \
    "[\\x{ac00}-\\x{d7a3}\\x{3131}-\\x{318e}]+|[\\x{ff01}\\x{2026}\\x{201c}\\x{201d}"          \
    "\\x{2018}\\x{2019}\\x{2014}\\x{ff1a}\\x{ff1b}\\x{ff0c}\\x{3001}-\\x{303f}"                \
    "\\x{fe30}-\\x{fe4f}]+|[\\x{3105}-\\x{312f}]+|" HAN_KANA

struct pretok_rule {
    const char *names[16]; /* ends with NULL; the first is the name of the rule */
    const char *steps[STEPS_MAX + 1];
    bool keeps_words;
    bool adds_bos;
};

static const struct pretok_rule rules[] = {
    {
        .names = { "gpt-2", "phi-2", "mpt", "olmo", "jais", "exaone4", "modern-bert", "mellum",
                   "gigachat", "roberta-bpe", "trillion", "granite-docling", "a.x-4.0" },
        .steps = { GPT2 },
    },
    {
        .names = { "llama-bpe", "llama3", "llama-v3", "falcon3", "pixtral", "lfm2", "falcon-h1",
                   "midm-2.0" },
        .steps = { LLAMA3("\\p{N}{1,3}") },
        .keeps_words = true,
        .adds_bos = true,
    },
    {
        .names = { "dbrx", "smaug-bpe", "chatglm-bpe", "glm4", "glm5" },
        .steps = { LLAMA3("\\p{N}{1,3}") },
    },
    {
        .names = { "qwen2", "deepseek-r1-qwen", "stablelm2", "megrez", "hunyuan", "solar-open",
                   "grok-2", "kormo" },
        .steps = { LLAMA3("\\p{N}") },
    },
    {
        .names = { "starcoder", "refact", "smollm", "command-r", "codeshell", "exaone",
                   "minerva-7b", "mellum2" },
        .steps = { "\\p{N}", GPT2 },
    },
    {
        .names = { "falcon" },
        .steps = { "[\\p{P}$+<=>\\^~|`]+", GPT2, "[0-9][0-9][0-9]" },
    },
    {
        .names = { "deepseek-llm" },
        .steps = { "[\\r\\n]", "[" SPACE "]?[" CASED "]+", "[" SPACE "]?[" MARKS "]+",
                   SPACE_END, EAST_ASIAN, "\\p{N}+" },
    },
    {
        .names = { "deepseek-coder" },
        .steps = { "[\\r\\n]", "[" SPACE "]?\\p{L}+", "[" SPACE "]?\\p{P}+", EAST_ASIAN,
                   "\\p{N}" },
    },
    {
        .names = { "qwen35" },
        .steps = { "(?i:" CONTRACTION
                   ")|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}| ?[^" SPACE
                   "\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|" LINES },
    },
    {
        .names = { "deepseek-v3", "hunyuan-dense", "joyai-llm", "hy_v4" },
        .steps = { "\\p{N}{1,3}", HAN_KANA, DEEPSEEK3 },
    },
    {
        .names = { "tekken" },
        .steps = { CASES("", "\\p{N}") },
        .keeps_words = true,
        .adds_bos = true,
    },
    {
        .names = { "gpt-4o", "llama4", "kanana2", "talkie", "minimax-m2" },
        .steps = { CASES("(?i:" CONTRACTION ")?", "\\p{N}{1,3}") },
    },
    {
        .names = { "youtu" },
        .steps = { YOUTU, CASES("(?i:" CONTRACTION ")?", "\\p{N}") },
        .keeps_words = true,
    },
    {
        .names = { "minicpm5" },
        .steps = { "\\p{N}{1,3}", LLAMA3("\\p{N}+") },
        .keeps_words = true,
    },
    {
        .names = { "bloom", "poro-chat", "gpt3-finnish" },
        .steps = { BLOOM },
    },
    {
        .names = { "viking" },
        .steps = { BLOOM, "\\p{N}" },
    },
    {
        .names = { "chameleon" },
        .steps = { "<sentinel:[0-9]+>", "IMGIMG[A-I]{1,4}Z", "[\\t\\n]|    |  ", "\\p{N}",
                   "[\\p{P}!-/:-@\\[-`{-~]", GPT2 },
        .adds_bos = true,
    },
    {
        .names = { "default" },
        .steps = { "[\\p{P}$+<=>\\^~|]+", GPT2, "\\p{N}+", "[0-9][0-9][0-9]" },
    },
};

struct pretok {
    const struct pretok_rule *rule;
    const char *name;
    struct regex *steps[STEPS_MAX];
    size_t n_steps;
};

static int unknown_pretok(struct slice name, struct error *err)
{
    char known[300] = "";
    size_t len = 0;

    for (size_t i = 0; i < sizeof rules / sizeof *rules && len < sizeof known; i++)
        len += (size_t)snprintf(known + len, sizeof known - len, " %s", rules[i].names[0]);
    return error_set(err, ERR_UNSUPPORTED,
                     "tokenizer.ggml.pre '%.*s' is not supported; supported:%s, and aliases",
                     name.len < 32 ? (int)name.len : 32, name.ptr, known);
}

static int find_pretok_rule(struct slice name, struct pretok *pretok, struct error *err)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
        for (const char *const *each = rules[i].names; *each; each++) {
            if (!slice_equal(slice_text(*each), name))
                continue;
            pretok->rule = &rules[i];
            pretok->name = *each;
            return 0;
        }
    }
    return unknown_pretok(name, err);
}

int pretok_new(struct slice name, struct pretok **out, struct error *err)
{
    struct pretok *pretok = calloc(1, sizeof *pretok);

    if (!pretok)
        return error_nomem(err);
    if (find_pretok_rule(name.ptr ? name : slice_text("default"), pretok, err) < 0)
        goto failed;
    for (const char *const *step = pretok->rule->steps; *step; step++) {
        if (regex_new(*step, &pretok->steps[pretok->n_steps], err) < 0)
            goto failed;
        pretok->n_steps++;
    }
    *out = pretok;
    return 0;
failed:
    pretok_free(pretok);
    return -1;
}

void pretok_free(struct pretok *pretok)
{
    if (!pretok)
        return;
    for (size_t i = 0; i < pretok->n_steps; i++)
        regex_free(pretok->steps[i]);
    free(pretok);
}

const char *pretok_name(const struct pretok *pretok)
{
    return pretok->name;
}

const char *pretok_rule(const struct pretok *pretok)
{
    return pretok->rule->names[0];
}

bool pretok_keeps_words(const struct pretok *pretok)
{
    return pretok->rule->keeps_words;
}

bool pretok_adds_bos(const struct pretok *pretok)
{
    return pretok->rule->adds_bos;
}

/* Split a piece by steps n and later. The recursion depth is at most STEPS_MAX. */
static int split_from(const struct pretok *pretok, size_t n, struct regex_match *match,
                      struct slice text, const struct word_sink *sink, struct error *err)
{
    size_t done = 0;
    int found = 0;

    if (text.len == 0)
        return 0;
    if (n == pretok->n_steps)
        return sink->word(sink->state, text, err);

    while (done < text.len) {
        size_t start;
        size_t end;

        found = regex_find(pretok->steps[n], match, text, done, &start, &end, err);
        if (found <= 0)
            break;
        assert(end > start); /* no expression above matches the empty string */
        const struct slice before = slice_of(text.ptr + done, start - done);
        const struct slice inside = slice_of(text.ptr + start, end - start);
        if (split_from(pretok, n + 1, match, before, sink, err) < 0 ||
            split_from(pretok, n + 1, match, inside, sink, err) < 0)
            return -1;
        done = end;
    }
    if (found < 0)
        return -1;
    return split_from(pretok, n + 1, match, slice_of(text.ptr + done, text.len - done), sink,
                      err);
}

int pretok_split(const struct pretok *pretok, struct regex_match *match, struct slice text,
                 const struct word_sink *sink, struct error *err)
{
    return split_from(pretok, 0, match, text, sink, err);
}
