/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/split_name.h"

#include <string.h>

const char *const split_names[] = { "train", "validation", "test" };

/* The words of each split, and what stands around them, as Python's `datasets` has them. */
static const char *const words[N_SPLIT_NAMES][5] = {
    { "train", "training" },
    { "validation", "valid", "dev", "val" },
    { "test", "testing", "eval", "evaluation" },
};
static const char around_words[] = "-._ 0123456789";

static bool is_around(char c)
{
    return c != '\0' && strchr(around_words, c) != NULL;
}

static bool has_split_word(struct slice name, const char *word, bool may_end_name)
{
    const size_t len = strlen(word);

    for (size_t i = 0; i + len <= name.len; i++) {
        const size_t end = i + len;

        if ((i == 0 || is_around(name.ptr[i - 1])) && memcmp(name.ptr + i, word, len) == 0 &&
            (end == name.len ? may_end_name : is_around(name.ptr[end])))
            return true;
    }
    return false;
}

static int split_of_name(struct slice name, bool may_end_name)
{
    for (int split = 0; split < N_SPLIT_NAMES; split++)
        for (const char *const *word = words[split]; *word; word++)
            if (has_split_word(name, *word, may_end_name))
                return split;
    return NO_SPLIT;
}

/* The place of the last '/' before `end`, or NULL. */
static const char *slash_before(struct slice path, const char *end)
{
    while (end > path.ptr)
        if (*--end == '/')
            return end;
    return NULL;
}

int split_of_file_name(struct slice path)
{
    const char *slash = slash_before(path, path.ptr + path.len);
    const char *name = slash ? slash + 1 : path.ptr;

    return split_of_name(slice_of(name, (size_t)(path.ptr + path.len - name)), false);
}

int split_of_folders(struct slice path)
{
    const char *end = slash_before(path, path.ptr + path.len);

    while (end) {
        const char *slash = slash_before(path, end);
        const char *name = slash ? slash + 1 : path.ptr;
        const int split = split_of_name(slice_of(name, (size_t)(end - name)), true);

        if (split != NO_SPLIT)
            return split;
        end = slash;
    }
    return NO_SPLIT;
}

static bool has_digits(struct slice text, size_t at, size_t n)
{
    if (at + n > text.len)
        return false;
    for (size_t i = at; i < at + n; i++)
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    return true;
}

struct slice split_of_shard(struct slice path)
{
    enum { BEFORE = 1, FIRST = 5, OF = 4, ALL = FIRST + OF + FIRST }; /* "-" "00000" "-of-" */
    const struct slice none = { NULL, 0 };

    if (path.len < 5 || memcmp(path.ptr, "data/", 5) != 0)
        return none;
    const struct slice name = slice_of(path.ptr + 5, path.len - 5);
    if (memchr(name.ptr, '/', name.len))
        return none;
    for (size_t i = 1; i + BEFORE + ALL < name.len; i++) {
        const size_t at = i + BEFORE;

        if (name.ptr[i] == '-' && has_digits(name, at, FIRST) &&
            memcmp(name.ptr + at + FIRST, "-of-", OF) == 0 &&
            has_digits(name, at + FIRST + OF, FIRST) &&
            memchr(name.ptr + at + ALL, '.', name.len - at - ALL))
            return slice_of(name.ptr, i);
    }
    return none;
}

bool split_of_conversion(struct slice path, struct slice *config, struct slice *split)
{
    static const char partial[] = "partial-"; /* of a split that was too large to convert */
    static const char ending[] = ".parquet";
    const char *second = slash_before(path, path.ptr + path.len);
    const char *first = second ? slash_before(path, second) : NULL;

    if (!first || first == path.ptr || slash_before(path, first))
        return false;
    const struct slice name =
        slice_of(second + 1, (size_t)(path.ptr + path.len - (second + 1)));
    struct slice found = slice_of(first + 1, (size_t)(second - (first + 1)));
    if (name.len != 4 + strlen(ending) || !has_digits(name, 0, 4) ||
        memcmp(name.ptr + 4, ending, strlen(ending)) != 0)
        return false;
    if (found.len > strlen(partial) && memcmp(found.ptr, partial, strlen(partial)) == 0)
        found = slice_of(found.ptr + strlen(partial), found.len - strlen(partial));
    if (found.len == 0)
        return false;
    *config = slice_of(path.ptr, (size_t)(first - path.ptr));
    *split = found;
    return true;
}
