/* SPDX-License-Identifier: Apache-2.0 */
/*
 * members.h - the members of a record whose names some shape knows.
 *
 * One pass over a record finds them all, so that shapes can be tried without another. Names are
 * compared without regard to the case of ASCII letters: "Instruction" is "instruction". A
 * member that is null counts as missing.
 */
#ifndef CURATE_MEMBERS_H
#define CURATE_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct json_value;

/* What text a member of this name holds. A shape that leaves such a text unread has not
 * understood the record: see draft_unclaimed.c. */
enum member_use {
    USE_OTHER, /* none of these */
    USE_QUESTION,
    USE_ANSWER,
    USE_WEAK, /* an answer in a record without a response; else a fact about the sample */
    USE_MESSAGES,
    USE_TEXT,
};

/* The known names, shorter ones first, those of one length by alphabet. */
#define MEMBER_LIST(X)                                                                         \
    X(A, "a", OTHER)                                                                           \
    X(B, "b", OTHER)                                                                           \
    X(C, "c", OTHER)                                                                           \
    X(D, "d", OTHER)                                                                           \
    X(E, "e", OTHER)                                                                           \
    X(GT, "gt", WEAK)                                                                          \
    X(ID, "id", OTHER)                                                                         \
    X(UNDERSCORE_ID, "_id", OTHER)                                                             \
    X(BOT, "bot", OTHER)                                                                       \
    X(GPT, "gpt", OTHER)                                                                       \
    X(IDX, "idx", OTHER)                                                                       \
    X(UID, "uid", OTHER)                                                                       \
    X(CHAT, "chat", MESSAGES)                                                                  \
    X(DATA, "data", MESSAGES)                                                                  \
    X(FROM, "from", OTHER)                                                                     \
    X(GOLD, "gold", WEAK)                                                                      \
    X(KIND, "kind", OTHER)                                                                     \
    X(META, "meta", OTHER)                                                                     \
    X(ROLE, "role", OTHER)                                                                     \
    X(TEXT, "text", TEXT)                                                                      \
    X(USER, "user", OTHER)                                                                     \
    X(UUID, "uuid", OTHER)                                                                     \
    X(AUDIO, "audio", OTHER)                                                                   \
    X(HUMAN, "human", OTHER)                                                                   \
    X(IMAGE, "image", OTHER)                                                                   \
    X(INPUT, "input", QUESTION)                                                                \
    X(LABEL, "label", WEAK)                                                                    \
    X(QUERY, "query", QUESTION)                                                                \
    X(REPLY, "reply", ANSWER)                                                                  \
    X(SPLIT, "split", OTHER)                                                                   \
    X(TOOLS, "tools", OTHER)                                                                   \
    X(TURNS, "turns", MESSAGES)                                                                \
    X(VIDEO, "video", OTHER)                                                                   \
    X(ANSWER, "answer", ANSWER)                                                                \
    X(AUDIOS, "audios", OTHER)                                                                 \
    X(CHOSEN, "chosen", ANSWER)                                                                \
    X(DIALOG, "dialog", MESSAGES)                                                              \
    X(IMAGES, "images", OTHER)                                                                 \
    X(INPUTS, "inputs", QUESTION)                                                              \
    X(LABELS, "labels", WEAK)                                                                  \
    X(LENGTH, "length", OTHER)                                                                 \
    X(OUTPUT, "output", ANSWER)                                                                \
    X(PROMPT, "prompt", QUESTION)                                                              \
    X(RATING, "rating", OTHER)                                                                 \
    X(SOURCE, "source", OTHER)                                                                 \
    X(SYSTEM, "system", OTHER)                                                                 \
    X(TARGET, "target", ANSWER)                                                                \
    X(VIDEOS, "videos", OTHER)                                                                 \
    X(ANSWERS, "answers", ANSWER)                                                              \
    X(ARTICLE, "article", OTHER)                                                               \
    X(ATTEMPT, "attempt", ANSWER)                                                              \
    X(CHOICES, "choices", OTHER)                                                               \
    X(CONTENT, "content", TEXT)                                                                \
    X(CONTEXT, "context", OTHER)                                                               \
    X(HISTORY, "history", MESSAGES)                                                            \
    X(MAPPING, "mapping", MESSAGES)                                                            \
    X(MESSAGE, "message", TEXT)                                                                \
    X(OPTIONS, "options", OTHER)                                                               \
    X(OUTPUTS, "outputs", ANSWER)                                                              \
    X(PASSAGE, "passage", OTHER)                                                               \
    X(PROBLEM, "problem", QUESTION)                                                            \
    X(PROMPTS, "prompts", QUESTION)                                                            \
    X(RATINGS, "ratings", OTHER)                                                               \
    X(REPLIES, "replies", ANSWER)                                                              \
    X(SUMMARY, "summary", WEAK)                                                                \
    X(TARGETS, "targets", ANSWER)                                                              \
    X(ATTEMPTS, "attempts", ANSWER)                                                            \
    X(CHOICE_A, "choice_a", OTHER)                                                             \
    X(CHOICE_B, "choice_b", OTHER)                                                             \
    X(CHOICE_C, "choice_c", OTHER)                                                             \
    X(CHOICE_D, "choice_d", OTHER)                                                             \
    X(CHOICE_E, "choice_e", OTHER)                                                             \
    X(DIALOGUE, "dialogue", MESSAGES)                                                          \
    X(DOCUMENT, "document", OTHER)                                                             \
    X(EXPECTED, "expected", WEAK)                                                              \
    X(MESSAGES, "messages", MESSAGES)                                                          \
    X(OPTION_A, "option_a", OTHER)                                                             \
    X(OPTION_B, "option_b", OTHER)                                                             \
    X(OPTION_C, "option_c", OTHER)                                                             \
    X(OPTION_D, "option_d", OTHER)                                                             \
    X(OPTION_E, "option_e", OTHER)                                                             \
    X(QUESTION, "question", QUESTION)                                                          \
    X(REJECTED, "rejected", ANSWER)                                                            \
    X(RESPONSE, "response", ANSWER)                                                            \
    X(SEGMENTS, "segments", MESSAGES)                                                          \
    X(SENTENCE, "sentence", TEXT)                                                              \
    X(SOLUTION, "solution", ANSWER)                                                            \
    X(ANSWERKEY, "answerkey", WEAK)                                                            \
    X(ASSISTANT, "assistant", WEAK)                                                            \
    X(DIALOGUES, "dialogues", MESSAGES)                                                        \
    X(FUNCTIONS, "functions", OTHER)                                                           \
    X(INSTANCES, "instances", MESSAGES)                                                        \
    X(PARENT_ID, "parent_id", OTHER)                                                           \
    X(PROMPT_ID, "prompt_id", OTHER)                                                           \
    X(QUESTIONS, "questions", QUESTION)                                                        \
    X(REFERENCE, "reference", WEAK)                                                            \
    X(RESPONSES, "responses", ANSWER)                                                          \
    X(SOLUTIONS, "solutions", ANSWER)                                                          \
    X(COMPLETION, "completion", ANSWER)                                                        \
    X(GENERATION, "generation", ANSWER)                                                        \
    X(HIGHLIGHTS, "highlights", WEAK)                                                          \
    X(MODEL_PRED, "model_pred", WEAK)                                                          \
    X(PREDICTION, "prediction", WEAK)                                                          \
    X(REFERENCES, "references", WEAK)                                                          \
    X(BEST_ANSWER, "best_answer", WEAK)                                                        \
    X(COMPLETIONS, "completions", ANSWER)                                                      \
    X(GENERATIONS, "generations", ANSWER)                                                      \
    X(INSTRUCTION, "instruction", QUESTION)                                                    \
    X(QUESTION_ID, "question_id", OTHER)                                                       \
    X(RAW_CONTENT, "raw_content", TEXT)                                                        \
    X(CONVERSATION, "conversation", MESSAGES)                                                  \
    X(CURRENT_NODE, "current_node", OTHER)                                                     \
    X(FINAL_ANSWER, "final_answer", WEAK)                                                      \
    X(GROUND_TRUTH, "ground_truth", WEAK)                                                      \
    X(INSTRUCTIONS, "instructions", QUESTION)                                                  \
    X(CONTEXT_BYTES, "context_bytes", OTHER)                                                   \
    X(CONVERSATIONS, "conversations", MESSAGES)                                                \
    X(SYSTEM_PROMPT, "system_prompt", OTHER)                                                   \
    X(CORRECT_ANSWER, "correct_answer", WEAK)                                                  \
    X(GEMINI_ATTEMPT, "gemini_attempt", ANSWER)                                                \
    X(CHOSEN_RESPONSE, "chosen_response", ANSWER)                                              \
    X(CONVERSATION_ID, "conversation_id", OTHER)                                               \
    X(CORRECT_ANSWERS, "correct_answers", WEAK)                                                \
    X(EXPECTED_OUTPUT, "expected_output", WEAK)                                                \
    X(MESSAGE_TREE_ID, "message_tree_id", OTHER)                                               \
    X(DEEPSEEK_ATTEMPT, "deepseek_attempt", ANSWER)                                            \
    X(PREFERRED_OUTPUT, "preferred_output", ANSWER)                                            \
    X(REJECTED_RESPONSE, "rejected_response", ANSWER)                                          \
    X(NON_PREFERRED_OUTPUT, "non_preferred_output", ANSWER)

enum member {
    MEMBER_NONE, /* a name that no shape knows; the end of a list */
#define X(id, name, use) MEMBER_##id,
    MEMBER_LIST(X)
#undef X
        N_MEMBERS
};

struct members {
    const struct json_value *record;            /* an object */
    const struct json_value *values[N_MEMBERS]; /* NULL: missing or null */
};

/* Find the known members. Of two names that differ in case the one in small letters counts, or
 * else the first. */
void members_find(const struct json_value *record, struct members *out);
/* Is one of the members present that a list names, which MEMBER_NONE ends? */
bool members_have(const struct members *members, const enum member *list);

/* The member of a name; MEMBER_NONE for an unknown name. */
enum member member_of(struct slice name);
/* The name, in small letters; empty for MEMBER_NONE. */
const char *member_name(enum member member);
/* What text a member of this name holds. Also knows names that are made of known ones, such as
 * response_a or model_answer. */
enum member_use member_use_of(struct slice name);

/* The names of answers, in the order in which a shape reads them; MEMBER_NONE ends it. */
extern const enum member members_answers[];
/* The names of a producer's id, in the order in which it is looked for. */
extern const enum member members_ids[];
/* The names of what only a message of a dialogue has: whose it is, and which it answers. */
extern const enum member members_of_message[];

#endif
