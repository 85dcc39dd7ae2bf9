/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_private.h - shared by fault.c, which counts, and fault_vfs.c, the VFS.
 */
#ifndef CURATE_FAULT_PRIVATE_H
#define CURATE_FAULT_PRIVATE_H

enum fault_operation {
    FAULT_OPEN,
    FAULT_READ,
    FAULT_WRITE, /* or truncate */
    FAULT_SYNC,
    FAULT_RENAME,
    FAULT_LOCK,
};

/* Count an operation. Returns 0, or the errno that the operation must fail with. */
int fault_strike(enum fault_operation operation);

#endif
