# SPDX-License-Identifier: Apache-2.0
"""Send SIGTERM to a program that is hard at work: terminate.py COMMAND...

Waits until the program catches SIGTERM and has then computed for BUSY_SECONDS of processor time, so
that a slow machine only makes the test slower. Prints the exit status as a shell counts it, or
"deaf" if the program went on for DEAF_SECONDS.
"""
import os
import signal
import subprocess
import sys
import time

BUSY_SECONDS = 0.3
DEAF_SECONDS = 120


def catches_sigterm(pid):
    with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as status:
        caught = next(line.split()[1] for line in status if line.startswith("SigCgt:"))
    return int(caught, 16) >> (signal.SIGTERM - 1) & 1


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


child = subprocess.Popen(sys.argv[1:])
while child.poll() is None and not catches_sigterm(child.pid):
    time.sleep(0.01)
start = cpu_seconds(child.pid) if child.poll() is None else 0
while child.poll() is None and cpu_seconds(child.pid) < start + BUSY_SECONDS:
    time.sleep(0.01)
child.send_signal(signal.SIGTERM)
try:
    status = child.wait(DEAF_SECONDS)
    print("status", status if status >= 0 else 128 - status)
except subprocess.TimeoutExpired:
    child.kill()
    print("deaf")
