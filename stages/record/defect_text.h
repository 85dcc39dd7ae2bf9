/* SPDX-License-Identifier: Apache-2.0 */
/*
 * defect_text.h - find the defects in the words of a sample.
 */
#ifndef CURATE_DEFECT_TEXT_H
#define CURATE_DEFECT_TEXT_H

#include <stdint.h>

struct sample;

/* The set of defects in the texts of the sample: template_leak, refusal, placeholder,
 * html_entity, mojibake, invisible. Runs at memory speed: it searches for a few rare bytes. */
uint64_t defect_scan_texts(const struct sample *sample);

#endif
