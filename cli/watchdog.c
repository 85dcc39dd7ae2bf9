/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/watchdog.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

enum { PATIENCE_SECONDS = 1 };

static volatile sig_atomic_t stop_signal;
static const volatile int *user_sql_runs;

static void on_alarm(int signal_number)
{
    static const char ended[] =
        "curate: stopped by a signal inside one SQL function; committed "
        "data is kept\n";
    static const char waits[] =
        "curate: stopping after the batch in hand; a second signal stops "
        "at once\n";

    (void)signal_number;
    if (*user_sql_runs) {
        (void)!write(STDERR_FILENO, ended, sizeof ended - 1);
        _exit(128 + stop_signal);
    }
    (void)!write(STDERR_FILENO, waits, sizeof waits - 1);
}

void watchdog_init(void)
{
    const struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };

    sigaction(SIGALRM, &action, NULL);
}

void watchdog_start(int signal_number, const volatile int *runs)
{
    user_sql_runs = runs;
    stop_signal = signal_number;
    alarm(PATIENCE_SECONDS);
}
