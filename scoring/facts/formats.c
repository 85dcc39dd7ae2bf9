/* SPDX-License-Identifier: Apache-2.0 */
/* JSON, tables and markup of the response: is each of them valid? */
#include "scoring/facts/form.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/span_list.h"

extern const struct measurer measurer_formats;

enum {
    FORMAT_JSON,
    FORMAT_CSV,
    FORMAT_MARKDOWN,
    FORMAT_HTML,
    FORMAT_HTML_TABLE,
    FORMAT_LATEX,
    N_FORMAT_FACTS
};

static const struct fact format_facts[N_FORMAT_FACTS] = {
    [FORMAT_JSON] = { "json_valid", FACT_INTEGER, "0 or 1",
                      "the JSON of the response is valid" },
    [FORMAT_CSV] = { "csv_valid", FACT_INTEGER, "0 or 1",
                     "the records of CSV blocks have equal numbers of fields" },
    [FORMAT_MARKDOWN] = { "markdown_table_valid", FACT_INTEGER, "0 or 1",
                          "the rows of Markdown tables have equal numbers of cells" },
    [FORMAT_HTML] = { "html_valid", FACT_INTEGER, "0 or 1", "the tags of HTML close" },
    [FORMAT_HTML_TABLE] = { "html_table_valid", FACT_INTEGER, "0 or 1",
                            "the rows of HTML tables have equal numbers of columns" },
    [FORMAT_LATEX] = { "latex_table_valid", FACT_INTEGER, "0 or 1",
                       "the rows of LaTeX tables have the columns of the preamble" },
};

static void check_code(const struct form_block *block, struct form_result *results)
{
    const struct slice language = block->language;

    if (form_in_list(" json ", language))
        form_check_json(block->text, &results[FORMAT_JSON]);
    else if (form_in_list(" csv ", language))
        form_check_csv(block->text, ',', &results[FORMAT_CSV]);
    else if (form_in_list(" tsv ", language))
        form_check_csv(block->text, '\t', &results[FORMAT_CSV]);
    else if (form_in_list(" markdown md ", language))
        form_check_markdown(block->text, &results[FORMAT_MARKDOWN]);
    else if (form_in_list(" html htm xhtml ", language))
        form_check_html(block->text, &results[FORMAT_HTML], &results[FORMAT_HTML_TABLE]);
    else if (form_in_list(" latex tex ", language))
        form_check_latex(block->text, &results[FORMAT_LATEX]);
}

static void check_response(struct slice response, struct form_result *results)
{
    struct form_block block;
    size_t pos = 0;

    if (form_is_json(response)) {
        form_check_json(response, &results[FORMAT_JSON]);
        return;
    }
    while (form_block_next(response, &pos, &block)) {
        if (block.is_code) {
            check_code(&block, results);
            continue;
        }
        form_check_markdown(block.text, &results[FORMAT_MARKDOWN]);
        form_find_html(block.text, &results[FORMAT_HTML], &results[FORMAT_HTML_TABLE]);
        form_check_latex(block.text, &results[FORMAT_LATEX]);
    }
}

static int verify_formats(const struct measured_sample *sample,
                          const struct measure_options *options, struct fact_value *out,
                          struct span_list *spans, struct error *err)
{
    const struct slice response = form_response(sample);
    struct form_result results[N_FORMAT_FACTS] = { { .found = false } };

    (void)options;
    check_response(response, results);
    for (int i = 0; i < N_FORMAT_FACTS; i++) {
        const struct form_result *result = &results[i];

        out[i].integer = !result->kind;
        out[i].reason = result->found ? NULL : MEASURE_UNCHECKED;
        if (!result->kind)
            continue;
        const size_t start = (size_t)(result->place.ptr - response.ptr);
        const struct span span = {
            .measurer = &measurer_formats,
            .turn = sample->response_turn,
            .start = start,
            .end = start + result->place.len,
            .kind = result->kind,
            .detail = result->detail ? slice_text(result->detail) : slice_of(NULL, 0),
        };
        if (span_add(spans, &span, err) < 0)
            return -1;
    }
    return 0;
}

const struct measurer measurer_formats = {
    .name = "formats",
    .version = 1,
    .summary = "JSON, CSV, HTML and tables of the response: are they valid?",
    .facts = format_facts,
    .n_facts = N_FORMAT_FACTS,
    .finds_spans = true,
    .may_be_unchecked = true,
    .verify = verify_formats,
};
