/* SPDX-License-Identifier: Apache-2.0 */
/* Thoughts, tools, calls and results as a template writes them. */
#include <string.h>

#include "base/error.h"
#include "base/json/jsonout.h"
#include "scoring/prompts/prompt_private.h"

/* The marks around a thought. Models without marks of their own are trained with these. */
static const char thought_open[] = "<think>\n", thought_close[] = "\n</think>\n\n";

bool dialogue_uses_tools(const struct dialogue *dialogue, size_t response)
{
    bool uses = dialogue->n_tools > 0;

    for (size_t i = 0; i <= response && !uses; i++)
        uses = dialogue->turns[i].n_calls > 0;
    return uses;
}

static int add_words(struct buf *out, const char *words, struct error *err)
{
    return words ? buf_add_text(out, words, err) : 0;
}

/* Append a line end and the indentation of a level. */
static int start_line(struct buf *out, unsigned width, struct error *err)
{
    return buf_printf(out, err, "\n%*s", (int)width, "");
}

/* Append what json.dumps(indent) writes for a byte outside strings. */
static int add_json_byte(struct buf *out, const char *at, unsigned indent, unsigned *level,
                         struct error *err)
{
    const char c = *at;
    const bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
    const bool is_empty = (opens && (at[1] == '}' || at[1] == ']')) ||
                          (closes && (at[-1] == '{' || at[-1] == '['));

    if (closes && !is_empty)
        (*level)--;
    if (closes && !is_empty && indent > 0 && start_line(out, *level * indent, err) < 0)
        return -1;
    if (buf_add(out, &c, 1, err) < 0)
        return -1;
    if (opens && !is_empty) {
        (*level)++;
        return indent > 0 ? start_line(out, *level * indent, err) : 0;
    }
    if (c == ',' && indent > 0)
        return start_line(out, *level * indent, err);
    return c == ',' || c == ':' ? buf_add_text(out, " ", err) : 0;
}

int prompt_add_json(struct buf *out, struct slice json, unsigned indent, struct error *err)
{
    unsigned level = 0;
    bool in_string = false;

    for (size_t i = 0; i < json.len; i++) {
        const char c = json.ptr[i];
        int rc;

        if (in_string && c == '\\' && i + 1 < json.len) {
            rc = buf_add(out, json.ptr + i++, 2, err);
        } else if (in_string || c == '"') {
            in_string = in_string != (c == '"');
            rc = buf_add(out, &c, 1, err);
        } else {
            rc = add_json_byte(out, json.ptr + i, indent, &level, err);
        }
        if (rc < 0)
            return -1;
    }
    return 0;
}

/* Can the template write the calls of this turn, or the call that it answers? */
static bool can_write_calls(const struct tool_form *form, const struct dialogue_turn *turn)
{
    if (turn->n_calls > 0 && ((form->only_calls && !slice_is_blank(turn->text)) ||
                              (form->max_calls > 0 && turn->n_calls > form->max_calls)))
        return false;
    if (form->id_len == 0)
        return true;
    for (size_t i = 0; i < turn->n_calls; i++)
        if (turn->calls[i].id.len != form->id_len)
            return false;
    return turn->role != ROLE_TOOL || turn->call_id.len == form->id_len;
}

/* Can the vocabulary write the tools of the template? */
static bool has_tool_tokens(const struct prompt_writer *writer)
{
    const struct tool_form *form = writer->template->tools;

    for (size_t i = 0; form && i < TEMPLATE_CONTROLS_MAX && form->controls[i]; i++)
        if (tokenizer_find(writer->tokenizer, slice_text(form->controls[i])) == TOKEN_NONE)
            return false;
    return form != NULL;
}

const char *prompt_tools_reason(const struct prompt_writer *writer,
                                const struct dialogue *dialogue, size_t first, size_t response)
{
    const struct tool_form *form = writer->template->tools;
    const char *reason = NULL;
    bool has_user = false;

    if (!dialogue_uses_tools(dialogue, response))
        return NULL;
    if (!has_tool_tokens(writer))
        reason = "no_tool_template";
    for (size_t i = first; !reason && i <= response; i++) {
        if (!can_write_calls(form, &dialogue->turns[i]))
            reason = "calls_not_rendered";
        has_user = has_user || dialogue->turns[i].role == ROLE_USER;
    }
    if (!reason && !has_user && form->place != TOOLS_IN_SYSTEM && dialogue->n_tools > 0)
        reason = "calls_not_rendered";
    return reason;
}

static int write_definition(struct prompt_writer *writer, struct slice tool, struct error *err)
{
    const struct tool_form *form = writer->template->tools;
    struct buf compact, json;
    int rc = -1;

    buf_init(&compact, SIZE_MAX / 4);
    buf_init(&json, SIZE_MAX / 2);
    if (buf_add_text(&compact, "{\"type\":\"function\",\"function\":", err) == 0 &&
        buf_add_slice(&compact, tool, err) == 0 && buf_add_text(&compact, "}", err) == 0 &&
        prompt_add_json(&json, buf_slice(&compact), form->indent, err) == 0 &&
        prompt_write_words(writer, form->before_tool, err) == 0 &&
        prompt_write_text(writer, buf_slice(&json), err) == 0)
        rc = prompt_write_words(writer, form->after_tool, err);
    buf_release(&compact);
    buf_release(&json);
    return rc;
}

int prompt_write_tools(struct prompt_writer *writer, const struct dialogue *dialogue,
                       struct error *err)
{
    const struct tool_form *form = writer->template->tools;

    if (prompt_write_words(writer, form->open, err) < 0)
        return -1;
    for (size_t i = 0; i < dialogue->n_tools; i++)
        if ((i > 0 && prompt_write_words(writer, form->between_tools, err) < 0) ||
            write_definition(writer, dialogue->tools[i], err) < 0)
            return -1;
    return prompt_write_words(writer, form->close, err);
}

/* Append the text as a JSON string. */
static int add_quoted(struct buf *out, struct slice text, struct error *err)
{
    struct jsonout json;

    jsonout_init(&json, out);
    jsonout_bytes(&json, text);
    return jsonout_end(&json, err);
}

int prompt_write_result(struct prompt_writer *writer, const struct dialogue_turn *turn,
                        int index, struct error *err)
{
    const struct tool_form *form = writer->template->tools;
    struct buf text;
    int rc = -1;

    buf_init(&text, SIZE_MAX / 2);
    if ((form->quotes_results ? add_quoted(&text, turn->text, err)
                              : buf_add_slice(&text, turn->text, err)) < 0 ||
        prompt_write_words(writer, form->result_open, err) < 0 ||
        prompt_write_verbatim(writer, ROLE_TOOL, index, buf_slice(&text), err) < 0)
        goto done;
    if (form->result_id && (prompt_write_words(writer, form->result_id, err) < 0 ||
                            prompt_write_text(writer, turn->call_id, err) < 0))
        goto done;
    rc = prompt_write_words(writer, form->result_close, err);
done:
    buf_release(&text);
    return rc;
}

static int add_arguments(const struct tool_form *form, struct slice arguments, struct buf *out,
                         struct error *err)
{
    /* A text whose quotes can be left out as they are: it has no escapes. */
    const bool is_text = arguments.len >= 2 && arguments.ptr[0] == '"' &&
                         !memchr(arguments.ptr, '\\', arguments.len);

    return form->raw_arguments && is_text
               ? buf_add(out, arguments.ptr + 1, arguments.len - 2, err)
               : prompt_add_json(out, arguments, 0, err);
}

static int add_call(const struct tool_form *form, const struct dialogue_call *call,
                    struct buf *out, struct error *err)
{
    if (add_words(out, form->call_open, err) < 0 || buf_add_slice(out, call->name, err) < 0 ||
        add_words(out, form->call_arguments, err) < 0 ||
        add_arguments(form, call->arguments, out, err) < 0)
        return -1;
    if (form->call_id &&
        (add_words(out, form->call_id, err) < 0 || buf_add_slice(out, call->id, err) < 0))
        return -1;
    return add_words(out, form->call_close, err);
}

static int add_calls(const struct tool_form *form, const struct dialogue_turn *turn,
                     struct buf *out, struct error *err)
{
    if (turn->text.len > 0 && add_words(out, form->after_text, err) < 0)
        return -1;
    for (size_t i = 0; i < turn->n_calls; i++)
        if ((i > 0 && add_words(out, form->between_calls, err) < 0) ||
            add_call(form, &turn->calls[i], out, err) < 0)
            return -1;
    return add_words(out, form->calls_close, err);
}

/* The text without line ends around it, as published templates write a thought. */
static struct slice strip_lines(struct slice text)
{
    while (text.len > 0 && text.ptr[0] == '\n')
        text = slice_of(text.ptr + 1, text.len - 1);
    while (text.len > 0 && text.ptr[text.len - 1] == '\n')
        text.len--;
    return text;
}

int prompt_add_thought(struct buf *out, struct slice thought, unsigned marks, struct error *err)
{
    if ((marks & THOUGHT_OPEN) && buf_add_text(out, thought_open, err) < 0)
        return -1;
    if ((marks & THOUGHT_TEXT) && buf_add_slice(out, strip_lines(thought), err) < 0)
        return -1;
    return marks & THOUGHT_CLOSE ? buf_add_text(out, thought_close, err) : 0;
}

/* The text without line ends at its start, if a thought is before it. */
static struct slice text_after_thought(const struct dialogue_turn *turn, bool has_thought)
{
    struct slice text = turn->text;

    while (has_thought && text.len > 0 && text.ptr[0] == '\n')
        text = slice_of(text.ptr + 1, text.len - 1);
    return text;
}

int prompt_add_response(struct buf *out, const struct dialogue_turn *turn, struct error *err)
{
    if (turn->thought.ptr &&
        prompt_add_thought(out, turn->thought, THOUGHT_OPEN | THOUGHT_TEXT | THOUGHT_CLOSE,
                           err) < 0)
        return -1;
    return buf_add_slice(out, text_after_thought(turn, turn->thought.ptr != NULL), err);
}

int prompt_add_answer(const struct prompt_template *template, const struct dialogue_turn *turn,
                      bool after_thought, struct buf *out, struct error *err)
{
    const bool only_calls = turn->n_calls > 0 && template->tools->only_calls;

    if (!only_calls && buf_add_slice(out, text_after_thought(turn, after_thought), err) < 0)
        return -1;
    return turn->n_calls > 0 ? add_calls(template->tools, turn, out, err) : 0;
}
