/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample.h - samples: the struct, its content hash, reading and writing.
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
    SAMPLE_PROMPT_ONLY, /* has turns but no response */
    SAMPLE_TEXT,        /* plain text: the context holds it, there are no turns */
    SAMPLE_PAIR,        /* a prompt with a chosen and a rejected answer */
};
enum { N_SAMPLE_KINDS = SAMPLE_PAIR + 1 };

/* Is a turn trained on? The record may say so of a message: weight, train, loss. */
enum turn_trained { TURN_TRAINED_UNSAID, TURN_TRAINED_NO, TURN_TRAINED_YES };

/* Which part of a pair a turn belongs to. Turns of other kinds belong to the prompt. */
enum turn_side { TURN_SIDE_PROMPT, TURN_SIDE_CHOSEN, TURN_SIDE_REJECTED };

struct turn {
    struct slice role; /* "user", "assistant", "system", "tool" */
    struct slice content;
    /* ptr NULL if the turn has none: */
    struct slice thought; /* reasoning before the answer, without its marks */
    struct slice calls;   /* JSON array of tool calls: {"id"?, "name", "arguments"} */
    struct slice media;   /* JSON array: {"type", "at", "part"}, ascending by "at", the byte
                             offset in content */
    struct slice extra;   /* JSON object with the message's other members */
    enum turn_trained trained;
    enum turn_side side;
};

/* All text is borrowed, from the batch's arena or from a sample reader. */
struct sample {
    enum sample_kind kind;
    /* ptr NULL if the sample has none: */
    struct slice ext_id;
    struct slice system;
    struct slice context;
    struct slice tools; /* JSON array of function definitions: {"name", "description"?, ...} */
    struct slice meta;
    struct slice split; /* how context and instruction were separated */
    struct turn *turns; /* of a pair: the prompt, then the chosen turns, then the rejected */
    size_t n_turns;
    int response_turn;    /* index of the last assistant turn that is trained on, of a pair's
                             chosen side; -1: none */
    int instruction_turn; /* index of the last user turn before the response, or of the last
                             user turn if there is no response; -1: none */

    struct hash hash;         /* set by sample_identify() */
    struct hash context_hash; /* set by sample_identify() unless context.ptr is NULL */

    uint64_t
        defects; /* set by record parsers (stages/record/defect.h); not stored in the row */

    int64_t file_id;
    uint64_t line;
    uint64_t byte_offset;
    uint64_t item; /* which sample of a record that holds several, from 0 */
};

/* Content of the instruction turn and of the response turn; ptr NULL: none. */
struct slice sample_instruction(const struct sample *sample);
struct slice sample_response(const struct sample *sample);
const char *sample_kind_name(enum sample_kind kind);
const char *turn_side_name(enum turn_side side);
/* The number of turns before the first rejected one: all turns, and of a pair those of its
 * prompt and its chosen side. These are the turns that scores are about. */
size_t sample_count_chosen(const struct sample *sample);
/* Do the last turns have a side? Those of a pair do. */
bool sample_has_sides(const struct sample *sample);
/* Find the last assistant turn of a side that may be trained on; if none may, the last
 * assistant turn of that side. -1: there is none. */
int sample_find_answer(const struct sample *sample, enum turn_side side);
/* Set kind, response_turn and instruction_turn from the turns. The response is the answer that
 * sample_find_answer() finds; of a pair it is of the chosen side. The instruction is the last
 * user turn before the response, or the last user turn if there is no response. */
void sample_find_turns(struct sample *sample);
/* The index of the first user turn. If there is none: of the first turn that is no system
 * message, or 0. The sample has turns. */
size_t sample_find_first_question(const struct sample *sample);

/*
 * Computes the hashes of samples. They cover kind, system, context and tools, and of each turn
 * its side, role, content, thought, calls, media, extra and whether it must not be trained on.
 * Text counts in canonical form (NFC, LF), JSON without the order of its members and without
 * padding (base/json/prune.h). The hashes do not cover ext_id, meta, split and the origin. Each
 * thread needs its own identifier.
 */
struct identifier;
int identifier_new(struct identifier **out, struct error *err);
void identifier_free(struct identifier *identifier);
/* Set sample->hash and sample->context_hash. ERR_INPUT if tools, calls, media or extra is not
 * JSON. */
int sample_identify(struct identifier *identifier, struct sample *sample, struct error *err);

/* Add a sample. Returns 1 and its id, 0 and the id of the stored sample with the same content,
 * or -1. Call inside a transaction. */
int sample_add(struct store *store, const struct sample *sample, int64_t run_id,
               int64_t *sample_id, struct error *err);

/* Store what a duplicate adds: if its meta differs from that of the stored sample, by more than
 * the order of members, add a row of dup_meta. Returns 1 if it differs, 0 or -1. Call inside
 * the transaction of sample_add(). */
int sample_add_dup_meta(struct store *store, const struct sample *duplicate, int64_t sample_id,
                        int64_t run_id, struct error *err);

/* Check whether the sample is new but its ext_id belongs to another sample of the same file.
 * Returns 1, 0 or -1. */
int sample_ext_id_clashes(struct store *store, const struct sample *sample, struct error *err);

struct sample_reader;
int sample_reader_new(struct store *store, struct sample_reader **out, struct error *err);
void sample_reader_free(struct sample_reader *reader);
/* Read one sample. Returns 1, 0 if it does not exist, or -1. Turns and text are valid until the
 * next call for this reader. */
int sample_read(struct sample_reader *reader, int64_t sample_id, struct sample *out,
                struct error *err);

/*
 * Find samples by their producer's id, in one source or in all (source NULL), or by their
 * content hash in hex digits. Writes the first two ids, ascending. Returns their number, 0 to
 * 2, or -1.
 */
int sample_find_ext_id(struct store *store, const char *source, struct slice ext_id,
                       int64_t ids[2], struct error *err);
int sample_find_hash(struct store *store, struct slice hex, int64_t ids[2], struct error *err);

/* Get the id of the sample's context; 0 if it has none or the sample does not exist. */
int sample_context_id(struct store *store, int64_t sample_id, int64_t *context_id,
                      struct error *err);

int sample_count(struct store *store, int64_t *out, struct error *err);

#endif
