/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_build.h - checked JSON text becomes json-c's tree.
 *
 * json-c's own parser takes no notice when an allocation of its own is refused: a string is cut
 * short, a member is dropped, or the program ends. Its constructors do report that, so the tree
 * is put together from them, each one checked.
 */
#ifndef CURATE_JSON_BUILD_H
#define CURATE_JSON_BUILD_H

#include "base/slice.h"

struct arena;
struct error;
struct json_object;

/*
 * *out is for json_object_put(), NULL for null. text has passed json_check() and what
 * json.c does to make it easy; a string may hold the bytes of a stand-in (json_long.h). keys is
 * where the keys of the tree lie, to be cleared when the tree has been put. ERR_NOMEM.
 */
int json_build(struct slice text, struct arena *keys, struct json_object **out,
               struct error *err);

#endif
