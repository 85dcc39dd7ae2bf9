/* SPDX-License-Identifier: Apache-2.0 */
/*
 * personal.h - find personal data and secrets in a text.
 *
 * docs/facts.md, section personal, defines what is found and what is not.
 */
#ifndef CURATE_PERSONAL_H
#define CURATE_PERSONAL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

enum personal_kind {
    PERSONAL_EMAIL,
    PERSONAL_IP,
    PERSONAL_IP_PRIVATE, /* private, local, reserved, multicast, for documentation */
    PERSONAL_PHONE,
    PERSONAL_CARD,
    PERSONAL_IBAN,
    PERSONAL_MAC,
    PERSONAL_SECRET,
    N_PERSONAL_KINDS,
};

/* Bytes start to end of a text. */
struct personal_hit {
    size_t start;
    size_t end;
    enum personal_kind kind;
    const char *detail; /* static: which form, "ipv6" or "github"; NULL: there is one form */
};

/* The name of a kind in the table of spans and in options: "ip_private". NULL after the last.
 */
const char *personal_kind_name(int kind);

/* Find the first hit at *at or later, and set *at to its end. Set *at to 0 for the first call.
 * Returns false at the end of the text. Hits do not overlap. Thread safe. */
bool personal_next(struct slice text, size_t *at, struct personal_hit *hit);

#endif
