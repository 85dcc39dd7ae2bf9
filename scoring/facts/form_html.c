/* SPDX-License-Identifier: Apache-2.0 */
/* Tags and tables of HTML. */
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "scoring/facts/form.h"

enum { MAX_OPEN = 512, MAX_TABLES = 8, MAX_ROW_SPANS = 64, MAX_COLUMN_SPAN = 1000 };

/* A cell that reaches into the rows below. */
struct row_span {
    size_t end_row; /* the first row without it; SIZE_MAX: it reaches to the end */
    size_t n_columns;
};

struct html_table {
    size_t n_columns; /* of the first row that has cells; 0: none yet */
    size_t row;
    size_t row_at;  /* offset of the tag of the row */
    size_t n_cells; /* of the row, by columns */
    bool in_row;
    bool is_uncounted; /* more cells span rows than are kept */
    struct row_span spans[MAX_ROW_SPANS];
    size_t n_spans;
    size_t n_above; /* those that began in rows above */
};

struct html_element {
    struct slice name;
    struct slice tag;
};

struct html {
    struct slice text;
    size_t i;
    struct html_element open[MAX_OPEN];
    size_t n_open;
    struct html_table tables[MAX_TABLES];
    size_t n_tables; /* open ones, those that are too deep included */
    struct form_result *tags;
    struct form_result *table_result;
};

struct html_tag {
    struct slice name;
    struct slice all; /* from '<' to '>' */
    bool is_end;
    bool is_complete; /* "<br/>" */
    size_t colspan;
    size_t rowspan;
};

static const char void_elements[] =
    " area base br col embed hr img input link meta param source track wbr ";
static const char text_elements[] = " script style textarea title ";
/* Elements whose end tag may be left out (HTML, section 13.1.2.4). */
static const char optional_ends[] = " html head body li dt dd p rt rp optgroup option colgroup "
                                    "caption thead tbody tfoot tr td th ";
static const char document_elements[] =
    " html head body table ul ol div span p a pre h1 h2 h3 h4 h5 h6 section article header "
    "footer main nav form button style script ";

/* The elements without an end tag that an element ends. */
static const struct {
    const char *names;
    const char *ends;
} implied_ends[] = {
    { " li ", " li p " },
    { " p ", " p " },
    { " dt dd ", " dt dd p " },
    { " td th ", " td th p caption colgroup " },
    { " tr ", " td th tr p caption colgroup " },
    { " thead tbody tfoot ", " td th tr p caption colgroup thead tbody tfoot " },
    { " option ", " option " },
    { " optgroup ", " option optgroup " },
    { " rt rp ", " rt rp " },
    { " body ", " head " },
};

static bool is_tag_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_tag_name(char c)
{
    return is_tag_name_start(c) || (c >= '0' && c <= '9') || memchr("-_:.", c, 4);
}

static bool is_html_blank(char c)
{
    return memchr(" \t\n\r\f", c, 5) != NULL;
}

/* The number at the start of the value of an attribute, at most max; 1 if there is none. */
static size_t read_span(struct slice value, size_t max)
{
    size_t n = 0;
    size_t i = 0;

    for (; i < value.len && value.ptr[i] >= '0' && value.ptr[i] <= '9'; i++)
        n = n < max ? 10 * n + (size_t)(value.ptr[i] - '0') : max;
    return i == 0 ? 1 : n < max ? n : max;
}

/* Read the value of an attribute behind its '='. Returns false if a quote does not close. */
static bool read_attribute_value(struct html *html, struct slice *value)
{
    const struct slice text = html->text;

    while (html->i < text.len && is_html_blank(text.ptr[html->i]))
        html->i++;
    size_t first = html->i;
    if (first < text.len && (text.ptr[first] == '"' || text.ptr[first] == '\'')) {
        const char *end = memchr(text.ptr + first + 1, text.ptr[first], text.len - first - 1);

        if (!end)
            return false;
        *value = slice_of(text.ptr + first + 1, (size_t)(end - text.ptr) - first - 1);
        html->i = (size_t)(end - text.ptr) + 1;
        return true;
    }
    while (html->i < text.len && text.ptr[html->i] != '>' && !is_html_blank(text.ptr[html->i]))
        html->i++;
    *value = form_cut(text, first, html->i);
    return true;
}

/* Read the attributes of a tag and its '>'. Returns false if the tag does not end. */
static bool read_attributes(struct html *html, struct html_tag *tag)
{
    const struct slice text = html->text;

    while (html->i < text.len && text.ptr[html->i] != '>') {
        const size_t first = html->i++;
        struct slice value = { .ptr = NULL };

        if (is_html_blank(text.ptr[first]))
            continue;
        tag->is_complete = text.ptr[first] == '/';
        if (tag->is_complete)
            continue;
        while (html->i < text.len && !is_html_blank(text.ptr[html->i]) &&
               !memchr("=>/", text.ptr[html->i], 3))
            html->i++;
        const struct slice name = form_cut(text, first, html->i);
        while (html->i < text.len && is_html_blank(text.ptr[html->i]))
            html->i++;
        if (html->i == text.len || text.ptr[html->i] != '=')
            continue;
        html->i++;
        if (!read_attribute_value(html, &value))
            return false;
        if (form_in_list(" colspan ", name))
            tag->colspan = read_span(value, MAX_COLUMN_SPAN);
        else if (form_in_list(" rowspan ", name))
            tag->rowspan = read_span(value, 65534);
    }
    return html->i < text.len;
}

/* Skip a comment, a declaration or an instruction at the cursor. */
static bool skip_declaration(struct html *html)
{
    const struct slice rest = form_cut(html->text, html->i, html->text.len);
    const bool is_comment = rest.len >= 4 && memcmp(rest.ptr, "<!--", 4) == 0;
    const char *end = is_comment ? memmem(rest.ptr + 4, rest.len - 4, "-->", 3)
                                 : memchr(rest.ptr, '>', rest.len);

    if (!end)
        return form_fail(html->tags, "html_tag", slice_of(rest.ptr, is_comment ? 4 : 2));
    html->i = (size_t)(end - html->text.ptr) + (is_comment ? 3 : 1);
    return true;
}

/* Go to the next tag. Returns false at the end of the text, or at an error. */
static bool next_tag(struct html *html, struct html_tag *tag)
{
    const struct slice text = html->text;

    for (;;) {
        const char *mark =
            html->i < text.len ? memchr(text.ptr + html->i, '<', text.len - html->i) : NULL;
        if (!mark || (size_t)(mark - text.ptr) + 2 > text.len)
            return false;
        const size_t first = (size_t)(mark - text.ptr);
        const bool is_end = mark[1] == '/';
        html->i = first;
        if (mark[1] == '!' || mark[1] == '?') {
            if (!skip_declaration(html))
                return false;
            continue;
        }
        size_t name_end = first + 1 + is_end;
        html->i = name_end;
        if (name_end == text.len || !is_tag_name_start(text.ptr[name_end]))
            continue;
        while (name_end < text.len && is_tag_name(text.ptr[name_end]))
            name_end++;
        *tag = (struct html_tag){ .name = form_cut(text, html->i, name_end),
                                  .is_end = is_end,
                                  .colspan = 1,
                                  .rowspan = 1 };
        html->i = name_end;
        if (!read_attributes(html, tag))
            return form_fail(html->tags, "html_tag", form_cut(text, first, name_end));
        tag->all = form_cut(text, first, ++html->i);
        return true;
    }
}

static struct html_table *innermost_table(struct html *html)
{
    if (html->n_tables == 0 || html->n_tables > MAX_TABLES)
        return NULL;
    return &html->tables[html->n_tables - 1];
}

static void begin_row(struct html *html, const struct html_tag *tag)
{
    struct html_table *table = innermost_table(html);

    if (!table)
        return;
    table->in_row = true;
    table->n_cells = 0;
    table->n_above = table->n_spans;
    table->row_at = (size_t)(tag->all.ptr - html->text.ptr);
}

static void add_cell(struct html *html, const struct html_tag *tag)
{
    struct html_table *table = innermost_table(html);

    if (!table || !table->in_row)
        return;
    const size_t n_columns = tag->colspan > 0 ? tag->colspan : 1;
    table->n_cells += n_columns;
    if (tag->rowspan == 1)
        return;
    if (table->n_spans == MAX_ROW_SPANS) {
        table->is_uncounted = true;
        return;
    }
    table->spans[table->n_spans++] = (struct row_span){
        .end_row = tag->rowspan > 0 ? table->row + tag->rowspan : SIZE_MAX,
        .n_columns = n_columns,
    };
}

/* Compare the columns of a row, those of cells from above included, with the first row. */
static void end_row(struct html *html)
{
    struct html_table *table = innermost_table(html);
    size_t kept = 0;

    if (!table || !table->in_row)
        return;
    size_t n = table->n_cells;
    for (size_t i = 0; i < table->n_above; i++)
        n += table->spans[i].n_columns;
    table->row++;
    for (size_t i = 0; i < table->n_spans; i++)
        if (table->spans[i].end_row > table->row)
            table->spans[kept++] = table->spans[i];
    table->n_spans = kept;
    table->in_row = false;
    if (table->n_cells == 0 || table->is_uncounted)
        return;
    if (table->n_columns == 0)
        table->n_columns = n;
    if (n != table->n_columns)
        form_fail(html->table_result, "html_table_cells",
                  form_cut(html->text, table->row_at, html->i));
}

static void pop_element(struct html *html)
{
    const struct slice name = html->open[--html->n_open].name;

    if (form_in_list(" tr ", name)) {
        end_row(html);
    } else if (form_in_list(" table ", name)) {
        end_row(html);
        html->n_tables--;
    }
}

static void begin_table(struct html *html)
{
    html->table_result->found = true;
    if (html->n_tables < MAX_TABLES)
        html->tables[html->n_tables] = (struct html_table){ .n_columns = 0 };
    html->n_tables++;
}

static bool push_element(struct html *html, const struct html_tag *tag)
{
    for (size_t i = 0; i < sizeof implied_ends / sizeof *implied_ends; i++) {
        if (!form_in_list(implied_ends[i].names, tag->name))
            continue;
        while (html->n_open > 0 &&
               form_in_list(implied_ends[i].ends, html->open[html->n_open - 1].name))
            pop_element(html);
    }
    if (tag->is_complete || form_in_list(void_elements, tag->name))
        return true;
    if (html->n_open == MAX_OPEN)
        return form_fail(html->tags, "html_depth", tag->all);
    html->open[html->n_open++] = (struct html_element){ tag->name, tag->all };
    if (form_in_list(" table ", tag->name))
        begin_table(html);
    else if (form_in_list(" tr ", tag->name))
        begin_row(html, tag);
    else if (form_in_list(" td th ", tag->name))
        add_cell(html, tag);
    return true;
}

static bool equal_names(struct slice a, struct slice b)
{
    return a.len == b.len && strncasecmp(a.ptr, b.ptr, a.len) == 0;
}

/* End the innermost element of the name. Only elements whose end tag is optional may be open
 * inside it. */
static bool end_element(struct html *html, const struct html_tag *tag)
{
    size_t n = html->n_open;

    while (n > 0 && !equal_names(html->open[n - 1].name, tag->name) &&
           form_in_list(optional_ends, html->open[n - 1].name))
        n--;
    if (n > 0 && equal_names(html->open[n - 1].name, tag->name)) {
        while (html->n_open >= n)
            pop_element(html);
        return true;
    }
    while (n > 0 && !equal_names(html->open[n - 1].name, tag->name))
        n--;
    if (n == 0)
        return form_fail(html->tags, "html_unopened", tag->all);
    for (n = html->n_open; form_in_list(optional_ends, html->open[n - 1].name);)
        n--;
    return form_fail(html->tags, "html_unclosed", html->open[n - 1].tag);
}

/* Go behind the end tag of an element that holds only text. */
static bool skip_text_element(struct html *html, const struct html_tag *tag)
{
    const struct slice text = html->text;
    const char *mark;

    while (html->i < text.len && (mark = memchr(text.ptr + html->i, '<', text.len - html->i))) {
        const size_t at = (size_t)(mark - text.ptr);

        html->i = at + 1;
        if (text.len - at >= 2 + tag->name.len && mark[1] == '/' &&
            strncasecmp(mark + 2, tag->name.ptr, tag->name.len) == 0) {
            html->i = at;
            return true;
        }
    }
    return form_fail(html->tags, "html_unclosed", tag->all);
}

/* Check elements up to the end of the text, or of the first element. Returns the offset behind
 * what was read. */
static size_t check_elements(struct slice text, bool is_one, struct form_result *tags,
                             struct form_result *tables)
{
    struct html html;
    struct html_tag tag;
    const char *error_before = tags->kind;

    html.text = text;
    html.i = html.n_open = html.n_tables = 0;
    html.tags = tags;
    html.table_result = tables;
    tags->found = true;
    while (next_tag(&html, &tag)) {
        if (tag.is_end ? !end_element(&html, &tag) : !push_element(&html, &tag))
            return html.i;
        if (is_one && html.n_open == 0)
            return html.i;
        if (!tag.is_end && !tag.is_complete && form_in_list(text_elements, tag.name) &&
            !skip_text_element(&html, &tag))
            return html.i;
    }
    while (html.n_open > 0 && tags->kind == error_before) {
        const struct html_element last = html.open[html.n_open - 1];

        if (!form_in_list(optional_ends, last.name))
            form_fail(tags, "html_unclosed", last.tag);
        pop_element(&html);
    }
    return text.len;
}

void form_check_html(struct slice text, struct form_result *tags, struct form_result *tables)
{
    check_elements(text, false, tags, tables);
}

/* Is a text HTML from its first character to its last? */
static bool is_html_document(struct slice text)
{
    const struct slice trimmed = slice_trim(text);
    size_t end = 1;

    if (trimmed.len < 3 || trimmed.ptr[0] != '<' || trimmed.ptr[trimmed.len - 1] != '>')
        return false;
    if (trimmed.ptr[1] == '!')
        return trimmed.len > 9 && strncasecmp(trimmed.ptr + 2, "doctype", 7) == 0;
    while (end < trimmed.len && is_tag_name(trimmed.ptr[end]))
        end++;
    return form_in_list(document_elements, form_cut(trimmed, 1, end));
}

void form_find_html(struct slice text, struct form_result *tags, struct form_result *tables)
{
    static const char table_tag[] = "<table";
    const size_t len = sizeof table_tag - 1;
    size_t i = 0;

    if (is_html_document(text)) {
        check_elements(text, false, tags, tables);
        return;
    }
    while (i < text.len) {
        const char *mark = memchr(text.ptr + i, '<', text.len - i);

        if (!mark)
            return;
        i = (size_t)(mark - text.ptr);
        const bool is_quoted = i > 0 && text.ptr[i - 1] == '`';
        if (!is_quoted && text.len - i > len && strncasecmp(mark, table_tag, len) == 0 &&
            (mark[len] == '>' || is_html_blank(mark[len])))
            i += check_elements(form_cut(text, i, text.len), true, tags, tables);
        else
            i++;
    }
}
