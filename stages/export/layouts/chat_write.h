/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat_write.h - write a sample as a list of messages.
 */
#ifndef CURATE_CHAT_WRITE_H
#define CURATE_CHAT_WRITE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct chat_style;
struct error;
struct sample;

/*
 * Append one record in the style: the write() of a layout (layout.h). A turn's extra supplies
 * the other members of its message. The context is written in front of the first user turn,
 * or behind it if it stood there, with a blank line between and its length as "context_bytes",
 * so that a reader can separate the two again.
 */
int chat_write(const struct sample *sample, const struct chat_style *style, struct buf *out,
               const char **why, struct error *err);

/* A member of a record that is a list of messages: the turns from the first up to an end. */
struct chat_list {
    const char *key;
    size_t first, end;
};
/* Append one record with several lists of messages in OpenAI's style, which hold all turns in
 * order; for preferences. The first list has the system prompt and the context. label: the
 * member "label"; NULL for none. Returns as chat_write() does. */
int chat_write_lists(const struct sample *sample, const struct chat_list *lists, size_t n_lists,
                     const bool *label, struct buf *out, const char **why, struct error *err);

#endif
