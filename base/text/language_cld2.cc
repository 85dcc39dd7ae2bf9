/* SPDX-License-Identifier: Apache-2.0 */
/* The only C++ file, because CLD2 has no C interface. Only this file includes <cld2/...>. */
#include "base/text/language_private.h"

#include <new>
#include <string> /* used by CLD2's header, which does not include them */
#include <vector>

#include <cld2/public/compact_lang_det.h>
#include <cld2/public/encodings.h>

bool cld2_identify(const char *text, size_t len, const char *hint, struct cld2_guess *out)
{
    const CLD2::Language likely =
        hint ? CLD2::GetLanguageFromName(hint) : CLD2::UNKNOWN_LANGUAGE;
    const CLD2::CLDHints hints = { nullptr, nullptr, CLD2::UNKNOWN_ENCODING, likely };
    CLD2::Language top[3];
    int percents[3], n_bytes;
    double scores[3];

    try {
        CLD2::ExtDetectLanguageSummary(text, static_cast<int>(len), true, &hints, 0, top,
                                       percents, scores, nullptr, &n_bytes, &out->is_reliable);
    } catch (const std::bad_alloc &) {
        return false;
    }
    out->code = CLD2::LanguageCode(top[0]);
    out->percent = percents[0];
    return true;
}
