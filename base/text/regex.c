/* SPDX-License-Identifier: Apache-2.0 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "base/text/regex.h"

#include <stdio.h>
#include <stdlib.h>

#include <pcre2.h>

#include "base/error.h"

enum {
    JIT_STACK_MIN = 32 * 1024,
    JIT_STACK_MAX = 1024 * 1024,
    STEP_LIMIT = 10000000,
    STEPS_PER_BYTE = 16, /* a pattern may scan a long run several times */
    DEPTH_LIMIT = 250000,
    HEAP_LIMIT_KIB = 64 * 1024,
};

struct regex {
    pcre2_code *code;
};

struct regex_match {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack; /* NULL if libpcre2 has no JIT */
};

static void regex_error_text(int code, char *text, size_t size)
{
    /* A message that is too long is cut and ends in NUL. */
    if (pcre2_get_error_message(code, (PCRE2_UCHAR *)text, size) == PCRE2_ERROR_BADDATA)
        snprintf(text, size, "PCRE2 error %d", code);
}

int regex_new(const char *pattern, struct regex **out, struct error *err)
{
    struct regex *regex = calloc(1, sizeof *regex);
    char reason[128];
    size_t at;
    int code;

    if (!regex)
        return error_nomem(err);
    /* \C is off: it would match single bytes of a character. */
    regex->code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                      PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &code, &at, NULL);
    if (!regex->code) {
        free(regex);
        if (code == PCRE2_ERROR_HEAP_FAILED)
            return error_nomem(err);
        regex_error_text(code, reason, sizeof reason);
        return error_set(err, ERR_INPUT, "regular expression, at byte %zu: %s", at, reason);
    }
    /* Ignore a failure: without the JIT, matching works but is slower. Some kernels forbid
     * executable pages. */
    pcre2_jit_compile(regex->code, PCRE2_JIT_COMPLETE);
    *out = regex;
    return 0;
}

void regex_free(struct regex *regex)
{
    if (!regex)
        return;
    pcre2_code_free(regex->code);
    free(regex);
}

int regex_match_new(struct regex_match **out, struct error *err)
{
    struct regex_match *match = calloc(1, sizeof *match);

    if (!match)
        return error_nomem(err);
    match->data = pcre2_match_data_create(1, NULL);
    match->context = pcre2_match_context_create(NULL);
    if (!match->data || !match->context) {
        regex_match_free(match);
        return error_nomem(err);
    }
    pcre2_set_depth_limit(match->context, DEPTH_LIMIT);
    pcre2_set_heap_limit(match->context, HEAP_LIMIT_KIB);
    match->stack = pcre2_jit_stack_create(JIT_STACK_MIN, JIT_STACK_MAX, NULL);
    if (match->stack)
        pcre2_jit_stack_assign(match->context, NULL, match->stack);
    *out = match;
    return 0;
}

void regex_match_free(struct regex_match *match)
{
    if (!match)
        return;
    pcre2_match_context_free(match->context);
    pcre2_jit_stack_free(match->stack);
    pcre2_match_data_free(match->data);
    free(match);
}

/* The step limit grows linearly with the subject. */
static uint32_t step_limit(size_t len)
{
    return len > (UINT32_MAX - STEP_LIMIT) / STEPS_PER_BYTE
               ? UINT32_MAX
               : (uint32_t)(STEP_LIMIT + STEPS_PER_BYTE * len);
}

int regex_find(const struct regex *regex, struct regex_match *match, struct slice subject,
               size_t from, size_t *start, size_t *end, struct error *err)
{
    char reason[128];
    const char *text = subject.ptr ? subject.ptr : "";

    pcre2_set_match_limit(match->context, step_limit(subject.len));
    const int rc = pcre2_match(regex->code, (PCRE2_SPTR)text, subject.len, from,
                               PCRE2_NO_UTF_CHECK, match->data, match->context);

    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    if (rc == PCRE2_ERROR_NOMEMORY)
        return error_nomem(err);
    if (rc < 0) {
        regex_error_text(rc, reason, sizeof reason);
        return error_set(err, ERR_INPUT, "searching text of %zu bytes from byte %zu: %s",
                         subject.len, from, reason);
    }
    /* rc 0 means that groups did not fit; the span of the whole match always fits. */
    const PCRE2_SIZE *span = pcre2_get_ovector_pointer(match->data);
    *start = span[0];
    *end = span[1];
    return 1;
}
