/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/show_numbers.h"

#include <stdbool.h>

#include "base/buf.h"
#include "base/json/jsonout.h"
#include "base/text/escape.h"
#include "store/query.h"

enum { TERM_CHARS = 300 };

int show_score(struct query *query, struct buf *out, struct jsonout *object, struct error *err)
{
    const struct slice metric = query_value(query, 0).bytes;
    const struct slice model = query_value(query, 1).bytes;
    const struct query_value value = query_value(query, 2);

    if (object) {
        jsonout_object_begin(object);
        jsonout_key(object, "metric");
        jsonout_text(object, metric);
        jsonout_key(object, "model");
        jsonout_text(object, model);
        jsonout_key(object, "value");
        if (value.type == QUERY_NULL)
            jsonout_null(object);
        else
            jsonout_double(object, value.real);
        jsonout_object_end(object);
        return 0;
    }
    if (value.type == QUERY_NULL)
        return 0;
    if (slice_equal(model, slice_text("none"))) /* of metrics that no model is run for */
        return buf_printf(out, err, "   %-12.*s %.4g\n", (int)metric.len, metric.ptr,
                          value.real);
    return buf_printf(out, err, "   %-12.*s %.4g by %.*s\n", (int)metric.len, metric.ptr,
                      value.real, (int)model.len, model.ptr);
}

static int show_term(struct query *query, struct buf *out, struct jsonout *object,
                     struct error *err)
{
    const struct slice text = query_value(query, 0).bytes;
    const double value = query_value(query, 1).real;

    if (!object) {
        if (buf_printf(out, err, "   term         %.4g  ", value) < 0 ||
            escape_add_line(out, text, TERM_CHARS, err) < 0)
            return -1;
        return buf_add_text(out, "\n", err);
    }
    jsonout_object_begin(object);
    jsonout_key(object, "text");
    jsonout_text(object, text);
    jsonout_key(object, "value");
    jsonout_double(object, value);
    jsonout_object_end(object);
    return 0;
}

int show_terms(struct query *query, struct buf *out, struct jsonout *object, struct error *err)
{
    bool is_open = false;
    int rc;

    while ((rc = query_next(query, err)) == 1) {
        if (object && !is_open) {
            jsonout_key(object, "terms");
            jsonout_array_begin(object);
            is_open = true;
        }
        if (show_term(query, out, object, err) < 0)
            return -1;
    }
    if (is_open)
        jsonout_array_end(object);
    return rc;
}
