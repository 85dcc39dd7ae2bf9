/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "cli/command.h"
#include "cli/command_list.h" /* generated: COMMAND_LIST */
#include "cli/commands/stage.h"
#include "cli/settings.h"
#include "stages/stage.h"
#include "store/store.h"

#define X(name) extern const struct command cmd_##name;
COMMAND_LIST
#undef X

#define X(name) &cmd_##name,
const struct command *const commands[] = { COMMAND_LIST NULL };
#undef X

const struct option common_options[] = {
    { OPTION_TEXT, 0, "db", offsetof(struct cli, db), "FILE", .help = "the database",
      .unset = "$CURATE_DB, then curate.db" },
    { OPTION_INT, 't', "threads", offsetof(struct cli, threads), "N", .help = "threads to use",
      .unset = "$CURATE_THREADS, then all processors", .min = 1, .max = 1024 },
    { OPTION_TEXT, 0, "lock", offsetof(struct cli, lock_text), "wait[:SECONDS]|fail|skip",
      .help = "what to do while another run uses the database", .unset = LOCK_DEFAULT },
    { OPTION_FLAG, 0, "json", offsetof(struct cli, json), NULL,
      .help = "print the result as JSON: one object, or for a list one per row" },
    { OPTION_FLAG, 'q', "quiet", offsetof(struct cli, quiet), NULL,
      .help = "print nothing unless something goes wrong" },
    { OPTION_FLAG, 'n', "dry-run", offsetof(struct cli, dry_run), NULL,
      .help = "report what would be done and change nothing" },
    { OPTION_FLAG, 0, "offline", offsetof(struct cli, offline), NULL,
      .help = "open no connection: of a URL, use what was fetched before" },
    { OPTION_FLAG, 0, "allow-http", offsetof(struct cli, allow_http), NULL,
      .help = "allow URLs that begin with http://" },
    { OPTION_FLAG, 'v', "verbose", offsetof(struct cli, verbose), NULL,
      .help = "with an error, print where in the program it arose" },
    { OPTION_FLAG, 'h', "help", offsetof(struct cli, help), NULL,
      .help = "explain the command" },
    { .type = OPTION_END },
};

int command_open_store(const struct cli *cli, struct store **out, struct error *err)
{
    if (store_open(cli->db, STORE_READ_ONLY, out, err) < 0)
        return -1;
    store_stop_on(*out, cli->report.stop_signal);
    store_note_user_sql(*out, cli->report.user_sql_runs);
    return 0;
}

bool command_at(size_t i, struct command *out)
{
    size_t n_stages = 0;

    for (; stages[n_stages]; n_stages++)
        if (n_stages == i) {
            *out = cmd_stage_command(stages[i]);
            return true;
        }
    for (size_t c = 0; commands[c]; c++)
        if (n_stages + c == i) {
            *out = *commands[c];
            return true;
        }
    return false;
}

/* How many words of argv are this name; 0: argv begins with another name. */
static int count_name_words(const char *name, int argc, char **argv)
{
    const size_t word = strcspn(name, " ");

    if (argc < 1 || strncmp(name, argv[0], word) != 0 || argv[0][word])
        return 0;
    if (!name[word])
        return 1;
    return argc > 1 && strcmp(name + word + 1, argv[1]) == 0 ? 2 : 0;
}

int command_find(int argc, char **argv, struct command *out)
{
    struct command command;
    int most = 0;

    for (size_t i = 0; command_at(i, &command); i++) {
        const int words = count_name_words(command.name, argc, argv);

        if (words <= most)
            continue;
        most = words;
        *out = command;
    }
    return most;
}

/* "model" without a second word, or with a wrong one: list the names that begin with it. */
static int unknown_second_word(const char *first, struct error *err)
{
    struct command command;
    char names[200] = "";
    size_t n = 0;

    for (size_t i = 0; command_at(i, &command); i++)
        if (strncmp(command.name, first, strlen(first)) == 0 && n < sizeof names)
            n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", n > 0 ? ", " : "",
                                  command.name);
    return error_set(err, ERR_USAGE, "%s needs a second word; there are: %s", first, names);
}

/* Is the word the first of the two words of a command's name? */
static bool is_first_word(const char *name, const char *word)
{
    const size_t len = strcspn(name, " ");

    return strncmp(name, word, len) == 0 && !word[len];
}

int command_unknown(const char *word, struct error *err)
{
    const char *nearest = NULL;
    struct command command;
    size_t least = 3; /* up to two typing mistakes */

    for (size_t i = 0; command_at(i, &command); i++) {
        const size_t distance = option_distance(command.name, word, 2);

        if (is_first_word(command.name, word))
            return unknown_second_word(word, err);
        if (distance >= least)
            continue;
        least = distance;
        nearest = command.name;
    }
    if (nearest)
        return error_set(err, ERR_USAGE, "there is no command '%s'; did you mean '%s'?", word,
                         nearest);
    return error_set(err, ERR_USAGE, "there is no command '%s'; 'curate help' lists them",
                     word);
}
