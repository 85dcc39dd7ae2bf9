/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/io/number_table.h"
#include "stages/select/quota.h"

struct mix_share {
    const char *name;
    double share;
};

/* ProLong (2410.02660), the mixtures of its two stages. The second has parts of two lengths. */
static const struct mix_share prolong_64k[] = {
    { "code-repos", .30 },
    { "books", .30 },
    { "fineweb-edu", .10 },
    { "fineweb", .10 },
    { "stackexchange", .04 },
    { "wikipedia", .04 },
    { "tulu-v2", .03 },
    { "arxiv", .03 },
    { "openwebmath", .03 },
    { "textbooks", .03 },
    { NULL, 0 },
};
static const struct mix_share prolong_512k[] = {
    { "code-repos-512k", .15 },
    { "code-repos-64k", .15 },
    { "books-512k", .05 },
    { "books-64k", .25 },
    { "fineweb-edu", .10 },
    { "fineweb", .10 },
    { "stackexchange", .04 },
    { "wikipedia", .04 },
    { "tulu-v2", .03 },
    { "arxiv", .03 },
    { "openwebmath", .03 },
    { "textbooks", .03 },
    { NULL, 0 },
};
static const struct {
    const char *name;
    const struct mix_share *shares;
} presets[] = { { "prolong-64k", prolong_64k }, { "prolong-512k", prolong_512k } };

static struct quota_entry entry_of(const char *name, double share)
{
    return (struct quota_entry){ .name = name,
                                 .kind = QUOTA_BY_SHARE,
                                 .share = share,
                                 .max = QUOTA_NO_MAX,
                                 .parent = QUOTA_NO_PARENT };
}

static int use_preset(const struct mix_share *shares, struct arena *arena,
                      struct quota_spec *spec, struct error *err)
{
    size_t n = 0;

    while (shares[n].name)
        n++;
    struct quota_entry *entries = arena_alloc(arena, n, sizeof *entries);
    if (!entries)
        return error_nomem(err);
    for (size_t i = 0; i < n; i++)
        entries[i] = entry_of(shares[i].name, shares[i].share);
    spec->entries = entries;
    spec->n = n;
    return 0;
}

static int read_mix_file(const char *path, struct arena *arena, struct quota_spec *spec,
                         struct error *err)
{
    struct number_table table;
    double sum = 0;

    if (number_table_read(path, arena, &table, err) < 0)
        return -1;
    if (table.n_columns != 1)
        return error_set(err, ERR_INPUT,
                         "%s: has %zu columns of numbers: must have one, the shares, as "
                         "'curate mix skill-it' prints",
                         path, table.n_columns);
    struct quota_entry *entries = arena_alloc(arena, table.n_rows, sizeof *entries);
    if (!entries)
        return error_nomem(err);
    for (size_t i = 0; i < table.n_rows; i++) {
        if (table.values[i] < 0)
            return error_set(err, ERR_INPUT, "%s: the share of '%s' is %g: must be at least 0",
                             path, table.rows[i], table.values[i]);
        sum += table.values[i];
    }
    if (!(sum > 0))
        return error_set(err, ERR_INPUT, "%s: no share is above 0", path);
    for (size_t i = 0; i < table.n_rows; i++)
        entries[i] = entry_of(table.rows[i], table.values[i] / sum);
    spec->entries = entries;
    spec->n = table.n_rows;
    return 0;
}

int quota_read_mix(const char *mix, struct arena *arena, struct quota_spec *spec,
                   struct error *err)
{
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        if (strcmp(presets[i].name, mix) == 0)
            return use_preset(presets[i].shares, arena, spec, err);
    if (strcmp(mix, "llama-2-long") == 0)
        return error_set(err, ERR_USAGE,
                         "--mix llama-2-long: its shares were never published (2309.16039): "
                         "write those that you want into a file");
    return read_mix_file(mix, arena, spec, err) < 0 ? error_prefix(err, "--mix") : 0;
}
