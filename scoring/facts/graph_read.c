/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json/json.h"
#include "scoring/facts/form.h"
#include "scoring/facts/graph_private.h"
#include "scoring/facts/measurer.h"

static int read_as_json(struct slice text, struct json *json,
                        const struct measure_options *options, struct graph *out,
                        struct error *err)
{
    const struct json_value *value;

    if (measure_parse_json(json, text, options, &value, err) < 0)
        return -1;
    return value ? graph_read_json(value, text, out, err) : 0;
}

int graph_read(struct slice response, struct json *json, const struct measure_options *options,
               struct graph *out, struct error *err)
{
    struct form_block block;
    size_t pos = 0;
    int rc = 0;

    if (form_is_json(response))
        return read_as_json(response, json, options, out, err);
    while (rc == 0 && form_block_next(response, &pos, &block)) {
        if (!block.is_code)
            rc = graph_read_prose(block.text, out, err);
        else if (form_is_json(block.text))
            rc = read_as_json(block.text, json, options, out, err);
        else
            rc = graph_read_code(block.text, out, err);
    }
    return rc;
}
