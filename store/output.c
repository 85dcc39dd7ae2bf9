/* SPDX-License-Identifier: Apache-2.0 */
#include "store/output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io/file.h"
#include "store/db_private.h"

/* Endings of the names of the database and the files beside it. */
static const char *const endings[] = { "", "-wal", "-shm", "-journal", ".lock" };

static const char INPUTS[] = "SELECT path FROM file WHERE path <> '-'"
                             " UNION SELECT path FROM model";

/* Undo the escapes that a name got which is not UTF-8 (stmt_bind_text()). */
static void unescape(char *path)
{
    char *to = path;
    unsigned byte;

    for (const char *from = path; *from; to++) {
        if (strncmp(from, "\\x", 2) == 0 && sscanf(from + 2, "%2x", &byte) == 1 &&
            byte > 0x7f) {
            *to = (char)byte;
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/* output: a path, or NULL for standard output. Returns 1, 0 or -1. */
static int is_output(const char *output, const char *path, struct error *err)
{
    return output ? file_is_same(output, path, err) : file_is_open(STDOUT_FILENO, path);
}

/* Find out whether the output belongs to the database. Returns 1, 0 or -1. */
static int is_of_database(const char *db_path, const char *output, struct error *err)
{
    char *real = NULL;
    int found = 0;

    if (file_follow(db_path, &real, err) < 0)
        return -1;
    for (size_t i = 0; found == 0 && i < sizeof endings / sizeof endings[0]; i++) {
        char *name;

        if (asprintf(&name, "%s%s", real, endings[i]) < 0) {
            found = error_nomem(err);
            break;
        }
        found = is_output(output, name, err);
        free(name);
    }
    free(real);
    return found;
}

/* The path of an input is as it was given, or escaped. Returns 1, 0 or -1. */
static int is_input(const char *output, struct slice stored, struct error *err)
{
    char *path = strndup(stored.ptr, stored.len);

    if (!path)
        return error_nomem(err);
    int found = is_output(output, path, err);
    if (found == 0 && strchr(path, '\\')) {
        unescape(path);
        found = is_output(output, path, err);
    }
    free(path);
    return found;
}

static int check_inputs(struct store *store, const char *output, struct error *err)
{
    struct stmt *stmt = NULL;
    int found = 0;
    int rc;

    if (stmt_use(store, INPUTS, &stmt, err) < 0)
        return -1;
    while (found == 0 && (rc = stmt_next(stmt, err)) != 0)
        found = rc < 0 ? -1 : is_input(output, stmt_bytes(stmt, 0), err);
    stmt_reset(stmt);
    if (found == 1)
        return error_set(err, ERR_CANTCREATE,
                         "%s: the database was made from this file: name another file",
                         output ? output : "standard output");
    return found;
}

int output_check(struct store *store, const char *path, struct error *err)
{
    const char *output = file_is_stdout(path) ? NULL : path;
    const int found = is_of_database(db_path(store), output, err);

    if (found < 0)
        return -1;
    if (found == 1)
        return error_set(err, ERR_CANTCREATE,
                         "%s: belongs to the database %s: name another file",
                         output ? output : "standard output", db_path(store));
    return check_inputs(store, output, err);
}

bool output_is_database(const char *db_path)
{
    struct error ignored;

    return is_of_database(db_path, NULL, &ignored) == 1;
}
