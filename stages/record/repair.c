/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/record/repair.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "base/text/utf8.h"
#include "stages/record/defect.h"

/* Text that is not repaired after this many rounds was not damaged by accident. */
enum { ROUNDS_MAX = 8 };

/* No pass makes a text longer, and the record is bounded already. */
static const size_t text_max_bytes = SIZE_MAX / 4;

/* Length in bytes of the invisible character at p; 0 when that character is visible. */
static size_t invisible_len(const char *p, size_t n)
{
    size_t len;

    if (n < 3 || (p[0] != '\xe2' && p[0] != '\xef'))
        return 0;
    const uint32_t code = utf8_first(slice_of(p, n), &len);
    const bool hidden = code == 0x200b || code == 0x2060 || code == 0xfeff ||
                        (code >= 0x202a && code <= 0x202e) ||
                        (code >= 0x2066 && code <= 0x2069);

    return hidden ? len : 0;
}

/* Offset of the first invisible character; text.len when there is none. */
static size_t find_invisible(struct slice text)
{
    static const char leads[] = { '\xe2', '\xef' };
    size_t first = text.len;

    for (size_t lead = 0; lead < sizeof leads; lead++) {
        const char *p = text.ptr;

        while (p && (p = memchr(p, leads[lead], first - (size_t)(p - text.ptr)))) {
            const size_t at = (size_t)(p - text.ptr);

            if (invisible_len(p, text.len - at) > 0) {
                first = at;
                break;
            }
            p++;
        }
    }
    return first;
}

bool repair_has_invisible(struct slice text)
{
    return find_invisible(text) < text.len;
}

static int repair_invisible(struct slice text, struct buf *out, struct error *err)
{
    size_t at = find_invisible(text);
    size_t done = 0;

    if (at == text.len)
        return 0;
    while (at < text.len) {
        const size_t len = invisible_len(text.ptr + at, text.len - at);

        if (len == 0) {
            at++;
            continue;
        }
        if (buf_add(out, text.ptr + done, at - done, err) < 0)
            return -1;
        at += len;
        done = at;
    }
    return buf_add(out, text.ptr + done, at - done, err) < 0 ? -1 : 1;
}

static const struct repair {
    enum defect defect;
    int (*pass)(struct slice text, struct buf *out, struct error *err);
} repairs[] = {
    { DEFECT_INVISIBLE, repair_invisible },
    { DEFECT_HTML_ENTITY, repair_entities },
    { DEFECT_MOJIBAKE, repair_mojibake },
};

enum { N_REPAIRS = sizeof repairs / sizeof repairs[0] };

uint64_t repair_known(void)
{
    uint64_t bits = 0;

    for (size_t i = 0; i < N_REPAIRS; i++)
        bits |= defect_bit(repairs[i].defect);
    return bits;
}

/* Run each pass once. Returns 1 when the text changed: the new text is in *now, which the
 * function swaps with *spare. */
static int repair_round(struct slice text, uint64_t defects, struct buf *now, struct buf *spare,
                        uint64_t *repaired, struct error *err)
{
    int changed = 0;

    for (size_t i = 0; i < N_REPAIRS; i++) {
        if (!(defects & defect_bit(repairs[i].defect)))
            continue;
        buf_clear(spare);
        const int rc = repairs[i].pass(text, spare, err);
        if (rc < 0)
            return -1;
        if (rc == 0)
            continue;
        const struct buf filled = *spare;
        *spare = *now;
        *now = filled;
        text = buf_slice(now);
        *repaired |= defect_bit(repairs[i].defect);
        changed = 1;
    }
    return changed;
}

int repair_text(struct slice *text, uint64_t defects, struct arena *arena, uint64_t *repaired,
                struct error *err)
{
    uint64_t done = 0;
    struct buf now, spare;
    int rounds = 0;
    int rc;

    if (text->len == 0 || !(defects & repair_known()))
        return 0;
    buf_init(&now, text_max_bytes);
    buf_init(&spare, text_max_bytes);
    do
        rc = repair_round(rounds > 0 ? buf_slice(&now) : *text, defects, &now, &spare, &done,
                          err);
    while (rc == 1 && ++rounds < ROUNDS_MAX);
    if (rc == 0 && rounds > 0) { /* a text that still changes stays as it was */
        const struct slice copy = arena_copy(arena, buf_slice(&now));

        if (copy.ptr) {
            *text = copy;
            *repaired |= done;
        } else {
            rc = error_nomem(err);
        }
    }
    buf_release(&now);
    buf_release(&spare);
    return rc < 0 ? -1 : 0;
}
