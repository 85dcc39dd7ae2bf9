/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/error.h"
#include "scoring/packing/packing.h"
#include "scoring/packing/packing_private.h"

enum { WORD_BITS = 64, N_LEVELS = 4 };
#define NO_PACK UINT32_MAX
#define NO_ROOM UINT32_MAX

_Static_assert(PACKING_MAX_LENGTH < 1u << 24, "64^N_LEVELS rooms");

/* The packs that are not full, by room: a queue for each room, and a tree of bits that finds
 * the smallest room with a pack. A bit of level 0 is a room, one of the next level a word of
 * the level below that is not 0. */
struct pack_rooms {
    uint32_t *oldest; /* [room]: the first pack of the queue; NO_PACK: there is none */
    uint32_t *newest; /* [room]: the last one, if there is a first */
    uint32_t *next;   /* [pack]: the pack behind it in its queue */
    uint64_t *words;  /* of all levels */
    uint64_t *levels[N_LEVELS];
    size_t n_words[N_LEVELS];
};

static void pack_rooms_release(struct pack_rooms *rooms)
{
    free(rooms->oldest);
    free(rooms->newest);
    free(rooms->next);
    free(rooms->words);
}

/* Rooms are 0 to limit; there are at most max_packs packs. */
static int pack_rooms_init(struct pack_rooms *rooms, uint32_t limit, size_t max_packs,
                           struct error *err)
{
    size_t n_words = 0, n = (size_t)limit + 1;

    for (int level = 0; level < N_LEVELS; level++) {
        n = (n + WORD_BITS - 1) / WORD_BITS;
        rooms->n_words[level] = n;
        n_words += n;
    }
    rooms->oldest = reallocarray(NULL, (size_t)limit + 1, sizeof *rooms->oldest);
    rooms->newest = reallocarray(NULL, (size_t)limit + 1, sizeof *rooms->newest);
    rooms->next = reallocarray(NULL, max_packs ? max_packs : 1, sizeof *rooms->next);
    rooms->words = calloc(n_words, sizeof *rooms->words);
    if (!rooms->oldest || !rooms->newest || !rooms->next || !rooms->words) {
        pack_rooms_release(rooms);
        return error_nomem(err);
    }
    for (size_t r = 0; r <= limit; r++)
        rooms->oldest[r] = NO_PACK;
    rooms->levels[0] = rooms->words;
    for (int level = 1; level < N_LEVELS; level++)
        rooms->levels[level] = rooms->levels[level - 1] + rooms->n_words[level - 1];
    return 0;
}

/* Find the smallest room with a pack that is at least `at`, or NO_ROOM. */
static uint32_t pack_rooms_find(const struct pack_rooms *rooms, uint32_t at)
{
    for (int level = 0; level < N_LEVELS && at / WORD_BITS < rooms->n_words[level]; level++) {
        const uint64_t above = rooms->levels[level][at / WORD_BITS] & UINT64_MAX
                                                                          << at % WORD_BITS;

        if (above) {
            at = at / WORD_BITS * WORD_BITS + (uint32_t)__builtin_ctzll(above);
            while (level-- > 0)
                at = at * WORD_BITS + (uint32_t)__builtin_ctzll(rooms->levels[level][at]);
            return at;
        }
        at = at / WORD_BITS + 1;
    }
    return NO_ROOM;
}

static void pack_rooms_add(struct pack_rooms *rooms, uint32_t room, uint32_t pack)
{
    rooms->next[pack] = NO_PACK;
    if (rooms->oldest[room] != NO_PACK) {
        rooms->next[rooms->newest[room]] = pack;
        rooms->newest[room] = pack;
        return;
    }
    rooms->oldest[room] = rooms->newest[room] = pack;
    for (int level = 0; level < N_LEVELS; level++) {
        rooms->levels[level][room / WORD_BITS] |= (uint64_t)1 << room % WORD_BITS;
        room /= WORD_BITS;
    }
}

/* Remove and return the oldest pack with this room, which exists. */
static uint32_t pack_rooms_remove(struct pack_rooms *rooms, uint32_t room)
{
    const uint32_t pack = rooms->oldest[room];

    rooms->oldest[room] = rooms->next[pack];
    if (rooms->oldest[room] != NO_PACK)
        return pack;
    for (int level = 0; level < N_LEVELS; level++) {
        uint64_t *word = &rooms->levels[level][room / WORD_BITS];

        *word &= ~((uint64_t)1 << room % WORD_BITS);
        if (*word)
            break;
        room /= WORD_BITS;
    }
    return pack;
}

/* Choose the pack of each piece, in their order. Returns the number of packs. */
static uint32_t choose_packs(const struct packing *packing, uint32_t limit,
                             struct pack_rooms *rooms, uint32_t *packs)
{
    uint32_t n_packs = 0;

    for (size_t p = 0; p < packing->n_pieces; p++) {
        const uint32_t length = packing->pieces[p].length;
        const uint32_t room = pack_rooms_find(rooms, length);

        packs[p] = room == NO_ROOM ? n_packs++ : pack_rooms_remove(rooms, room);
        const uint32_t left = (room == NO_ROOM ? limit : room) - length;
        if (left > 0)
            pack_rooms_add(rooms, left, packs[p]);
    }
    return n_packs;
}

int packing_best_fit(const uint32_t *lengths, size_t n, const struct packing_limits *limits,
                     struct packing *out, struct error *err)
{
    struct pack_rooms rooms = { 0 };

    if (packing_cut(lengths, n, limits, out, err) < 0 ||
        packing_sort_pieces(out, limits->length, err) < 0)
        return -1;

    uint32_t *packs = reallocarray(NULL, out->n_pieces ? out->n_pieces : 1, sizeof *packs);
    if (!packs)
        return error_nomem(err);
    if (pack_rooms_init(&rooms, limits->length, out->n_pieces, err) < 0) {
        free(packs);
        return -1;
    }
    const uint32_t n_packs = choose_packs(out, limits->length, &rooms, packs);
    pack_rooms_release(&rooms);
    const int rc = packing_group(out, packs, n_packs, err);
    free(packs);
    return rc;
}
