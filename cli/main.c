/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
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
#include "cli/watchdog.h"
#include "store/output.h"

/* Set by the first SIGINT, SIGTERM or SIGHUP. The second one ends the process: the first one
 * restored the default action. */
static volatile sig_atomic_t stop_signal;
/* Not 0 while SQLite runs the SQL of a user. */
static volatile sig_atomic_t user_sql_runs;

static void on_signal(int signal_number)
{
    stop_signal = signal_number;
    watchdog_start(signal_number, &user_sql_runs);
}

/* The weights of a model are read from the mapped file. If the file is truncated meanwhile, or
 * its disk fails, the read raises SIGBUS. The read cannot be repeated, so the process ends. */
static void on_bus_error(int signal_number)
{
    static const char message[] = "curate: a file was truncated while it was read, or its disk"
                                  " failed; committed data is kept\n";

    static volatile sig_atomic_t reported; /* several threads may get the signal */

    (void)signal_number;
    if (__atomic_exchange_n(&reported, 1, __ATOMIC_SEQ_CST) == 0) {
        (void)!write(STDERR_FILENO, message, sizeof message - 1);
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

    watchdog_init();
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    sigaction(SIGBUS, &bus, NULL);
    signal(SIGXFSZ, SIG_IGN); /* a write beyond ulimit -f fails with EFBIG instead */
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

static int report_failure(const struct cli *cli, const char *name, const struct error *err)
{
    if (cli->report.arg)
        progress_clear(cli->report.arg);
    fprintf(stderr, "curate%s%s: %s", name ? " " : "", name ? name : "", err->msg);
    if (cli->verbose)
        fprintf(stderr, " (%s:%d)", err->file, err->line);
    fputc('\n', stderr);
    return exit_status(err);
}

/* Write what standard output still holds. Returns the exit status. */
static int end_output(const struct cli *cli, const char *name)
{
    struct error err;

    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return 0;
    /* If an earlier write failed, its reason is gone; that of a closed output can be found. */
    if (errno || fcntl(STDOUT_FILENO, F_GETFD) < 0)
        error_errno(&err, errno, "standard output");
    else
        error_set(&err, ERR_IO, "standard output: cannot be written");
    err.code = ERR_IO;
    return report_failure(cli, name, &err);
}

/* Set the positional of the command from the arguments that are not options. */
static int set_positional(const struct command *command, const struct text_list *rest,
                          void *args, struct error *err)
{
    const struct option *positional = command->positional;

    if (rest->n == 0 && command->positional_required)
        return error_set(err, ERR_USAGE, "the argument %s is missing: see 'curate help %s'",
                         positional->value_name, command->name);
    if (rest->n > 0 && !positional)
        return error_set(err, ERR_USAGE, "'%s': too many arguments", rest->items[0]);
    if (rest->n > 1 && positional->type != OPTION_LIST)
        return error_set(err, ERR_USAGE, "'%s': too many arguments", rest->items[1]);
    for (unsigned i = 0; i < rest->n; i++)
        if (option_set(positional, args, rest->items[i], err) < 0)
            return error_prefix(err, "%s %s", positional->value_name, rest->items[i]);
    return 0;
}

/* Parse the arguments after the command's name, and run the command. given: bits of the common
 * options that stand before the name (opt.h). */
static int perform(struct cli *cli, uint64_t given, const struct command *command, int argc,
                   char **argv, struct error *err)
{
    void *args = calloc(1, command->args_size + 1);
    struct opt_target targets[] = { { command->options, args, 0 },
                                    { common_options, cli, given } };
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
    if (set_positional(command, &rest, args, err) < 0 || settings_environment(cli, err) < 0 ||
        settings_resolve(cli, err) < 0)
        goto done;
    if (output_is_database(cli->db)) {
        error_set(err, ERR_CANTCREATE,
                  "standard output: belongs to the database %s: write to "
                  "another file",
                  cli->db);
        goto done;
    }
    progress_start(&progress, &cli->report, cli->quiet);
    rc = command->stage ? cmd_stage_run(cli, command->stage, args, err)
                        : command->run(cli, args, err);
    progress_clear(&progress);
    cli->report.arg = NULL;
done:
    fetcher_release(&cli->fetcher);
    option_list_free(&rest);
    option_free_lists(command->options, command->positional, args);
    free(args);
    return rc;
}

/* Perform help and version, which are not in the list of commands. False for another word. */
static bool perform_word(const struct cli *cli, int argc, char **argv)
{
    struct command command;

    if (argc == 0 ? cli->help : argc == 1 && strcmp(argv[0], "help") == 0) {
        help_overview();
        return true;
    }
    if (argc > 0 && strcmp(argv[0], "version") == 0) {
        puts("curate " CURATE_VERSION);
        return true;
    }
    if (argc > 1 && strcmp(argv[0], "help") == 0 &&
        command_find(argc - 1, argv + 1, &command) > 0) {
        help_command(&command);
        return true;
    }
    return false;
}

/* Perform the command line after the options that stand before the command. */
static int perform_command(struct cli *cli, uint64_t given, int argc, char **argv)
{
    struct command command = { .name = NULL };
    struct error err;

    if (perform_word(cli, argc, argv))
        return end_output(cli, NULL);
    if (argc > 1 && strcmp(argv[0], "help") == 0) {
        argc--;
        argv++;
    }
    const int words = command_find(argc, argv, &command);
    if (words == 0) {
        if (argc == 0)
            error_set(&err, ERR_USAGE, "no command: 'curate help' lists them");
        else
            command_unknown(argv[0], &err);
        return report_failure(cli, NULL, &err);
    }
    catch_signals();
    if (perform(cli, given, &command, argc - words, argv + words, &err) < 0)
        return report_failure(cli, command.name, &err);
    return end_output(cli, command.name);
}

/* Perform the command line without the name of the program. Returns the exit status. */
static int perform_line(int argc, char **argv)
{
    char models_dir[4096];
    struct cli cli = { .models_dir = models_dir,
                       .report = { .stop_signal = &stop_signal,
                                   .user_sql_runs = &user_sql_runs } };
    struct opt_target common = { common_options, &cli, 0 };
    size_t n_parsed = 0;
    struct error err;

    if (argc > 0 && strcmp(argv[0], "--version") == 0)
        argv[0] += strlen("--");
    cli.help = argc == 0;
    if (opt_parse_leading(argv, (size_t)argc, &common, 1, &n_parsed, &err) < 0)
        return report_failure(&cli, NULL, &err);
    settings_models_dir(models_dir, sizeof models_dir);
    return perform_command(&cli, common.given, argc - (int)n_parsed, argv + n_parsed);
}

/* A file that we open would get the number of a closed standard stream, and what is meant for
 * the stream would go there. Open them so that reading or writing fails and is reported.
 * Returns false if that is impossible. */
static bool open_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        const int flags = fd == STDOUT_FILENO ? O_RDONLY : O_WRONLY;

        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags) != fd)
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct terminal terminal;
    struct error err;
    int status;

    if (!open_standard_streams())
        return 74;
    if (terminal_guard(&terminal, &err) < 0)
        status = report_failure(&(struct cli){ .db = NULL }, NULL, &err);
    else
        status = perform_line(argc - 1, argv + 1);
    terminal_release(&terminal);
    return status;
}
