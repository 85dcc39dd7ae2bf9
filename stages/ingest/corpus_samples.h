/* SPDX-License-Identifier: Apache-2.0 */
/*
 * corpus_samples.h - walk the samples of one corpus or exported file, without a database.
 */
#ifndef CURATE_CORPUS_SAMPLES_H
#define CURATE_CORPUS_SAMPLES_H

struct error;
struct report;
struct sample;

/*
 * Call each() for every sample of the file in its order; "-" is standard input. The sample
 * lasts as long as the call; a call that returns -1 ends the walk. Unlike ingest, which keeps
 * what it must refuse, this takes a record that is no sample for a failure: ERR_INPUT with its
 * line. ERR_CANCELLED when report says to stop.
 */
int corpus_samples(const char *path, const struct report *report,
                   int (*each)(void *arg, const struct sample *sample, struct error *err),
                   void *arg, struct error *err);

#endif
