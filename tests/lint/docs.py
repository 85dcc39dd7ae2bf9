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
OPTION = r"^  (?:-\w, |    )--([a-z][a-z0-9-]*)"  # the beginning of an option's lines in help
UNLISTED = {"help", "version"}  # commands without a section in the page


def output_of(curate, *args):
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


def program_options(curate):
    """{command: {option: (default, choices)}}, those of every command under COMMON."""
    overview = parts(output_of(curate, "help"))
    found = {COMMON: overview.pop(COMMON)}
    for text in overview.values():
        for command in re.findall(r"^  ([a-z]+(?: [a-z-]+)?)\s", text, re.MULTILINE):
            if command not in UNLISTED:
                about = parts(output_of(curate, *command.split(), "--help"))
                found[command] = about.get("Options", "")
    return {command: {name: help_facts(about) for name, about in help_entries(text).items()}
            for command, text in found.items()}


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


def page_options(page):
    """The same as program_options(), from the .Ss headings of an mdoc page and the .It Fl entries
    below them."""
    found = {}
    command, entry = None, []
    for line in page.split("\n"):
        if line.startswith((".Sh ", ".Ss ", ".It ", ".El")):
            entry = []
        if line.startswith(".Sh "):
            command = None
        elif line.startswith(".Ss "):
            words = re.match(r"[a-z]+(?: [a-z-]+)?(?= [A-Z]|$)", line[4:])
            command = words[0] if words else line[4:]
            found.setdefault(command, {})
        elif line.startswith(".It Fl ") and command:
            for name in re.findall(r"Fl \\-([a-z][a-z0-9-]*)", line):
                found[command][name] = entry
        entry.append(line)
    return {command: {name: page_facts(lines) for name, lines in entries.items()}
            for command, entries in found.items()}


def option_problems(command, page, program):
    """Differences of the page and the program about the options of a command."""
    for name in sorted(page.keys() - program.keys()):
        yield f"{command}: the page explains --{name}, which the program does not have: remove it"
    for name in sorted(program.keys() - page.keys()):
        yield f"{command}: the page does not explain --{name}: add it"
    for name in sorted(page.keys() & program.keys()):
        (default, choices), (own_default, own_choices) = page[name], program[name]
        if default != own_default:
            yield (f"{command}: --{name}: the default is '{default}' in the page and "
                   f"'{own_default}' in the program: make them equal")
        if own_choices and choices != own_choices:
            yield (f"{command}: --{name}: the page marks the choices {sorted(choices)} with .Cm, "
                   f"the program has {sorted(own_choices)}: make them equal")


def main(page_path, curate):
    with open(page_path, encoding="utf-8") as page:
        page = page_options(page.read())
    program = program_options(curate)
    problems = []
    for command in sorted(page.keys() | program.keys()):
        if command not in program:
            problems.append(f"the page explains '{command}', which is not a command: remove it")
        elif command not in page:
            problems.append(f"the page does not explain the command '{command}': add a section .Ss")
        else:
            problems += option_problems(command, page[command], program[command])
    if not any(program.values()):
        problems.append("no option found in the program's help: adapt OPTION of docs.py")
    tree.finish([f"{page_path}: {problem}" for problem in problems])


if __name__ == "__main__":
    main(*sys.argv[1:])
