/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/infer/forward/prefix.h"

#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/hash.h"
#include "scoring/infer/forward/ragged.h"
#include "scoring/infer/forward/session_private.h"
#include "scoring/infer/model/model_private.h"

/* Beginnings of so many blocks each are the nodes of a tree: those of one block more hang
 * below. A node is told by the node above and the tokens of its last block. */
struct node {
    const struct part *part; /* the first that begins so */
    size_t parent;           /* plus 1; 0 for none */
};

struct tree {
    struct node *nodes;
    size_t n_nodes;
    size_t *table; /* node plus 1, by hash; 0 for none */
    size_t n_table;
};

enum { BLOCK = SESSION_SHARED_BLOCK };

/* Bfloat16 values lie in pairs of positions: none is of two parts. */
static_assert(BLOCK % 2 == 0, "a block begins a pair");

static const int32_t *tokens_of(const struct part *part, size_t i)
{
    return part->sequence->tokens + i * BLOCK;
}

/* The place in the table of block i of a part below a node: it may be empty. */
static size_t find(const struct tree *tree, const struct part *part, size_t i, size_t parent)
{
    const int32_t *tokens = tokens_of(part, i);
    const size_t n_bytes = BLOCK * sizeof *tokens;
    const uint64_t hash = hash_u64((struct slice){ (const char *)tokens, n_bytes });
    size_t at = (size_t)((hash ^ parent * UINT64_C(0x9e3779b97f4a7c15)) % tree->n_table);

    for (; tree->table[at] != 0; at = (at + 1) % tree->n_table) {
        const struct node *node = &tree->nodes[tree->table[at] - 1];

        if (node->parent == parent && memcmp(tokens_of(node->part, i), tokens, n_bytes) == 0)
            break;
    }
    return at;
}

/* Blocks of a part's beginning that it may take from elsewhere. */
static size_t blocks_unseen(const struct part *part)
{
    return min_size(part->first_observed, part->n_keys - 1) / BLOCK;
}

/* Take what earlier parts hold of a part's beginning, and note what it begins with itself. */
static void add_part(struct tree *tree, struct part *part)
{
    const size_t n_blocks = part->n_keys / BLOCK;
    const size_t most = blocks_unseen(part);
    size_t parent = 0;

    for (size_t i = 0; i < n_blocks; i++) {
        const size_t at = find(tree, part, i, parent);

        if (tree->table[at] == 0) {
            tree->nodes[tree->n_nodes] = (struct node){ .part = part, .parent = parent };
            tree->table[at] = ++tree->n_nodes;
        } else if (i < most) {
            part->holder = tree->nodes[tree->table[at] - 1].part;
            part->n_shared = (i + 1) * BLOCK;
        }
        parent = tree->table[at];
    }
}

/* Have whoever computes keys that a part shares put those of its last block of attention into
 * the part's memory as well. */
static int follow(const struct session *session, struct ragged *batch, struct part *part,
                  struct arena *arena, struct error *err)
{
    const size_t panel = session->kernels.panel;
    const size_t block = ATTENTION_KEYS / panel * panel;
    const struct part *holder = part->holder;
    size_t end = part->n_shared;

    part->first_held = part->n_shared / block * block;
    for (; end > part->first_held; holder = holder->holder) {
        struct part *owner = &batch->parts[holder - batch->parts];
        const size_t start =
            owner->n_shared > part->first_held ? owner->n_shared : part->first_held;

        if (start >= end)
            continue;
        struct follower *follower = arena_alloc(arena, 1, sizeof *follower);
        if (!follower)
            return error_nomem(err);
        *follower = (struct follower){ part, { start, end }, owner->followers };
        owner->followers = follower;
        end = start;
    }
    return 0;
}

int prefix_share(struct session *session, struct ragged *batch, struct error *err)
{
    struct arena *arena = &session->arena;
    struct tree tree = { .n_nodes = 0 };
    size_t n = 0;

    for (size_t p = 0; p < batch->n_parts; p++)
        n += batch->parts[p].has_own_angles ? 0 : batch->parts[p].n_keys / BLOCK;
    if (n == 0 || batch->n_parts < 2)
        return 0;
    tree.n_table = 2 * n;
    tree.nodes = arena_alloc(arena, n, sizeof *tree.nodes);
    tree.table = arena_alloc(arena, tree.n_table, sizeof *tree.table);
    if (!tree.nodes || !tree.table)
        return error_nomem(err);
    memset(tree.table, 0, tree.n_table * sizeof *tree.table);
    for (size_t p = 0; p < batch->n_parts; p++)
        if (!batch->parts[p].has_own_angles)
            add_part(&tree, &batch->parts[p]);
    for (size_t p = 0; p < batch->n_parts; p++)
        if (follow(session, batch, &batch->parts[p], arena, err) < 0)
            return -1;
    return 0;
}

size_t prefix_shared(const struct part *earlier, const struct part *part)
{
    const size_t most = min_size(blocks_unseen(part), earlier->n_keys / BLOCK) * BLOCK;
    const int32_t *left = earlier->sequence->tokens;
    const int32_t *right = part->sequence->tokens;
    size_t n = 0;

    if (earlier->has_own_angles || part->has_own_angles)
        return 0;
    while (n < most && memcmp(left + n, right + n, BLOCK * sizeof *left) == 0)
        n += BLOCK;
    return n;
}

uint64_t prefix_bytes(uint64_t n_tokens, uint64_t n_parts)
{
    /* In a block of attention a part follows as many others as there are blocks, at most. */
    return n_tokens / BLOCK * (sizeof(struct node) + 2 * sizeof(size_t)) +
           n_parts * (ATTENTION_KEYS / BLOCK) * sizeof(struct follower);
}
