/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/support/fault_private.h"
#include "tests/support/power.h"

static atomic_bool armed;
static atomic_size_t done; /* operations of the family since fault_begin() */
static atomic_bool hit;
static enum fault_kind kind;
static size_t nth;

void fault_begin(enum fault_kind what, size_t n)
{
    kind = what;
    nth = n;
    atomic_store(&done, 0);
    atomic_store(&hit, false);
    atomic_store(&armed, true);
}

size_t fault_end(void)
{
    atomic_store(&armed, false);
    return atomic_load(&done);
}

bool fault_was_hit(void)
{
    return atomic_load(&hit);
}

static bool is_of_family(enum fault_operation operation)
{
    switch (kind) {
    case FAULT_FULL:
        return operation == FAULT_WRITE;
    case FAULT_IO:
        return operation == FAULT_READ || operation == FAULT_WRITE || operation == FAULT_SYNC ||
               operation == FAULT_RENAME;
    case FAULT_DENIED:
        return operation == FAULT_OPEN;
    case FAULT_BUSY:
        return operation == FAULT_LOCK;
    }
    return false;
}

int fault_strike(enum fault_operation operation)
{
    static const int errors[] = {
        [FAULT_FULL] = ENOSPC, [FAULT_IO] = EIO, [FAULT_DENIED] = EACCES, [FAULT_BUSY] = EAGAIN
    };
    const bool lasts = kind == FAULT_FULL || kind == FAULT_DENIED;

    if (!atomic_load(&armed) || !is_of_family(operation))
        return 0;
    const size_t number = atomic_fetch_add(&done, 1);
    if (lasts ? number < nth : number != nth)
        return 0;
    atomic_store(&hit, true);
    return errors[kind];
}

/* With --wrap=NAME the linker calls __wrap_NAME for NAME; __real_NAME is the original. */
int __real_open64(const char *path, int flags, ...);
ssize_t __real_read(int fd, void *bytes, size_t n);
ssize_t __real_write(int fd, const void *bytes, size_t n);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __wrap_open64(const char *path, int flags, ...);
ssize_t __wrap_read(int fd, void *bytes, size_t n);
ssize_t __wrap_write(int fd, const void *bytes, size_t n);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);

static bool strikes(enum fault_operation operation)
{
    const int error = fault_strike(operation);

    if (error)
        errno = error;
    return error != 0;
}

int __wrap_open64(const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list args;

    if (flags & O_CREAT) {
        va_start(args, flags);
        mode = va_arg(args, mode_t);
        va_end(args);
    }
    return strikes(FAULT_OPEN) ? -1 : __real_open64(path, flags, mode);
}

ssize_t __wrap_read(int fd, void *bytes, size_t n)
{
    return strikes(FAULT_READ) ? -1 : __real_read(fd, bytes, n);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t n)
{
    return strikes(FAULT_WRITE) ? -1 : __real_write(fd, bytes, n);
}

int __wrap_fsync(int fd)
{
    return strikes(FAULT_SYNC) ? -1 : __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to)
{
    power_rename(to);
    return strikes(FAULT_RENAME) ? -1 : __real_rename(from, to);
}
