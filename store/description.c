/* SPDX-License-Identifier: Apache-2.0 */
#include "store/description.h"

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "store/db_private.h"

static const char *const removals[] = {
    "DELETE FROM selection_group WHERE selection_id = :selection_id",
    "DELETE FROM selection_statistic WHERE selection_id = :selection_id",
    "DELETE FROM selection_warning WHERE selection_id = :selection_id",
    "DELETE FROM selection_comparison WHERE selection_id = :selection_id",
    "DELETE FROM selection_term WHERE selection_id = :selection_id",
};

static const char PUT_GROUP[] =
    "INSERT INTO selection_group (selection_id, kind, place, name, unit, n_pool, n_selected,"
    " units_pool, units_asked, units_selected) VALUES (:selection_id, :kind, :place, :name,"
    " :unit, :n_pool, :n_selected, :units_pool, :units_asked, :units_selected)";

static const char PUT_NUMBER[] =
    "INSERT INTO selection_statistic (selection_id, name, subject, pool, selected)"
    " VALUES (:selection_id, :name, :subject, :pool, :selected)";

static const char PUT_WARNING[] = "INSERT INTO selection_warning (selection_id, step, text)"
                                  " VALUES (:selection_id, :step, :text)";

static const char PUT_COMPARISON[] =
    "INSERT INTO selection_comparison (selection_id, comparison, text, n, mean, deviation, min,"
    " max) VALUES (:selection_id, :comparison, :text, :n, :mean, :deviation, :min, :max)";

static const char PUT_TERM[] =
    "INSERT INTO selection_term (selection_id, rank, term, text, value)"
    " VALUES (:selection_id, :rank, :term, :text, :value)";

static void bind_number(struct stmt *stmt, const char *name, double value)
{
    if (isfinite(value))
        stmt_bind_real(stmt, name, value);
}

/* The same rows as above. */
static const char COUNT_GROUP[] =
    "SELECT count(*) FROM selection_group WHERE selection_id = :selection_id AND kind = :kind"
    " AND place = :place AND name = :name AND unit = :unit AND n_pool = :n_pool"
    " AND n_selected = :n_selected AND units_pool = :units_pool"
    " AND units_asked IS :units_asked AND units_selected = :units_selected";

static const char COUNT_NUMBER[] =
    "SELECT count(*) FROM selection_statistic WHERE selection_id = :selection_id"
    " AND name = :name AND subject = :subject AND pool IS :pool AND selected IS :selected";

static const char COUNT_WARNING[] =
    "SELECT count(*) FROM selection_warning WHERE selection_id = :selection_id"
    " AND step = :step AND text = :text";

static const char COUNT_ALL[] =
    "SELECT (SELECT count(*) FROM selection_group WHERE selection_id = :selection_id)"
    " + (SELECT count(*) FROM selection_statistic WHERE selection_id = :selection_id)"
    " + (SELECT count(*) FROM selection_warning WHERE selection_id = :selection_id)";

/* Run the statement, or count the rows it finds. n_found NULL: run it. */
static int run_or_count(struct stmt *stmt, int64_t *n_found, struct error *err)
{
    int64_t n;

    if (!n_found)
        return stmt_run(stmt, err);
    if (stmt_get_int(stmt, &n, err) < 0)
        return -1;
    *n_found += n;
    return 0;
}

/* Store the groups, or count those that are stored. */
static int put_described_groups(struct store *store, int64_t selection_id,
                                const struct selection_description *description,
                                int64_t *n_found, struct error *err)
{
    struct stmt *stmt = NULL;
    size_t place = 0;

    for (size_t i = 0; i < description->n_groups; i++) {
        const struct described_group *group = &description->groups[i];

        place = i > 0 && strcmp(group[-1].kind, group->kind) == 0 ? place + 1 : 1;
        if (stmt_use(store, n_found ? COUNT_GROUP : PUT_GROUP, &stmt, err) < 0)
            return -1;
        stmt_bind_int(stmt, ":selection_id", selection_id);
        stmt_bind_text(stmt, ":kind", slice_text(group->kind));
        stmt_bind_count(stmt, ":place", place);
        stmt_bind_text(stmt, ":name", slice_text(group->name));
        stmt_bind_text(stmt, ":unit", slice_text(group->unit));
        stmt_bind_count(stmt, ":n_pool", group->n_pool);
        stmt_bind_count(stmt, ":n_selected", group->n_selected);
        stmt_bind_count(stmt, ":units_pool", group->units_pool);
        if (group->units_asked != DESCRIPTION_NOT_ASKED)
            stmt_bind_count(stmt, ":units_asked", group->units_asked);
        stmt_bind_count(stmt, ":units_selected", group->units_selected);
        if (run_or_count(stmt, n_found, err) < 0)
            return -1;
    }
    return 0;
}

static int put_numbers(struct store *store, int64_t selection_id,
                       const struct selection_description *description, int64_t *n_found,
                       struct error *err)
{
    struct stmt *stmt = NULL;

    for (size_t i = 0; i < description->n_numbers; i++) {
        const struct described_number *number = &description->numbers[i];

        if (stmt_use(store, n_found ? COUNT_NUMBER : PUT_NUMBER, &stmt, err) < 0)
            return -1;
        stmt_bind_int(stmt, ":selection_id", selection_id);
        stmt_bind_text(stmt, ":name", slice_text(number->name));
        stmt_bind_text(stmt, ":subject", slice_text(number->subject));
        bind_number(stmt, ":pool", number->pool);
        bind_number(stmt, ":selected", number->selected);
        if (run_or_count(stmt, n_found, err) < 0)
            return -1;
    }
    return 0;
}

static int put_warnings(struct store *store, int64_t selection_id,
                        const struct selection_description *description, int64_t *n_found,
                        struct error *err)
{
    struct stmt *stmt = NULL;

    for (size_t i = 0; i < description->n_warnings; i++) {
        if (stmt_use(store, n_found ? COUNT_WARNING : PUT_WARNING, &stmt, err) < 0)
            return -1;
        stmt_bind_int(stmt, ":selection_id", selection_id);
        stmt_bind_count(stmt, ":step", i + 1);
        stmt_bind_text(stmt, ":text", slice_text(description->warnings[i]));
        if (run_or_count(stmt, n_found, err) < 0)
            return -1;
    }
    return 0;
}

static int put_comparisons(struct store *store, int64_t selection_id,
                           const struct selection_description *description, struct error *err)
{
    struct stmt *stmt = NULL;

    for (size_t i = 0; i < description->n_comparisons; i++) {
        const struct described_comparison *comparison = &description->comparisons[i];

        if (stmt_use(store, PUT_COMPARISON, &stmt, err) < 0)
            return -1;
        stmt_bind_int(stmt, ":selection_id", selection_id);
        stmt_bind_count(stmt, ":comparison", i + 1);
        stmt_bind_text(stmt, ":text", comparison->text);
        stmt_bind_count(stmt, ":n", comparison->n);
        bind_number(stmt, ":mean", comparison->mean);
        bind_number(stmt, ":deviation", comparison->deviation);
        bind_number(stmt, ":min", comparison->min);
        bind_number(stmt, ":max", comparison->max);
        if (stmt_run(stmt, err) < 0)
            return -1;
    }
    return 0;
}

static int put_terms(struct store *store, int64_t selection_id,
                     const struct selection_description *description, struct error *err)
{
    const size_t n_terms = description->n_terms;
    struct stmt *stmt = NULL;

    for (size_t i = 0; i < description->n_samples * n_terms; i++) {
        if (stmt_use(store, PUT_TERM, &stmt, err) < 0)
            return -1;
        stmt_bind_int(stmt, ":selection_id", selection_id);
        stmt_bind_count(stmt, ":rank", i / n_terms + 1);
        stmt_bind_count(stmt, ":term", i % n_terms + 1);
        stmt_bind_text(stmt, ":text", description->terms[i % n_terms]);
        stmt_bind_real(stmt, ":value", description->term_values[i]);
        if (stmt_run(stmt, err) < 0)
            return -1;
    }
    return 0;
}

int description_put(struct store *store, int64_t selection_id,
                    const struct selection_description *description, struct error *err)
{
    struct stmt *stmt = NULL;

    for (size_t i = 0; i < sizeof removals / sizeof *removals; i++) {
        if (stmt_use(store, removals[i], &stmt, err) < 0)
            return -1;
        stmt_bind_int(stmt, ":selection_id", selection_id);
        if (stmt_run(stmt, err) < 0)
            return -1;
    }
    if (!description)
        return 0;
    if (put_described_groups(store, selection_id, description, NULL, err) < 0 ||
        put_numbers(store, selection_id, description, NULL, err) < 0 ||
        put_warnings(store, selection_id, description, NULL, err) < 0 ||
        put_comparisons(store, selection_id, description, err) < 0)
        return -1;
    return put_terms(store, selection_id, description, err);
}

int description_is_stored(struct store *store, int64_t selection_id,
                          const struct selection_description *description, struct error *err)
{
    struct stmt *stmt = NULL;
    int64_t n_stored, n_found = 0;

    if (stmt_use(store, COUNT_ALL, &stmt, err) < 0)
        return -1;
    stmt_bind_int(stmt, ":selection_id", selection_id);
    if (stmt_get_int(stmt, &n_stored, err) < 0 ||
        put_described_groups(store, selection_id, description, &n_found, err) < 0 ||
        put_numbers(store, selection_id, description, &n_found, err) < 0 ||
        put_warnings(store, selection_id, description, &n_found, err) < 0)
        return -1;
    const uint64_t n = description->n_groups + description->n_numbers + description->n_warnings;
    return (uint64_t)n_stored == n && (uint64_t)n_found == n;
}
