/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/ingest/outline.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The index after the string that begins at i; the length if it does not end. */
static size_t string_end(struct slice text, size_t i)
{
    for (i++; i < text.len && text.ptr[i] != '"'; i++)
        i += text.ptr[i] == '\\';
    return i < text.len ? i + 1 : text.len;
}

static void add_outline_name(struct slice name, char *out, size_t size)
{
    const size_t len = strlen(out);

    if (len + name.len + sizeof ", " < size)
        snprintf(out + len, size - len, "%s%.*s", len > 0 ? ", " : "", (int)name.len, name.ptr);
}

void outline_names(struct slice text, char *out, size_t size)
{
    size_t depth = 0;
    size_t i = 0;
    bool expects_name = false;

    out[0] = '\0';
    while (i < text.len) {
        const char c = text.ptr[i];
        const size_t end = c == '"' ? string_end(text, i) : i + 1;

        if (c == '"' && expects_name && end < text.len)
            add_outline_name(slice_of(text.ptr + i + 1, end - i - 2), out, size);
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && depth > 0)
            depth--;
        if (c != ' ' && c != '\t' && c != '\r' && c != '\n')
            expects_name = depth == 1 && (c == ',' || c == '{');
        if (i == 0 && c != '{')
            return;
        i = end;
    }
}
