/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/support/tmp.h"

enum { MAX_OPEN_FOLDERS = 16 };

void tmp_open(struct tmp *tmp)
{
    const char *base = getenv("TMPDIR");
    const char *folder = base && strlen(base) < sizeof tmp->root / 2 ? base : "/tmp";

    tmp->n_paths = 0;
    snprintf(tmp->root, sizeof tmp->root, "%s/curate-test-XXXXXX", folder);
    if (!mkdtemp(tmp->root))
        fail_msg("%s: %s", tmp->root, strerror(errno));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void tmp_close(struct tmp *tmp)
{
    if (!tmp->root[0])
        return;
    if (nftw(tmp->root, remove_one, MAX_OPEN_FOLDERS, FTW_DEPTH | FTW_PHYS) != 0)
        fail_msg("%s is still there: %s", tmp->root, strerror(errno));
    tmp->root[0] = '\0';
}

const char *tmp_path(struct tmp *tmp, const char *name)
{
    if (tmp->n_paths == TMP_MAX_PATHS)
        fail_msg("more than %d paths in one test", TMP_MAX_PATHS);

    char root[sizeof tmp->root]; /* a copy: inlined, gcc sees root and paths as overlapping */
    memcpy(root, tmp->root, sizeof root);
    char *path = tmp->paths[tmp->n_paths++];
    const int len = snprintf(path, TMP_MAX_PATH_BYTES, "%s/%s", root, name);

    if (len >= TMP_MAX_PATH_BYTES)
        fail_msg("%s: the name is too long", name);
    return path;
}

const char *tmp_write(struct tmp *tmp, const char *name, const void *data, size_t len)
{
    const char *path = tmp_path(tmp, name);
    FILE *file = fopen(path, "wb");

    if (!file)
        fail_msg("%s: %s", path, strerror(errno));
    const size_t written = fwrite(data, 1, len, file);
    if (fclose(file) != 0 || written != len)
        fail_msg("%s: %s", path, strerror(errno));
    return path;
}
