/* SPDX-License-Identifier: Apache-2.0 */
#include "store/condition_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/option.h"
#include "store/db_private.h"
#include "store/selection.h"

enum { SQL_MAX_BYTES = 1 << 20 };

/* Text with a doubled quote counts as two adjacent texts, which gives the same end. */
const char *condition_skip_quoted(const char *c)
{
    const char *end = NULL;

    if (c[0] == '-' && c[1] == '-')
        return c + strcspn(c, "\n");
    if (c[0] == '/' && c[1] == '*') {
        end = strstr(c + 2, "*/");
        return end ? end + 2 : NULL;
    }
    if (c[0] == '\0' || !strchr("'\"`[", c[0]))
        return c;
    end = strchr(c + 1, c[0] == '[' ? ']' : c[0]);
    return end ? end + 1 : NULL;
}

/*
 * Check that the condition stays inside the parentheses that condition_open() puts around it:
 * its own parentheses match and it contains no ';'. Parameters are invalid because they have no
 * value and because SQLite reads "$a(b(c)" as the name of a parameter, so its parentheses would
 * be counted wrongly.
 */
static int check_condition(const char *what, const char *condition, struct error *err)
{
    int depth = 0;

    for (const char *c = condition; *c;) {
        const char *end = condition_skip_quoted(c);

        if (!end)
            return error_set(err, ERR_USAGE, "%s: unclosed quote or comment at: %s", what, c);
        if (end > c) {
            c = end;
            continue;
        }
        depth += (*c == '(') - (*c == ')');
        if (depth < 0)
            return error_set(err, ERR_USAGE, "%s: unmatched ')' at: %s", what, c);
        if (*c == ';')
            return error_set(err, ERR_USAGE, "%s: ';' is not allowed, use one expression: %s",
                             what, c);
        if (strchr("?:@#$", *c))
            return error_set(err, ERR_USAGE, "%s: parameters are not supported: %s", what, c);
        c++;
    }
    if (depth > 0)
        return error_set(err, ERR_USAGE, "%s: missing ')' at the end", what);
    return 0;
}

int condition_join(const struct text_list *conditions, char **out, struct error *err)
{
    struct buf joined;
    int rc = 0;

    *out = NULL;
    if (conditions->n == 0)
        return 0;
    buf_init(&joined, SQL_MAX_BYTES);
    for (unsigned i = 0; rc == 0 && i < conditions->n; i++) {
        const char *text = conditions->items[i];

        rc = check_condition("condition", text, err);
        if (rc == 0 && conditions->n == 1)
            rc = buf_add_text(&joined, text, err);
        else if (rc == 0) /* the newline ends a comment at the end of the condition */
            rc = buf_printf(&joined, err, "%s(%s%s)", i > 0 ? " AND " : "", text,
                            strstr(text, "--") ? "\n" : "");
    }
    if (rc == 0 && !(*out = strdup(buf_slice(&joined).ptr)))
        rc = error_nomem(err);
    buf_release(&joined);
    return rc;
}

void id_list_release(struct id_list *list)
{
    free(list->ids);
    *list = (struct id_list){ 0 };
}

bool id_list_holds(const struct id_list *list, int64_t id)
{
    size_t at = 0;

    for (size_t n = list->n; n > 1; n -= n / 2)
        if (list->ids[at + n / 2] <= id)
            at += n / 2;
    return list->n > 0 && list->ids[at] == id;
}

int id_list_add(struct id_list *list, size_t *cap, int64_t id, struct error *err)
{
    if (list->n == *cap) {
        const size_t wider = *cap ? 2 * *cap : 1024;
        int64_t *ids = reallocarray(list->ids, wider, sizeof *ids);
        if (!ids)
            return error_nomem(err);
        list->ids = ids;
        *cap = wider;
    }
    list->ids[list->n++] = id;
    return 0;
}

/* A user's expression in a statement: BEFORE expression AFTER. */
struct user_part {
    const char *prefix; /* of messages: "condition: " */
    const char *text;
    const char *after;
};

/* Append the user's part to the statement, and prepare it. */
static int open_with_part(struct store *store, struct buf *sql, const struct user_part *part,
                          struct stmt **out, struct error *err)
{
    const struct stmt_user user = { .prefix = part->prefix,
                                    .start = sql->len,
                                    .len = strlen(part->text) };

    /* The newline ends a comment at the end of the text. */
    if (buf_printf(sql, err, "%s\n%s", part->text, part->after) < 0)
        return -1;
    return stmt_open_user(store, sql->data, &user, out, err);
}

int condition_open(struct store *store, const char *before, const char *condition,
                   const char *after, struct stmt **out, struct error *err)
{
    const char *text = condition ? condition : "1";
    struct buf sql, end;
    int rc = -1;

    if (check_condition("condition", text, err) < 0)
        return -1;
    buf_init(&sql, SQL_MAX_BYTES);
    buf_init(&end, SQL_MAX_BYTES);
    if (buf_printf(&end, err, "))%s", after) == 0 &&
        buf_printf(&sql, err, "%s(SELECT sample_id FROM ", before) == 0 &&
        condition_add_source(store, &text, 1, &sql, err) == 0 &&
        buf_add_text(&sql, " WHERE (", err) == 0) {
        const struct user_part part = { "condition: ", text, end.data };

        rc = open_with_part(store, &sql, &part, out, err);
    }
    buf_release(&sql);
    buf_release(&end);
    return rc;
}

int expression_open(struct store *store, const char *expression, struct stmt **out,
                    struct error *err)
{
    struct buf sql, end;
    int rc = -1;

    if (check_condition("expression", expression, err) < 0)
        return -1;
    buf_init(&sql, SQL_MAX_BYTES);
    buf_init(&end, SQL_MAX_BYTES);
    if (buf_add_text(&end, ") AS TEXT) FROM ", err) == 0 &&
        condition_add_source(store, &expression, 1, &end, err) == 0 &&
        buf_add_text(&end, " ORDER BY sample_id", err) == 0 &&
        buf_add_text(&sql, "SELECT sample_id, CAST((", err) == 0) {
        const struct user_part part = { "expression: ", expression, end.data };

        rc = open_with_part(store, &sql, &part, out, err);
    }
    buf_release(&sql);
    buf_release(&end);
    return rc;
}

int expression_open_numbered(struct store *store, const char *expression, struct stmt **out,
                             struct error *err)
{
    struct buf sql, end;
    int rc = -1;

    if (check_condition("expression", expression, err) < 0)
        return -1;
    buf_init(&sql, SQL_MAX_BYTES);
    buf_init(&end, SQL_MAX_BYTES);
    if (buf_add_text(&end, ") AS value FROM ", err) == 0 &&
        condition_add_source(store, &expression, 1, &end, err) == 0 &&
        buf_add_text(&end, ") ORDER BY 2", err) == 0 &&
        buf_add_text(&sql,
                     "SELECT sample_id, dense_rank() OVER (ORDER BY value), value FROM"
                     " (SELECT sample_id, (",
                     err) == 0) {
        const struct user_part part = { "expression: ", expression, end.data };

        rc = open_with_part(store, &sql, &part, out, err);
    }
    buf_release(&sql);
    buf_release(&end);
    return rc;
}

int condition_collect(struct stmt *stmt, struct id_list *out, struct error *err)
{
    struct id_list list = { 0 };
    size_t cap = 0;
    int rc;

    while ((rc = stmt_next(stmt, err)) == 1) {
        if (id_list_add(&list, &cap, stmt_int(stmt, 0), err) < 0) {
            rc = -1;
            break;
        }
    }
    stmt_close(stmt);
    if (rc < 0) {
        id_list_release(&list);
        return -1;
    }
    *out = list;
    return 0;
}

int condition_select(struct store *store, const char *condition, struct id_list *out,
                     struct error *err)
{
    struct stmt *stmt = NULL;

    if (condition_open(store, "SELECT sample_id FROM ", condition, " ORDER BY sample_id", &stmt,
                       err) < 0)
        return -1;
    return condition_collect(stmt, out, err);
}
