/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "stages/ingest/card.h"
#include "stages/ingest/repository.h"
#include "stages/ingest/saved_dataset.h"

enum { PATHS_MAX = 64 };

static void require(bool holds, const char *invariant)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", invariant);
    abort();
}

/* All files that are read have these bytes. */
static int read_card(void *state, size_t number, struct buf *out, struct error *err)
{
    const struct slice *card = state;

    (void)number;
    return buf_add_slice(out, *card, err);
}

static void check_chosen(const struct repository_query *query, const struct repository *chosen,
                         bool is_sorted)
{
    for (size_t i = 0; i < chosen->n; i++) {
        const struct repository_file *file = &chosen->files[i];

        require(file->number < query->n_paths, "a chosen file is listed");
        require(!is_sorted || i == 0 || file->number > chosen->files[i - 1].number,
                "files are chosen once, in the order of the list");
        require(!query->config || strcmp(file->config, query->config) == 0,
                "only the config that is asked for is chosen");
        require(!query->split || strcmp(file->split, query->split) == 0,
                "only the split that is asked for is chosen");
    }
}

/* A file that is chosen is chosen, too, if its config and split are asked for. */
static void choose_again(const struct repository_query *query, const struct repository *chosen)
{
    const struct repository_file *file = &chosen->files[chosen->n - 1];
    struct repository_query narrow = *query;
    struct repository again = { .n = 0 };
    struct error err = { 0 };
    bool found = false;

    narrow.config = file->config;
    narrow.split = file->split;
    require(repository_choose(&narrow, &again, &err) == 0, "a known config and split is found");
    check_chosen(&narrow, &again, true);
    for (size_t i = 0; i < again.n; i++)
        found |= again.files[i].number == file->number;
    require(found, "the file is chosen for its config and split");
    repository_release(&again);
}

static void choose(const struct repository_query *query)
{
    struct repository chosen = { .n = 0 };
    struct error err = { 0 };

    if (repository_choose(query, &chosen, &err) < 0) {
        require(err.code != ERR_NONE && err.msg[0], "a failure has a message");
        return;
    }
    check_chosen(query, &chosen, true);
    if (chosen.n > 0)
        choose_again(query, &chosen);
    repository_release(&chosen);
}

static void choose_saved(const struct repository_query *query)
{
    struct repository chosen = { .n = 0 };
    struct error err = { 0 };
    const int rc = saved_dataset_choose(query, &chosen, &err);

    require(rc >= 0 || err.msg[0], "a failure has a message");
    if (rc != 1)
        return;
    check_chosen(query, &chosen, false);
    repository_release(&chosen);
}

/* A listing with a path a line, a NUL, and the bytes of README.md. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *end = len > 0 ? memchr(data, '\0', len) : NULL;
    const size_t n_listing = end ? (size_t)(end - (const char *)data) : len;
    struct slice card = slice_of("", 0);
    const char *paths[PATHS_MAX];
    char *listing = malloc(n_listing + 1);

    if (!listing)
        return 0;
    memcpy(listing, data, n_listing);
    listing[n_listing] = '\0';
    if (end)
        card = slice_of(end + 1, len - n_listing - 1);
    struct repository_query query = {
        .name = "repo", .paths = paths, .read_file = read_card, .state = &card
    };
    for (char *line = listing, *next; line && query.n_paths < PATHS_MAX; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        paths[query.n_paths++] = line;
    }
    choose(&query);
    choose_saved(&query);
    query.is_whole = true;
    choose(&query);
    free(listing);
    return 0;
}
