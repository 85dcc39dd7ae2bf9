/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest.h - PATH.manifest says what PATH holds.
 *
 * One JSON object: schema "curate.manifest/1", file (the name without its folder), selection,
 * format, samples, bytes, sha256; ordered_by and order of a selection that was ordered by a
 * fact. It holds no time, so the same export has the same manifest. The name does not end in
 * .json, so that ingesting the folder does not read it as a corpus.
 */
#ifndef CURATE_EXPORT_MANIFEST_H
#define CURATE_EXPORT_MANIFEST_H

struct error;
struct export_row;

/* Check before anything is written that PATH.manifest does not exist or is a manifest.
 * ERR_CANTCREATE if it is a file of somebody else. */
int export_manifest_check(const char *path, struct error *err);
/* Remove the manifest before its file is replaced, so that it never describes other bytes. */
int export_manifest_remove(const char *path, struct error *err);
/* Write the manifest, unless it is there with the same text. Does nothing when row->path is not
 * a regular file. */
int export_manifest_write(const struct export_row *row, struct error *err);

#endif
