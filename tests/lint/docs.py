#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual page and the program name the same commands and options: docs.py PAGE CURATE

Both directions, command by command. What they say about an option is not compared.
"""
import re
import subprocess
import sys

import tree

COMMON = "Options of every command"
UNLISTED = {"help", "version"}  # commands whose whole manual is the overview


def ask(curate, *args):
    return subprocess.run([curate, *args], capture_output=True, text=True, check=True).stdout


def parts(text):
    """{heading: text below it} of a help text; a heading ends in a colon."""
    found = re.split(r"^(\S.*):$", text, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2]))


def long_options(text):
    return set(re.findall(r"^ +(?:-\w, )?--([a-z][a-z-]*)", text, re.MULTILINE))


def told_by_program(curate):
    """{command: its options}, those of every command under COMMON."""
    overview = parts(ask(curate, "help"))
    told = {COMMON: long_options(overview.pop(COMMON))}
    for text in overview.values():
        for command in re.findall(r"^  ([a-z]+(?: [a-z-]+)?)\s", text, re.MULTILINE):
            if command not in UNLISTED:
                about = parts(ask(curate, *command.split(), "--help"))
                told[command] = long_options(about.get("Options", ""))
    return told


def told_by_page(page):
    """The same, from the .Ss headings of an mdoc page and the .It Fl lines below them."""
    told = {}
    command = None
    for line in page.split("\n"):
        if line.startswith(".Sh "):
            command = None
        elif line.startswith(".Ss "):
            words = re.match(r"[a-z]+(?: [a-z-]+)?(?= [A-Z]|$)", line[4:])
            command = words[0] if words else line[4:]
            told.setdefault(command, set())
        elif line.startswith(".It Fl ") and command:
            told[command].update(re.findall(r"\\-([a-z][a-z-]*)", line))
    return told


def main(page_path, curate):
    with open(page_path, encoding="utf-8") as page:
        page = told_by_page(page.read())
    program = told_by_program(curate)
    problems = []
    for command in sorted(page.keys() | program.keys()):
        if command not in program:
            problems.append(f"the page explains '{command}', which the program does not know")
        elif command not in page:
            problems.append(f"the page does not explain '{command}'")
        else:
            problems += (f"{command}: the page explains --{name}, which is no option of it"
                         for name in sorted(page[command] - program[command]))
            problems += (f"{command}: the page does not explain --{name}"
                         for name in sorted(program[command] - page[command]))
    if not any(program.values()):
        problems.append("the program's help could not be read: no option found in it")
    tree.finish(problems)


if __name__ == "__main__":
    main(*sys.argv[1:])
