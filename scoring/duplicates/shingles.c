/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/duplicates/shingles.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "scoring/duplicates/words.h"

enum { FEW = 48, SOME = 4096 };

void shingle_list_release(struct shingle_list *list)
{
    free(list->hashes);
    free(list->spare);
    *list = (struct shingle_list){ 0 };
}

static int make_room_for(struct shingle_list *list, size_t n, struct error *err)
{
    if (n <= list->cap)
        return 0;
    const size_t cap = n + list->cap / 2;
    uint64_t *hashes = realloc(list->hashes, cap * sizeof *hashes);
    if (hashes)
        list->hashes = hashes;
    uint64_t *spare = realloc(list->spare, cap * sizeof *spare);
    if (spare)
        list->spare = spare;
    if (!hashes || !spare)
        return error_nomem(err);
    list->cap = cap;
    return 0;
}

/* Get the offset of the next character. */
static size_t next_character(struct slice text, size_t at)
{
    do
        at++;
    while (at < text.len && ((uint8_t)text.ptr[at] & 0xc0) == 0x80);
    return at;
}

static int make_of_characters(struct slice text, unsigned n, struct shingle_list *out,
                              struct error *err)
{
    size_t end = 0;

    if (make_room_for(out, text.len + 1, err) < 0)
        return -1;
    for (unsigned i = 0; i < n && end < text.len; i++)
        end = next_character(text, end);
    out->n = 0;
    for (size_t start = 0; text.len > 0; start = next_character(text, start)) {
        out->hashes[out->n++] = hash_u64(slice_of(text.ptr + start, end - start));
        if (end == text.len)
            break;
        end = next_character(text, end);
    }
    return 0;
}

int shingles_make(const struct word_list *words, const struct shingle_rule *rule,
                  struct shingle_list *out, struct error *err)
{
    if (rule->characters)
        return make_of_characters(words->bytes, rule->n, out, err);
    if (make_room_for(out, words->n + 1, err) < 0)
        return -1;
    out->n = 0;
    for (size_t i = 0; i < words->n; i++) {
        const size_t last = i + rule->n - 1 < words->n ? i + rule->n - 1 : words->n - 1;
        const uint32_t start = words->words[i].start;
        const size_t len = words->words[last].start + words->words[last].len - start;

        out->hashes[out->n++] = hash_u64(slice_of(words->bytes.ptr + start, len));
        if (last + 1 == words->n)
            break;
    }
    return 0;
}

static void insert_each(uint64_t *values, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const uint64_t value = values[i];
        size_t at = i;

        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

/* Sort by one byte of the numbers. Returns false if all numbers have the same one. */
static bool sort_by_byte(const uint64_t *from, uint64_t *to, size_t n, unsigned shift)
{
    size_t starts[256] = { 0 };
    size_t sum = 0;

    for (size_t i = 0; i < n; i++)
        starts[from[i] >> shift & 255]++;
    if (starts[from[0] >> shift & 255] == n)
        return false;
    for (size_t i = 0; i < 256; i++) {
        const size_t count = starts[i];

        starts[i] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        to[starts[from[i] >> shift & 255]++] = from[i];
    return true;
}

void sort_u64(uint64_t *values, uint64_t *spare, size_t n)
{
    uint64_t *from = values;
    uint64_t *to = spare;

    if (n <= FEW) {
        insert_each(values, n);
        return;
    }
    /* Hashes are spread evenly: one pass leaves few to exchange. */
    if (n <= SOME) {
        if (sort_by_byte(values, spare, n, 56))
            memcpy(values, spare, n * sizeof *values);
        insert_each(values, n);
        return;
    }
    for (unsigned shift = 0; shift < 64; shift += 8) {
        if (!sort_by_byte(from, to, n, shift))
            continue;
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != values)
        memcpy(values, from, n * sizeof *values);
}

void shingles_make_set(struct shingle_list *list)
{
    size_t n = 0;

    sort_u64(list->hashes, list->spare, list->n);
    for (size_t i = 0; i < list->n; i++)
        if (n == 0 || list->hashes[i] != list->hashes[n - 1])
            list->hashes[n++] = list->hashes[i];
    list->n = n;
}

struct overlap shingles_compare(const uint64_t *a, size_t n_a, const uint64_t *b, size_t n_b)
{
    size_t i = 0;
    size_t j = 0;
    size_t common = 0;

    if (n_a == 0 || n_b == 0)
        return (struct overlap){ 0, 0 };
    while (i < n_a && j < n_b) {
        const uint64_t x = a[i];
        const uint64_t y = b[j];

        common += x == y;
        i += x <= y;
        j += y <= x;
    }
    return (struct overlap){ (double)common / (double)(n_a + n_b - common),
                             (double)common / (double)(n_a < n_b ? n_a : n_b) };
}
