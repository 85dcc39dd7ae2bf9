/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - how a function reports why it failed.
 *
 * A function that can fail returns 0 on success and -1 on failure, and its last parameter is a
 * `struct error *`. It sets the error only if it returns -1. The function that detects the
 * cause calls error_set(). Its callers may add context with error_prefix(). Code below cli/
 * does not print.
 *
 * Make decisions by the code, never by the text. Each code has one exit status of the program
 * (cli/main.c has the table). The message says what is wrong, where, and what to do.
 */
#ifndef CURATE_ERROR_H
#define CURATE_ERROR_H

enum error_code {
    ERR_NONE = 0,
    ERR_NEGATIVE,    /* the command completed and reports a negative result */
    ERR_NOMEM,       /* an allocation failed */
    ERR_USAGE,       /* invalid option, metric name, SQL condition */
    ERR_INPUT,       /* malformed file: corpus, GGUF, database */
    ERR_UNSUPPORTED, /* valid, but not implemented: architecture, tensor type */
    ERR_NOT_FOUND,   /* file, selection, command */
    ERR_INVARIANT,   /* a bug in the program: counts do not reconcile */
    ERR_CANTCREATE,  /* an output file cannot be created */
    ERR_IO,          /* reading or writing failed; sys is errno */
    ERR_BUSY,        /* another process holds the database: try again later */
    ERR_DENIED,      /* no permission */
    ERR_CONFIG,      /* invalid recipe or policy */
    ERR_CANCELLED,   /* the user stopped the program; sys is the signal */
};

/* Usually on the caller's stack. Owns no memory. */
struct error {
    enum error_code code;
    int sys;          /* code of the layer below (errno, SQLite); 0: none */
    int line;         /* line that called error_set() */
    const char *file; /* static string */
    char msg[480];    /* UTF-8, one line; truncated if longer */
};

/* All of these return -1, so that callers can write `return error_set(err, ...);`. */
#define error_set(err, code, ...) error_raise((err), (code), 0, __FILE__, __LINE__, __VA_ARGS__)
#define error_set_sys(err, code, sys, ...)                                                     \
    error_raise((err), (code), (sys), __FILE__, __LINE__, __VA_ARGS__)
#define error_nomem(err) error_set((err), ERR_NOMEM, "out of memory")

int error_raise(struct error *err, enum error_code code, int sys, const char *file, int line,
                const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* Set the error from errno. EACCES, EPERM and EROFS give ERR_DENIED, ENOENT and ENOTDIR
 * ERR_NOT_FOUND, ENOMEM ERR_NOMEM, all others ERR_IO. The message is "WHAT: reason". Returns
 * -1. */
#define error_errno(err, sys, what) error_raise_errno((err), (sys), __FILE__, __LINE__, (what))
int error_raise_errno(struct error *err, int sys, const char *file, int line, const char *what);

/* Put "CONTEXT: " before the message. Returns -1. */
int error_prefix(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Replace control characters by '?', so that the text is one line. */
void error_make_printable(char *text);

#endif
