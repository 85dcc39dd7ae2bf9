/* SPDX-License-Identifier: Apache-2.0 */
#include "stages/record/defect.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/option.h"

#define EXPORT                                                                                 \
    "'curate rejects show ID' prints the record. 'curate rejects export --class CLASS' "       \
    "writes\n"                                                                                 \
    "all such records to a file, to be corrected and ingested again.\n"
#define FIX_ROW                                                                                \
    "Correct the file and import it again; values that are stored already stay as they are.\n"

const struct defect_class defect_classes[N_DEFECTS] = {
    [DEFECT_NONE] = { .name = "" },
    [DEFECT_BAD_JSON] = { .name = "bad_json",
                          .what = "its brackets or its syntax are wrong",
                          .page = "The record is rejected up to the end of its line. The next "
                                  "record is not affected.\n" EXPORT },
    [DEFECT_TRUNCATED] = { .name = "truncated",
                           .what = "its line, or the file, ends inside the record",
                           .page = "The record is rejected. Its writer was killed, or a "
                                   "download was cut off.\nAt the end of a file: fetch the "
                                   "file again. Elsewhere:\n" EXPORT },
    [DEFECT_TOO_LONG] = { .name = "too_long",
                          .what = "it is longer than --max-record, or than --max-memory allows",
                          .page = "The record is skipped without being held in memory; its "
                                  "first 4 kB are stored, or\n"
                                  "--max-record bytes if that is less. Ingest the file again "
                                  "with a larger --max-record: a\n"
                                  "record that is accepted is no longer listed. If one value "
                                  "holds all records of the file,\n"
                                  "such as {\"data\": [...]}, then '--records data' reads them "
                                  "one by one, however many there\n"
                                  "are.\n" },
    [DEFECT_TOO_DEEP] = { .name = "too_deep",
                          .what = "more than 256 brackets are open at a time",
                          .page =
                              "The limit is fixed: no corpus is nested like this.\n" EXPORT },
    [DEFECT_NOT_AN_OBJECT] = { .name = "not_an_object",
                               .what = "it is valid JSON, but not an object",
                               .page =
                                   "A number, a list or a string is not a record. A list of "
                                   "messages is one, if each message has a\nrole or a "
                                   "from.\n" EXPORT },
    [DEFECT_UNKNOWN_SHAPE] = { .name = "unknown_shape",
                               .what = "no shape has its keys and types",
                               .page = "The detail names its members, the nearest shape, and "
                                       "the members that this shape needs.\n"
                                       "'curate ingest --format NAME' names the shape of the "
                                       "records. '--map FIELD=PATH' names where\n"
                                       "each field lies, such as --map instruction=q --map "
                                       "response=a[0]. 'curate rejects retry' has\n"
                                       "both options. A record with a role, from or parent_id "
                                       "is a message of a dialogue, and never\n"
                                       "plain text.\n" EXPORT },
    [DEFECT_UNCLAIMED_TEXT] = { .name = "unclaimed_text",
                                .other = ACTION_KEEP,
                                .what = "a question, an answer or a message that its shape "
                                        "does not read",
                                .page = "The name of a member, such as 'rejected' or 'query', "
                                        "says that it holds a question, an\n"
                                        "answer or a message, but no part of the sample holds "
                                        "that text. The detail names the\n"
                                        "members. The record is rejected, because its meaning "
                                        "is not guessed. With --on\n"
                                        "unclaimed_text=keep the members go to the sample's "
                                        "meta. With --map, such as --map\n"
                                        "messages=messages, you name the members to read, and "
                                        "all others go to meta. 'curate rejects\n"
                                        "retry' has both options.\n" EXPORT },
    [DEFECT_EMPTY_RECORD] = { .name = "empty_record",
                              .what = "it holds no text",
                              .page = "There is nothing to train on in the record.\n" },
    [DEFECT_MISSING_CONTENT] = { .name = "missing_content",
                                 .what = "a part that its shape needs is missing",
                                 .page = "The detail names the part. The text of a message, or "
                                         "of a content part, is under content,\n"
                                         "value, text, message or parts. A message with two of "
                                         "these is rejected. So is a message with\n"
                                         "none of these, no tool call and no media. So is a "
                                         "record in which a path of --map or\n"
                                         "--records leads to nothing.\n" EXPORT },
    [DEFECT_BAD_TYPE] = { .name = "bad_type",
                          .what = "a part of it has a type that cannot become text",
                          .page = "The detail names the part.\n" EXPORT },
    [DEFECT_BAD_UTF8] = { .name = "bad_utf8",
                          .other = ACTION_REPAIR,
                          .what = "bytes in it are not well-formed UTF-8",
                          .page = "The record is rejected, because the meaning of the bytes is "
                                  "unknown: often the file is\nLatin-1, or a character was cut "
                                  "in half. Convert the file with iconv. With\n--on "
                                  "bad_utf8=repair each such byte becomes U+FFFD, the "
                                  "replacement character.\n" },
    [DEFECT_BOM] = { .name = "bom",
                     .action = ACTION_REPAIR,
                     .of_file = true,
                     .what = "a byte order mark",
                     .page = "The mark of UTF-8 is dropped. A file that begins with a mark of "
                             "UTF-16 or UTF-32 is\nconverted to UTF-8 while it is read; "
                             "offsets of its records count bytes of the UTF-8\ntext. With --on "
                             "bom=reject the record after the mark, or all of such a file, is\n"
                             "rejected.\n" },
    [DEFECT_CR] = { .name = "cr",
                    .action = ACTION_KEEP,
                    .of_file = true,
                    .what = "a carriage return or U+2028 at the end of a line",
                    .page = "A line may end with LF, CR LF, CR or U+2028. All of them count as "
                            "equal when samples are\ncompared.\n" },
    [DEFECT_BLANK_LINE] = { .name = "blank_line",
                            .action = ACTION_KEEP,
                            .of_file = true,
                            .what = "a blank line between records",
                            .page = "The line is skipped.\n" },
    [DEFECT_STRAY_COMMA] = { .name = "stray_comma",
                             .action = ACTION_REPAIR,
                             .of_file = true,
                             .what = "a comma or closing bracket between records where none "
                                     "belongs",
                             .page = "It is skipped. Examples: lines of an array that were "
                                     "pasted as JSONL, a comma after the\nlast element, a "
                                     "closing bracket that closes nothing.\n" },
    [DEFECT_SAME_LINE] = { .name = "same_line",
                           .action = ACTION_KEEP,
                           .of_file = true,
                           .what = "several records on one line",
                           .page = "Each record is read.\n" },
    [DEFECT_MANY_LINES] = { .name = "many_lines",
                            .action = ACTION_KEEP,
                            .of_file = true,
                            .what = "a record that takes several lines",
                            .page = "Pretty-printed JSON is read like any other JSON.\n" },
    [DEFECT_NAN_INF] = { .name = "nan_inf",
                         .action = ACTION_REPAIR,
                         .what = "NaN, Infinity or -Infinity",
                         .page = "Python writes them, but they are not JSON. Each becomes "
                                 "null.\n" },
    [DEFECT_LONE_SURROGATE] = { .name = "lone_surrogate",
                                .action = ACTION_REPAIR,
                                .what = "half of a surrogate pair, as \\ud83d",
                                .page = "A text was cut in the middle of a character. The half "
                                        "becomes U+FFFD, the replacement\ncharacter.\n" },
    [DEFECT_NUL] = { .name = "nul",
                     .action = ACTION_KEEP,
                     .what = "a NUL character in a text",
                     .page = "The character is kept. SQLite's text functions stop at it, and a "
                             "trainer may, too.\n" },
    [DEFECT_CONTROL] = { .name = "control",
                         .action = ACTION_KEEP,
                         .what = "a raw control character in a string",
                         .page = "JSON requires it to be escaped. The character is kept.\n" },
    [DEFECT_BIG_NUMBER] = { .name = "big_number",
                            .action = ACTION_KEEP,
                            .what = "a number beyond 64 bits or beyond a double",
                            .page = "The text of the number is kept, digit for digit.\n" },
    [DEFECT_DUPLICATE_KEY] = { .name = "duplicate_key",
                               .action = ACTION_REPAIR,
                               .what = "a key twice in one object",
                               .page = "The last one counts, as in Python, JavaScript and Go. "
                                       "The others are dropped.\n" },
    [DEFECT_DOUBLE_ENCODED] = { .name = "double_encoded",
                                .action = ACTION_REPAIR,
                                .what = "JSON inside a JSON string",
                                .page =
                                    "A record that is a string with an object in it, or "
                                    "messages that are a string with a\nlist in it, are "
                                    "decoded once. A value that a Parquet or Arrow file says "
                                    "is JSON, but that\nis not, stays a string.\n" },
    [DEFECT_TYPE_DRIFT] = { .name = "type_drift",
                            .action = ACTION_REPAIR,
                            .what = "a number, boolean or list where other records have text",
                            .page = "A number becomes its digits, and a list of one text that "
                                    "text. A list of several texts is\nbad_type; with --on "
                                    "type_drift=repair it becomes one text with a line for "
                                    "each.\n" },
    [DEFECT_NULL_CONTENT] = { .name = "null_content",
                              .action = ACTION_KEEP,
                              .what = "a message without content and without a tool call",
                              .page = "Its content is null, and it holds no other text. It is "
                                      "kept as an empty message. A sample\nwhose response is "
                                      "empty gets no scores.\n" },
    [DEFECT_EMPTY_RESPONSE] = { .name = "empty_response",
                                .action = ACTION_KEEP,
                                .what = "a response of nothing but white space",
                                .page = "The sample is kept. Its scores are missing, because "
                                        "there is nothing to score.\n" },
    [DEFECT_BAD_ROLE] = { .name = "bad_role",
                          .action = ACTION_KEEP,
                          .what = "a message with an unknown role",
                          .page = "The turn keeps the word of its record as its role. Like a "
                                  "user's turn it is part of the\n"
                                  "prompt, and never a response. 'curate ingest --role "
                                  "NAME=ROLE' gives the role that the word\n"
                                  "means. The layouts of chats cannot hold the turn; 'curate "
                                  "export --roles trim' leaves it\n"
                                  "out.\n" },
    [DEFECT_ROLE_ORDER] = { .name = "role_order",
                            .action = ACTION_KEEP,
                            .what = "turns that do not alternate from user to assistant",
                            .page = "Two turns of one role in a row, an assistant's turn at "
                                    "the beginning, or a user's turn\nat the end. The sample "
                                    "is kept; 'curate export --roles' chooses what is "
                                    "written.\n" },
    [DEFECT_LATE_SYSTEM] = { .name = "late_system",
                             .action = ACTION_KEEP,
                             .what = "a system message after the first turn, or a second "
                                     "system message",
                             .page = "It is kept as a turn. The first system message is the "
                                     "sample's system prompt.\n" },
    [DEFECT_SIDES_ALIKE] = { .name = "sides_alike",
                             .other = ACTION_KEEP,
                             .what = "a pair whose chosen and rejected answer are the same",
                             .page = "The answers are equal, or differ only in blanks at their "
                                     "ends. No preference can be learned\n"
                                     "from them. With --on sides_alike=keep the pair is "
                                     "kept.\n" EXPORT },
    [DEFECT_DISLIKED] = { .name = "disliked",
                          .other = ACTION_KEEP,
                          .what = "an answer that must not be trained on; for KTO use --on "
                                  "disliked=keep",
                          .page = "The record's label, kto_tag, score, rating or reward is "
                                  "false; or every answer of the\n"
                                  "dialogue has weight 0 (or train, loss or loss_weight "
                                  "false). Training on such an answer\n"
                                  "would teach what its authors marked as bad. KTO learns from "
                                  "good and bad answers: for KTO\n"
                                  "use --on disliked=keep. The label stays in the sample's "
                                  "meta, and v_turn shows for each turn\n"
                                  "whether it is trained on. Numbers are not used, because no "
                                  "threshold is known.\n" },
    [DEFECT_MEDIA_MISMATCH] = { .name = "media_mismatch",
                                .action = ACTION_KEEP,
                                .what =
                                    "a list of images, videos or audios that does not fit the "
                                    "marks in the text",
                                .page = "Each '<image>' in the turns stands for one element of "
                                        "the record's 'images' or 'image';\n"
                                        "video and audio work the same way. Media without any "
                                        "mark stand before the first question.\n"
                                        "If marks and media differ in number, or 'images' and "
                                        "'image' both hold one, it is unknown\n"
                                        "which belongs where. Then the text keeps its marks, "
                                        "and all media stand before the first\n"
                                        "question, or at the start of the message that lists "
                                        "them. Scores that need this turn are\n"
                                        "missing, with the reason 'media'.\n" },
    [DEFECT_DUPLICATE_ID] = { .name = "duplicate_id",
                              .action = ACTION_KEEP,
                              .what =
                                  "the id of another record of its file, whose content differs",
                              .page = "Both samples are kept: a sample is identified by its "
                                      "content. 'curate score import' cannot\ntell them apart "
                                      "by this id. Only new samples of the same file are "
                                      "compared: not rejects,\nand not samples that an earlier "
                                      "file had too. A dry run does not notice.\n" },
    [DEFECT_TEMPLATE_LEAK] = { .name = "template_leak",
                               .action = ACTION_KEEP,
                               .what = "a mark of a prompt template inside a turn",
                               .page = "'### Response:', '[INST]', '<|im_start|>', '<think>' "
                                       "and the like: a dialogue was split\nwrongly, or a "
                                       "model continued with the user's turn. The turn is "
                                       "kept.\n" },
    [DEFECT_REFUSAL] = { .name = "refusal",
                         .action = ACTION_KEEP,
                         .what = "a response that begins as a chat model's excuse",
                         .page = "'As an AI language model' and the like, in the first 200 "
                                 "bytes. The response is kept. A model\ntrained on many of "
                                 "them learns to refuse.\n" },
    [DEFECT_PLACEHOLDER] = { .name = "placeholder",
                             .action = ACTION_KEEP,
                             .what = "a response that says there is none",
                             .page = "'<nooutput>', 'N/A' and the like. The response is kept. "
                                     "An input '<noinput>' counts as\nmissing.\n" },
    [DEFECT_HTML_ENTITY] = { .name = "html_entity",
                             .action = ACTION_KEEP,
                             .other = ACTION_REPAIR,
                             .what = "text with HTML entities, as &amp;",
                             .page = "The text was copied from a page without decoding, or is "
                                     "about HTML. It is kept. With\n--on html_entity=repair "
                                     "entities become their characters, also where they were "
                                     "encoded\ntwice. Entities between backticks or in a text "
                                     "with tags stay: they belong there.\n" },
    [DEFECT_MOJIBAKE] = { .name = "mojibake",
                          .action = ACTION_KEEP,
                          .other = ACTION_REPAIR,
                          .what = "UTF-8 that was taken for Latin-1 and encoded again",
                          .page = "An apostrophe shows as three odd characters. The text is "
                                  "kept. With --on mojibake=repair\nthe original characters "
                                  "return, in texts where some of the odd ones cannot stand "
                                  "by chance.\n" },
    [DEFECT_INVISIBLE] = { .name = "invisible",
                           .action = ACTION_KEEP,
                           .other = ACTION_REPAIR,
                           .what = "characters that do not show: zero width, or of direction",
                           .page = "U+200B, U+2060, U+FEFF, U+202A to U+202E, U+2066 to "
                                   "U+2069. They are kept. Texts that look\nthe same may "
                                   "differ by them. With --on invisible=repair they are "
                                   "dropped.\n" },
    [DEFECT_BAD_CSV] = { .name = "bad_csv",
                         .of_row = true,
                         .what = "the row is not valid CSV",
                         .page =
                             "Its quotes do not match, it is too long, or it has more or fewer "
                             "fields than the table\nhas columns. 'curate ingest' and "
                             "'curate score import' reject the row. 'curate rejects\n"
                             "retry' does not read it again, because it is no JSON. "
                             "Correct the file and read it again.\n" },
    [DEFECT_BAD_PAGE] = { .name = "bad_page",
                          .of_row = true,
                          .what = "a part of a Parquet or Arrow file cannot be read",
                          .page =
                              "The rest of its row group is lost, and the next row group is "
                              "read. There is one reject\nfor all these rows: 'line' is the "
                              "first of them, and 'n_rows' is their number, which counts as\n"
                              "rejected. The detail names the column and the place in the "
                              "file. None of the rows is\nkept, so 'curate rejects retry' "
                              "does not read them again. Fetch the file again and ingest\n"
                              "it: when a row of the group can be read, the reject is no "
                              "longer listed.\n" },
    [DEFECT_MISSING_KEY] = { .name = "missing_key",
                             .of_row = true,
                             .what = "the row has no key, so no sample can be found",
                             .page = "'curate score import' rejects the row. --key-field "
                                     "names the column or member with\nthe key.\n" FIX_ROW },
    [DEFECT_MISSING_VALUE] = { .name = "missing_value",
                               .of_row = true,
                               .what = "the row has a key and no value",
                               .page =
                                   "'curate score import' rejects the row. --value-field names "
                                   "the column or member\nwith the value.\n" FIX_ROW },
    [DEFECT_BAD_VALUE] = { .name = "bad_value",
                           .of_row = true,
                           .what = "the value of the row is not a finite number",
                           .page =
                               "'curate score import' rejects the row: NaN, infinity and words "
                               "are not scores, nor is\na number so small that it would become "
                               "0, such as 1e-400.\n" FIX_ROW },
    [DEFECT_NO_SUCH_SAMPLE] = { .name = "no_such_sample",
                                .of_row = true,
                                .what = "no sample in the database has the key of the row",
                                .page = "'curate score import' rejects the row. Ingest the "
                                        "corpus before its scores. --key says\nwhether keys "
                                        "are the producer's ids or content hashes.\n" },
    [DEFECT_AMBIGUOUS_KEY] = { .name = "ambiguous_key",
                               .of_row = true,
                               .what = "two samples have the key of the row",
                               .page = "'curate score import' rejects the row. --source NAME "
                                       "looks for ids in one corpus only.\nWith --key hash a "
                                       "key is the hash of a sample's content.\n" },
    [DEFECT_TWO_VALUES] = { .name = "two_values",
                            .of_row = true,
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
        policy->actions[i] = defect_classes[i].action;
    policy->chosen = 0;
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

        if (distance < least && 2 * distance <= len) {
            least = distance;
            nearest = defect_classes[i].name;
        }
    }
    return error_set(err, ERR_USAGE,
                     "--on %s: unknown class%s%s; 'curate explain reject' lists the classes",
                     word, nearest ? ", did you mean " : "", nearest ? nearest : "");
}

bool defect_allows(const struct defect_class *class, enum defect_action action)
{
    return action == class->action || action == class->other ||
           (action == ACTION_REJECT && class->action != ACTION_REJECT);
}

static int action_not_allowed(const char *text, const struct defect_class *class,
                              struct error *err)
{
    char actions[64];
    int n = 0;

    for (int action = ACTION_KEEP; action >= ACTION_REJECT; action--)
        if (defect_allows(class, (enum defect_action)action))
            n += snprintf(actions + n, sizeof actions - (size_t)n, "%s%s", n > 0 ? " or " : "",
                          action_names[action]);
    if (strcmp(actions, "reject") == 0)
        return error_set(err, ERR_USAGE, "--on %s: %s can only be rejected", text, class->name);
    return error_set(err, ERR_USAGE, "--on %s: the action for %s must be %s", text, class->name,
                     actions);
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
        return error_set(err, ERR_USAGE,
                         "--on %s: must be CLASS=ACTION, such as nan_inf=reject", text);
    if (i == N_DEFECTS)
        return unknown_class(text, len, err);
    for (int action = ACTION_REJECT; action <= ACTION_KEEP; action++) {
        if (strcmp(word, action_names[action]) != 0 ||
            !defect_allows(&defect_classes[i], (enum defect_action)action))
            continue;
        policy->actions[i] = (enum defect_action)action;
        policy->chosen |= defect_bit((enum defect)i);
        return 0;
    }
    return action_not_allowed(text, &defect_classes[i], err);
}

int defect_policy_make(const struct text_list *on, bool strict, struct defect_policy *out,
                       struct error *err)
{
    defect_policy_init(out);
    if (strict)
        defect_policy_strict(out);
    for (unsigned i = 0; i < on->n; i++)
        if (defect_policy_set(out, on->items[i], err) < 0)
            return -1;
    return 0;
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
