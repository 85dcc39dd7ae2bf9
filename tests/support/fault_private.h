/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_private.h - between the counting of fault.c and the VFS of fault_vfs.c.
 */
#ifndef CURATE_FAULT_PRIVATE_H
#define CURATE_FAULT_PRIVATE_H

enum fault_operation {
    FAULT_OPEN,
    FAULT_READ,
    FAULT_WRITE, /* and truncating */
    FAULT_SYNC,
    FAULT_RENAME,
    FAULT_LOCK,
};

/* Count an operation: 0, or the errno it is to fail with. */
int fault_strike(enum fault_operation operation);

#endif
