/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gram_table.h - counts how often the words, lines or n-grams of a text occur.
 *
 * A gram is known by a 64-bit hash. Two different grams of a text of a million grams have the
 * same hash with a probability of 3 in 100 million.
 */
#ifndef CURATE_GRAM_TABLE_H
#define CURATE_GRAM_TABLE_H

#include <stddef.h>
#include <stdint.h>

struct error;

struct gram {
    uint64_t hash;
    uint32_t count; /* 0: an empty slot */
    uint32_t first; /* number of its first occurrence, as the caller counts */
};

/* Zeroed is empty. */
struct gram_table {
    struct gram *slots;
    size_t cap;  /* slots in memory */
    size_t mask; /* slots in use - 1 */
    size_t n;    /* different grams */
};
void gram_table_release(struct gram_table *table);
/* The memory of a table with room for n different grams. */
size_t gram_table_bytes(size_t n);
/* Double the room of a table, which keeps its grams. */
int gram_table_grow(struct gram_table *table, struct error *err);
/* Empty the table and make room for n different grams. Returns 0, or -1 with err set:
 * ERR_NOMEM. */
int gram_table_clear(struct gram_table *table, size_t n, struct error *err);

static inline void gram_table_prefetch(const struct gram_table *table, uint64_t hash)
{
    __builtin_prefetch(&table->slots[hash & table->mask], 1);
}

/* Find the gram, or add it with the number `first` and count 0. */
static inline struct gram *gram_table_at(struct gram_table *table, uint64_t hash, size_t first)
{
    size_t i = hash & table->mask;

    while (table->slots[i].count > 0 && table->slots[i].hash != hash)
        i = (i + 1) & table->mask;
    if (table->slots[i].count == 0) {
        table->slots[i].hash = hash;
        table->slots[i].first = (uint32_t)first;
        table->n++;
    }
    return &table->slots[i];
}

/* Count one more occurrence. Returns how many there are now. */
static inline uint32_t gram_table_add(struct gram_table *table, uint64_t hash, size_t first)
{
    return ++gram_table_at(table, hash, first)->count;
}

/* Distribute the bits of a hash that was made by adding and multiplying. */
static inline uint64_t gram_mix(uint64_t hash)
{
    hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93;
    return hash ^ hash >> 32;
}

#define GRAM_FACTOR 0x9e3779b97f4a7c15ULL

/* The hash of the last n of a row of values, updated value by value. */
struct gram_roll {
    uint64_t hash;
    uint64_t oldest; /* GRAM_FACTOR to the power of n */
};
static inline struct gram_roll gram_roll_of(size_t n)
{
    struct gram_roll roll = { 0, 1 };

    while (n-- > 0)
        roll.oldest *= GRAM_FACTOR;
    return roll;
}

/* Append a value and drop the one that is n before it; 0 while there is none. */
static inline void gram_roll_on(struct gram_roll *roll, uint64_t added, uint64_t dropped)
{
    roll->hash = roll->hash * GRAM_FACTOR + added - dropped * roll->oldest;
}

#endif
