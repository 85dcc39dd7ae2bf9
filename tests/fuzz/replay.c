/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.c - run a fuzz target on the files of a folder, without a fuzzing engine.
 *
 * Each file is one TAP test, which passes if the target returns. The bytes are in an allocation
 * of exactly their size, so that a sanitizer sees a read past the end. The empty input is
 * always the first one, so no corpus needs a file for it.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/fuzz/fuzz.h"

/* The whole file in an allocation that the caller frees, or NULL with errno set. */
static uint8_t *read_whole(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    struct stat st;

    if (!file)
        return NULL;
    if (fstat(fileno(file), &st) == 0)
        data = malloc(st.st_size > 0 ? (size_t)st.st_size : 1);
    if (data) {
        *len = fread(data, 1, (size_t)st.st_size, file);
        if (*len != (size_t)st.st_size) {
            free(data);
            data = NULL;
            errno = EIO;
        }
    }
    fclose(file);
    return data;
}

static int replay_file(const char *dir, const char *name)
{
    char path[4096];
    size_t len = 0;

    if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, name) >= sizeof path) {
        printf("# the path of %s is too long\n", name);
        return -1;
    }
    uint8_t *data = read_whole(path, &len);
    if (!data) {
        printf("# %s: %s\n", path, strerror(errno));
        return -1;
    }
    /* Printed before the call: if the target crashes, this is the last line of the log. */
    printf("# %s, %zu bytes\n", name, len);
    fflush(stdout);
    LLVMFuzzerTestOneInput(data, len);
    free(data);
    return 0;
}

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
    struct dirent **entries = NULL;
    int status = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: %s CORPUS-FOLDER\n", argv[0]);
        return 64;
    }
    const int n = scandir(argv[1], &entries, is_visible, alphasort);
    if (n <= 0) {
        printf("Bail out! %s holds no file to replay\n", argv[1]);
        return 1;
    }

    printf("1..%d\n", n + 1);
    uint8_t *nothing = malloc(1);
    if (nothing)
        LLVMFuzzerTestOneInput(nothing, 0);
    free(nothing);
    printf("ok 1 - the empty input\n");
    for (int i = 0; i < n; i++) {
        const int rc = replay_file(argv[1], entries[i]->d_name);

        printf("%s %d - %s\n", rc < 0 ? "not ok" : "ok", i + 2, entries[i]->d_name);
        status |= rc < 0;
        free(entries[i]);
    }
    free(entries);
    return status;
}
