/* SPDX-License-Identifier: Apache-2.0 */
/* What the lines of a text look like: the rules of Gopher, C4 and FineWeb for web pages. */
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/text/utf8.h"
#include "scoring/facts/character_sets.h"
#include "scoring/facts/gram_table.h"
#include "scoring/facts/measured_text.h"
#include "scoring/facts/measurer.h"
#include "scoring/facts/phrase.h"

enum {
    BULLET_SHARE,
    ELLIPSIS_SHARE,
    TERMINAL_SHARE,
    SHORT_SHARE,
    NEWLINES_PER_WORD,
    DUP_CHAR_SHARE,
    C4_SHARE,
    JAVASCRIPT_LINES,
    POLICY_LINES,
    MEAN_CHARS,
    MAX_CHARS,
    THIRD_CHARS,
    N_LINE_FACTS,
};
enum { SHORT_CHARS = 30, LONG_WORD_CHARS = 1000, C4_WORDS_MIN = 3 };

static const struct fact line_facts[N_LINE_FACTS] = {
    [BULLET_SHARE] = { "bullet_line_share", FACT_REAL, "share",
                       "lines that begin with a bullet" },
    [ELLIPSIS_SHARE] = { "ellipsis_line_share", FACT_REAL, "share",
                         "lines that end in an ellipsis" },
    [TERMINAL_SHARE] = { "terminal_line_share", FACT_REAL, "share",
                         "lines that end in a terminal mark" },
    [SHORT_SHARE] = { "short_line_share", FACT_REAL, "share",
                      "lines of at most 30 characters" },
    [NEWLINES_PER_WORD] = { "newlines_per_word", FACT_REAL, "per word", "line ends" },
    [DUP_CHAR_SHARE] = { "dup_text_line_char_share", FACT_REAL, "share",
                         "characters in lines that occurred before (FineWeb)" },
    [C4_SHARE] = { "c4_line_share", FACT_REAL, "share", "lines that C4 would keep" },
    [JAVASCRIPT_LINES] = { "javascript_lines", FACT_INTEGER, "lines",
                           "lines that mention JavaScript" },
    [POLICY_LINES] = { "policy_lines", FACT_INTEGER, "lines",
                       "lines about cookies and terms of use" },
    [MEAN_CHARS] = { "mean_line_chars", FACT_REAL, "characters", "characters a line" },
    [MAX_CHARS] = { "max_line_chars", FACT_INTEGER, "characters",
                    "characters of the longest line" },
    [THIRD_CHARS] = { "third_line_chars", FACT_INTEGER, "characters",
                      "characters of the third longest line" },
};

static const char *const javascript[] = { "javascript", NULL };
static const char *const policy_phrases[] = { "terms of use",
                                              "privacy policy",
                                              "cookie policy",
                                              "uses cookies",
                                              "use of cookies",
                                              "use cookies",
                                              NULL };

struct line_counts {
    size_t n_text; /* lines that are not blank */
    size_t n_text_chars_again;
    size_t n_bullet;
    size_t n_ellipsis;
    size_t n_terminal;
    size_t n_short;
    size_t n_c4;
    size_t n_javascript;
    size_t n_policy;
    size_t longest[3]; /* in characters, falling */
};

static bool line_ends_with(struct slice text, const char *end)
{
    const size_t len = strlen(end);

    return text.len >= len && memcmp(text.ptr + text.len - len, end, len) == 0;
}

/* Cut the marks of citations at the end off a line: [12], [edit], [citation needed]. */
static struct slice trim_citations(struct slice line)
{
    while (line.len > 1 && line.ptr[line.len - 1] == ']') {
        const char *open = memrchr(line.ptr, '[', line.len);

        if (!open)
            break;
        const size_t start = (size_t)(open - line.ptr);
        const struct slice inside = slice_of(open + 1, line.len - start - 2);
        bool is_citation = slice_equal(inside, slice_text("edit")) ||
                           slice_equal(inside, slice_text("citation needed"));
        size_t n_digits = 0;
        while (n_digits < inside.len && inside.ptr[n_digits] >= '0' &&
               inside.ptr[n_digits] <= '9')
            n_digits++;
        is_citation = is_citation || n_digits == inside.len;
        if (!is_citation)
            break;
        line.len = start;
    }
    return line;
}

/* Count the words between white space. Sets *too_long if one has more than 1,000 characters. */
static size_t count_line_words(struct slice line, bool *too_long)
{
    size_t n = 0;
    size_t n_chars = 0; /* of the open word */
    size_t len;

    *too_long = false;
    for (size_t i = 0; i < line.len; i += len) {
        const uint32_t code = utf8_first(slice_of(line.ptr + i, line.len - i), &len);

        if (utf8_is_space(code)) {
            n_chars = 0;
            continue;
        }
        n += n_chars++ == 0;
        *too_long = *too_long || n_chars > LONG_WORD_CHARS;
    }
    return n;
}

/* Does C4 keep the line? line has no white space at its ends. */
static bool is_kept_by_c4(struct slice line, bool is_boilerplate)
{
    bool too_long;
    const struct slice text = trim_citations(line);

    if (is_boilerplate || text.len == 0 || !strchr(".?!\"'", text.ptr[text.len - 1]) ||
        text.ptr[text.len - 1] == '\0' || line_ends_with(text, "..."))
        return false;
    return count_line_words(line, &too_long) >= C4_WORDS_MIN && !too_long;
}

static void add_length(struct line_counts *counts, size_t n_chars)
{
    for (size_t i = 0; i < 3; i++) {
        if (n_chars > counts->longest[i]) {
            const size_t shorter = counts->longest[i];

            counts->longest[i] = n_chars;
            n_chars = shorter;
        }
    }
}

/* Count what holds for a line that is not blank. */
static void count_line(struct slice line, size_t n_chars, struct line_counts *counts)
{
    const struct slice trimmed = trim_both(line);
    const bool has_javascript = phrase_is_in(trimmed, javascript);
    const bool has_policy = phrase_is_in(trimmed, policy_phrases);
    size_t start;

    counts->n_text++;
    counts->n_bullet += trimmed.ptr[0] == '-' ||
                        (trimmed.len >= 3 && memcmp(trimmed.ptr, "\xe2\x80\xa2", 3) == 0);
    counts->n_ellipsis +=
        line_ends_with(trimmed, "...") || line_ends_with(trimmed, "\xe2\x80\xa6");
    counts->n_terminal += is_terminal_mark(last_character(line, &start));
    counts->n_short += n_chars <= SHORT_CHARS;
    counts->n_javascript += has_javascript;
    counts->n_policy += has_policy;
    counts->n_c4 += is_kept_by_c4(trimmed, has_javascript || has_policy);
}

static int count_lines(const struct measured_text *text, struct gram_table *table,
                       struct line_counts *counts, struct error *err)
{
    if (gram_table_clear(table, text->n_lines, err) < 0)
        return -1;
    for (size_t i = 0; i < text->n_lines; i++) {
        const struct text_line *at = &text->lines[i];
        const struct slice line = slice_of(text->text.ptr + at->start, at->len);

        add_length(counts, at->n_chars);
        if (trim_end(line).len == 0)
            continue;
        count_line(line, at->n_chars, counts);
        if (gram_table_add(table, hash_u64(line), i) > 1)
            counts->n_text_chars_again += at->n_chars;
    }
    return 0;
}

static int measure_lines(const struct measured_text *text,
                         const struct measure_options *options, struct fact_value *out,
                         struct error *err)
{
    const bool ends_in_lf = text->text.ptr[text->text.len - 1] == '\n';
    const size_t n_line_ends = text->n_lines - !ends_in_lf;
    struct gram_table table = { 0 };
    struct line_counts counts = { 0 };
    const int rc = count_lines(text, &table, &counts, err);

    (void)options;
    gram_table_release(&table);
    out[BULLET_SHARE].real = share_of(counts.n_bullet, text->n_lines);
    out[ELLIPSIS_SHARE].real = share_of(counts.n_ellipsis, text->n_lines);
    out[TERMINAL_SHARE].real = share_of(counts.n_terminal, counts.n_text);
    out[SHORT_SHARE].real = share_of(counts.n_short, counts.n_text);
    out[NEWLINES_PER_WORD].real = share_of(n_line_ends, text->n_tokens);
    out[DUP_CHAR_SHARE].real = share_of(counts.n_text_chars_again, text->n_chars - n_line_ends);
    out[C4_SHARE].real = share_of(counts.n_c4, counts.n_text);
    out[JAVASCRIPT_LINES].integer = (int64_t)counts.n_javascript;
    out[POLICY_LINES].integer = (int64_t)counts.n_policy;
    out[MEAN_CHARS].real = share_of(text->n_chars, text->n_lines);
    out[MAX_CHARS].integer = (int64_t)counts.longest[0];
    out[THIRD_CHARS].integer = (int64_t)counts.longest[2];
    return rc;
}

static size_t bytes_of_lines(const struct measured_text *text,
                             const struct measure_options *options)
{
    (void)options;
    return gram_table_bytes(text->n_lines);
}

const struct measurer measurer_lines = {
    .name = "lines",
    .version = 1,
    .summary = "lines by beginning, end and length (Gopher, C4, FineWeb)",
    .facts = line_facts,
    .n_facts = N_LINE_FACTS,
    .parts = 1 << PART_ALL | 1 << PART_CONTEXT | 1 << PART_RESPONSE,
    .measure = measure_lines,
    .measure_bytes = bytes_of_lines,
};
