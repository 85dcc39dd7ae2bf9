/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Contexts that are lists of documents, and the answers that questions about them accept.
 */
#include <stdint.h>

#include "base/buf.h"
#include "base/json/json.h"
#include "stages/ingest/formats/draft_private.h"

/* Append a sentence to a paragraph, with a blank between two unless one is there. */
static int append_sentence(struct buf *out, size_t start, struct slice text, struct error *err)
{
    const bool joined = out->len == start || text.len == 0 || text.ptr[0] == ' ' ||
                        out->data[out->len - 1] == ' ' || out->data[out->len - 1] == '\n';

    if (!joined && buf_add_text(out, " ", err) < 0)
        return -1;
    return buf_add_slice(out, text, err);
}

/* Append a text, or a list of sentences as a paragraph. Returns 1; 0 for another value. */
static int append_paragraph(const struct json_value *value, struct buf *out, struct error *err)
{
    const size_t start = out->len;

    if (json_type(value) == JSON_STRING)
        return buf_add_slice(out, json_text(value), err) < 0 ? -1 : 1;
    if (json_type(value) != JSON_ARRAY)
        return 0;
    for (size_t i = 0; i < json_count(value); i++) {
        const struct slice text = json_text(json_at(value, i));

        if (!text.ptr)
            return 0;
        if (append_sentence(out, start, text, err) < 0)
            return -1;
    }
    return 1;
}

/* Append a title and its paragraph. */
static int append_titled(const struct json_value *title, const struct json_value *value,
                         struct buf *out, struct error *err)
{
    const struct slice text = json_text(title);

    if (text.len > 0 && (buf_add_slice(out, text, err) < 0 || buf_add_text(out, "\n", err) < 0))
        return -1;
    return append_paragraph(value, out, err);
}

/* The text of a document that is an object. */
static const struct json_value *document_text(const struct json_value *object)
{
    static const char *const names[] = {
        "text",      "paragraph_text", "content",  "passage",
        "paragraph", "sentences",      "contents", "contexts"
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (json_get(object, names[i]))
            return json_get(object, names[i]);
    return NULL;
}

/* Append "text", ["title", ["a sentence"]], or {"title": ..., "text": ...}. Returns 1; 0 for
 * another value. */
static int append_document(const struct json_value *document, struct buf *out,
                           struct error *err)
{
    if (json_type(document) == JSON_OBJECT)
        return append_titled(json_get(document, "title"), document_text(document), out, err);
    if (json_type(document) == JSON_ARRAY && json_count(document) == 2 &&
        json_type(json_at(document, 1)) == JSON_ARRAY)
        return append_titled(json_at(document, 0), json_at(document, 1), out, err);
    return append_paragraph(document, out, err);
}

/* Append all documents. An object holds columns: titles and their sentences. */
static int append_documents(const struct json_value *context, struct buf *out,
                            struct error *err)
{
    const bool is_list = json_type(context) == JSON_ARRAY;
    const struct json_value *titles = json_get(context, "title");
    const struct json_value *texts = is_list ? context : document_text(context);
    int rc = json_type(texts) == JSON_ARRAY;

    for (size_t i = 0; rc == 1 && i < json_count(texts); i++) {
        if (i > 0 && buf_add_text(out, "\n\n", err) < 0)
            return -1;
        rc = is_list ? append_document(json_at(texts, i), out, err)
                     : append_titled(json_at(titles, i), json_at(texts, i), out, err);
    }
    return rc;
}

/* The first member that can hold a context; "context" when there is none. */
static enum member member_of_context(const struct members *members)
{
    static const enum member names[] = { MEMBER_CONTEXT, MEMBER_PASSAGE, MEMBER_ARTICLE,
                                         MEMBER_DOCUMENT, MEMBER_NONE };
    const enum member *name = names;

    while (*name && !members->values[*name])
        name++;
    return *name ? *name : MEMBER_CONTEXT;
}

void draft_read_context(struct draft *draft)
{
    const enum member member = member_of_context(draft->members);
    const struct json_value *context = draft->members->values[member];
    struct buf buf;

    if (json_type(context) == JSON_STRING) {
        draft_set_context(draft, draft_claim_text(draft, member), "field");
        return;
    }
    if (draft->state != DRAFT_GOOD ||
        (json_type(context) != JSON_ARRAY && json_type(context) != JSON_OBJECT))
        return;
    buf_init(&buf, SIZE_MAX / 4); /* hardly longer than the record, whose length is bounded */
    const int rc = append_documents(context, &buf, draft->err);
    if (rc < 0)
        draft->state = DRAFT_FAILED;
    else if (rc == 0)
        draft_reject(draft, DEFECT_BAD_TYPE,
                     "%s is neither a text nor a list of documents with a text each",
                     member_name(member));
    else
        draft_set_context(draft, draft_copy(draft, buf_slice(&buf)), "field");
    draft_claim(draft, member);
    buf_release(&buf);
}

/* The list of {"text": ["a"], "answer_start": [0]}, or the value itself. */
static const struct json_value *accepted_answers(const struct json_value *value)
{
    const struct json_value *texts =
        json_type(value) == JSON_OBJECT ? json_get(value, "text") : NULL;

    return json_type(texts) == JSON_ARRAY ? texts : value;
}

/* The first of a list of answers: "a", or {"text": "a", "answer_start": 0}. */
static const struct json_value *first_answer(const struct json_value *answers)
{
    const struct json_value *first = json_at(answers, 0);

    return json_type(first) == JSON_OBJECT ? json_get(first, "text") : first;
}

void draft_read_answer(struct draft *draft, const enum member *list)
{
    const enum member *name = list;

    while (*name && !draft->members->values[*name])
        name++;
    const struct json_value *answers = accepted_answers(draft->members->values[*name]);
    if (answers != draft->members->values[*name] && json_count(answers) == 0)
        draft_reject(draft, DEFECT_MISSING_CONTENT, "%s holds no answer", member_name(*name));
    if (!draft->out->context.ptr || json_type(answers) != JSON_ARRAY ||
        json_type(first_answer(answers)) != JSON_STRING) {
        draft_add_response(draft, draft_claim_first_text(draft, list));
        return;
    }
    draft_add_response(draft, draft_text(draft, first_answer(answers), member_name(*name)));
    draft->accepted = draft->members->values[*name];
}
