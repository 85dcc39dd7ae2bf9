/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/command.h"
#include "cli/commands/stage.h"
#include "cli/help.h"
#include "cli/opt.h"
#include "cli/progress.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "stages/stage.h"

/* Set by the first SIGINT or SIGTERM; a second one finds the default action and ends us at
 * once. */
static volatile sig_atomic_t stop_signal;

static void on_signal(int signal_number)
{
    stop_signal = signal_number;
}

/* A model is used where it is mapped: when somebody cuts the file short, or the disk below it
 * fails, reading it ends in this signal, and there is no way back. */
static void on_bus_error(int signal_number)
{
    static const char said[] = "curate: a file that was being read became shorter, or its disk"
                               " failed; what was committed is kept\n";

    static volatile sig_atomic_t told; /* by one of the threads that read it */

    (void)signal_number;
    if (__atomic_exchange_n(&told, 1, __ATOMIC_SEQ_CST) == 0) {
        (void)!write(STDERR_FILENO, said, sizeof said - 1);
        _exit(74);
    }
    for (;;)
        pause();
}

static void catch_signals(void)
{
    const struct sigaction bus = { .sa_handler = on_bus_error };
    struct sigaction action = { .sa_handler = on_signal,
                                .sa_flags = (int)SA_RESETHAND | SA_RESTART };

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGBUS, &bus, NULL);
}

/* sysexits(3); the table is part of the manual. */
static int exit_status(const struct error *err)
{
    static const int statuses[] = {
        [ERR_NEGATIVE] = 1,   [ERR_NOMEM] = 71,       [ERR_USAGE] = 64,
        [ERR_INPUT] = 65,     [ERR_UNSUPPORTED] = 65, [ERR_NOT_FOUND] = 66,
        [ERR_INVARIANT] = 70, [ERR_CANTCREATE] = 73,  [ERR_IO] = 74,
        [ERR_BUSY] = 75,      [ERR_DENIED] = 77,      [ERR_CONFIG] = 78,
    };

    if (err->code == ERR_CANCELLED)
        return 128 + (stop_signal ? stop_signal : SIGINT);
    return statuses[err->code];
}

static int fail(const struct cli *cli, const char *name, const struct error *err)
{
    if (cli->report.arg)
        progress_clear(cli->report.arg);
    fprintf(stderr, "curate%s%s: %s", name ? " " : "", name ? name : "", err->msg);
    if (cli->verbose)
        fprintf(stderr, " (%s:%d)", err->file, err->line);
    fputc('\n', stderr);
    return exit_status(err);
}

/* How many words of argv are the name, 0 when they are not. */
static int match(const char *name, int argc, char **argv)
{
    const size_t word = strcspn(name, " ");

    if (argc < 1 || strncmp(name, argv[0], word) != 0 || argv[0][word])
        return 0;
    if (!name[word])
        return 1;
    return argc > 1 && strcmp(name + word + 1, argv[1]) == 0 ? 2 : 0;
}

/* What argv names: a command, or a stage dressed as one; "score import" before "score". How
 * many words the name took, 0 for none. */
static int find_command(int argc, char **argv, struct command *out, const struct stage **stage)
{
    int most = 0;

    *stage = NULL;
    for (size_t i = 0; stages[i]; i++) {
        const int words = match(stages[i]->name, argc, argv);

        if (words <= most)
            continue;
        most = words;
        *stage = stages[i];
        *out = cmd_stage_command(*stage);
    }
    for (size_t i = 0; commands[i]; i++) {
        const int words = match(commands[i]->name, argc, argv);

        if (words <= most)
            continue;
        most = words;
        *stage = NULL;
        *out = *commands[i];
    }
    return most;
}

/* Take the name for the nearest one to what was typed, if it is nearer than those before it. */
static void consider(const char *name, const char *typed, const char **nearest, size_t *least)
{
    const size_t distance = option_distance(name, typed, 2);

    if (distance < *least) {
        *nearest = name;
        *least = distance;
    }
}

static void add_name(const char *name, const char *first, size_t first_len, char *names,
                     size_t *n, size_t size)
{
    if (strncmp(name, first, first_len) == 0 && *n < size)
        *n += (size_t)snprintf(names + *n, size - *n, "%s%s", *n ? ", " : "", name);
}

/* "model" without a second word, or with a wrong one: say which there are. */
static int unknown_second_word(const char *first, size_t first_len, struct error *err)
{
    char names[200] = "";
    size_t n = 0;

    for (size_t i = 0; stages[i]; i++)
        add_name(stages[i]->name, first, first_len, names, &n, sizeof names);
    for (size_t i = 0; commands[i]; i++)
        add_name(commands[i]->name, first, first_len, names, &n, sizeof names);
    return error_set(err, ERR_USAGE, "%s needs a second word; there are: %s", first, names);
}

/* Of the two that a command's name has. */
static bool is_first_word(const char *name, const char *typed)
{
    const size_t word = strcspn(name, " ");

    return strncmp(name, typed, word) == 0 && !typed[word];
}

static int unknown_command(char **argv, struct error *err)
{
    const char *nearest = NULL;
    size_t least = 3;

    for (size_t i = 0; stages[i]; i++) {
        if (is_first_word(stages[i]->name, argv[0]))
            return unknown_second_word(argv[0], strlen(argv[0]), err);
        consider(stages[i]->name, argv[0], &nearest, &least);
    }
    for (size_t i = 0; commands[i]; i++) {
        if (is_first_word(commands[i]->name, argv[0]))
            return unknown_second_word(argv[0], strlen(argv[0]), err);
        consider(commands[i]->name, argv[0], &nearest, &least);
    }
    if (nearest)
        return error_set(err, ERR_USAGE, "there is no command '%s'; did you mean '%s'?",
                         argv[0], nearest);
    return error_set(err, ERR_USAGE, "there is no command '%s'; 'curate help' lists them",
                     argv[0]);
}

/* Hand the arguments that are no options to the positional the command declares. */
static int set_positional(const struct command *command, const struct text_list *rest,
                          void *args, struct error *err)
{
    const struct option *positional = command->positional;

    if (rest->n == 0 && command->positional_required)
        return error_set(err, ERR_USAGE, "%s is missing; see 'curate help %s'",
                         positional->value_name, command->name);
    if (rest->n > 0 && !positional)
        return error_set(err, ERR_USAGE, "'%s' is one argument too many", rest->items[0]);
    if (rest->n > 1 && positional->type != OPTION_LIST)
        return error_set(err, ERR_USAGE, "'%s' is one argument too many", rest->items[1]);
    for (unsigned i = 0; i < rest->n; i++)
        if (option_set(positional, args, rest->items[i], err) < 0)
            return -1;
    return 0;
}

static void free_args(const struct command *command, void *args)
{
    const struct option *o = command->options;

    for (; args && o && o->type != OPTION_END; o++)
        if (o->type == OPTION_LIST)
            option_list_free((struct text_list *)(void *)((char *)args + o->offset));
    o = command->positional;
    if (args && o && o->type == OPTION_LIST)
        option_list_free((struct text_list *)(void *)((char *)args + o->offset));
    free(args);
}

/* Parse what follows the command's name, and do it. */
static int perform(struct cli *cli, const struct command *command, const struct stage *stage,
                   int argc, char **argv, struct error *err)
{
    void *args = calloc(1, command->args_size + 1);
    const struct opt_target targets[] = { { command->options, args }, { common_options, cli } };
    struct text_list rest = { 0 };
    struct progress progress;
    int rc = -1;

    if (!args)
        return error_nomem(err);
    if (command->args_size > 0)
        memcpy(args, command->defaults, command->args_size);
    if (opt_parse(argv, (size_t)argc, targets, 2, &rest, err) < 0)
        goto done;
    if (cli->help) {
        help_command(command);
        rc = 0;
        goto done;
    }
    settings_environment(cli);
    if (set_positional(command, &rest, args, err) < 0 || settings_resolve(cli, err) < 0)
        goto done;
    progress_start(&progress, &cli->report, cli->quiet);
    rc = stage ? cmd_stage_run(cli, stage, args, err) : command->run(cli, args, err);
    progress_clear(&progress);
    cli->report.arg = NULL;
done:
    option_list_free(&rest);
    free_args(command, args);
    return rc;
}

/* The words that are no commands of the table: help and version. 1 when it was one of them. */
static int perform_word(int argc, char **argv)
{
    const struct stage *stage;
    struct command command;

    if (argc == 0 || strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0 ||
        (argc == 1 && strcmp(argv[0], "help") == 0)) {
        help_overview();
        return 1;
    }
    if (strcmp(argv[0], "--version") == 0 || strcmp(argv[0], "version") == 0) {
        puts("curate " CURATE_VERSION);
        return 1;
    }
    if (strcmp(argv[0], "help") == 0 &&
        find_command(argc - 1, argv + 1, &command, &stage) > 0) {
        help_command(&command);
        return 1;
    }
    return 0;
}

/* The whole command line but for the name of the program. */
static int perform_line(int argc, char **argv)
{
    char models_dir[4096];
    struct cli cli = { .models_dir = models_dir, .report = { .stop_signal = &stop_signal } };
    const struct stage *stage = NULL;
    struct command command = { .name = NULL };
    struct error err;

    if (perform_word(argc, argv))
        return fflush(stdout) == 0 ? 0 : 74;
    if (strcmp(argv[0], "help") == 0) {
        argc--;
        argv++;
    }
    const int words = find_command(argc, argv, &command, &stage);
    if (words == 0) {
        unknown_command(argv, &err);
        return fail(&cli, NULL, &err);
    }
    settings_models_dir(models_dir, sizeof models_dir);
    catch_signals();
    if (perform(&cli, &command, stage, argc - words, argv + words, &err) < 0)
        return fail(&cli, command.name, &err);
    if (fflush(stdout) != 0) {
        error_errno(&err, errno, "standard output");
        return fail(&cli, command.name, &err);
    }
    return 0;
}

int main(int argc, char **argv)
{
    struct terminal terminal;
    struct error err;
    int status;

    if (terminal_guard(&terminal, &err) < 0)
        status = fail(&(struct cli){ .db = NULL }, NULL, &err);
    else
        status = perform_line(argc - 1, argv + 1);
    terminal_release(&terminal);
    return status;
}
