/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"
#include "cli/command_list.h" /* generated: COMMAND_LIST */

#define X(name) extern const struct command cmd_##name;
COMMAND_LIST
#undef X

#define X(name) &cmd_##name,
const struct command *const commands[] = { COMMAND_LIST NULL };
#undef X

const struct option common_options[] = {
    { OPTION_TEXT, 0, "db", offsetof(struct cli, db), "FILE",
      "the database (default $CURATE_DB, then curate.db)" },
    { OPTION_TEXT, 't', "threads", offsetof(struct cli, threads_text), "N",
      "threads to use (default $CURATE_THREADS, then all processors)" },
    { OPTION_TEXT, 0, "lock", offsetof(struct cli, lock_text), "wait[:SECONDS]|fail|skip",
      "what to do while another run has the database (default wait)" },
    { OPTION_FLAG, 0, "json", offsetof(struct cli, json), NULL,
      "print the result as JSON: one object, or for a list one a row" },
    { OPTION_FLAG, 'q', "quiet", offsetof(struct cli, quiet), NULL,
      "print nothing unless something goes wrong" },
    { OPTION_FLAG, 'n', "dry-run", offsetof(struct cli, dry_run), NULL,
      "say what would be done and change nothing" },
    { OPTION_FLAG, 'v', "verbose", offsetof(struct cli, verbose), NULL,
      "with an error, also say where in the program it arose" },
    { OPTION_FLAG, 'h', "help", offsetof(struct cli, help), NULL, "explain this command" },
    { OPTION_END, 0, NULL, 0, NULL, NULL },
};
