/* SPDX-License-Identifier: Apache-2.0 */
/*
 * llama_cpp.h - shared by the programs that are built with llama.cpp, which are not part of our
 * build.
 */
#ifndef CURATE_LLAMA_CPP_H
#define CURATE_LLAMA_CPP_H

#include <llama.h>
#include <stdio.h>
#include <time.h>

static inline void say_nothing(enum ggml_log_level level, const char *text, void *arg)
{
    (void)arg;
    if (level == GGML_LOG_LEVEL_ERROR)
        fputs(text, stderr);
}

static inline double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#endif
