/* SPDX-License-Identifier: Apache-2.0 */
/*
 * messages: OpenAI's list of role and content. The system prompt is the first message; the
 * context stands in front of the first user message.
 */
#include "stages/export/layouts/chat_write.h"
#include "stages/export/layouts/layout.h"
#include "stages/record/chat_style.h"

static int messages_write(const struct sample *sample, struct buf *out, const char **why,
                          struct error *err)
{
    return chat_write(sample, &chat_openai, out, why, err);
}

const struct layout layout_messages = {
    .name = "messages",
    .summary = "messages: a list of role and content",
    .write = messages_write,
};
