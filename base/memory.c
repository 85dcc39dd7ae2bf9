/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <limits.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LARGE_BLOCK_BYTES = 256 << 10 };

/* The files of a control group (version 1 or 2) with its limit and its usage. */
struct group_files {
    const char *folder;   /* path under root of the outermost group */
    const char *limit;    /* in bytes, or "max" */
    const char *usage;    /* in bytes */
    const char *cache[2]; /* lines of memory.stat that count page cache */
};

static const struct group_files version_2 = {
    "/sys/fs/cgroup", "memory.max", "memory.current", { "active_file", "inactive_file" }
};
static const struct group_files version_1 = { "/sys/fs/cgroup/memory",
                                              "memory.limit_in_bytes",
                                              "memory.usage_in_bytes",
                                              { "total_active_file", "total_inactive_file" } };

static uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Read the number after `name` at the start of a line, or at the start of the file if name is
 * "". Returns false if the file is missing or has no number there ("max"). */
static bool read_memory_number(const char *path, const char *name, uint64_t *out)
{
    const size_t len = strlen(name);
    FILE *file = fopen(path, "re");
    char line[256];
    bool found = false;

    if (!file)
        return false;
    while (!found && fgets(line, sizeof line, file)) {
        char *end = line;

        if (strncmp(line, name, len) != 0 || (len > 0 && !strchr(": \t", line[len])))
            continue;
        const char *number = line + len + strspn(line + len, ": \t");
        *out = strtoull(number, &end, 10);
        found = end != number;
        if (len == 0)
            break;
    }
    fclose(file);
    return found;
}

/* Bytes that the limit of one group leaves. */
static uint64_t group_free_bytes(const struct group_files *files, const char *group)
{
    char path[2 * PATH_MAX];
    uint64_t limit, usage, cache = 0;

    snprintf(path, sizeof path, "%s/%s", group, files->limit);
    if (!read_memory_number(path, "", &limit))
        return UINT64_MAX;
    snprintf(path, sizeof path, "%s/%s", group, files->usage);
    if (!read_memory_number(path, "", &usage))
        return limit;
    snprintf(path, sizeof path, "%s/memory.stat", group);
    for (size_t i = 0; i < 2; i++) {
        uint64_t bytes;

        if (read_memory_number(path, files->cache[i], &bytes))
            cache += bytes;
    }
    usage -= min_u64(usage, cache);
    return limit > usage ? limit - usage : 0;
}

/* Bytes that the limits of a group and of the groups around it leave. own is the path of the
 * group below the folder. In a container the folder itself may be the group, whatever own is.
 */
static uint64_t nested_groups_free_bytes(const struct group_files *files, const char *root,
                                         const char *own)
{
    char path[PATH_MAX];
    const int base = snprintf(path, sizeof path, "%s%s", root, files->folder);
    uint64_t free_bytes;

    if (base < 0 || (size_t)base >= sizeof path)
        return UINT64_MAX;
    free_bytes = group_free_bytes(files, path);
    snprintf(path + base, sizeof path - (size_t)base, "%s", own);
    for (char *slash; (slash = strrchr(path, '/')) && slash >= path + base; *slash = '\0')
        if (slash[1] != '\0')
            free_bytes = min_u64(free_bytes, group_free_bytes(files, path));
    return free_bytes;
}

/* Lines of /proc/self/cgroup are "0::/path" for version 2 and "N:LIST,OF,CONTROLLERS:/path" for
 * version 1. */
static uint64_t all_groups_free_bytes(const char *root)
{
    char path[PATH_MAX];
    char line[PATH_MAX];
    uint64_t free_bytes = UINT64_MAX;

    snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
    FILE *file = fopen(path, "re");
    if (!file)
        return UINT64_MAX;
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *own = controllers ? strchr(controllers + 1, ':') : NULL;

        if (!own)
            continue;
        *own++ = '\0';
        if (controllers[1] == '\0')
            free_bytes = min_u64(free_bytes, nested_groups_free_bytes(&version_2, root, own));
        else if (strstr(controllers + 1, "memory"))
            free_bytes = min_u64(free_bytes, nested_groups_free_bytes(&version_1, root, own));
    }
    fclose(file);
    return free_bytes;
}

uint64_t memory_available(const char *root)
{
    char path[PATH_MAX];
    uint64_t kib;
    uint64_t free_bytes = all_groups_free_bytes(root);

    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    if (read_memory_number(path, "MemAvailable", &kib))
        free_bytes = min_u64(free_bytes, kib * 1024);
    return free_bytes;
}

void memory_return_blocks(void)
{
    /* Without this the threshold of glibc rises to the size of a freed block, up to 32 MiB. */
    (void)mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES);
}
