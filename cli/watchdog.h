/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watchdog.h - what happens when a command has not ended a second after a signal to stop.
 *
 * A command ends after the batch in hand, which may take longer: then the watchdog says so. A
 * user's SQL may be in a function such as instr() that takes hours and that nothing can stop:
 * then the watchdog ends the process. That loses no committed data.
 */
#ifndef CURATE_WATCHDOG_H
#define CURATE_WATCHDOG_H

/* Catch SIGALRM. Call it once, before signals are caught. */
void watchdog_init(void);
/* Start the second. For the handler of the signal. *user_sql_runs: see store_note_user_sql().
 */
void watchdog_start(int signal_number, const volatile int *user_sql_runs);

#endif
