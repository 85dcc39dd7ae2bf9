/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_manifest.h - PATH.manifest: what was written to PATH.
 *
 * One JSON object: schema "curate.manifest/1", file (the name without its folder), selection,
 * format, samples, bytes, sha256. It holds nothing of the clock, so that the same export has
 * the same manifest. The name does not end in .json, lest a folder that is ingested has it
 * taken for a corpus.
 */
#ifndef CURATE_EXPORT_MANIFEST_H
#define CURATE_EXPORT_MANIFEST_H

struct error;
struct export_row;

/* Before a file is replaced: no manifest is better than one of other bytes. */
int export_manifest_remove(const char *path, struct error *err);
/* Leaves one that says the same alone, and does nothing for what is no regular file. */
int export_manifest_write(const struct export_row *row, struct error *err);

#endif
