/* SPDX-License-Identifier: Apache-2.0 */
/*
 * constraint_private.h - constraints that an instruction states, and the checks of a response.
 *
 * The words of the instruction become tokens (constraint_tokens.c). The wordings of
 * constraint_wordings.c are looked for among them (constraint_read.c). The checks are in
 * constraint_count.c (how many of something) and constraint_form.c (everything else).
 */
#ifndef CURATE_CONSTRAINT_PRIVATE_H
#define CURATE_CONSTRAINT_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct error;

enum constraint_kind {
    CONSTRAINT_WORDS,
    CONSTRAINT_SENTENCES,
    CONSTRAINT_PARAGRAPHS,
    CONSTRAINT_BULLETS,
    CONSTRAINT_PLACEHOLDERS,
    CONSTRAINT_HIGHLIGHTS,
    CONSTRAINT_SECTIONS,
    CONSTRAINT_CAPITAL_WORDS,
    CONSTRAINT_KEYWORD_COUNT,
    CONSTRAINT_LETTER_COUNT,
    N_COUNTED_CONSTRAINTS,
    CONSTRAINT_KEYWORDS = N_COUNTED_CONSTRAINTS,
    CONSTRAINT_FORBIDDEN_WORDS,
    CONSTRAINT_LANGUAGE,
    CONSTRAINT_PARAGRAPH_FIRST_WORD,
    CONSTRAINT_POSTSCRIPT,
    CONSTRAINT_TITLE,
    CONSTRAINT_CHOICE,
    CONSTRAINT_JSON,
    CONSTRAINT_REPEAT_PROMPT,
    CONSTRAINT_TWO_RESPONSES,
    CONSTRAINT_END_PHRASE,
    CONSTRAINT_QUOTATION,
    CONSTRAINT_ALL_CAPITALS,
    CONSTRAINT_ALL_LOWERCASE,
    CONSTRAINT_NO_COMMAS,
    N_CONSTRAINT_KINDS,
};

enum {
    CONSTRAINT_ARGS_MAX = 16, /* keywords of one constraint */
    CONSTRAINTS_MAX = 32,     /* of one instruction */
};

/* Slices and offsets are those of the instruction. */
struct constraint {
    enum constraint_kind kind;
    int64_t min; /* of a counted kind; PARAGRAPH_FIRST_WORD: which paragraph, from 1 */
    int64_t max; /* INT64_MAX: no limit */
    struct slice args[CONSTRAINT_ARGS_MAX]; /* those behind n_args are not set */
    size_t n_args;
    const char *language; /* code, static */
    bool has_dividers;    /* paragraphs are separated by *** */
    size_t start;         /* of its words */
    size_t end;
};

enum constraint_token_kind {
    TOKEN_WORD,
    TOKEN_NUMBER,
    TOKEN_QUOTED,
    TOKEN_SYMBOL,
    TOKEN_STARS
};

/* A word, a number, a quoted text, a symbol, or a run of three asterisks or more. */
struct constraint_token {
    uint32_t start; /* of a quoted text: behind the quote */
    uint32_t len;
    uint32_t sentence; /* index of the first token of the sentence */
    uint32_t kind;     /* enum constraint_token_kind */
};

struct instruction_text {
    struct slice text;
    const struct constraint_token *tokens;
    size_t n_tokens;
    bool has_stars;            /* an asterisk */
    bool has_dividers;         /* a run of exactly three asterisks */
    struct slice section_word; /* "SECTION" of "SECTION X"; ptr NULL: none */
};
/* Split an instruction. Tokens are in the arena. Returns 0, or -1 with err set: ERR_NOMEM. */
int instruction_split(struct slice text, struct arena *arena, struct instruction_text *out,
                      struct error *err);
static inline struct slice instruction_token(const struct instruction_text *in, size_t i)
{
    return slice_of(in->text.ptr + in->tokens[i].start, in->tokens[i].len);
}
/* True if the ASCII letters of a text, in lower case, are one of the words "one|two". */
bool is_one_of(struct slice text, const char *words, size_t words_len);
bool token_is(const struct instruction_text *in, size_t i, const char *words);

/* A number with a relation: "at least 3", "300+", "between 2 and 4". */
struct quantity {
    int64_t min;
    int64_t max;
    bool is_plain; /* no relation: min and max are the number */
};
/* Read a number: "12", "1,000", "three", "twice". Returns the token behind it, 0: none. */
size_t read_number(const struct instruction_text *in, size_t i, int64_t *out);
/* Read a quantity at token i. Returns the token behind it, 0: none. */
size_t read_quantity(const struct instruction_text *in, size_t i, struct quantity *out);
/* Read the relation behind a plain quantity and its unit: "or more", "at most". Returns the
 * token behind it, or i. */
size_t read_late_relation(const struct instruction_text *in, size_t i,
                          struct quantity *quantity);

enum wording_flags {
    WORDING_PLAIN = 1,      /* a number without a relation is exact */
    WORDING_AT_LEAST = 2,   /* a number without a relation is the least */
    WORDING_LENGTH = 4,     /* not of a part of the response: "each paragraph", "the title" */
    WORDING_RESPONSE = 8,   /* the sentence must be about the response */
    WORDING_STARS = 16,     /* the instruction must show asterisks */
    WORDING_ENDING = 32,    /* the sentence must say "finish" or "end" */
    WORDING_TITLE = 64,     /* the sentence must say "title" */
    WORDING_SECTIONS = 128, /* the instruction must say "SECTION X" */
    WORDING_LETTERS = 256,  /* of the response, not of some of its words */
    WORDING_FORBIDS = 512,  /* says "not", "no" or "without" itself */
};
/* A wording of a constraint. constraint_read.c explains the pattern. */
struct wording {
    enum constraint_kind kind;
    unsigned flags;
    const char *pattern;
};
extern const struct wording wordings[];
extern const size_t n_wordings;

/* Find the code of a language by its English name. NULL: unknown. */
const char *language_code_of(struct slice name);

/* Read the constraints of an instruction into out[CONSTRAINTS_MAX]. Returns their number. */
size_t read_constraints(const struct instruction_text *in, struct constraint *out);

/* What a check found. */
struct finding {
    bool is_unknown; /* could not be decided */
    bool kept;
    int64_t n;         /* of a counted kind */
    struct slice what; /* of another kind: what broke it, static or of the instruction */
};
/* Returns 0, or -1 with err set: ERR_NOMEM. */
typedef int constraint_check(const struct constraint *constraint, struct slice response,
                             struct finding *out, struct error *err);
constraint_check check_count, check_keywords, check_forbidden_words, check_language,
    check_paragraph_first_word, check_postscript, check_title, check_choice, check_json,
    check_repeat_prompt, check_two_responses, check_end_phrase, check_quotation,
    check_all_capitals, check_all_lowercase, check_no_commas;

/* Find a text in another, ASCII letters in any case. Returns its offset, or SIZE_MAX. */
size_t find_text(struct slice text, struct slice wanted, size_t from);

#endif
