/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/prompts/prompt.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/slice.h"
#include "scoring/prompts/dialogue.h"
#include "scoring/prompts/prompt_private.h"

/* The dialogue to write: turns first .. response. */
struct script {
    struct slice system;
    struct slice context;
    const struct dialogue_turn *turns;
    size_t first;
    size_t response;
    struct dialogue_turn alone[2]; /* the turns of a text without a dialogue */
};

static void script_init(struct script *script, const struct observed_text *text)
{
    *script = (struct script){ .context = text->context };
    if (text->dialogue) {
        script->system = text->dialogue->system;
        script->turns = text->dialogue->turns;
        script->response = text->response_turn;
        return;
    }
    script->alone[0] = (struct dialogue_turn){ ROLE_USER, text->instruction };
    script->alone[1] = (struct dialogue_turn){ ROLE_ASSISTANT, text->response };
    script->turns = script->alone;
    script->response = 1;
}

static int write_context(struct prompt_writer *writer, struct slice context, struct error *err)
{
    const struct prompt_template *template = writer->template;
    struct prompt *prompt = writer->prompt;

    if (prompt_write_words(writer, template->context_open, err) < 0 ||
        prompt_write_end(writer, err) < 0)
        return -1;
    prompt->n_head = prompt->ids.n;
    if (prompt_write_text(writer, context, err) < 0 || prompt_write_end(writer, err) < 0)
        return -1;
    prompt->n_context = prompt->ids.n - prompt->n_head;
    return prompt_write_words(writer, template->context_close, err);
}

static int write_system(struct prompt_writer *writer, const struct script *script,
                        struct error *err)
{
    const struct prompt_template *template = writer->template;
    const char *instead = script->context.len > 0 && template->default_system_for_context
                              ? template->default_system_for_context
                              : template->default_system;
    int rc;

    if (script->system.len == 0 && !instead)
        return 0;
    if (prompt_write_words(writer, template->system_open, err) < 0)
        return -1;
    if (script->system.len > 0)
        rc = prompt_write_turn(writer, ROLE_SYSTEM, PROMPT_SYSTEM_TURN, script->system, err);
    else
        rc = prompt_write_text(writer, slice_text(instead), err);
    return rc < 0 ? -1 : prompt_write_words(writer, template->system_close, err);
}

/* The first user turn includes the context and, in some templates, the system text. text.ptr is
 * NULL for a user turn that the template needs but the dialogue lacks. */
static int write_user(struct prompt_writer *writer, const struct script *script, int turn,
                      struct slice text, struct error *err)
{
    const struct prompt_template *template = writer->template;
    const bool is_first = !writer->prompt->has_user;
    const bool has_context = is_first && script->context.len > 0;
    const enum context_place place = template->context_place;

    writer->prompt->has_user = true;
    if (has_context && place == CONTEXT_BEFORE_TURN &&
        write_context(writer, script->context, err) < 0)
        return -1;
    if (prompt_write_words(writer, template->user_open, err) < 0)
        return -1;
    if (is_first && template->system_in_user && write_system(writer, script, err) < 0)
        return -1;
    if (has_context && place == CONTEXT_FIRST_IN_TURN &&
        write_context(writer, script->context, err) < 0)
        return -1;
    if (text.ptr && prompt_write_turn(writer, ROLE_USER, turn, text, err) < 0)
        return -1;
    if (has_context && place == CONTEXT_LAST_IN_TURN &&
        write_context(writer, script->context, err) < 0)
        return -1;
    return prompt_write_words(writer, template->user_close, err);
}

/* Write a turn between the template's open and close strings. */
static int write_enclosed(struct prompt_writer *writer, const char *open, const char *close,
                          int turn, const struct dialogue_turn *source, struct error *err)
{
    return prompt_write_words(writer, open, err) < 0 ||
                   prompt_write_turn(writer, source->role, turn, source->text, err) < 0
               ? -1
               : prompt_write_words(writer, close, err);
}

static const char *assistant_open(const struct prompt_template *template,
                                  const struct script *script, size_t at)
{
    const struct slice text = script->turns[at].text;
    const char *unless = template->response_open_unless;

    if (at != script->response || !template->response_open ||
        (text.len > 0 && unless && memmem(text.ptr, text.len, unless, strlen(unless))))
        return template->assistant_open;
    return template->response_open;
}

/* A response is tokenised on its own, so that it has the same ids in every position. */
static int write_assistant(struct prompt_writer *writer, const struct script *script, size_t at,
                           struct error *err)
{
    const struct prompt_template *template = writer->template;
    struct prompt *prompt = writer->prompt;
    const bool after_question =
        at > script->first && script->turns[at - 1].role != ROLE_ASSISTANT;
    const bool lacks_user = template->needs_user ? !after_question || !prompt->has_user
                                                 : !prompt->has_user && script->context.len > 0;

    if (lacks_user && write_user(writer, script, (int)at, (struct slice){ 0 }, err) < 0)
        return -1;
    if (prompt_write_words(writer, assistant_open(template, script, at), err) < 0 ||
        prompt_write_end(writer, err) < 0)
        return -1;
    const size_t start = prompt->ids.n;
    if (prompt_write_words(writer, template->assistant_lead, err) < 0 ||
        prompt_write_turn(writer, ROLE_ASSISTANT, (int)at, script->turns[at].text, err) < 0 ||
        prompt_write_end(writer, err) < 0)
        return -1;
    prompt->n_tail = start - prompt->n_head - prompt->n_context;
    prompt->n_response = prompt->ids.n - start;
    return 0;
}

static int write_any_turn(struct prompt_writer *writer, const struct script *script, size_t at,
                          struct error *err)
{
    const struct prompt_template *template = writer->template;
    const struct dialogue_turn *turn = &script->turns[at];
    const int index = (int)at;

    /* assistant_close is written only before a next turn: a prompt ends with its response. */
    if (at > script->first && script->turns[at - 1].role == ROLE_ASSISTANT &&
        prompt_write_words(writer, template->assistant_close, err) < 0)
        return -1;
    switch (turn->role) {
    case ROLE_ASSISTANT:
        return write_assistant(writer, script, at, err);
    case ROLE_SYSTEM:
        if (!template->system_in_user)
            return write_enclosed(writer, template->system_open, template->system_close, index,
                                  turn, err);
        break;
    case ROLE_TOOL:
        if (template->tool_open)
            return write_enclosed(writer, template->tool_open, template->tool_close, index,
                                  turn, err);
        break;
    case ROLE_USER:
        break;
    }
    return write_user(writer, script, index, turn->text, err);
}

/* Write the turns from .. response. */
static int write_remaining_turns(struct prompt_writer *writer, const struct script *script,
                                 size_t from, struct error *err)
{
    for (size_t at = from; at <= script->response; at++)
        if (write_any_turn(writer, script, at, err) < 0)
            return -1;
    if (writer->prompt->n_tail == 0)
        return error_set(
            err, ERR_UNSUPPORTED,
            "the tokenizer %s has no ids for the text of the prompt template '%s': "
            "choose another with --template",
            tokenizer_name(writer->tokenizer), writer->template->name);
    return 0;
}

static int write_script(struct prompt_writer *writer, const struct script *script,
                        struct error *err)
{
    const struct tokenizer *tokenizer = writer->tokenizer;
    const int32_t bos = tokenizer_bos(tokenizer);
    const bool wants_bos = tokenizer_adds_bos(tokenizer) ||
                           (writer->template->starts_with_bos && bos != TOKEN_NONE);

    if (wants_bos && prompt_write_id(writer, bos, err) < 0)
        return -1;
    writer->prompt->n_head = writer->prompt->ids.n;
    if (!writer->template->system_in_user && write_system(writer, script, err) < 0)
        return -1;
    return write_remaining_turns(writer, script, script->first, err);
}

static int build_prompt_of(const struct prompt_template *template,
                           const struct tokenizer *tokenizer, const struct script *script,
                           struct prompt *out, struct error *err)
{
    struct prompt_writer writer;
    int rc = prompt_writer_init(&writer, template, tokenizer, out, err);

    if (rc == 0)
        rc = write_script(&writer, script, err);
    prompt_writer_release(&writer);
    return rc;
}

int prompt_build(const struct prompt_template *template, const struct tokenizer *tokenizer,
                 const struct observed_text *text, struct prompt *out, struct error *err)
{
    struct script script;

    script_init(&script, text);
    return build_prompt_of(template, tokenizer, &script, out, err);
}

/* Copy a prompt. prompt_release() frees *out also after a failure. */
static int copy_prompt(const struct prompt *before, struct prompt *out, struct error *err)
{
    const struct token_buf *ids = &before->ids;

    *out = *before;
    out->ids = (struct token_buf){ 0 };
    out->turns = calloc(before->n_turns + 1, sizeof *out->turns);
    out->ids.ids = calloc(ids->n + 1, sizeof *ids->ids);
    if (!out->turns || !out->ids.ids)
        return error_nomem(err);
    if (before->n_turns > 0)
        memcpy(out->turns, before->turns, before->n_turns * sizeof *out->turns);
    if (ids->n > 0)
        memcpy(out->ids.ids, ids->ids, ids->n * sizeof *ids->ids);
    out->ids.n = ids->n;
    out->ids.cap = ids->n + 1;
    return 0;
}

int prompt_build_next(const struct prompt_template *template, const struct tokenizer *tokenizer,
                      const struct prompt *before, const struct observed_text *text,
                      struct prompt *out, struct error *err)
{
    struct prompt_writer writer;
    struct script script;

    script_init(&script, text);
    if (template->response_open) /* the response of `before` has the format of a final turn */
        return build_prompt_of(template, tokenizer, &script, out, err);
    if (copy_prompt(before, out, err) < 0)
        return -1;
    int rc = prompt_writer_init(&writer, template, tokenizer, out, err);
    if (rc == 0)
        rc = write_remaining_turns(&writer, &script,
                                   (size_t)before->turns[before->n_turns - 1].turn + 1, err);
    prompt_writer_release(&writer);
    return rc;
}

/* True if the prompt fits without its context, which can be shortened. */
static bool prompt_fits(const struct prompt *prompt, size_t max_tokens)
{
    return prompt->n_head + prompt->n_tail + prompt->n_response <= max_tokens;
}

/* The next user turn between `at` and the response; the response if there is none. */
static size_t next_start(const struct script *script, size_t at)
{
    for (size_t i = at + 1; i < script->response; i++)
        if (script->turns[i].role == ROLE_USER)
            return i;
    return script->response;
}

/* The n-th possible first turn: 0 is the dialogue's start, the others are its user turns. */
static size_t nth_start(const struct script *script, size_t n)
{
    size_t at = 0;

    while (n-- > 0)
        at = next_start(script, at);
    return at;
}

/* The number of possible first turns. */
static size_t count_starts(const struct script *script)
{
    size_t n = 0;

    for (size_t at = 0; at < script->response; at = next_start(script, at))
        n++;
    return n;
}

int prompt_build_short(const struct prompt_template *template,
                       const struct tokenizer *tokenizer, const struct observed_text *text,
                       size_t max_tokens, struct prompt *out, struct error *err)
{
    struct script script;
    size_t low = 0, high;

    script_init(&script, text);
    high = count_starts(&script);
    if (build_prompt_of(template, tokenizer, &script, out, err) < 0)
        return -1;
    if (prompt_fits(out, max_tokens) || high < 2)
        return 0;
    /* The first start that fits is above low and at most high. If none fits, the result is the
     * last start. */
    for (high--; high - low > 1;) {
        const size_t middle = low + (high - low) / 2;

        script.first = nth_start(&script, middle);
        prompt_release(out);
        if (build_prompt_of(template, tokenizer, &script, out, err) < 0)
            return -1;
        if (prompt_fits(out, max_tokens))
            high = middle;
        else
            low = middle;
    }
    script.first = nth_start(&script, high);
    prompt_release(out);
    if (build_prompt_of(template, tokenizer, &script, out, err) < 0)
        return -1;
    out->shortened = true;
    return 0;
}

void prompt_release(struct prompt *prompt)
{
    token_buf_release(&prompt->ids);
    free(prompt->turns);
    *prompt = (struct prompt){ 0 };
}
