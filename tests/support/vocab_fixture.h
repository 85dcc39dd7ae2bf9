/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vocab_fixture.h - vocabularies small enough to encode by hand.
 *
 * A test starts with one, makes its changes, and opens it. Each vocabulary has tokens for the
 * 256 bytes; vocab_fixture.c lists the others with their ids.
 */
#ifndef CURATE_TEST_VOCAB_FIXTURE_H
#define CURATE_TEST_VOCAB_FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct error;
struct gguf;
struct tokenizer;

enum { FIXTURE_TOKENS = 512, FIXTURE_MERGES = 64 };

struct vocab_fixture {
    const char *model;
    const char *pre; /* NULL: the key is not written */
    struct slice texts[FIXTURE_TOKENS];
    int32_t types[FIXTURE_TOKENS];
    float scores[FIXTURE_TOKENS];
    size_t n_tokens;
    size_t n_types; /* these two are equal to n_tokens unless a test makes them wrong */
    size_t n_scores;
    struct slice merges[FIXTURE_MERGES];
    size_t n_merges;
    int32_t bos; /* -1: the key is not written */
    int32_t eos;
    int32_t unknown;
    int adds_bos; /* -1: the key is not written */
    int adds_eos;
    int adds_space;
    struct slice chat_template; /* ptr NULL: the key is not written */
    char bytes[256][8];
};

/* Byte b is token 3 + b; 0 is <unk>, 1 <s>, 2 </s>. */
void vocab_fixture_spm(struct vocab_fixture *fixture);
/* Byte b is token b; the pre-tokeniser is "gpt-2". */
void vocab_fixture_bpe(struct vocab_fixture *fixture);
/* BPE over characters ("gemma4"): 0 is <unk>, byte b is token 1 + b. */
void vocab_fixture_raw(struct vocab_fixture *fixture);
/* Append a token and return its id. The text is borrowed. */
int32_t vocab_fixture_add(struct vocab_fixture *fixture, const char *text, int32_t type,
                          float score);

/* A tokenizer and the file and vocabulary it uses. */
struct vocab_open {
    void *bytes;
    struct gguf *gguf;
    struct tokenizer *tokenizer;
};
/* Return what tokenizer_new() returns for the fixture. The file itself is always valid. */
int vocab_fixture_open(const struct vocab_fixture *fixture, struct vocab_open *out,
                       struct error *err);
void vocab_open_release(struct vocab_open *open);

#endif
