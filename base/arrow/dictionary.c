/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arrow/dictionary.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/arrow/schema.h"
#include "base/error.h"

static int add_chunk(struct arrow_loader *loader, const struct arrow_message *message,
                     const struct arrow_batch_header *header, size_t field,
                     struct arrow_dictionary *to, struct error *err)
{
    struct arrow_chunk *chunks = reallocarray(to->chunks, to->n_chunks + 1, sizeof *to->chunks);

    if (!chunks)
        return error_nomem(err);
    to->chunks = chunks;
    struct arrow_chunk *chunk = &to->chunks[to->n_chunks];
    *chunk = (struct arrow_chunk){ .first = to->n };
    if (arrow_batch_load(loader, message, header, field, loader->schema->fields[field].next,
                         true, &chunk->batch, err) < 0) {
        arrow_batch_release(loader->input, &chunk->batch);
        return -1;
    }
    /* A chunk without values would stand at the same index as the one behind it. */
    if (header->n_rows == 0) {
        arrow_batch_release(loader->input, &chunk->batch);
        return 0;
    }
    to->n_chunks++;
    to->n += header->n_rows;
    return 0;
}

/* Apply a message to the dictionary of one field. */
static int update_dictionary(struct arrow_loader *loader, const struct arrow_message *message,
                             const struct arrow_dictionary_header *dictionary, size_t field,
                             struct arrow_dictionary *to, struct error *err)
{
    struct arrow_batch_header header;
    struct error damage;

    if (!dictionary->is_delta)
        arrow_dictionary_release(loader->input, to);
    if (arrow_batch_header_parse(&dictionary->data, &header, &damage) == 0 &&
        arrow_batch_check_rows(message, &header, &damage) == 0 &&
        add_chunk(loader, message, &header, field, to, &damage) == 0)
        return 0;
    if (damage.code != ERR_INPUT) {
        *err = damage;
        return -1;
    }
    to->is_damaged = true;
    to->damaged_at = message->at;
    return 0;
}

int arrow_dictionaries_update(struct arrow_loader *loader, const struct arrow_message *message,
                              struct arrow_dictionary *dictionaries, struct error *err)
{
    const struct arrow_schema *schema = loader->schema;
    struct arrow_dictionary_header dictionary;
    int rc = arrow_dictionary_header_parse(&message->header, &dictionary, err);

    for (size_t i = 0; i < schema->n && rc == 0; i++) {
        const struct arrow_field *field = &schema->fields[i];

        if (field->is_used && field->has_dictionary && field->dictionary == dictionary.id)
            rc = update_dictionary(loader, message, &dictionary, i, &dictionaries[i], err);
    }
    return rc == 0 ? 0
                   : error_prefix(err, "%s: the dictionary at byte %" PRIu64,
                                  loader->input->name, message->at);
}

struct arrow_chunk *arrow_dictionary_find(const struct arrow_dictionary *dictionary, uint64_t i)
{
    size_t low = 0, high = dictionary->n_chunks;

    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;

        if (dictionary->chunks[middle].first <= i)
            low = middle;
        else
            high = middle;
    }
    return &dictionary->chunks[low];
}

void arrow_dictionary_release(struct arrow_input *input, struct arrow_dictionary *dictionary)
{
    for (size_t i = 0; i < dictionary->n_chunks; i++)
        arrow_batch_release(input, &dictionary->chunks[i].batch);
    free(dictionary->chunks);
    *dictionary = (struct arrow_dictionary){ .n_chunks = 0 };
}
