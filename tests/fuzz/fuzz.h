/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - the function that a fuzz target defines.
 *
 * A target is a file fuzz_NAME.c with this one function. The bytes are borrowed for the call
 * and may be anything. The function returns 0, keeps nothing between calls, and crashes (abort,
 * assert, a sanitizer) if something is wrong that is not the input's fault. tests/fuzz/replay.c
 * calls it for each file of corpus/NAME/, libFuzzer for the inputs that it generates.
 */
#ifndef CURATE_FUZZ_H
#define CURATE_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#endif
