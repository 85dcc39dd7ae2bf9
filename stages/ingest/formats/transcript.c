/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/formats/transcript.h"

#include <string.h>

#include "stages/ingest/formats/draft_private.h"
#include "stages/record/roles.h"

static const struct {
    struct slice mark;
    const struct slice *role;
} transcript_marks[] = {
    { { "Human:", 6 }, &role_user },
    { { "Assistant:", 10 }, &role_assistant },
};

enum { N_TRANSCRIPT_MARKS = sizeof transcript_marks / sizeof transcript_marks[0] };

/* The mark at the start of the text; N_TRANSCRIPT_MARKS for none. */
static size_t transcript_mark_at(struct slice text)
{
    size_t i = 0;

    for (; i < N_TRANSCRIPT_MARKS; i++) {
        const struct slice mark = transcript_marks[i].mark;

        if (text.len >= mark.len && memcmp(text.ptr, mark.ptr, mark.len) == 0)
            break;
    }
    return i;
}

bool transcript_is(struct slice text)
{
    static const char answer[] = "\n\nAssistant:";
    const struct slice rest = slice_trim_start(text);

    return transcript_mark_at(rest) == 0 &&
           memmem(rest.ptr, rest.len, answer, sizeof answer - 1);
}

/* The bytes before the next paragraph that begins with a mark. */
static size_t transcript_turn_len(struct slice text)
{
    for (size_t i = 0; i + 2 < text.len; i++)
        if (text.ptr[i] == '\n' && text.ptr[i + 1] == '\n' &&
            transcript_mark_at(slice_of(text.ptr + i + 2, text.len - i - 2)) <
                N_TRANSCRIPT_MARKS)
            return i;
    return text.len;
}

void transcript_read(struct draft *draft, struct slice text, bool is_prompt)
{
    const struct slice none = { NULL, 0 };

    text = slice_trim_start(text);
    while (draft->state == DRAFT_GOOD && text.len > 0) {
        const size_t mark = transcript_mark_at(text);
        const size_t skip = transcript_marks[mark].mark.len;
        const struct slice rest = slice_of(text.ptr + skip, text.len - skip);
        const size_t len = transcript_turn_len(rest);
        const struct slice said = slice_trim(slice_of(rest.ptr, len));

        text = slice_trim_start(slice_of(rest.ptr + len, rest.len - len));
        if (mark == 0 || said.len > 0 || text.len > 0 || !is_prompt)
            draft_add_turn(draft, *transcript_marks[mark].role, said, none);
    }
}
