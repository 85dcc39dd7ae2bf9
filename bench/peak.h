/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peak.h - what a core does at most: the measure that bench_kernels holds kernels to.
 */
#ifndef CURATE_PEAK_H
#define CURATE_PEAK_H

#include <stdint.h>

/* Multiplications and additions of a loop of independent instructions on registers, n times;
 * returns how many that were. NULL where the CPU (flags of kernels.h) or this build has none.
 */
typedef uint64_t peak_loop(uint64_t n);

peak_loop *peak_f32(unsigned cpu_flags);
peak_loop *peak_bf16(unsigned cpu_flags);
peak_loop *peak_int8(unsigned cpu_flags);

#endif
