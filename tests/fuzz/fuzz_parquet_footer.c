/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as the footer of a Parquet file: it is refused with a message, or the schema is a
 * tree, the row groups lie within the file, and their columns are opened or refused.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/parquet/file.h"
#include "tests/fuzz/fuzz.h"

enum { MAX_BYTES = 8 << 20, COLUMNS_MAX = 50 };

static void require(bool holds, const char *invariant)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", invariant);
    abort();
}

static int make_file(const uint8_t *data, size_t len)
{
    const uint8_t tail[] = { (uint8_t)len,
                             (uint8_t)(len >> 8),
                             (uint8_t)(len >> 16),
                             (uint8_t)(len >> 24),
                             'P',
                             'A',
                             'R',
                             '1' };
    const int fd = memfd_create("footer", 0);

    require(fd >= 0 && write(fd, "PAR1", 4) == 4 && write(fd, data, len) == (ssize_t)len &&
                write(fd, tail, sizeof tail) == (ssize_t)sizeof tail,
            "memory suffices");
    return fd;
}

/* Check a group and what is below it. Returns the number of the element behind it. */
static size_t check_element(const struct parquet_file *file, size_t i, size_t *n_leaves)
{
    const struct parquet_element *element = parquet_element(file, i);
    size_t next = i + 1;

    require(element->leaf == *n_leaves, "leaves are numbered in their order");
    if (!element->is_group)
        (*n_leaves)++;
    for (size_t child = 0; element->is_group && child < element->n_children; child++) {
        const struct parquet_element *below = parquet_element(file, next);

        require(next < parquet_n_elements(file), "children exist");
        require(below->max_definition - element->max_definition ==
                        (below->repetition != PARQUET_REQUIRED) &&
                    below->max_repetition - element->max_repetition ==
                        (below->repetition == PARQUET_REPEATED),
                "levels follow from the repetition");
        next = check_element(file, next, n_leaves);
    }
    require(element->next == next, "next is behind all below");
    require((element->meaning == PARQUET_REFUSED) == (element->refused != NULL),
            "what is refused has a name");
    return next;
}

static void check_groups(const struct parquet_file *file, uint64_t n_bytes)
{
    size_t n_opened = 0;
    uint64_t n_rows = 0;
    struct error err;

    for (size_t group = 0; group < parquet_n_groups(file); group++) {
        require(parquet_group_offset(file, group) <= parquet_group_end(file, group) &&
                    parquet_group_end(file, group) <= n_bytes,
                "groups lie within the file");
        n_rows += parquet_group_rows(file, group);
        for (size_t leaf = 0; leaf < parquet_n_leaves(file) && n_opened < COLUMNS_MAX; leaf++) {
            struct parquet_column *column = NULL;

            n_opened++;
            err.msg[0] = '\0';
            if (parquet_column_open(file, group, leaf, &column, &err) < 0)
                require(strncmp(err.msg, "column ", 7) == 0, "errors name the column");
            parquet_column_close(column);
        }
    }
    require(n_rows == parquet_n_rows(file), "rows are those of the groups");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const int fd = make_file(data, len);
    struct parquet_file *file = NULL;
    struct error err = { 0 };
    size_t n_leaves = 0;

    if (parquet_file_open(fd, "x", MAX_BYTES, &file, &err) < 0) {
        require(strncmp(err.msg, "x: ", 3) == 0 && err.code != ERR_NONE,
                "errors name the file");
    } else {
        const struct slice value = parquet_key_value(file, "huggingface");

        require(check_element(file, 0, &n_leaves) == parquet_n_elements(file) &&
                    n_leaves == parquet_n_leaves(file),
                "the schema is one tree");
        require(!value.ptr || value.len <= len, "values are within the footer");
        check_groups(file, len + 12);
    }
    parquet_file_close(file);
    close(fd);
    return 0;
}
