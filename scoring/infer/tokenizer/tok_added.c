/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/tokenizer/tok_added.h"

#include <stdlib.h>

#include "base/error.h"
#include "base/text/utf8.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/infer/tokenizer/vocab.h"

enum {
    /* Bounds the time at one place of a text, whatever the file contains. */
    ADDED_BYTES_MAX = 512,
};

static int compare_texts(const void *a, const void *b, void *state)
{
    const struct slice *texts = state;
    const struct slice left = texts[*(const int32_t *)a];
    const struct slice right = texts[*(const int32_t *)b];
    const int order = memcmp(left.ptr, right.ptr, left.len < right.len ? left.len : right.len);

    return order ? order : (left.len > right.len) - (left.len < right.len);
}

static int check_added_text(const struct vocab *vocab, size_t id, struct error *err)
{
    const struct slice text = vocab->texts[id];

    if (text.len > ADDED_BYTES_MAX)
        return error_set(err, ERR_UNSUPPORTED,
                         "user-defined token %zu is %zu bytes long: at most %d are supported",
                         id, text.len, ADDED_BYTES_MAX);
    if (utf8_bad_at(text) != text.len)
        return error_set(err, ERR_INPUT, "user-defined token %zu is not UTF-8", id);
    return 0;
}

/* True for a control token that is searched for. The search needs distinct texts, so a text
 * that two tokens have belongs to one of them only. */
static bool is_findable_control(const struct vocab *vocab, size_t id)
{
    const struct slice text = vocab->texts[id];

    return vocab->types[id] == TOKEN_CONTROL && text.len <= ADDED_BYTES_MAX &&
           utf8_bad_at(text) == text.len && vocab_find_control(vocab, text) == (int32_t)id &&
           vocab_find(vocab, text) == TOKEN_NONE;
}

int added_init(struct added *added, const struct vocab *vocab, bool controls, struct error *err)
{
    size_t n = 0;

    for (size_t i = 0; i < vocab->n; i++)
        n += vocab->types[i] == TOKEN_USER_DEFINED || vocab->types[i] == TOKEN_CONTROL;
    added->texts = vocab->texts;
    added->ids = calloc(n + 1, sizeof *added->ids);
    if (!added->ids)
        return error_nomem(err);
    for (size_t i = 0; i < vocab->n; i++) {
        const bool user_defined = vocab->types[i] == TOKEN_USER_DEFINED;

        if (vocab->texts[i].len == 0 ||
            !(user_defined || (controls && is_findable_control(vocab, i))))
            continue;
        if (user_defined && check_added_text(vocab, i, err) < 0)
            return -1;
        added->ids[added->n++] = (int32_t)i;
    }
    n = added->n;
    qsort_r(added->ids, n, sizeof *added->ids, compare_texts, vocab->texts);

    size_t at = 0;
    for (size_t c = 0; c < 256; c++) {
        added->first[c] = (uint32_t)at;
        while (at < n && (uint8_t)vocab->texts[added->ids[at]].ptr[0] == c)
            at++;
    }
    added->first[256] = (uint32_t)at;
    return 0;
}

void added_release(struct added *added)
{
    free(added->ids);
    *added = (struct added){ 0 };
}

/* The first of ids[low..high) whose byte at `depth` is at least `byte`. All texts are longer
 * than depth. */
static size_t first_not_below(const struct added *added, size_t low, size_t high, size_t depth,
                              unsigned byte)
{
    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if ((uint8_t)added->texts[added->ids[middle]].ptr[depth] < byte)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The longest token that the text starts with. ids[low..high) are those that match so far. */
static int32_t longest_at(const struct added *added, struct slice text)
{
    const uint8_t first = (uint8_t)text.ptr[0];
    size_t low = added->first[first];
    size_t high = added->first[first + 1];
    int32_t best = TOKEN_NONE;

    for (size_t depth = 1; low < high; depth++) {
        if (added->texts[added->ids[low]].len == depth)
            best = added->ids[low++]; /* texts are distinct: the others are longer */
        if (depth == text.len)
            break;
        const unsigned byte = (uint8_t)text.ptr[depth];
        low = first_not_below(added, low, high, depth, byte);
        high = first_not_below(added, low, high, depth, byte + 1);
    }
    return best;
}

size_t added_find(const struct added *added, struct slice text, size_t from, int32_t *id)
{
    if (added->n > 0) {
        for (size_t at = from; at < text.len; at++) {
            *id = longest_at(added, slice_of(text.ptr + at, text.len - at));
            if (*id != TOKEN_NONE)
                return at;
        }
    }
    *id = TOKEN_NONE;
    return text.len;
}
