/* SPDX-License-Identifier: Apache-2.0 */
/*
 * corpus_samples.h - read the samples of one corpus or exported file, without a database.
 */
#ifndef CURATE_CORPUS_SAMPLES_H
#define CURATE_CORPUS_SAMPLES_H

struct error;
struct report;
struct sample;

/*
 * Call each() for every sample of the file in order; path "-" is standard input. The sample is
 * valid during the call. When a call returns -1, reading ends with that error. A record that is
 * rejected is a failure here: ERR_INPUT with its line. ERR_CANCELLED when report says to stop.
 */
int corpus_samples(const char *path, const struct report *report,
                   int (*each)(void *arg, const struct sample *sample, struct error *err),
                   void *arg, struct error *err);

#endif
