/* SPDX-License-Identifier: Apache-2.0 */
/*
 * defect_text.h - what the texts of a sample show: the defects that lie in their words.
 */
#ifndef CURATE_DEFECT_TEXT_H
#define CURATE_DEFECT_TEXT_H

#include <stdint.h>

struct sample;

/* As bits of defect.h. Looks at memory speed for a few bytes that are rare. */
uint64_t defect_text(const struct sample *sample);

#endif
