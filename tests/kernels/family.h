/* SPDX-License-Identifier: Apache-2.0 */
/*
 * family.h - shared by the kernel checks.
 *
 * A check program is called with the name of a kernel family. It compares the family's kernels
 * with the reference, with the bounds of kernels.h and with sums in double. It is linked once
 * for each optimisation level.
 */
#ifndef CURATE_FAMILY_H
#define CURATE_FAMILY_H

#include <stdbool.h>
#include <stddef.h>

#include "scoring/kernels/kernels.h"
#include "tests/support/guard.h"
#include "tests/support/rng.h"

enum { LEN_MAX = 4099 };

/* The state of every test: CMocka's `*state` points to one. */
struct family {
    struct kernels ref;
    struct kernels fast; /* the family under test */
};

/*
 * Fill f for the family named by argv[1]. Returns false if this CPU cannot run the family. A
 * family that this build lacks ends the program.
 */
bool family_open(struct family *f, int argc, char **argv);

/* The next length: 0 to 70 one by one, then long ones up to LEN_MAX. */
size_t next_len(size_t n);

bool same_bits(float a, float b);
/* True if all n floats still hold the poison of guard.h. */
bool all_poison(const float *x, size_t n);

#endif
