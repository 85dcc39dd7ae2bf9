/* SPDX-License-Identifier: Apache-2.0 */
#include "base/text/language.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/text/language_private.h"
#include "base/text/utf8.h"

/* A character of these scripts carries about as much information as three letters. */
enum { WIDE_LETTER = 3 };

size_t language_letters(struct slice text)
{
    size_t n = 0, len;

    for (size_t i = 0; i < text.len; i += len) {
        const uint32_t code = utf8_first(slice_of(text.ptr + i, text.len - i), &len);

        if (utf8_is_letter(code))
            n += utf8_is_wide(code) ? WIDE_LETTER : 1;
    }
    return n;
}

#ifdef CURATE_WITHOUT_CLD2
int language_identify_share(struct slice text, const char *hint, struct language_share *out,
                            struct error *err)
{
    (void)text, (void)hint;
    *out = (struct language_share){ .code = NULL };
    return error_set(
        err, ERR_UNSUPPORTED,
        "curate was built without language identification: build it with " LANGUAGE_LEFT_OUT);
}
#else
/* Cut text to LANGUAGE_BYTES_MAX bytes, before a character and not inside it. */
static struct slice cut_text(struct slice text)
{
    size_t len = text.len < LANGUAGE_BYTES_MAX ? text.len : LANGUAGE_BYTES_MAX;

    while (len > 0 && len < text.len && ((unsigned char)text.ptr[len] & 0xc0) == 0x80)
        len--;
    return slice_of(text.ptr, len);
}

int language_identify_share(struct slice text, const char *hint, struct language_share *out,
                            struct error *err)
{
    struct cld2_guess guess;
    struct buf copy;
    int rc = -1;

    *out = (struct language_share){ .code = NULL };
    buf_init(&copy, SIZE_MAX / 2);
    if (utf8_repair(cut_text(text), &copy, err) < 0)
        goto done;
    if (language_letters(buf_slice(&copy)) >= LANGUAGE_LETTERS_MIN) {
        if (!cld2_identify(copy.data, copy.len, hint, &guess)) { /* a buf ends in NUL */
            error_nomem(err);
            goto done;
        }
        /* CLD2's codes with "zz" are joke languages such as Pig Latin. */
        if (guess.is_reliable && guess.percent >= LANGUAGE_PERCENT_MIN &&
            strcmp(guess.code, "un") != 0 && strncmp(guess.code, "zz", 2) != 0)
            *out = (struct language_share){ guess.code, guess.percent / 100.0 };
    }
    rc = 0;
done:
    buf_release(&copy);
    return rc;
}

#endif

int language_identify(struct slice text, const char *hint, const char **code, struct error *err)
{
    struct language_share found;
    const int rc = language_identify_share(text, hint, &found, err);

    *code = found.code;
    return rc;
}

static const char *find_macrolanguage(const char *code)
{
    static const char *const members[][2] = {
        { "zh-Hant", "zh" }, { "bs", "hbs" }, { "hr", "hbs" }, { "sr", "hbs" },
        { "sr-ME", "hbs" },  { "nn", "no" },  { "id", "ms" },
    };

    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (strcmp(code, members[i][0]) == 0)
            return members[i][1];
    return code;
}

bool language_same(const char *a, const char *b)
{
    return strcmp(find_macrolanguage(a), find_macrolanguage(b)) == 0;
}
