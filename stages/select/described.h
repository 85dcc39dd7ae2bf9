/* SPDX-License-Identifier: Apache-2.0 */
/*
 * described.h - what a selection is, while it is being described.
 *
 * Texts are copied. Functions return 0, or -1 with err set: ERR_NOMEM.
 */
#ifndef CURATE_DESCRIBED_H
#define CURATE_DESCRIBED_H

#include <stddef.h>

#include "base/arena.h"
#include "store/description.h"

struct error;

struct described {
    struct selection_description made; /* its arrays are the following, or in the arena */
    struct arena arena;                /* holds the texts */
    struct described_group *groups;
    struct described_number *numbers;
    const char **warnings;
    size_t groups_cap;
    size_t numbers_cap;
    size_t warnings_cap;
};

void described_init(struct described *described);
void described_release(struct described *described);

/* Groups of a kind must be added one after the other. */
int described_add_group(struct described *described, const struct described_group *group,
                        struct error *err);
/* pool and selected: NAN for a number that does not exist. */
int described_add_number(struct described *described, const char *name, const char *subject,
                         double pool, double selected, struct error *err);
int described_warn(struct described *described, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Find a number that was added: NULL if there is none. */
const struct described_number *described_find(const struct described *described,
                                              const char *name, const char *subject);

#endif
