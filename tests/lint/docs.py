#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The manual page and the program explain the same options: docs.py PAGE CURATE

Compared in both directions, command by command: the options, the default of each, and the names
that an option can choose from. Help is made from the option tables, so this compares the page with
the tables. The page states a default as a sentence of its own, "Default: VALUE.", and marks each
name of a choice, and nothing else of the entry, with .Cm.
"""
import re
import subprocess
import sys

import tree

COMMON = "Options of every command"
OPTION = r"^  (?:-\w, |    )--([a-z][a-z-]*)"  # as help begins the lines about an option
UNLISTED = {"help", "version"}  # commands whose whole manual is the overview


def ask(curate, *args):
    return subprocess.run([curate, *args], capture_output=True, text=True, check=True).stdout


def parts(text):
    """{heading: text below it} of a help text; a heading ends in a colon."""
    found = re.split(r"^(\S.*):$", text, flags=re.MULTILINE)
    return dict(zip(found[1::2], found[2::2]))


def long_options(text):
    return set(re.findall(OPTION, text, re.MULTILINE))


def help_entries(text):
    """{option: its help on one line} of a table of options."""
    found = re.split(OPTION, text, flags=re.MULTILINE)
    return {name: " ".join(about.split()) for name, about in zip(found[1::2], found[2::2])}


def help_facts(about):
    """The default and the choices that the help of an option states; None and an empty set."""
    default = re.search(r" \(default: (.*)\)$", about)
    choices = re.search(r": one of ([^()]*?)(?: \(default: |$)", about)
    return (default[1].replace("$", "") if default else None,
            set(choices[1].split(", ")) if choices else set())


def told_by_program(curate):
    """{command: {option: (default, choices)}}, those of every command under COMMON."""
    overview = parts(ask(curate, "help"))
    told = {COMMON: overview.pop(COMMON)}
    for text in overview.values():
        for command in re.findall(r"^  ([a-z]+(?: [a-z-]+)?)\s", text, re.MULTILINE):
            if command not in UNLISTED:
                about = parts(ask(curate, *command.split(), "--help"))
                told[command] = about.get("Options", "")
    return {command: {name: help_facts(about) for name, about in help_entries(text).items()}
            for command, text in told.items()}


def plain(lines):
    """The text of mdoc lines: macros left out, options with their dashes."""
    text = " ".join(lines)
    text = re.sub(r"\.?\bFl \\-", "--", text)
    text = re.sub(r"(?:^|(?<= ))\.?(?:Cm|Ev|Pa|Ar|Em|Fl|Ns|Dq|Ql) ", "", text)
    return re.sub(r" ([.,;:)])", r"\1", text)


def page_facts(lines):
    """The default and the words marked as choices of an entry: its .It line and what follows."""
    text = plain(lines[1:])
    default = re.search(r"\bDefault: (.*?)\.(?: |$)(?![0-9])", text)
    marked = " ".join(line for line in lines if line.startswith((".It ", ".Cm ")))
    words = re.findall(r"\bCm ((?:[^ ,.;:|]\S* ?(?:, )?)+)", marked)
    names = {name for word in words for name in word.split() if re.match(r"[a-z0-9+-]", name)}
    return (default[1] if default else None, names)


def told_by_page(page):
    """The same as told_by_program(), from the .Ss headings of an mdoc page and the .It Fl entries
    below them."""
    told = {}
    command, entry = None, []
    for line in page.split("\n"):
        if line.startswith((".Sh ", ".Ss ", ".It ", ".El")):
            entry = []
        if line.startswith(".Sh "):
            command = None
        elif line.startswith(".Ss "):
            words = re.match(r"[a-z]+(?: [a-z-]+)?(?= [A-Z]|$)", line[4:])
            command = words[0] if words else line[4:]
            told.setdefault(command, {})
        elif line.startswith(".It Fl ") and command:
            for name in re.findall(r"Fl \\-([a-z][a-z-]*)", line):
                told[command][name] = entry
        entry.append(line)
    return {command: {name: page_facts(lines) for name, lines in entries.items()}
            for command, entries in told.items()}


def differences(command, page, program):
    """What the page and the program say differently about the options of a command."""
    for name in sorted(page.keys() - program.keys()):
        yield f"{command}: the page explains --{name}, which is no option of it"
    for name in sorted(program.keys() - page.keys()):
        yield f"{command}: the page does not explain --{name}"
    for name in sorted(page.keys() & program.keys()):
        (default, choices), (own_default, own_choices) = page[name], program[name]
        if default != own_default:
            yield (f"{command}: --{name}: the page gives the default '{default}', the program "
                   f"'{own_default}'")
        if own_choices and choices != own_choices:
            yield (f"{command}: --{name}: the page marks {sorted(choices)}, the program chooses "
                   f"from {sorted(own_choices)}")


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
            problems += differences(command, page[command], program[command])
    if not any(program.values()):
        problems.append("the program's help could not be read: no option found in it")
    tree.finish(problems)


if __name__ == "__main__":
    main(*sys.argv[1:])
