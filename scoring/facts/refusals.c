/* SPDX-License-Identifier: Apache-2.0 */
/* Responses that refuse, that speak of the model, or that have gaps left to be filled in. */
#include <string.h>

#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/phrase.h"

enum { REFUSAL, MODEL_MENTIONS, PLACEHOLDERS, N_REFUSAL_FACTS };
enum { REFUSAL_BYTES = 300 };

static const struct fact refusal_facts[N_REFUSAL_FACTS] = {
    [REFUSAL] = { "refusal", FACT_INTEGER, "0 or 1", "the response begins with a refusal" },
    [MODEL_MENTIONS] = { "model_mentions", FACT_INTEGER, "phrases",
                         "phrases in which a model speaks of itself" },
    [PLACEHOLDERS] = { "placeholders", FACT_INTEGER, "phrases", "gaps left to be filled in" },
};

/* The lists are those of docs/facts.md, in lower case, with ' for every apostrophe. */
static const char *const refusals[] = {
    "i can't assist",
    "i can't help with",
    "i can't help you",
    "i can't provide",
    "i can't fulfill",
    "i can't comply",
    "i can't answer",
    "i cannot assist",
    "i cannot help with",
    "i cannot help you",
    "i cannot provide",
    "i cannot fulfill",
    "i cannot comply",
    "i cannot answer",
    "i can not assist",
    "i can not help with",
    "i can not help you",
    "i can not provide",
    "i'm unable to",
    "i am unable to",
    "i'm not able to",
    "i am not able to",
    "i won't be able to",
    "i will not be able to",
    "i'm sorry, but",
    "i am sorry, but",
    "i apologize, but",
    "i apologise, but",
    "sorry, i can't",
    "sorry, i cannot",
    "i must decline",
    "it is not appropriate for me",
    "it's not appropriate for me",
    "i don't have access to",
    "i do not have access to",
    "i don't have the ability",
    "i do not have the ability",
    "es tut mir leid, aber",
    "ich kann dabei nicht helfen",
    "je suis d\xc3\xa9sol\xc3\xa9, mais",
    "je ne peux pas vous aider",
    "lo siento, pero",
    "no puedo ayudar",
    "desculpe, mas",
    "mi dispiace, ma",
    "\xe5\xaf\xb9\xe4\xb8\x8d\xe8\xb5\xb7\xef\xbc\x8c\xe6\x88\x91",             /* sorry, I */
    "\xe6\x8a\xb1\xe6\xad\x89\xef\xbc\x8c\xe6\x88\x91",                         /* sorry, I */
    "\xe5\xbe\x88\xe6\x8a\xb1\xe6\xad\x89",                                     /* very sorry */
    "\xe7\x94\xb3\xe3\x81\x97\xe8\xa8\xb3\xe3\x81\x82\xe3\x82\x8a\xe3\x81\xbe", /* sorry */
    NULL,
};
static const char *const model_phrases[] = {
    "as an ai",
    "as a language model",
    "as a large language model",
    "i am an ai",
    "i'm an ai",
    "i am a language model",
    "i'm a language model",
    "i am a large language model",
    "i'm a large language model",
    "i was trained by",
    "my training data",
    "my knowledge cutoff",
    "als ki-",
    "en tant qu'ia",
    "como modelo de lenguaje",
    "\xe4\xbd\x9c\xe4\xb8\xba\xe4\xb8\x80\xe4\xb8\xaa\xe4\xba\xba\xe5\xb7\xa5\xe6\x99\xba"
    "\xe8\x83\xbd", /* as an artificial intelligence */
    NULL,
};
static const char *const placeholders[] = {
    "[your ",     "[insert ",    "[name]",         "[date]",         "[address]", "[company",
    "[recipient", "[email",      "[phone",         "[city",          "<insert ",  "<your ",
    "{your ",     "lorem ipsum", "your text here", "text goes here", NULL,
};

/* Which bytes a list of phrases begins with. */
static void mark_beginnings(const char *const *phrases, bool begins[256])
{
    for (size_t i = 0; phrases[i]; i++)
        begins[(unsigned char)phrases[i][0]] = true;
}

/* The length of the first of the phrases that the text begins with, or 0. */
static size_t find_at(struct slice text, const char *const *phrases)
{
    size_t len = 0;

    for (size_t i = 0; phrases[i] && len == 0; i++)
        len = phrase_len_at(text, phrases[i]);
    return len;
}

/* Copy the beginning of a text, with ' for each typographic apostrophe. Returns its length. */
static size_t copy_beginning(struct slice text, char out[REFUSAL_BYTES])
{
    size_t n = 0;

    for (size_t i = 0; i < text.len && n < REFUSAL_BYTES; i++) {
        const bool is_apostrophe =
            text.len - i >= 3 && memcmp(text.ptr + i, "\xe2\x80\x99", 3) == 0;

        out[n++] = is_apostrophe ? '\'' : text.ptr[i];
        i += is_apostrophe ? 2 : 0;
    }
    return n;
}

/* Is this place behind a letter or a digit? */
static bool is_within_word(const char *bytes, size_t at)
{
    const char before = at == 0 ? ' ' : ascii_lower_byte(bytes[at - 1]);

    return (before >= 'a' && before <= 'z') || (before >= '0' && before <= '9');
}

static bool begins_with_refusal(struct slice text)
{
    char beginning[REFUSAL_BYTES];
    const size_t n = copy_beginning(text, beginning);

    for (size_t i = 0; i < n; i++)
        if (!is_within_word(beginning, i) &&
            find_at(slice_of(beginning + i, n - i), refusals) > 0)
            return true;
    return false;
}

/* Count the places where one of the phrases begins, but not within a word. */
static size_t count_phrases(struct slice text, const char *const *phrases)
{
    bool begins[256] = { false };
    size_t n = 0;

    mark_beginnings(phrases, begins);
    for (size_t i = 0; i < text.len; i++) {
        if (!begins[(unsigned char)ascii_lower_byte(text.ptr[i])] ||
            is_within_word(text.ptr, i))
            continue;
        const size_t len = find_at(slice_of(text.ptr + i, text.len - i), phrases);
        n += len > 0;
        i += len > 0 ? len - 1 : 0;
    }
    return n;
}

static int measure_refusals(const struct measured_text *text,
                            const struct measure_options *options, struct fact_value *out,
                            struct error *err)
{
    (void)options;
    (void)err;
    out[REFUSAL].integer = begins_with_refusal(text->text);
    out[MODEL_MENTIONS].integer = (int64_t)count_phrases(text->text, model_phrases);
    out[PLACEHOLDERS].integer = (int64_t)count_phrases(text->text, placeholders);
    return 0;
}

const struct measurer measurer_refusals = {
    .name = "refusals",
    .version = 1,
    .summary = "responses that refuse, speak of the model or have gaps",
    .facts = refusal_facts,
    .n_facts = N_REFUSAL_FACTS,
    .parts = 1 << PART_RESPONSE,
    .measure = measure_refusals,
};
