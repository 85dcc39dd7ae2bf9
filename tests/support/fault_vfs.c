/* SPDX-License-Identifier: Apache-2.0 */
/* A VFS that passes every call to the default one, unless fault.h makes the call fail. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <sqlite3.h>

#include "tests/support/fault.h"
#include "tests/support/fault_private.h"
#include "tests/support/power.h"
#include "tests/support/test.h"

/* SQLite allocates this struct, followed by the space for the file of the default VFS. */
struct file {
    sqlite3_file base;
    sqlite3_file *real;
    struct power_file *power; /* NULL for a temporary file */
};

static sqlite3_vfs *default_vfs;
static _Thread_local int last_error; /* errno of the last open that failed */

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct file *)file)->real;
}

/* The SQLite code for a system error. `io` is the code of this operation for EIO. */
static int result_of(int error, int io)
{
    return error == ENOSPC ? SQLITE_FULL : error == EAGAIN ? SQLITE_BUSY : io;
}

static int close_file(sqlite3_file *file)
{
    const int rc = real_of(file)->pMethods->xClose(real_of(file));

    free(real_of(file));
    return rc;
}

static int read_file(sqlite3_file *file, void *out, int n, sqlite3_int64 at)
{
    const int error = fault_strike(FAULT_READ);

    return error ? result_of(error, SQLITE_IOERR_READ)
                 : real_of(file)->pMethods->xRead(real_of(file), out, n, at);
}

static int write_file(sqlite3_file *file, const void *bytes, int n, sqlite3_int64 at)
{
    const int error = fault_strike(FAULT_WRITE);

    if (!error)
        power_write(((struct file *)file)->power, bytes, (size_t)n, (size_t)at);
    return error ? result_of(error, SQLITE_IOERR_WRITE)
                 : real_of(file)->pMethods->xWrite(real_of(file), bytes, n, at);
}

static int truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
    const int error = fault_strike(FAULT_WRITE);

    if (!error)
        power_truncate(((struct file *)file)->power, (size_t)size);
    return error ? result_of(error, SQLITE_IOERR_TRUNCATE)
                 : real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int sync_file(sqlite3_file *file, int flags)
{
    const int error = fault_strike(FAULT_SYNC);

    if (!error)
        power_sync(((struct file *)file)->power);
    return error ? result_of(error, SQLITE_IOERR_FSYNC)
                 : real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int size_of_file(sqlite3_file *file, sqlite3_int64 *size)
{
    const int error = fault_strike(FAULT_READ);

    return error ? result_of(error, SQLITE_IOERR_FSTAT)
                 : real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int lock_file(sqlite3_file *file, int level)
{
    const int error = fault_strike(FAULT_LOCK);

    return error ? result_of(error, SQLITE_IOERR_LOCK)
                 : real_of(file)->pMethods->xLock(real_of(file), level);
}

static int unlock_file(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int check_reserved(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int control_file(sqlite3_file *file, int operation, void *arg)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), operation, arg);
}

static int sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int map_shared(sqlite3_file *file, int region, int n, int extend, void volatile **out)
{
    const int error = fault_strike(extend ? FAULT_WRITE : FAULT_READ);

    return error ? result_of(error, SQLITE_IOERR_SHMMAP)
                 : real_of(file)->pMethods->xShmMap(real_of(file), region, n, extend, out);
}

static int lock_shared(sqlite3_file *file, int offset, int n, int flags)
{
    const int error = flags & SQLITE_SHM_LOCK ? fault_strike(FAULT_LOCK) : 0;

    return error ? result_of(error, SQLITE_IOERR_SHMLOCK)
                 : real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void barrier_shared(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int unmap_shared(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, /* no memory mapping, which would bypass this VFS */
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_of_file,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_reserved,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = map_shared,
    .xShmLock = lock_shared,
    .xShmBarrier = barrier_shared,
    .xShmUnmap = unmap_shared,
};

static int open_file(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *out, int flags,
                     int *out_flags)
{
    struct file *file = (struct file *)out;
    const int error = fault_strike(FAULT_OPEN);

    (void)vfs;
    out->pMethods = NULL;
    if (error) {
        last_error = error;
        return SQLITE_CANTOPEN;
    }
    last_error = 0;
    file->real = calloc(1, (size_t)default_vfs->szOsFile);
    if (!file->real)
        return SQLITE_NOMEM;
    file->power = name ? power_open(name) : NULL;
    const int rc = default_vfs->xOpen(default_vfs, name, file->real, flags, out_flags);
    if (rc == SQLITE_OK)
        out->pMethods = &methods;
    else
        free(file->real);
    return rc;
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    power_delete(name, sync_folder);
    return default_vfs->xDelete(default_vfs, name, sync_folder);
}

static int tell_last_error(sqlite3_vfs *vfs, int n, char *out)
{
    (void)vfs;
    return last_error ? last_error : default_vfs->xGetLastError(default_vfs, n, out);
}

void fault_install(void)
{
    static sqlite3_vfs ours;

    default_vfs = sqlite3_vfs_find(NULL);
    assert_non_null(default_vfs);
    ours = *default_vfs; /* keep the functions that are not about open files */
    ours.zName = "fault";
    ours.szOsFile = (int)sizeof(struct file);
    ours.xOpen = open_file;
    ours.xDelete = delete_file;
    ours.xGetLastError = tell_last_error;
    assert_int_equal(sqlite3_vfs_register(&ours, 1), SQLITE_OK);
}
