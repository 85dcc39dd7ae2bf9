/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dictionary.h - the values that columns refer to by index.
 *
 * A stream sends a dictionary before the record batches that use it, may replace it, and may
 * append values to it. Only dictionaries of fields that are used are loaded.
 */
#ifndef CURATE_ARROW_DICTIONARY_H
#define CURATE_ARROW_DICTIONARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arrow/batch.h"

/* Values that came in one message. */
struct arrow_chunk {
    uint64_t first; /* index of its first value */
    struct arrow_batch batch;
};

/* The dictionary of one field. Zeroed: empty. */
struct arrow_dictionary {
    struct arrow_chunk *chunks; /* ascending by first */
    size_t n_chunks;
    uint64_t n; /* values in all */
    bool is_damaged;
    uint64_t damaged_at; /* offset of the message in the file */
};

/* Apply the message to the dictionaries, one for each field of the schema. A damaged message
 * makes the dictionary damaged until it is replaced. Returns 0, or -1 with err set: ERR_INPUT
 * if the message cannot be understood at all, ERR_UNSUPPORTED, ERR_NOMEM, ERR_IO. */
int arrow_dictionaries_update(struct arrow_loader *loader, const struct arrow_message *message,
                              struct arrow_dictionary *dictionaries, struct error *err);
/* Get the chunk that holds value i < n. */
struct arrow_chunk *arrow_dictionary_find(const struct arrow_dictionary *dictionary,
                                          uint64_t i);
void arrow_dictionary_release(struct arrow_input *input, struct arrow_dictionary *dictionary);

#endif
