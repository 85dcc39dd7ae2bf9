/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peak.h - the peak rate of a core, which bench_kernels compares kernels with.
 */
#ifndef CURATE_PEAK_H
#define CURATE_PEAK_H

#include <stdint.h>

/* Multiplications and additions in a loop of independent instructions on registers, n times.
 * Returns how many there were. A loop is NULL if the CPU (flags of kernels.h) or this build
 * lacks the instructions. */
typedef uint64_t peak_loop(uint64_t n);

peak_loop *peak_f32(unsigned cpu_flags);
peak_loop *peak_bf16(unsigned cpu_flags);
peak_loop *peak_int8(unsigned cpu_flags);

#endif
