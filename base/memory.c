/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The files of a control group of one version that say what it may take and has. */
struct group_files {
    const char *folder;   /* under root, before the group's own path */
    const char *limit;    /* bytes, or "max" */
    const char *usage;    /* bytes */
    const char *cache[2]; /* lines of memory.stat that can be given back; or NULL */
};

static const struct group_files version_2 = {
    "/sys/fs/cgroup", "memory.max", "memory.current", { "active_file", "inactive_file" }
};
static const struct group_files version_1 = { "/sys/fs/cgroup/memory",
                                              "memory.limit_in_bytes",
                                              "memory.usage_in_bytes",
                                              { "total_active_file", "total_inactive_file" } };

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The number after `name` at the beginning of a line; name "" is the first line itself. False
 * when there is none: "max", or no such file. */
static bool read_number(const char *path, const char *name, uint64_t *out)
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

/* What one group leaves. */
static uint64_t group_room(const struct group_files *files, const char *group)
{
    char path[2 * PATH_MAX];
    uint64_t limit, usage, cache = 0;

    snprintf(path, sizeof path, "%s/%s", group, files->limit);
    if (!read_number(path, "", &limit))
        return UINT64_MAX;
    snprintf(path, sizeof path, "%s/%s", group, files->usage);
    if (!read_number(path, "", &usage))
        return limit;
    snprintf(path, sizeof path, "%s/memory.stat", group);
    for (size_t i = 0; i < 2; i++) {
        uint64_t bytes;

        if (read_number(path, files->cache[i], &bytes))
            cache += bytes;
    }
    usage -= least(usage, cache);
    return limit > usage ? limit - usage : 0;
}

/* What a group and those it is in leave. own is its path below the folder; a container may see
 * its own group as the folder itself, whatever own says. */
static uint64_t groups_room(const struct group_files *files, const char *root, const char *own)
{
    char path[PATH_MAX];
    const int base = snprintf(path, sizeof path, "%s%s", root, files->folder);
    uint64_t room;

    if (base < 0 || (size_t)base >= sizeof path)
        return UINT64_MAX;
    room = group_room(files, path);
    snprintf(path + base, sizeof path - (size_t)base, "%s", own);
    for (char *slash; (slash = strrchr(path, '/')) && slash >= path + base; *slash = '\0')
        if (slash[1] != '\0')
            room = least(room, group_room(files, path));
    return room;
}

/* Lines are "0::/path" for version 2 and "N:LIST,OF,CONTROLLERS:/path" for version 1. */
static uint64_t control_groups_room(const char *root)
{
    char path[PATH_MAX];
    char line[PATH_MAX];
    uint64_t room = UINT64_MAX;

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
            room = least(room, groups_room(&version_2, root, own));
        else if (strstr(controllers + 1, "memory"))
            room = least(room, groups_room(&version_1, root, own));
    }
    fclose(file);
    return room;
}

uint64_t memory_available(const char *root)
{
    char path[PATH_MAX];
    uint64_t kib;
    uint64_t room = control_groups_room(root);

    snprintf(path, sizeof path, "%s/proc/meminfo", root);
    if (read_number(path, "MemAvailable", &kib))
        room = least(room, kib * 1024);
    return room;
}
