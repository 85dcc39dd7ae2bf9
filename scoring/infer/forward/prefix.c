/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward/prefix.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "scoring/infer/forward/ragged.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model_private.h"

/* All prefixes of whole blocks form a tree. The children of a node are one block longer. A node
 * is identified by its parent and the tokens of its last block. */
struct node {
    const struct batch_range *range; /* the first with this prefix */
    size_t parent;                   /* node + 1; 0: none */
};

struct tree {
    struct node *nodes;
    size_t n_nodes;
    size_t *table; /* hash table of node + 1; 0: empty */
    size_t n_table;
};

enum { BLOCK = SESSION_SHARED_BLOCK };

/* Values in bfloat16 are stored in pairs of positions. No pair may belong to two ranges. */
static_assert(BLOCK % 2 == 0, "a block starts a pair");

static const int32_t *tokens_of_block(const struct batch_range *range, size_t i)
{
    return range->sequence->tokens + i * BLOCK;
}

/* The slot of the table for the child of `parent` with block i of a range. It may be empty. */
static size_t find_block(const struct tree *tree, const struct batch_range *range, size_t i,
                         size_t parent)
{
    const int32_t *tokens = tokens_of_block(range, i);
    const size_t n_bytes = BLOCK * sizeof *tokens;
    const uint64_t hash = hash_u64((struct slice){ (const char *)tokens, n_bytes });
    size_t at = (size_t)((hash ^ parent * UINT64_C(0x9e3779b97f4a7c15)) % tree->n_table);

    for (; tree->table[at] != 0; at = (at + 1) % tree->n_table) {
        const struct node *node = &tree->nodes[tree->table[at] - 1];

        if (node->parent == parent &&
            memcmp(tokens_of_block(node->range, i), tokens, n_bytes) == 0)
            break;
    }
    return at;
}

/* Number of first blocks of a range that another range may compute. */
static size_t max_shared_blocks(const struct batch_range *range)
{
    return min_size(range->first_observed, range->n_keys - 1) / BLOCK;
}

/* Find the longest prefix that an earlier range computes, and add the range's own prefixes to
 * the tree. */
static void share_range(struct tree *tree, struct batch_range *range)
{
    const size_t n_blocks = range->n_keys / BLOCK;
    const size_t n_max = max_shared_blocks(range);
    size_t parent = 0;

    for (size_t i = 0; i < n_blocks; i++) {
        const size_t at = find_block(tree, range, i, parent);

        if (tree->table[at] == 0) {
            tree->nodes[tree->n_nodes] = (struct node){ .range = range, .parent = parent };
            tree->table[at] = ++tree->n_nodes;
        } else if (i < n_max) {
            range->owner = tree->nodes[tree->table[at] - 1].range;
            range->n_shared = (i + 1) * BLOCK;
        }
        parent = tree->table[at];
    }
}

/* Make a range a user of the ranges that compute the KV entries of its partly shared attention
 * block. kv_put_key() and kv_put_value() then copy these entries into the range's memory. */
static int become_user(const struct session *session, struct ragged *batch,
                       struct batch_range *range, struct arena *arena, struct error *err)
{
    const size_t panel = session->kernels.panel;
    const size_t block = ATTENTION_KEYS / panel * panel;
    const struct batch_range *from = range->owner;
    size_t end = range->n_shared;

    range->first_stored = range->n_shared / block * block;
    for (; end > range->first_stored; from = from->owner) {
        struct batch_range *owner = &batch->ranges[from - batch->ranges];
        const size_t start =
            owner->n_shared > range->first_stored ? owner->n_shared : range->first_stored;

        if (start >= end)
            continue;
        struct prefix_user *user = arena_alloc(arena, 1, sizeof *user);
        if (!user)
            return error_nomem(err);
        *user = (struct prefix_user){ range, { start, end }, owner->users };
        owner->users = user;
        end = start;
    }
    return 0;
}

int prefix_share(struct session *session, struct ragged *batch, struct error *err)
{
    struct arena *arena = &session->arena;
    struct tree tree = { .n_nodes = 0 };
    size_t n = 0;

    for (size_t p = 0; p < batch->n_ranges; p++)
        n += batch->ranges[p].has_own_rope_rows ? 0 : batch->ranges[p].n_keys / BLOCK;
    if (n == 0 || batch->n_ranges < 2)
        return 0;
    tree.n_table = 2 * n;
    tree.nodes = arena_alloc(arena, n, sizeof *tree.nodes);
    tree.table = arena_alloc(arena, tree.n_table, sizeof *tree.table);
    if (!tree.nodes || !tree.table)
        return error_nomem(err);
    memset(tree.table, 0, tree.n_table * sizeof *tree.table);
    for (size_t p = 0; p < batch->n_ranges; p++)
        if (!batch->ranges[p].has_own_rope_rows)
            share_range(&tree, &batch->ranges[p]);
    for (size_t p = 0; p < batch->n_ranges; p++)
        if (become_user(session, batch, &batch->ranges[p], arena, err) < 0)
            return -1;
    return 0;
}

size_t prefix_shared(const struct batch_range *earlier, const struct batch_range *range)
{
    const size_t n_max = min_size(max_shared_blocks(range), earlier->n_keys / BLOCK) * BLOCK;
    const int32_t *left = earlier->sequence->tokens;
    const int32_t *right = range->sequence->tokens;
    size_t n = 0;

    if (earlier->has_own_rope_rows || range->has_own_rope_rows)
        return 0;
    while (n < n_max && memcmp(left + n, right + n, BLOCK * sizeof *left) == 0)
        n += BLOCK;
    return n;
}

uint64_t prefix_bytes(uint64_t n_tokens, uint64_t n_ranges)
{
    /* A range is a user of at most one range for each shared block in a block of attention. */
    return n_tokens / BLOCK * (sizeof(struct node) + 2 * sizeof(size_t)) +
           n_ranges * (ATTENTION_KEYS / BLOCK) * sizeof(struct prefix_user);
}
