/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sharegpt: ShareGPT's list of from and value. The system prompt is a member of the record; the
 * context stands in front of the first user message.
 */
#include "stages/export/layouts/chat_write.h"
#include "stages/export/layouts/layout.h"
#include "stages/record/chat_style.h"

static int sharegpt_write(const struct sample *sample, struct buf *out, const char **why,
                          struct error *err)
{
    return chat_write(sample, &chat_sharegpt, out, why, err);
}

const struct layout layout_sharegpt = {
    .name = "sharegpt",
    .summary = "conversations: a list of from and value; system",
    .write = sharegpt_write,
};
