/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error.h - how a function says why it failed.
 *
 * A function that can fail returns 0 on success and -1 on failure and takes a `struct error *`
 * as its last parameter. It fills the error when, and only when, it returns -1. Whoever first
 * knows the cause calls error_set(); callers on the way up may put context in front with
 * error_prefix(). Nothing below cli/ prints.
 *
 * Decide on the code, never on the text. Each code is one exit status of the program
 * (cli/main.c holds the table); the message is one sentence: what, where, why, what to do.
 */
#ifndef CURATE_ERROR_H
#define CURATE_ERROR_H

enum error_code {
    ERR_NONE = 0,
    ERR_NEGATIVE,    /* all was done, and the answer is no: a check found something */
    ERR_NOMEM,       /* an allocation failed */
    ERR_USAGE,       /* the request makes no sense: option, metric name, SQL condition */
    ERR_INPUT,       /* bytes from outside do not parse: corpus, GGUF, database file */
    ERR_UNSUPPORTED, /* understood, but not implemented here: architecture, tensor type */
    ERR_NOT_FOUND,   /* the thing named is not there: file, selection, command */
    ERR_INVARIANT,   /* a law of ours is broken: counts do not add up */
    ERR_CANTCREATE,  /* an output cannot be created, or exists and differs */
    ERR_IO,          /* the system said no while reading or writing; sys holds errno */
    ERR_BUSY,        /* somebody else holds the database: try again later */
    ERR_DENIED,      /* permission */
    ERR_CONFIG,      /* a recipe is wrong */
    ERR_CANCELLED,   /* the user asked us to stop; sys holds the signal */
};

/* Lives on the caller's stack; holds no pointers to free. */
struct error {
    enum error_code code;
    int sys;          /* code of the layer below (errno, SQLite), 0 if there is none */
    int line;         /* where error_set() was called */
    const char *file; /* static string */
    char msg[480];    /* UTF-8, no newline, truncated if it must be */
};

/* These return -1, so that `return error_set(err, ...);` reads well. */
#define error_set(err, code, ...) error_raise((err), (code), 0, __FILE__, __LINE__, __VA_ARGS__)
#define error_set_sys(err, code, sys, ...)                                                     \
    error_raise((err), (code), (sys), __FILE__, __LINE__, __VA_ARGS__)
#define error_nomem(err) error_set((err), ERR_NOMEM, "out of memory")

int error_raise(struct error *err, enum error_code code, int sys, const char *file, int line,
                const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* Raise from errno: EACCES and EPERM are ERR_DENIED, ENOENT is ERR_NOT_FOUND, ENOMEM is
 * ERR_NOMEM, the rest ERR_IO. The message reads "WHAT: reason". Returns -1. */
#define error_errno(err, sys, what) error_raise_errno((err), (sys), __FILE__, __LINE__, (what))
int error_raise_errno(struct error *err, int sys, const char *file, int line, const char *what);

/* Put "CONTEXT: " in front of the message. Returns -1. */
int error_prefix(struct error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
