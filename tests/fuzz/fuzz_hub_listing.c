/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/net/hub_api.h"
#include "base/net/url.h"

static void require(bool holds, const char *invariant)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", invariant);
    abort();
}

/* What is listed is safe as a place in the cache. */
static void check_page(struct slice text)
{
    struct hub_listing listing;
    struct error err = { 0 };

    hub_listing_init(&listing);
    const int rc = hub_parse_page(text, &listing, &err);
    require(rc == 0 || err.msg[0], "a failure has a message");
    for (size_t i = 0; i < listing.n; i++) {
        const struct hub_entry *entry = &listing.entries[i];
        const struct slice id = slice_text(entry->id);

        require(hub_path_is_safe(slice_text(entry->path)), "a path is safe");
        require(hub_is_commit(id) || hub_is_hex(id, HUB_ID_HEX), "an id is hex digits");
        require(hub_is_commit(slice_text(entry->git_id)), "a git id is hex digits");
        require(entry->size_bytes <= INT64_MAX, "a size is no negative number");
    }
    if (hub_listing_sort(&listing, &err) == 0)
        for (size_t i = 0; i < listing.n; i++)
            require(hub_listing_find(&listing, listing.entries[i].path) == &listing.entries[i],
                    "a listed path is found");
    hub_listing_release(&listing);
}

static void check_commit(struct slice text)
{
    char commit[HUB_COMMIT_BYTES] = "";
    struct error err = { 0 };

    if (hub_parse_commit(text, commit, &err) == 0)
        require(hub_is_commit(slice_text(commit)), "a commit is hex digits");
}

static void check_link(struct slice text)
{
    static const char page[] = "https://mirror.example/api/datasets/o/n/tree/x";
    struct error err = { 0 };
    struct url url;
    struct buf next;

    buf_init(&next, URL_MAX_BYTES);
    if (hub_next_page(page, text, "https://mirror.example", &next, &err) == 0)
        require(url_parse(buf_slice(&next), &url, &err) == 0 && url.is_https &&
                    url_has_host(&url, "mirror.example") && url.port == 443,
                "the next page is on the same server");
    buf_release(&next);
}

/* The first byte chooses the answer: 0 the page of a listing, 1 a revision, 2 a link. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len == 0)
        return 0;
    const struct slice text = slice_of((const char *)data + 1, len - 1);
    switch (data[0] % 3) {
    case 0:
        check_page(text);
        break;
    case 1:
        check_commit(text);
        break;
    case 2:
        check_link(text);
        break;
    }
    return 0;
}
