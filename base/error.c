/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A file name in a message may contain control characters. */
void error_make_printable(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

int error_raise(struct error *err, enum error_code code, int sys, const char *file, int line,
                const char *fmt, ...)
{
    va_list args;

    err->code = code;
    err->sys = sys;
    err->file = file;
    err->line = line;
    va_start(args, fmt);
    vsnprintf(err->msg, sizeof err->msg, fmt, args);
    va_end(args);
    error_make_printable(err->msg);
    return -1;
}

int error_raise_errno(struct error *err, int sys, const char *file, int line, const char *what)
{
    char reason[128];
    enum error_code code = ERR_IO;

    if (sys == EACCES || sys == EPERM || sys == EROFS)
        code = ERR_DENIED;
    else if (sys == ENOENT || sys == ENOTDIR)
        code = ERR_NOT_FOUND;
    else if (sys == ENOMEM)
        code = ERR_NOMEM;
    return error_raise(err, code, sys, file, line, "%s: %s", what,
                       strerror_r(sys, reason, sizeof reason));
}

int error_prefix(struct error *err, const char *fmt, ...)
{
    char context[sizeof err->msg];
    char whole[2 * sizeof err->msg + 2];
    va_list args;

    va_start(args, fmt);
    vsnprintf(context, sizeof context, fmt, args);
    va_end(args);
    snprintf(whole, sizeof whole, "%s: %s", context, err->msg);
    const size_t len = strnlen(whole, sizeof err->msg - 1);
    memcpy(err->msg, whole, len);
    err->msg[len] = '\0';
    error_make_printable(err->msg);
    return -1;
}
