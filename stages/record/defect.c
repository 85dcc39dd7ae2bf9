/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/record/defect.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/option.h"

#define MEND                                                                                   \
    "'curate rejects show ID' prints it, 'curate rejects export' writes the records of this\n" \
    "class out to be mended and ingested again.\n"
#define FIX_ROW                                                                                \
    "Correct the file and import it again; values that are stored already stay as they are.\n"

const struct defect_class defect_classes[N_DEFECTS] = {
    [DEFECT_NONE] = { .name = "" },
    [DEFECT_BAD_JSON] = { .name = "bad_json",
                          .what = "its brackets or its syntax are wrong",
                          .page = "The record is rejected up to the end of its line, the next "
                                  "one is not touched.\n" MEND },
    [DEFECT_TRUNCATED] = { .name = "truncated",
                           .what = "its line, or the file, ends inside the record",
                           .page = "The writer was killed or a download was cut off. The "
                                   "record is rejected.\nAt the end of a file: fetch or copy "
                                   "it again. Elsewhere:\n" MEND },
    [DEFECT_TOO_LONG] = { .name = "too_long",
                          .what = "it is longer than --max-record, or than --max-memory allows",
                          .page =
                              "It is passed by without being held; its first 4 kB are "
                              "kept. Ingest the file again\nwith a larger --max-record.\n" },
    [DEFECT_TOO_DEEP] = { .name = "too_deep",
                          .what = "more than 256 brackets are open at a time",
                          .page = "The limit is fixed: no corpus is nested like this.\n" MEND },
    [DEFECT_NOT_AN_OBJECT] = { .name = "not_an_object",
                               .what = "it is JSON, and no object",
                               .page = "A number, a list or a text on its own is no "
                                       "record.\n" MEND },
    [DEFECT_UNKNOWN_SHAPE] = { .name = "unknown_shape",
                               .what = "its keys and their types fit no shape",
                               .page = "'curate ingest --format NAME' names the shape that is "
                                       "meant.\n" MEND },
    [DEFECT_EMPTY_RECORD] = { .name = "empty_record",
                              .what = "it holds no text",
                              .page = "There is nothing to train on in it.\n" },
    [DEFECT_MISSING_CONTENT] = { .name = "missing_content",
                                 .what = "a part that its shape needs is not there",
                                 .page = "The detail names the part.\n" MEND },
    [DEFECT_BAD_TYPE] = { .name = "bad_type",
                          .what = "a part of it is of a type that cannot be made text",
                          .page = "The detail names the part.\n" MEND },
    [DEFECT_BAD_UTF8] = { .name = "bad_utf8",
                          .other = ACTION_REPAIR,
                          .what = "bytes in it are not well-formed UTF-8",
                          .page = "Rejected, because what the bytes meant is lost on us: "
                                  "often Latin-1, or a character cut\nin half. Converted with "
                                  "iconv the file can be read. With --on bad_utf8=repair each "
                                  "such\nbyte becomes U+FFFD, the replacement character.\n" },
    [DEFECT_BOM] = { .name = "bom",
                     .usual = ACTION_REPAIR,
                     .of_file = true,
                     .what = "a byte order mark",
                     .page =
                         "That of UTF-8 is dropped. A file that begins with one of UTF-16 "
                         "or UTF-32 is read as\nsuch and turned into UTF-8; offsets of its "
                         "records count bytes of the UTF-8 text.\nWith --on bom=reject "
                         "the record behind the mark, or all of such a file, is\nrejected.\n" },
    [DEFECT_CR] = { .name = "cr",
                    .usual = ACTION_KEEP,
                    .of_file = true,
                    .what = "a carriage return or U+2028 at the end of a line",
                    .page = "Line ends may be LF, CR LF, CR or U+2028. In texts all count "
                            "as the same when samples\nare compared.\n" },
    [DEFECT_BLANK_LINE] = { .name = "blank_line",
                            .usual = ACTION_KEEP,
                            .of_file = true,
                            .what = "a blank line between records",
                            .page = "It is passed by.\n" },
    [DEFECT_STRAY_COMMA] = { .name = "stray_comma",
                             .usual = ACTION_REPAIR,
                             .of_file = true,
                             .what = "a comma or closing bracket between records where none "
                                     "belongs",
                             .page = "It is passed by: lines of an array pasted as JSONL, or a "
                                     "comma behind the last\nelement. A closing bracket "
                                     "that closes nothing is, too.\n" },
    [DEFECT_SAME_LINE] = { .name = "same_line",
                           .usual = ACTION_KEEP,
                           .of_file = true,
                           .what = "several records on one line",
                           .page = "Each is read.\n" },
    [DEFECT_MANY_LINES] = { .name = "many_lines",
                            .usual = ACTION_KEEP,
                            .of_file = true,
                            .what = "a record that takes several lines",
                            .page = "Pretty-printed JSON is read like any other.\n" },
    [DEFECT_NAN_INF] = { .name = "nan_inf",
                         .usual = ACTION_REPAIR,
                         .what = "NaN, Infinity or -Infinity",
                         .page =
                             "These are no JSON; Python writes them. Each becomes null.\n" },
    [DEFECT_LONE_SURROGATE] = { .name = "lone_surrogate",
                                .usual = ACTION_REPAIR,
                                .what = "half of a surrogate pair, as \\ud83d",
                                .page = "No character is meant by it: a text was cut in the "
                                        "middle of one. It becomes U+FFFD,\nthe replacement "
                                        "character.\n" },
    [DEFECT_NUL] = { .name = "nul",
                     .usual = ACTION_KEEP,
                     .what = "a NUL character in a text",
                     .page = "It is kept: all of the program counts lengths. SQLite's text "
                             "functions stop at it, and\nso may a trainer.\n" },
    [DEFECT_CONTROL] = { .name = "control",
                         .usual = ACTION_KEEP,
                         .what = "a raw control character in a string",
                         .page = "JSON wants it escaped. The character is kept.\n" },
    [DEFECT_BIG_NUMBER] = { .name = "big_number",
                            .usual = ACTION_KEEP,
                            .what = "a number beyond 64 bits or beyond a double",
                            .page = "Its text is kept, digit for digit.\n" },
    [DEFECT_DUPLICATE_KEY] = { .name = "duplicate_key",
                               .usual = ACTION_REPAIR,
                               .what = "a key twice in one object",
                               .page = "The last one counts, as in Python, JavaScript and Go; "
                                       "the others are dropped.\n" },
    [DEFECT_DOUBLE_ENCODED] = { .name = "double_encoded",
                                .usual = ACTION_REPAIR,
                                .what = "JSON inside a JSON string",
                                .page = "A record that is the text of an object, or messages "
                                        "that are the text of a list, are\ndecoded, one "
                                        "level.\n" },
    [DEFECT_TYPE_DRIFT] = { .name = "type_drift",
                            .usual = ACTION_REPAIR,
                            .what = "a number, boolean or list where other records have text",
                            .page = "A number becomes its digits, a list of texts these, a "
                                    "line each.\n" },
    [DEFECT_NULL_CONTENT] = { .name = "null_content",
                              .usual = ACTION_KEEP,
                              .what = "a message without content and without a tool call",
                              .page = "It is kept as an empty one. What has no response text "
                                      "gets no scores.\n" },
    [DEFECT_EMPTY_RESPONSE] = { .name = "empty_response",
                                .usual = ACTION_KEEP,
                                .what = "a response of nothing but white space",
                                .page = "It is kept, and no metric has a number for it: there "
                                        "is nothing to score.\n" },
    [DEFECT_BAD_ROLE] = { .name = "bad_role",
                          .usual = ACTION_KEEP,
                          .what = "a message whose role is none that is known",
                          .page = "The turn is kept under the word it came with. It is part of "
                                  "the prompt, as a user's would\nbe, and never a response: "
                                  "whose words they are cannot be guessed. Chat shapes are "
                                  "not\nwritten with it; 'curate export --roles trim' leaves "
                                  "the turn out.\n" },
    [DEFECT_ROLE_ORDER] = { .name = "role_order",
                            .usual = ACTION_KEEP,
                            .what = "turns that do not alternate from user to assistant",
                            .page = "Two turns of one role in a row, an assistant that begins, "
                                    "or a user who has the last\nword. It is kept as it is; "
                                    "'curate export --roles' says what is written.\n" },
    [DEFECT_LATE_SYSTEM] = { .name = "late_system",
                             .usual = ACTION_KEEP,
                             .what = "a system message behind the first turn, or a second one",
                             .page = "It is kept as a turn; the first one is the sample's "
                                     "system text.\n" },
    [DEFECT_DUPLICATE_ID] = { .name = "duplicate_id",
                              .usual = ACTION_KEEP,
                              .what =
                                  "the id of another record of its file, whose content differs",
                              .page =
                                  "Both are kept: a sample is told by its content. What "
                                  "finds samples by this id, as\n'curate score import' does, "
                                  "cannot tell them apart. Only samples of the same file are "
                                  "looked at, not rejects,\n"
                                  "and not what an earlier file had as well; a dry run does "
                                  "not notice.\n" },
    [DEFECT_TEMPLATE_LEAK] = { .name = "template_leak",
                               .usual = ACTION_KEEP,
                               .what = "a mark of a prompt template inside a turn",
                               .page = "'### Response:', '[INST]', '<|im_start|>', '<think>' "
                                       "and the like: a dialogue was cut\nwrongly, or a model "
                                       "went on to play the user. It is kept as it is.\n" },
    [DEFECT_REFUSAL] = { .name = "refusal",
                         .usual = ACTION_KEEP,
                         .what = "a response that begins as a chat model's excuse",
                         .page = "'As an AI language model' and the like, in the first 200 "
                                 "bytes. It is kept; trained on\nmany, a model learns to "
                                 "refuse.\n" },
    [DEFECT_PLACEHOLDER] = { .name = "placeholder",
                             .usual = ACTION_KEEP,
                             .what = "a response that says there is none",
                             .page = "'<nooutput>', 'N/A' and the like. It is kept. An input "
                                     "'<noinput>' is read as none.\n" },
    [DEFECT_HTML_ENTITY] = { .name = "html_entity",
                             .usual = ACTION_KEEP,
                             .other = ACTION_REPAIR,
                             .what = "text with HTML entities, as &amp;",
                             .page =
                                 "Text was cut out of a page and not decoded, or is about "
                                 "HTML. It is kept. With --on\nhtml_entity=repair entities "
                                 "become their characters, also where they were encoded "
                                 "twice.\nThose between backticks, and all of a text that has "
                                 "tags, stay: they belong there.\n" },
    [DEFECT_MOJIBAKE] = { .name = "mojibake",
                          .usual = ACTION_KEEP,
                          .other = ACTION_REPAIR,
                          .what = "UTF-8 that was taken for Latin-1 and encoded again",
                          .page = "An apostrophe shows as three odd characters. It is kept. "
                                  "With --on mojibake=repair the\ncharacters become what they "
                                  "were, in texts where some of them cannot stand by "
                                  "chance.\n" },
    [DEFECT_INVISIBLE] = { .name = "invisible",
                           .usual = ACTION_KEEP,
                           .other = ACTION_REPAIR,
                           .what = "characters that do not show: zero width, or of direction",
                           .page = "U+200B, U+2060, U+FEFF, U+202A to U+202E, U+2066 to "
                                   "U+2069. They are kept; they make\ntexts differ that look "
                                   "the same. With --on invisible=repair they are dropped.\n" },
    [DEFECT_BAD_CSV] = { .name = "bad_csv",
                         .of_import = true,
                         .what = "the row is not valid CSV",
                         .page = "Its quotes do not match, or it is too long. 'curate score "
                                 "import' rejects the row.\n" FIX_ROW },
    [DEFECT_MISSING_KEY] = { .name = "missing_key",
                             .of_import = true,
                             .what = "the row has no key, so no sample can be found",
                             .page = "'curate score import' rejects the row. --key-field "
                                     "names the column or member with\nthe key.\n" FIX_ROW },
    [DEFECT_MISSING_VALUE] = { .name = "missing_value",
                               .of_import = true,
                               .what = "the row has a key and no value",
                               .page =
                                   "'curate score import' rejects the row. --value-field "
                                   "names the column or member\nwith the value.\n" FIX_ROW },
    [DEFECT_BAD_VALUE] = { .name = "bad_value",
                           .of_import = true,
                           .what = "the value of the row is not a finite number",
                           .page =
                               "'curate score import' rejects the row: NaN, infinity and words "
                               "are not scores.\n" FIX_ROW },
    [DEFECT_NO_SUCH_SAMPLE] = { .name = "no_such_sample",
                                .of_import = true,
                                .what = "no sample in the database has the key of the row",
                                .page = "'curate score import' rejects the row. --key tells "
                                        "whether keys are the producer's ids\nor content "
                                        "hashes. Ingest the corpus before its scores.\n" },
    [DEFECT_AMBIGUOUS_KEY] = { .name = "ambiguous_key",
                               .of_import = true,
                               .what = "two samples have the key of the row",
                               .page = "'curate score import' rejects the row. --source NAME "
                                       "looks for ids in one corpus only;\n--key hash names a "
                                       "sample by its content.\n" },
    [DEFECT_TWO_VALUES] = { .name = "two_values",
                            .of_import = true,
                            .what = "an earlier row of the file gave the sample another value",
                            .page = "'curate score import' keeps the earlier value and rejects "
                                    "the row.\n" FIX_ROW },
};

static const char *const action_names[] = {
    [ACTION_REJECT] = "reject",
    [ACTION_REPAIR] = "repair",
    [ACTION_KEEP] = "keep",
};

enum defect defect_find(const char *name)
{
    for (int i = DEFECT_NONE + 1; i < N_DEFECTS; i++)
        if (strcmp(defect_classes[i].name, name) == 0)
            return (enum defect)i;
    return DEFECT_NONE;
}

const char *defect_action_name(enum defect_action action)
{
    return action_names[action];
}

void defect_policy_init(struct defect_policy *policy)
{
    for (int i = 0; i < N_DEFECTS; i++)
        policy->actions[i] = defect_classes[i].usual;
}

void defect_policy_strict(struct defect_policy *policy)
{
    for (int i = 0; i < N_DEFECTS; i++)
        if (policy->actions[i] == ACTION_REPAIR)
            policy->actions[i] = ACTION_REJECT;
}

static int unknown_class(const char *name, size_t len, struct error *err)
{
    const char *nearest = NULL;
    size_t least = 3;
    char word[64];

    if (len >= sizeof word)
        len = sizeof word - 1;
    memcpy(word, name, len);
    word[len] = '\0';
    for (int i = DEFECT_NONE + 1; i < N_DEFECTS; i++) {
        const size_t distance = option_distance(defect_classes[i].name, word, 2);

        if (distance < least) {
            least = distance;
            nearest = defect_classes[i].name;
        }
    }
    return error_set(err, ERR_USAGE,
                     "--on %s: there is no such class%s%s; 'curate explain "
                     "reject' lists them",
                     word, nearest ? ", did you mean " : "", nearest ? nearest : "");
}

/* For what can be repaired or kept, also to reject it; and what the class says. */
bool defect_may_be(const struct defect_class *class, enum defect_action action)
{
    return action == class->usual || action == class->other ||
           (action == ACTION_REJECT && class->usual != ACTION_REJECT);
}

static int not_for_class(const char *text, const struct defect_class *class, struct error *err)
{
    char actions[64];
    int n = 0;

    for (int action = ACTION_KEEP; action >= ACTION_REJECT; action--)
        if (defect_may_be(class, (enum defect_action)action))
            n += snprintf(actions + n, sizeof actions - (size_t)n, "%s%s", n > 0 ? " or " : "",
                          action_names[action]);
    if (strcmp(actions, "reject") == 0)
        return error_set(err, ERR_USAGE, "--on %s: %s can only be rejected", text, class->name);
    return error_set(err, ERR_USAGE, "--on %s: for %s it is %s", text, class->name, actions);
}

int defect_policy_set(struct defect_policy *policy, const char *text, struct error *err)
{
    const size_t len = strcspn(text, "=");
    const char *word = text + len + (text[len] == '=');
    int i = DEFECT_NONE + 1;

    while (i < N_DEFECTS && (strncmp(defect_classes[i].name, text, len) != 0 ||
                             defect_classes[i].name[len] != '\0'))
        i++;
    if (text[len] != '=')
        return error_set(err, ERR_USAGE, "--on %s: it is CLASS=ACTION, as nan_inf=reject",
                         text);
    if (i == N_DEFECTS)
        return unknown_class(text, len, err);
    for (int action = ACTION_REJECT; action <= ACTION_KEEP; action++) {
        if (strcmp(word, action_names[action]) != 0 ||
            !defect_may_be(&defect_classes[i], (enum defect_action)action))
            continue;
        policy->actions[i] = (enum defect_action)action;
        return 0;
    }
    return not_for_class(text, &defect_classes[i], err);
}

uint64_t defect_repaired(const struct defect_policy *policy)
{
    uint64_t defects = 0;

    for (int i = 0; i < N_DEFECTS; i++)
        if (policy->actions[i] == ACTION_REPAIR)
            defects |= defect_bit((enum defect)i);
    return defects;
}

enum defect defect_rejected(const struct defect_policy *policy, uint64_t defects)
{
    for (int i = DEFECT_NONE + 1; i < N_DEFECTS; i++)
        if ((defects & defect_bit((enum defect)i)) && policy->actions[i] == ACTION_REJECT)
            return (enum defect)i;
    return DEFECT_NONE;
}
