/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fact.h - facts of samples: one row a sample, one column a fact (the view v_facts).
 *
 * The columns of the tables fact and fact_version are not those of a migration: they are added
 * when a fact is stored for the first time, so that a new one needs no new schema. fact_column
 * describes them. fact_version says with which version a sample was measured.
 *
 * Functions return 0, or -1 with err set, unless the comment says otherwise.
 */
#ifndef CURATE_STORE_FACT_H
#define CURATE_STORE_FACT_H

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct arena;
struct error;
struct id_list;
struct store;

enum fact_cell_type { CELL_INTEGER, CELL_REAL, CELL_TEXT };

/* The reason of a fact of a part that the sample does not have. It is not stored:
 * v_missing_facts finds it. */
#define FACT_ABSENT "absent"
/* The reason of a fact of a group that may_be_unchecked. It is not stored either. */
#define FACT_UNCHECKED "nothing_to_check"

struct fact_cell {
    const char *reason; /* why there is no value; NULL: there is one */
    int64_t integer;
    double real;
    const char *text;
};

struct fact_column {
    const char *name;
    enum fact_cell_type type;
    const char *unit;
};

/* Columns that are measured together. */
struct fact_group {
    const char *name;
    int version;
    struct slice
        params; /* canonical JSON of what the values depend on besides; ptr NULL: nothing */
    const struct fact_column *columns;
    size_t n_columns;
    bool of_turns;         /* the columns are those of turn_fact */
    bool may_be_unchecked; /* a value may be missing as FACT_UNCHECKED; not of turns */
};

/* fact_column.c: make the columns of a group if they are new. If they have other parameters or
 * another version, all stored values of the group are removed. ERR_USAGE if a column has the
 * name of another group's. Call outside a transaction. */
int fact_group_put(struct store *store, const struct fact_group *group, struct error *err);

/* Add the columns that the tables of one database have to those of another, for a comparison of
 * their schemas. */
int fact_copy_columns(struct store *from, struct store *to, struct error *err);

/* List the samples that meet the condition (NULL: all) and lack one of the n groups, ascending.
 * All lack a group that is not put as described. */
int fact_find_pending(struct store *store, const struct fact_group *groups, size_t n,
                      const char *condition, struct id_list *out, struct error *err);

/* fact.c: writes facts of many samples. */
struct fact_writer;
int fact_writer_open(struct store *store, const struct fact_group *groups, size_t n,
                     struct fact_writer **out, struct error *err);
void fact_writer_close(struct fact_writer *writer);
/* Store the cells of all columns of all groups but those of turns, one after the other.
 * Replaces what is stored. Call inside a transaction. */
int fact_write(struct fact_writer *writer, int64_t sample_id, const struct fact_cell *cells,
               struct error *err);
/* The same for a turn, with the groups of turns. */
int fact_write_turn(struct fact_writer *writer, int64_t sample_id, int64_t turn,
                    const struct fact_cell *cells, struct error *err);

struct fact_span {
    int64_t turn; /* -1: the context, -2: the system prompt */
    uint64_t start;
    uint64_t end;
    const char *group;
    const char *kind;
    struct slice detail; /* ptr NULL: none */
};
/* Replace the spans of a group of the sample that fact_write() stored last. Call inside the
 * same transaction. */
int fact_write_spans(struct fact_writer *writer, const char *group,
                     const struct fact_span *spans, size_t n, struct error *err);

/* Read the spans of a group of a sample, ordered by turn and start; texts and array are in the
 * arena. Returns 1; 0 if the sample was not measured with this version; -1 with err set. */
int fact_read_spans(struct store *store, int64_t sample_id, const char *group, int version,
                    struct arena *arena, struct fact_span **out, size_t *n, struct error *err);

#endif
