/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/profile_svg.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"
#include "base/io/file.h"
#include "base/text/escape.h"

/* Sizes in units of the viewBox. */
enum {
    COLUMNS = 2,
    PANEL_WIDTH = 400,
    PANEL_HEIGHT = 250,
    PLOT_X = 46,
    PLOT_Y = 34,
    PLOT_WIDTH = 340,
    PLOT_HEIGHT = 180,
    HEAD_HEIGHT = 48,
    TITLE_MAX_CHARS = 60,
    LOG_AXIS_RATIO = 1000,
    SVG_MAX_BYTES = 64 << 20,
};

/* The colours have a contrast of at least 4.5:1 to the ground. Dashes tell the lines apart
 * without colours. */
static const char STYLE[] =
    "<style>svg{background:#fff;font:12px sans-serif}text{fill:#222}"
    ".grid{stroke:#ccc}polyline{fill:none;stroke-width:2}"
    ".least{stroke:#0b5cad}.most{stroke:#a8430a}.weight{stroke-dasharray:5 3}"
    "@media (prefers-color-scheme:dark){svg{background:#111}text{fill:#eee}"
    ".grid{stroke:#444}.least{stroke:#7db8f5}.most{stroke:#f0a070}}</style>\n";

enum line { LEAST, LEAST_WEIGHT, MOST, MOST_WEIGHT, LINES };
static const char *const line_classes[LINES] = { "least", "least weight", "most",
                                                 "most weight" };

void profile_svg_init(struct profile_svg *svg)
{
    buf_init(&svg->panels, SVG_MAX_BYTES);
    svg->n_panels = 0;
}

void profile_svg_release(struct profile_svg *svg)
{
    buf_release(&svg->panels);
}

/* Append text of an element: one line, and what SVG would read as markup or reject escaped. */
static int add_svg_text(struct buf *out, const char *text, struct error *err)
{
    struct buf line;

    buf_init(&line, SVG_MAX_BYTES);
    int rc = escape_add_line(&line, slice_text(text), TITLE_MAX_CHARS, err);
    const struct slice shown = buf_slice(&line);

    for (size_t i = 0; rc == 0 && i < shown.len; i++) {
        const char c = shown.ptr[i];

        if (c == '&')
            rc = buf_add_text(out, "&amp;", err);
        else if (c == '<')
            rc = buf_add_text(out, "&lt;", err);
        else if (c == '>')
            rc = buf_add_text(out, "&gt;", err);
        else if (i + 2 < shown.len && c == '\xef' && shown.ptr[i + 1] == '\xbf' &&
                 (unsigned char)shown.ptr[i + 2] >= 0xbe) { /* U+FFFE, U+FFFF: not in XML */
            rc = buf_add_text(out, "\xef\xbf\xbd", err);
            i += 2;
        } else {
            rc = buf_add(out, &c, 1, err);
        }
    }
    buf_release(&line);
    return rc;
}

static bool has_log_axis(const struct profile_panel *panel)
{
    return panel->at[0].threshold > 0 &&
           panel->at[panel->n - 1].threshold / panel->at[0].threshold > LOG_AXIS_RATIO;
}

static double x_of(const struct profile_panel *panel, double threshold)
{
    const double first = panel->at[0].threshold, last = panel->at[panel->n - 1].threshold;

    if (last == first)
        return PLOT_X + PLOT_WIDTH / 2.0;
    if (has_log_axis(panel))
        return PLOT_X + PLOT_WIDTH * log(threshold / first) / log(last / first);
    /* Halves, because the difference of two doubles can be infinite. */
    return PLOT_X + PLOT_WIDTH * ((threshold / 2 - first / 2) / (last / 2 - first / 2));
}

static double share_of(const struct profile_panel *panel, const struct curve_point *point,
                       enum line line)
{
    const struct curve_count kept = line < MOST ? point->least : point->most;

    if (line == LEAST || line == MOST)
        return (double)kept.samples / (double)panel->all.samples;
    return panel->all.weight > 0 ? (double)kept.weight / (double)panel->all.weight : 0;
}

static int add_curve_line(const struct profile_panel *panel, enum line line, struct buf *out,
                          struct error *err)
{
    if (buf_printf(out, err, "<polyline class=\"%s\" points=\"", line_classes[line]) < 0)
        return -1;
    for (size_t i = 0; i < panel->n; i++) {
        const struct curve_point *point = &panel->at[i];

        if (i > 0 && point->threshold == panel->at[i - 1].threshold)
            continue;
        if (buf_printf(out, err, "%s%.1f,%.1f", i > 0 ? " " : "", x_of(panel, point->threshold),
                       PLOT_Y + PLOT_HEIGHT * (1 - share_of(panel, point, line))) < 0)
            return -1;
    }
    return buf_add_text(out, "\"/>\n", err);
}

static int add_axes(const struct profile_panel *panel, struct buf *out, struct error *err)
{
    for (int percent = 0; percent <= 100; percent += 50) {
        const int y = PLOT_Y + PLOT_HEIGHT - PLOT_HEIGHT * percent / 100;

        if (buf_printf(out, err,
                       "<path class=\"grid\" d=\"M%d %dh%d\"/>"
                       "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%d%%</text>\n",
                       PLOT_X, y, PLOT_WIDTH, PLOT_X - 4, y + 4, percent) < 0)
            return -1;
    }
    return buf_printf(out, err,
                      "<text x=\"%d\" y=\"%d\">%.4g</text>"
                      "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">threshold%s</text>"
                      "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%.4g</text>\n",
                      PLOT_X, PLOT_Y + PLOT_HEIGHT + 18, panel->at[0].threshold,
                      PLOT_X + PLOT_WIDTH / 2, PLOT_Y + PLOT_HEIGHT + 18,
                      has_log_axis(panel) ? ", logarithmic" : "", PLOT_X + PLOT_WIDTH,
                      PLOT_Y + PLOT_HEIGHT + 18, panel->at[panel->n - 1].threshold);
}

static int add_description(const struct profile_panel *panel, struct buf *out,
                           struct error *err)
{
    const struct curve_point *middle = &panel->at[panel->n / 2];

    if (buf_add_text(out, "<title>", err) < 0 || add_svg_text(out, panel->title, err) < 0 ||
        buf_add_text(out, "</title><desc>", err) < 0)
        return -1;
    if (panel->n_missing == panel->all.samples)
        return buf_add_text(out, "No sample has a value.</desc>\n", err);
    return buf_printf(out, err,
                      "%llu samples, %llu of them without a value. Values from %.4g to %.4g, "
                      "median %.4g.</desc>\n",
                      (unsigned long long)panel->all.samples,
                      (unsigned long long)panel->n_missing, panel->at[0].threshold,
                      panel->at[panel->n - 1].threshold, middle->threshold);
}

static int add_panel(const struct profile_panel *panel, struct buf *out, struct error *err)
{
    if (add_description(panel, out, err) < 0 ||
        buf_printf(out, err, "<text x=\"%d\" y=\"20\">", PLOT_X) < 0 ||
        add_svg_text(out, panel->title, err) < 0 || buf_add_text(out, "</text>\n", err) < 0)
        return -1;
    if (panel->n_missing == panel->all.samples)
        return buf_printf(out, err, "<text x=\"%d\" y=\"%d\">no sample has a value</text>\n",
                          PLOT_X, PLOT_Y + PLOT_HEIGHT / 2);
    if (add_axes(panel, out, err) < 0)
        return -1;
    for (enum line line = 0; line < LINES; line++)
        if ((panel->weight || line == LEAST || line == MOST) &&
            add_curve_line(panel, line, out, err) < 0)
            return -1;
    return 0;
}

int profile_svg_add(struct profile_svg *svg, const struct profile_panel *panel,
                    struct error *err)
{
    const size_t i = svg->n_panels++;

    if (i == PROFILE_PANELS_MAX)
        return error_set(err, ERR_USAGE,
                         "--svg: draws at most %d curves: name fewer facts, or columns of --by "
                         "with fewer values",
                         PROFILE_PANELS_MAX);
    if (buf_printf(&svg->panels, err, "<g role=\"img\" transform=\"translate(%zu %zu)\">",
                   i % COLUMNS * PANEL_WIDTH, HEAD_HEIGHT + i / COLUMNS * PANEL_HEIGHT) < 0 ||
        add_panel(panel, &svg->panels, err) < 0)
        return -1;
    return buf_add_text(&svg->panels, "</g>\n", err);
}

static int add_svg_head(const struct profile_svg *svg, struct buf *out, struct error *err)
{
    const size_t width = COLUMNS * PANEL_WIDTH;
    const size_t n_rows = (svg->n_panels + COLUMNS - 1) / COLUMNS;

    return buf_printf(
        out, err,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %zu %zu\" role=\"group\""
        " aria-labelledby=\"t d\">\n"
        "<title id=\"t\">Samples kept by each threshold</title>\n"
        "<desc id=\"d\">A panel for each fact and group. One line is the share of the samples "
        "with at least the threshold, one of those with at most the threshold. Dashed lines "
        "are the shares of their tokens or words.</desc>\n%s"
        "<polyline class=\"least\" points=\"46,20 76,20\"/>"
        "<text x=\"82\" y=\"24\">at least the threshold</text>"
        "<polyline class=\"most\" points=\"246,20 276,20\"/>"
        "<text x=\"282\" y=\"24\">at most the threshold</text>"
        "<polyline class=\"least weight\" points=\"446,20 476,20\"/>"
        "<polyline class=\"most weight\" points=\"482,20 512,20\"/>"
        "<text x=\"518\" y=\"24\">the same of tokens or words</text>\n",
        width, HEAD_HEIGHT + n_rows * PANEL_HEIGHT, STYLE);
}

int profile_svg_write(const struct profile_svg *svg, const char *path, struct error *err)
{
    struct file_out *file = NULL;
    struct buf head;
    int rc = -1;

    buf_init(&head, SVG_MAX_BYTES);
    if (add_svg_head(svg, &head, err) == 0 && file_out_open(path, &file, err) == 0 &&
        file_out_add(file, buf_slice(&head), err) == 0 &&
        file_out_add(file, buf_slice(&svg->panels), err) == 0 &&
        file_out_add(file, slice_text("</svg>\n"), err) == 0)
        rc = file_out_commit(file, err);
    file_out_close(file);
    buf_release(&head);
    return rc;
}
