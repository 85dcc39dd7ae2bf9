/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text/language.h"

static void expect(bool holds)
{
    if (!holds)
        abort();
}

/* The bytes are in an allocation of their own size, so that the sanitizer sees reads past the
 * end. */
static const char *identify(const uint8_t *data, size_t len, const char *hint)
{
    char *exact = malloc(len ? len : 1);
    const char *code;
    struct error err;

    expect(exact != NULL);
    memcpy(exact, data, len);
    expect(language_identify(slice_of(exact, len), hint, &code, &err) == 0);
    expect(!code || language_letters(slice_of(exact, len)) > 0);
    free(exact);
    return code;
}

/* The first byte chooses the hint. The result depends on the text and the hint only. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char *const hints[] = {
        NULL, "en", "zh-Hant", "ar", "sr", "no such language"
    };

    if (len == 0)
        return 0;
    const char *hint = hints[data[0] % (sizeof hints / sizeof *hints)];
    const char *code = identify(data + 1, len - 1, hint);
    const char *other = identify(data + 1, len - 1, code);
    const char *again = identify(data + 1, len - 1, hint);

    expect(!code == !again && (!code || strcmp(code, again) == 0));
    if (code)
        expect(language_same(code, code));
    if (other)
        expect(language_same(other, other));
    return 0;
}
