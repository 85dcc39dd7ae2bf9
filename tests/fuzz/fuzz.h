/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - what a fuzz target defines.
 *
 * A target is a file fuzz_NAME.c with this one function. The bytes are borrowed for the call
 * and may be anything at all; the function returns 0, keeps nothing between calls, and breaks
 * the program (abort, assert, a sanitizer) when something is wrong that is not the input's
 * fault. tests/fuzz/replay.c calls it for each file of corpus/NAME/, libFuzzer for what it
 * makes up.
 */
#ifndef CURATE_FUZZ_H
#define CURATE_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#endif
