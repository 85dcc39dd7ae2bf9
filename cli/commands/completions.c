/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <string.h>

#include "base/error.h"
#include "cli/command.h"
#include "cli/completions/completions.h"

struct completions_args {
    const char *shell;
};

static const struct option positional = {
    OPTION_TEXT,         0, "shell", offsetof(struct completions_args, shell), "bash|zsh|fish",
    .help = "the shell",
};

static int completions_run(struct cli *cli, const void *args, struct error *err)
{
    static const struct {
        const char *name;
        void (*print)(void);
    } shells[] = { { "bash", completions_print_bash },
                   { "zsh", completions_print_zsh },
                   { "fish", completions_print_fish } };
    const struct completions_args *a = args;

    (void)cli;
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++)
        if (strcmp(a->shell, shells[i].name) == 0) {
            shells[i].print();
            return 0;
        }
    return error_set(err, ERR_USAGE, "no completions for '%s': use bash, zsh or fish",
                     a->shell);
}

const struct command cmd_completions = {
    .name = "completions",
    .summary = "print a script that completes command lines in a shell",
    .description = "Installing curate installs the scripts. To use one without: source its\n"
                   "output, as `source <(curate completions bash)`.",
    .is_hidden = true,
    .positional = &positional,
    .positional_required = true,
    .args_size = sizeof(struct completions_args),
    .defaults = &(const struct completions_args){ .shell = NULL },
    .run = completions_run,
};
