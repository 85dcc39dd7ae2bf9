/* SPDX-License-Identifier: Apache-2.0 */
/* The wordings that constraints are read from. */
#include "scoring/facts/constraint_private.h"

/*
 * One line is one wording. The words of a pattern are in lower case, separated by spaces:
 *   a|b   one of these words
 *   a?    may be left out; also behind one of the signs below
 *   N     a number with its relation: at least 3, 300+, between 2 and 4
 *   #     a number
 *   $     a quoted text or a word, which becomes an argument
 *   "     a quoted text, which becomes an argument
 *   L     a list of quoted texts or, behind a colon, of words
 *   %     a letter
 *   @     a language
 *   P     the marker of a postscript
 *   E     a quoted text, or the words up to ". No other words"
 *   *     six asterisks
 *   R     the section word of "SECTION X", in the plural or not
 * Where several wordings fit at the same place the longest is read.
 */
const struct wording wordings[] = {
    { CONSTRAINT_WORDS, WORDING_LENGTH, "N word|words" },
    { CONSTRAINT_SENTENCES, WORDING_LENGTH, "N sentence|sentences" },
    { CONSTRAINT_SENTENCES, WORDING_LENGTH | WORDING_PLAIN, "in N sentence|sentences" },
    { CONSTRAINT_PARAGRAPHS, WORDING_LENGTH, "N paragraph|paragraphs" },
    { CONSTRAINT_PARAGRAPHS, WORDING_LENGTH | WORDING_PLAIN, "in N paragraph|paragraphs" },
    { CONSTRAINT_PARAGRAPHS, WORDING_LENGTH | WORDING_PLAIN,
      "there should|must be N paragraph|paragraphs" },
    { CONSTRAINT_PARAGRAPHS, WORDING_LENGTH | WORDING_PLAIN,
      "should|must have|contain N paragraph|paragraphs" },
    { CONSTRAINT_BULLETS, 0, "N bullet|bulleted point|points" },
    { CONSTRAINT_BULLETS, 0, "N bullets" },
    { CONSTRAINT_BULLETS, WORDING_PLAIN, "in|contain N bullet point|points" },
    { CONSTRAINT_PLACEHOLDERS, 0, "N placeholder|placeholders" },
    { CONSTRAINT_HIGHLIGHTS, WORDING_STARS, "highlight N text? section|sections|part|parts" },
    { CONSTRAINT_SECTIONS, WORDING_SECTIONS | WORDING_AT_LEAST,
      "must|should have|contain N R" },
    { CONSTRAINT_SECTIONS, WORDING_SECTIONS | WORDING_AT_LEAST,
      "must|should have|contain N section|sections" },
    { CONSTRAINT_CAPITAL_WORDS, WORDING_PLAIN,
      "words with|in all capital letters should|must? appear N time|times?" },
    { CONSTRAINT_CAPITAL_WORDS, WORDING_PLAIN,
      "words in all caps should|must? appear N time|times?" },
    { CONSTRAINT_CAPITAL_WORDS, WORDING_PLAIN,
      "all caps words should|must? appear N time|times?" },
    { CONSTRAINT_CAPITAL_WORDS, 0, "N words with|in all capital letters" },
    { CONSTRAINT_CAPITAL_WORDS, 0, "N words in all caps" },
    { CONSTRAINT_KEYWORD_COUNT, WORDING_PLAIN,
      "word|keyword $ should|must appear N time|times?" },
    { CONSTRAINT_KEYWORD_COUNT, 0, "word|keyword $ appears N time|times?" },
    { CONSTRAINT_KEYWORD_COUNT, 0, "the word|keyword $ for? N time|times?" },
    { CONSTRAINT_KEYWORD_COUNT, 0,
      "include|use|mention|contain the word|keyword $ for? N time|times?" },
    { CONSTRAINT_LETTER_COUNT, WORDING_PLAIN, "letter % should|must appear N time|times?" },
    { CONSTRAINT_LETTER_COUNT, 0, "letter % appears? N time|times?" },
    { CONSTRAINT_KEYWORDS, 0,
      "include|contain|use|including|containing the? keywords|words L" },
    { CONSTRAINT_KEYWORDS, 0, "include|including the? keywords $ and $ in the|your response" },
    { CONSTRAINT_KEYWORDS, 0, "include|contain|use the? following keywords|words L" },
    { CONSTRAINT_KEYWORDS, 0, "include|use|mention the word|keyword|phrase \"" },
    { CONSTRAINT_KEYWORDS, 0, "containing|including the word|keyword|phrase \"" },
    { CONSTRAINT_FORBIDDEN_WORDS, WORDING_FORBIDS,
      "not|don't include|use|mention|contain the? keyword|keywords|word|words|phrase L" },
    { CONSTRAINT_FORBIDDEN_WORDS, WORDING_FORBIDS,
      "not|don't include|use|mention|contain the following keywords|words L" },
    { CONSTRAINT_FORBIDDEN_WORDS, WORDING_FORBIDS,
      "without using|mentioning the word|words|keyword|keywords|phrase L" },
    { CONSTRAINT_FORBIDDEN_WORDS, WORDING_FORBIDS,
      "avoid using? the following? word|words|keyword|keywords|phrase L" },
    { CONSTRAINT_FORBIDDEN_WORDS, WORDING_FORBIDS, "word|keyword \" should|must not appear" },
    { CONSTRAINT_LANGUAGE, 0,
      "response|answer|output|reply should|must be in the? @ language?" },
    { CONSTRAINT_LANGUAGE, 0, "respond|reply|answer only? in @ language?" },
    { CONSTRAINT_LANGUAGE, 0, "using|in the? @ language? , no other language is allowed" },
    { CONSTRAINT_LANGUAGE, 0, "using only the? @ language? , no other language is allowed" },
    { CONSTRAINT_LANGUAGE, 0, "only using the? @ language , no other language is allowed" },
    { CONSTRAINT_LANGUAGE, 0, "use only @ in your response|answer" },
    { CONSTRAINT_PARAGRAPH_FIRST_WORD, 0,
      "paragraph # must|should start|begin with the? word $" },
    { CONSTRAINT_POSTSCRIPT, 0, "postscript starting|beginning with P" },
    { CONSTRAINT_POSTSCRIPT, 0, "postscript at the end starting|beginning with P" },
    { CONSTRAINT_TITLE, WORDING_TITLE, "in double angular|angle bracket|brackets" },
    { CONSTRAINT_CHOICE, 0,
      "answer|respond|reply with exactly? one of the following options|phrases|choices L" },
    { CONSTRAINT_JSON, WORDING_RESPONSE, "in valid? json format" },
    { CONSTRAINT_JSON, 0, "respond|reply|answer only? in|with valid? json" },
    { CONSTRAINT_JSON, 0, "response|output|answer|reply must|should be valid? json" },
    { CONSTRAINT_REPEAT_PROMPT, 0, "first ,? repeat the request|prompt word for word" },
    { CONSTRAINT_TWO_RESPONSES, 0, "6|six asterisk|asterisks symbols|symbol? *" },
    { CONSTRAINT_END_PHRASE, WORDING_ENDING, "this|the exact phrase of? E" },
    { CONSTRAINT_END_PHRASE, 0, "finish|end your entire? response|answer|reply with \"" },
    { CONSTRAINT_END_PHRASE, 0, "last sentence of your response should|must be \"" },
    { CONSTRAINT_QUOTATION, 0,
      "wrap|put|enclose your|the entire|whole? response|output|answer|reply with|in|inside "
      "double quotation|quote mark|marks" },
    { CONSTRAINT_QUOTATION, 0,
      "wrap|put|enclose your|the entire|whole? response|output|answer|reply with|in|inside "
      "double quotes" },
    { CONSTRAINT_ALL_CAPITALS, WORDING_LETTERS, "in|use|using|be all|only capital letters" },
    { CONSTRAINT_ALL_CAPITALS, WORDING_LETTERS, "in|use|using all caps|capitals" },
    { CONSTRAINT_ALL_CAPITALS, WORDING_LETTERS, "in|use|using all|only uppercase letters?" },
    { CONSTRAINT_ALL_LOWERCASE, WORDING_LETTERS,
      "in|use|using|be all|only lowercase letters?" },
    { CONSTRAINT_ALL_LOWERCASE, WORDING_LETTERS, "in|use|using|be all lower case letters?" },
    { CONSTRAINT_ALL_LOWERCASE, WORDING_LETTERS | WORDING_FORBIDS,
      "without using? capital letters" },
    { CONSTRAINT_ALL_LOWERCASE, WORDING_LETTERS | WORDING_FORBIDS, "no capital letters" },
    { CONSTRAINT_NO_COMMAS, WORDING_FORBIDS,
      "refrain from the? use|using of? any? comma|commas" },
    { CONSTRAINT_NO_COMMAS, WORDING_FORBIDS,
      "not|don't use|include|contain|have any? comma|commas" },
    { CONSTRAINT_NO_COMMAS, WORDING_FORBIDS, "not allowed to use any? comma|commas" },
    { CONSTRAINT_NO_COMMAS, WORDING_FORBIDS, "without using|the? use? of? any? comma|commas" },
    { CONSTRAINT_NO_COMMAS, WORDING_FORBIDS, "avoid using? any? comma|commas" },
    { CONSTRAINT_NO_COMMAS, WORDING_FORBIDS, "no commas" },
};
const size_t n_wordings = sizeof wordings / sizeof *wordings;

const char *language_code_of(struct slice name)
{
    static const struct {
        const char *name, *code;
    } languages[] = {
        { "arabic", "ar" },    { "bengali", "bn" },    { "bulgarian", "bg" },
        { "chinese", "zh" },   { "croatian", "hr" },   { "czech", "cs" },
        { "danish", "da" },    { "dutch", "nl" },      { "english", "en" },
        { "finnish", "fi" },   { "french", "fr" },     { "german", "de" },
        { "greek", "el" },     { "gujarati", "gu" },   { "hebrew", "iw" },
        { "hindi", "hi" },     { "hungarian", "hu" },  { "indonesian", "id" },
        { "italian", "it" },   { "japanese", "ja" },   { "kannada", "kn" },
        { "korean", "ko" },    { "malayalam", "ml" },  { "marathi", "mr" },
        { "nepali", "ne" },    { "norwegian", "no" },  { "persian", "fa" },
        { "polish", "pl" },    { "portuguese", "pt" }, { "punjabi", "pa" },
        { "romanian", "ro" },  { "russian", "ru" },    { "spanish", "es" },
        { "swahili", "sw" },   { "swedish", "sv" },    { "tamil", "ta" },
        { "telugu", "te" },    { "thai", "th" },       { "turkish", "tr" },
        { "ukrainian", "uk" }, { "urdu", "ur" },       { "vietnamese", "vi" },
    };

    for (size_t i = 0; i < sizeof languages / sizeof *languages; i++)
        if (is_one_of(name, languages[i].name, strlen(languages[i].name)))
            return languages[i].code;
    return NULL;
}
