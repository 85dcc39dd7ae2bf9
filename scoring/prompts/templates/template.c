/* SPDX-License-Identifier: Apache-2.0 */
#include "scoring/prompts/templates/template.h"

#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "scoring/infer/tokenizer/tokenizer.h"
#include "scoring/template_list.h" /* generated: TEMPLATE_LIST */

#define X(name) extern const struct template_family template_family_##name;
TEMPLATE_LIST
#undef X

#define X(name) &template_family_##name,
const struct template_family *const template_families[] = { TEMPLATE_LIST NULL };
#undef X

enum { NAMES_MAX = 400, SOURCE_MAX = 1 << 20 };

const struct prompt_template *prompt_template_find(const char *name)
{
    for (size_t i = 0; template_families[i]; i++)
        for (size_t j = 0; template_families[i]->forms[j]; j++)
            if (strcmp(template_families[i]->forms[j]->name, name) == 0)
                return template_families[i]->forms[j];
    return NULL;
}

static bool has_mark(struct slice text, const char *mark)
{
    return text.len > 0 && memmem(text.ptr, text.len, mark, strlen(mark));
}

static bool has_all_marks(struct slice text, const char *const *marks)
{
    for (size_t i = 0; i < TEMPLATE_MARKS_MAX && marks[i]; i++)
        if (!has_mark(text, marks[i]))
            return false;
    return true;
}

static bool has_any_mark(struct slice text, const char *const *marks)
{
    for (size_t i = 0; i < TEMPLATE_MARKS_MAX && marks[i]; i++)
        if (has_mark(text, marks[i]))
            return true;
    return false;
}

/* Append the source in the spelling of marks: no white space, no written line ends, one kind of
 * quotes, one syntax for message['content']. */
static int append_squeezed(struct slice source, struct buf *out, struct error *err)
{
    static const char dotted[] = "message.content", bracketed[] = "message['content']";

    for (size_t i = 0; i < source.len; i++) {
        const struct slice rest = slice_of(source.ptr + i, source.len - i);
        const char c = rest.ptr[0] == '"' ? '\'' : rest.ptr[0];
        int rc = 0;

        if (memchr(" \t\n\r", c, 4))
            continue;
        if (c == '\\' && rest.len > 1 && rest.ptr[1] == 'n') {
            i++;
        } else if (rest.len >= sizeof dotted - 1 &&
                   memcmp(rest.ptr, dotted, sizeof dotted - 1) == 0) {
            rc = buf_add_text(out, bracketed, err);
            i += sizeof dotted - 2;
        } else {
            rc = buf_add(out, &c, 1, err);
        }
        if (rc < 0)
            return -1;
    }
    return 0;
}

static bool matches_form(const struct prompt_template *form, struct slice source,
                         struct slice squeezed)
{
    return (form->marks[0] || form->exact_marks[0]) && has_all_marks(squeezed, form->marks) &&
           has_all_marks(source, form->exact_marks) && !has_any_mark(source, form->lacks) &&
           !has_any_mark(squeezed, form->lacks);
}

static const struct prompt_template *matching_form(const struct template_family *family,
                                                   struct slice source, struct slice squeezed)
{
    for (size_t i = 0; family->forms[i]; i++)
        if (matches_form(family->forms[i], source, squeezed))
            return family->forms[i];
    return NULL;
}

int prompt_template_recognise(struct slice source, const struct prompt_template **out,
                              struct error *err)
{
    struct buf squeezed;
    int rc = -1;

    *out = NULL;
    if (source.len > SOURCE_MAX)
        return 0;
    buf_init(&squeezed, 2 * (size_t)SOURCE_MAX);
    if (append_squeezed(source, &squeezed, err) < 0)
        goto done;
    size_t n = 0;
    for (size_t i = 0; template_families[i]; i++) {
        const struct prompt_template *form =
            matching_form(template_families[i], source, buf_slice(&squeezed));

        n += form != NULL;
        *out = form ? form : *out;
    }
    if (n > 1) /* ambiguous */
        *out = NULL;
    rc = 0;
done:
    buf_release(&squeezed);
    return rc;
}

bool prompt_template_has_tools(const struct prompt_template *form, struct slice source)
{
    return form->tools && has_all_marks(source, form->tools->marks);
}

/* "llama3.1 llama3 chatml ..." */
static void list_form_names(struct buf *out)
{
    struct error ignored;

    for (size_t i = 0; template_families[i]; i++)
        for (size_t j = 0; template_families[i]->forms[j]; j++)
            (void)buf_printf(out, &ignored, "%s%s", out->len > 0 ? " " : "",
                             template_families[i]->forms[j]->name);
}

/* Set the error "WHAT NAMES", with the names of all forms. Returns -1. */
static int reject_template(enum error_code code, const char *what, struct error *err)
{
    struct buf names;

    buf_init(&names, NAMES_MAX);
    list_form_names(&names);
    error_set(err, code, "%s %s", what, names.data ? names.data : "");
    buf_release(&names);
    return -1;
}

/* The literal text of the source from `at` to the form's end token, at most max_bytes of it.
 * Empty if the text is not literal: a quote, brace or backslash begins an expression. */
static struct slice literal_at(struct slice source, size_t at, size_t max_bytes)
{
    static const char end[] = "<|im_end|>";

    for (size_t i = at; i < source.len; i++) {
        if (i - at == max_bytes)
            return slice_of(source.ptr + at, max_bytes);
        if (source.len - i >= sizeof end - 1 &&
            memcmp(source.ptr + i, end, sizeof end - 1) == 0)
            return slice_of(source.ptr + at, i - at);
        if (memchr("'\"{}\\", source.ptr[i], 5))
            break;
    }
    return slice_of(source.ptr + at, 0);
}

/* The system text that a file's template writes for a dialogue without one; empty if it is not
 * found. */
static struct slice find_default_system(const struct prompt_template *form, struct slice source,
                                        size_t max_bytes)
{
    const size_t len =
        strlen(form->system_open) - 1; /* without its line end, which may be written as \n */
    struct slice text = { 0 };

    for (size_t at = 0; text.len == 0;) {
        const char *found = memmem(source.ptr + at, source.len - at, form->system_open, len);

        if (!found)
            break;
        at = (size_t)(found - source.ptr) + len;
        if (source.len - at >= 2 && memcmp(source.ptr + at, "\\n", 2) == 0)
            text = literal_at(source, at + 2, max_bytes);
        else if (source.len - at >= 1 && source.ptr[at] == '\n')
            text = literal_at(source, at + 1, max_bytes);
    }
    return text;
}

/* Copy the file's default system text, if there is one. */
static int copy_default_system(struct chosen_template *chosen, struct slice source,
                               struct error *err)
{
    const size_t max_bytes = sizeof chosen->system;
    const struct slice text = find_default_system(&chosen->form, source, max_bytes);

    if (text.len == 0)
        return 0;
    if (text.len == max_bytes)
        return error_set(err, ERR_UNSUPPORTED,
                         "the system text in the model's chat template is longer than %zu "
                         "bytes: choose a template with --template",
                         max_bytes - 1);
    memcpy(chosen->system, text.ptr, text.len);
    chosen->system[text.len] = '\0';
    chosen->form.default_system = chosen->system;
    return 0;
}

int prompt_template_check(const char *name, struct error *err)
{
    if (strcmp(name, "auto") == 0 || prompt_template_find(name))
        return 0;
    return reject_template(ERR_USAGE, "invalid --template: use auto or one of", err);
}

int prompt_template_fits(const struct prompt_template *form, const struct tokenizer *tokenizer,
                         struct error *err)
{
    for (size_t i = 0; form->needs_controls && form->controls[i]; i++)
        if (tokenizer_find(tokenizer, slice_text(form->controls[i])) == TOKEN_NONE)
            return error_set(err, ERR_UNSUPPORTED,
                             "the vocabulary has no token %s, which the template '%s' needs: "
                             "choose another with --template",
                             form->controls[i], form->name);
    return 0;
}

int prompt_template_choose(const char *name, const struct tokenizer *tokenizer,
                           struct chosen_template *out, struct error *err)
{
    const struct slice source = tokenizer_chat_template(tokenizer);
    const struct prompt_template *own = NULL;
    const struct prompt_template *form;

    if (prompt_template_check(name, err) < 0 ||
        (source.ptr && prompt_template_recognise(source, &own, err) < 0))
        return -1;
    if (strcmp(name, "auto") != 0)
        form = prompt_template_find(name);
    else
        form = source.ptr ? own : prompt_template_find("plain");
    if (!form)
        return reject_template(ERR_UNSUPPORTED,
                               "the model file's chat template is not recognised: choose one "
                               "with --template (plain for no template):",
                               err);
    if (prompt_template_fits(form, tokenizer, err) < 0)
        return -1;
    out->form = *form;
    if (form == own ? !prompt_template_has_tools(form, source) : form->tools_from_file)
        out->form.tools = NULL;
    if (form == own && form->system_from_file)
        return copy_default_system(out, source, err);
    return 0;
}
