/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/net/hub_name.h"
#include "base/text/glob.h"

static void require(bool holds, const char *invariant)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", invariant);
    abort();
}

/* The public name of what was parsed means the same. */
static void check_public_name(const struct hub_name *name)
{
    struct hub_name again;
    struct error err;
    struct buf text;

    buf_init(&text, 1 << 16);
    if (!strpbrk(name->revision, "/%") && !(strpbrk(name->path, "*?") && !name->is_pattern) &&
        hub_public_name(&text, name, name->revision, name->path, &err) == 0) {
        require(hub_name_parse(text.data, NULL, &again, &err) == 1, "a public name is a name");
        require(again.kind == name->kind && strcmp(again.id, name->id) == 0 &&
                    strcmp(again.revision, name->revision) == 0 &&
                    strcmp(again.path, name->path) == 0,
                "a public name means the same");
    }
    buf_release(&text);
}

/* Nothing in a URL leads out of the path of the repository. */
static void check_urls(const struct hub_name *name)
{
    static const char endpoint[] = "https://huggingface.co";
    struct error err;
    struct buf url;

    buf_init(&url, 1 << 16);
    if (hub_file_url(&url, endpoint, name, name->revision, name->path, &err) == 0)
        require(!strpbrk(url.data, "?# \\\n") && !strstr(url.data, "/../"), "a file's URL");
    buf_clear(&url);
    if (hub_revision_url(&url, endpoint, name, &err) == 0)
        require(!strpbrk(url.data, "?# \\\n") && !strstr(url.data, "/../"), "a revision's URL");
    buf_release(&url);
}

/* A parsed name is safe as a path, and prints as what it means. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct hub_name name;
    struct error err;
    char *url = malloc(len + 1);

    if (!url)
        return 0;
    if (len > 0)
        memcpy(url, data, len);
    url[len] = '\0';
    const int rc = hub_name_parse(url, "http://127.0.0.1:8080", &name, &err);
    if (rc < 0)
        require(err.code == ERR_USAGE && err.msg[0], "an invalid name is explained");
    if (rc == 1) {
        require(hub_path_is_safe(slice_text(name.revision)), "a revision is safe");
        require(!name.path[0] || hub_path_is_safe(slice_text(name.path)), "a path is safe");
        require(hub_path_is_safe(slice_text(name.id)), "an id is safe");
        check_public_name(&name);
        check_urls(&name);
        (void)glob_matches(name.path, slice_text(url));
        (void)glob_matches(url, slice_text(name.path));
    }
    free(url);
    return 0;
}
