/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample.h - the canonical sample, and its rows.
 */
#ifndef CURATE_SAMPLE_H
#define CURATE_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/slice.h"

struct error;
struct store;

enum sample_kind {
    SAMPLE_SFT,         /* has a response */
    SAMPLE_PROMPT_ONLY, /* asks and is not answered */
    SAMPLE_TEXT,        /* plain text: it is the context, and there are no turns */
};

struct turn {
    struct slice role; /* "user", "assistant", "system", "tool" */
    struct slice content;
    struct slice extra; /* JSON object of the message's other members; ptr NULL for none */
};

/* All text is borrowed: from a batch's arena, or from a scan until its next step. */
struct sample {
    enum sample_kind kind;
    struct slice ext_id; /* ptr NULL where there is none: these four */
    struct slice system;
    struct slice context;
    struct slice meta;
    struct slice split; /* how context and instruction were told apart; ptr NULL: not at all */
    struct turn *turns;
    size_t n_turns;
    int response_turn;    /* index of the last assistant turn, -1 for none */
    int instruction_turn; /* of the last user turn before it (of all, if none); -1 for none */

    struct hash hash;         /* sample_identify() fills these two */
    struct hash context_hash; /* meaningless when context.ptr is NULL */

    uint64_t defects; /* whoever reads records notes them here (stages/record/defect.h); not
                         stored */

    int64_t file_id;
    uint64_t line;
    uint64_t byte_offset;
};

/* Text of the two turns that matter; ptr NULL when there is none. */
struct slice sample_instruction(const struct sample *sample);
struct slice sample_response(const struct sample *sample);
const char *sample_kind_name(enum sample_kind kind);

/*
 * Compute both hashes over the canonical content (NFC, LF): kind, system, context, and each
 * turn's role, content and extra. ext_id, meta, split and lineage do not count. Pure: safe in
 * any thread, with an identifier of its own.
 */
struct identifier;
int identifier_new(struct identifier **out, struct error *err);
void identifier_free(struct identifier *identifier);
int sample_identify(struct identifier *identifier, struct sample *sample, struct error *err);

/* 1 when the sample was added (*sample_id is its id), 0 when its content was there already
 * (*sample_id is that one's), -1 on failure. Inside a transaction. */
int sample_add(struct store *store, const struct sample *sample, int64_t run_id,
               int64_t *sample_id, struct error *err);

/* 1 when the sample would be new, and another one of its file has its ext_id; 0, or -1. */
int sample_id_clashes(struct store *store, const struct sample *sample, struct error *err);

/* Load one sample; 1, 0 when there is none, -1. Text lasts until the next call on this reader.
 */
struct sample_reader;
int sample_reader_new(struct store *store, struct sample_reader **out, struct error *err);
void sample_reader_free(struct sample_reader *reader);
int sample_read(struct sample_reader *reader, int64_t sample_id, struct sample *out,
                struct error *err);

/*
 * The samples that a producer's id (among those of one source, or with NULL of all), or a
 * content hash in hex digits, means: how many, at most 2 of them in ids, ascending; -1.
 */
int sample_find_ext_id(struct store *store, const char *source, struct slice ext_id,
                       int64_t ids[2], struct error *err);
int sample_find_hash(struct store *store, struct slice hex, int64_t ids[2], struct error *err);

/* 0 where it has no context, or there is no such sample. */
int sample_context_id(struct store *store, int64_t sample_id, int64_t *context_id,
                      struct error *err);

int sample_count(struct store *store, int64_t *out, struct error *err);

#endif
