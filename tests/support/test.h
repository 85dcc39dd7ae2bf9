/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test.h - included first by every test program.
 *
 * It includes CMocka with the headers that CMocka needs, and defines two assertions for
 * functions that report errors through base/error.h. Both read the variable `struct error err`
 * of the calling function, which must be the one that the tested call was given.
 *
 * A program that cannot run here prints the reason before CMocka prints anything, and exits:
 * `return SKIP_ALL("no such folder");`. CMocka's own skip() prints "not ok ... # SKIP", which
 * counts as a failure, so tests do not use it.
 */
#ifndef CURATE_TEST_H
#define CURATE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"

/* The call succeeds: it returns 0. Otherwise the test fails with the error's own text and
 * place. */
#define assert_ok(expr) expect_ok((expr), #expr, &err, __FILE__, __LINE__)

/* The call returns -1 with this code, and the message contains the phrase. */
#define assert_fails(expr, want, phrase)                                                       \
    expect_fails((expr), #expr, &err, (want), (phrase), __FILE__, __LINE__)

/* Sanitizers slow computing down ten times and more. Tests of numbers, which plain builds run
 * in full, try fewer models or threads then. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TEST_IS_SANITIZED 1
#endif
#endif
#ifndef TEST_IS_SANITIZED
#define TEST_IS_SANITIZED 0
#endif

/* Report the whole program as skipped. The value is the exit status of main(). */
#define SKIP_ALL(reason) (printf("1..0 # SKIP %s\n", (reason)), 0)

static inline void expect_ok(int rc, const char *expr, const struct error *err,
                             const char *file, int line)
{
    if (rc == 0)
        return;
    if (rc == -1)
        print_error("%s: [%d] %s (raised at %s:%d)\n", expr, (int)err->code, err->msg,
                    err->file ? err->file : "?", err->line);
    else
        print_error("%s returned %d, not 0\n", expr, rc);
    _fail(file, line);
}

static inline void expect_fails(int rc, const char *expr, const struct error *err,
                                enum error_code want, const char *phrase, const char *file,
                                int line)
{
    if (rc != -1)
        print_error("%s returned %d, not -1\n", expr, rc);
    else if (err->code != want)
        print_error("%s: code %d, not %d: %s (raised at %s:%d)\n", expr, (int)err->code,
                    (int)want, err->msg, err->file ? err->file : "?", err->line);
    else if (!strstr(err->msg, phrase))
        print_error("%s: \"%s\" does not contain \"%s\"\n", expr, err->msg, phrase);
    else
        return;
    _fail(file, line);
}

#endif
