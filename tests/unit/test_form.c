/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/span_list.h"

enum { MAX_FACTS = 16 };

struct verified {
    const struct measurer *measurer;
    struct fact_value values[MAX_FACTS];
    struct span_list spans;
    char response[20000];
};

static void verify_response(struct verified *out, const char *name, const char *response)
{
    struct measured_turn turns[] = {
        { .role = slice_text("user"), .content = slice_text("Do it.") },
        { .role = slice_text("assistant") },
    };
    const struct measure_options options = { .tokenizer = NULL };
    struct arena arena;
    struct error err;
    struct measured_sample sample = {
        .turns = turns, .n_turns = 2, .response_turn = 1, .arena = &arena
    };

    *out = (struct verified){ .measurer = measurer_find(name) };
    snprintf(out->response, sizeof out->response, "%s", response);
    turns[1].content = slice_text(out->response);
    arena_init(&arena);
    assert_ok(out->measurer->verify(&sample, &options, out->values, &out->spans, &err));
    arena_release(&arena);
}

static const struct fact_value *value_of(const struct verified *verified, const char *fact)
{
    for (size_t i = 0; i < verified->measurer->n_facts; i++)
        if (strcmp(verified->measurer->facts[i].name, fact) == 0)
            return &verified->values[i];
    fail_msg("no fact %s", fact);
    return NULL;
}

static void assert_blocks(const char *response, int n_blocks, int n_open)
{
    struct verified verified;

    verify_response(&verified, "code_blocks", response);
    assert_int_equal(value_of(&verified, "code_blocks")->integer, n_blocks);
    if (n_blocks == 0)
        assert_string_equal(value_of(&verified, "code_blocks_open")->reason,
                            "nothing_to_check");
    else
        assert_int_equal(value_of(&verified, "code_blocks_open")->integer, n_open);
    assert_int_equal(verified.spans.n, n_open);
    span_list_release(&verified.spans);
}

/* Check the fact of a response: want is NULL for a valid one, "" for nothing to check, else the
 * kind of the error, whose place must read as `place`. */
static void assert_format(const char *fact, const char *response, const char *want,
                          const char *place)
{
    struct verified verified;
    const struct span *span = NULL;

    verify_response(&verified, "formats", response);
    const struct fact_value *value = value_of(&verified, fact);
    if (want && !*want) {
        assert_non_null(value->reason);
        assert_string_equal(value->reason, "nothing_to_check");
        assert_int_equal(verified.spans.n, 0);
        return;
    }
    assert_null(value->reason);
    for (size_t i = 0; want && i < verified.spans.n; i++)
        if (strcmp(verified.spans.items[i].kind, want) == 0)
            span = &verified.spans.items[i];
    if (want && !span)
        fail_msg("no span %s in %s", want, response);
    assert_int_equal(value->integer, want == NULL);
    if (!span) {
        if (verified.spans.n > 0)
            fail_msg("%s: %s", response, verified.spans.items[0].kind);
        return;
    }
    assert_int_equal(span->turn, 1);
    assert_true(span->end <= strlen(response) && span->start <= span->end);
    assert_int_equal(span->end - span->start, strlen(place));
    assert_memory_equal(verified.response + span->start, place, strlen(place));
    span_list_release(&verified.spans);
}

static void a_fence_closes_a_block_only_if_it_is_alone_and_long_enough(void **state)
{
    (void)state;
    assert_blocks("", 0, 0);
    assert_blocks("no `inline` code, no ```inline``` either", 0, 0);
    assert_blocks("```python\nx = 1\n```\ntext\n~~~\ny\n~~~~\n", 2, 0);
    assert_blocks("```python\nx = 1\n", 1, 1);
    assert_blocks("````md\n```js\n```\n````", 1, 0);
    assert_blocks("```md\n~~~\n```js\n```\nrest\n```", 2, 1);
    assert_blocks("1. First:\n   ```sh\n   ls\n   ```\n- ```sh\n  ls\n  ```\n> ```\n> x\n> ```",
                  3, 0);
    assert_blocks("```\nx\n``` not closed", 1, 1);
    assert_blocks("```\r\nx\r\n```\r\n", 1, 0);
}

static void an_open_code_block_has_its_fence_as_span(void **state)
{
    struct verified verified;

    (void)state;
    verify_response(&verified, "code_blocks", "Use this:\n\n  ```c\nint i;");
    assert_int_equal(verified.spans.n, 1);
    assert_int_equal(verified.spans.items[0].start, 13);
    assert_int_equal(verified.spans.items[0].end, 17);
    assert_string_equal(verified.spans.items[0].kind, "code_block_open");
    span_list_release(&verified.spans);
}

static void json_is_checked_in_blocks_and_as_whole_response(void **state)
{
    (void)state;
    assert_format("json_valid", "Here:\n```json\n{\"a\": [1, 2.5e3, null]}\n```\n", NULL, NULL);
    assert_format("json_valid", "```JSON\n{\"a\": 1,}\n```", "json_invalid", "}");
    assert_format("json_valid", "{\"a\": 1} and more", "json_invalid", "a");
    assert_format("json_valid", " [1, 2]\n", NULL, NULL);
    assert_format("json_valid", "{\"a\": \"\xc3\xa9\" \xc3\xa9}", "json_invalid", "\xc3\xa9");
    assert_format("json_valid", "{\"a\": [1, 2", "json_invalid", "2");
    assert_format("json_valid", "{\"a\": NaN}", "json_invalid", "{\"a\": NaN}");
    assert_format("json_valid", "[1] Smith, 2001. [2] Jones.", "", NULL);
    assert_format("json_valid", "{name} is a placeholder", "", NULL);
    assert_format("json_valid", "```json\n```", "json_invalid", "");
}

static void records_of_csv_have_equal_numbers_of_fields(void **state)
{
    (void)state;
    assert_format("csv_valid", "```csv\na,b\n1,\"x, \"\"y\"\"\n2\"\n\n3,4\n```", NULL, NULL);
    assert_format("csv_valid", "```csv\na,b\r\n1,\"2\"\r\n```", NULL, NULL);
    assert_format("csv_valid", "```csv\na,b\n1,2,3\n4,5\n```", "csv_fields", "1,2,3");
    assert_format("csv_valid", "```csv\na,b\n1,\"2\n```", "csv_quote", "1,\"2");
    assert_format("csv_valid", "```csv\na,b\n1,x \"2\"\n```", "csv_quote", "1,x \"2\"");
    assert_format("csv_valid", "```tsv\na\tb,c\n1\t2\n```", NULL, NULL);
    assert_format("csv_valid", "a,b\n1,2,3\n", "", NULL);
}

static void rows_of_markdown_tables_have_the_cells_of_the_header(void **state)
{
    (void)state;
    assert_format("markdown_table_valid", "| a | b |\n|---|:-:|\n| 1 | x\\|y |\n\n| no table |",
                  NULL, NULL);
    assert_format("markdown_table_valid", "a | b\n--|--\n1 | 2\ntext", NULL, NULL);
    assert_format("markdown_table_valid", "| a | b |\n|---|---|\n| 1 |\n| 1 | 2 |",
                  "markdown_table_cells", "| 1 |");
    assert_format("markdown_table_valid", "| a | b |\n|---|\n| 1 | 2 |", "markdown_table_cells",
                  "|---|");
    assert_format("markdown_table_valid", "| a | b |\n| 1 | 2 |", "markdown_table_delimiter",
                  "| 1 | 2 |");
    assert_format("markdown_table_valid",
                  "+---+---+\n| a | b |\n+===+===+\n| 1 | 2 |\n| 3 | 4 |\n+---+---+", "", NULL);
    assert_format("markdown_table_valid", "|x| = 1\n|y| = 2", "", NULL);
    assert_format("markdown_table_valid", "```\n| a | b |\n| 1 | 2 |\n```", "", NULL);
    assert_format("markdown_table_valid", "a | b\n---\ntext", "", NULL);
}

static void elements_of_html_close_unless_their_end_is_optional(void **state)
{
    (void)state;
    assert_format("html_valid",
                  "```html\n<!DOCTYPE html><p>a<p>b<br><img src='>'><!-- <b> -->"
                  "<script>if (a<b) \"<i>\"</script>\n```",
                  NULL, NULL);
    assert_format("html_valid", "<ul><li>a<li>b</ul>", NULL, NULL);
    assert_format("html_valid", "<div class=\"x\"><span>a</div>", "html_unclosed", "<span>");
    assert_format("html_valid", "<div>a</div></b>", "html_unopened", "</b>");
    assert_format("html_valid", "<div><b>a</b>", "html_unclosed", "<div>");
    assert_format("html_valid", "```html\n<p>a</p\n```", "html_tag", "</p");
    assert_format("html_valid", "Use the <b> tag, or <table> with rows.", "html_unclosed",
                  "<table>");
    assert_format("html_valid", "Use the `<table>` tag or <b>.", "", NULL);
    assert_format("html_valid", "```html\n<script>x\n```", "html_unclosed", "<script>");
}

static void rows_of_html_tables_have_equal_columns(void **state)
{
    (void)state;
    assert_format("html_table_valid",
                  "See: <table><tr><th>a<th>b<tr><td colspan=2>c<tr><td rowspan='2'>d"
                  "<td>e</tr><tr><td>f</tr></table> end",
                  NULL, NULL);
    assert_format("html_table_valid",
                  "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
                  "html_table_cells", "<tr><td>c</td></tr>");
    assert_format("html_table_valid",
                  "<table><tr><td><table><tr><td>1</td></tr></table></td><td>b</td></tr>"
                  "<tr><td>c</td><td>d</td></tr></table>",
                  NULL, NULL);
    assert_format("html_table_valid", "<div>no table</div>", "", NULL);
}

static void rows_of_latex_tables_have_the_columns_of_the_preamble(void **state)
{
    (void)state;
    assert_format("latex_table_valid",
                  "\\begin{tabular}[t]{|l|*{2}{c|}@{ x }p{2cm}}\n\\hline\n"
                  "a & b \\& c & {d & e} & f \\\\[2pt] \\cmidrule(lr){1-2}\n"
                  "\\multicolumn{3}{c}{x} & y % & z\n\\end{tabular}",
                  NULL, NULL);
    assert_format("latex_table_valid",
                  "```latex\n\\begin{tabular}{cc}\na & b \\\\\nc \\\\\n"
                  "\\end{tabular}\n```",
                  "latex_table_cells", "c \\\\");
    assert_format("latex_table_valid", "\\begin{tabularx}{\\textwidth}{XX}\na & b\\\\\n",
                  "latex_table_open", "\\begin{tabularx}");
    assert_format("latex_table_valid", "\\begin{tabular}\na & b\\\\\\end{tabular}",
                  "latex_table_columns", "\\begin{tabular}");
    assert_format("latex_table_valid",
                  "\\begin{tabular}{cc} a & \\begin{tabular}{c} x \\\\ y \\end{tabular} \\\\ "
                  "\\end{tabular}",
                  NULL, NULL);
    assert_format("latex_table_valid", "\\begin{equation} a & b \\end{equation}", "", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fence_closes_a_block_only_if_it_is_alone_and_long_enough),
        cmocka_unit_test(an_open_code_block_has_its_fence_as_span),
        cmocka_unit_test(json_is_checked_in_blocks_and_as_whole_response),
        cmocka_unit_test(records_of_csv_have_equal_numbers_of_fields),
        cmocka_unit_test(rows_of_markdown_tables_have_the_cells_of_the_header),
        cmocka_unit_test(elements_of_html_close_unless_their_end_is_optional),
        cmocka_unit_test(rows_of_html_tables_have_equal_columns),
        cmocka_unit_test(rows_of_latex_tables_have_the_columns_of_the_preamble),
    };

    return cmocka_run_group_tests_name("scoring/form", tests, NULL, NULL);
}
