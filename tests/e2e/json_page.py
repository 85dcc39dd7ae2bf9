#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The --json output of all commands is as docs/json.md promises.

    json_page.py PAGE FOLDER COMMANDS [HEADING:MEMBER...]

FOLDER has a file for each heading of the page, with the printed objects. COMMANDS is the output of
`curate help`. Each member of an object must be in the table of its heading, with the type given
there. Each member of a table must be in every object, or in at least one if the table says when it
is present. This build cannot print the members named last.
"""
import json
import re
import sys
from pathlib import Path

CLOSING = "Closing objects"
NO_TABLE = {"query"}  # its members are the columns of the query
UNFINISHED = {"failed", "interrupted", "skipped"}
TYPES = {"text": str, "integer": int, "number": float, "object": dict, "list": list}


def read_tables(page):
    """{heading: (text below it, {member: (types, when, meaning)})}"""
    found = re.split(r"^## (.+)$", page, flags=re.MULTILINE)
    tables = {}
    for heading, text in zip(found[1::2], found[2::2]):
        rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]*)\| ([^|]+) \|$", text,
                          re.MULTILINE)
        table = {member: (re.split(", | or ", types), when.strip(), meaning)
                 for member, types, when, meaning in rows}
        tables[heading] = (text, table)
    return tables


def members(value, path=""):
    """(path, value) of each member, those of objects in lists as list[].member."""
    for name, inner in value.items():
        yield path + name, inner
        if isinstance(inner, dict):
            yield from members(inner, f"{path}{name}.")
        elif isinstance(inner, list):
            for item in inner:
                if isinstance(item, dict):
                    yield from members(item, f"{path}{name}[].")


def has_type(value, types):
    if value is None:
        return "null" in types
    if isinstance(value, int) and "number" in types:
        return not isinstance(value, bool)
    return any(type(value) is TYPES[name] for name in types if name != "null")


def is_optional(table, member):
    """A member of an optional object is as optional as the object."""
    outer = member.rpartition(".")[0].removesuffix("[]")
    return bool(table[member][1]) or bool(outer)


def object_problems(found, table):
    present = dict(members(found))
    for member, value in present.items():
        if member not in table:
            yield f"{member} is not in the table: add it"
        elif not has_type(value, table[member][0]):
            yield f"{member} is {value!r}, not {' or '.join(table[member][0])}"
    if found.get("status") not in UNFINISHED:
        for member in table:
            if member not in present and not is_optional(table, member):
                yield f"{member} is missing"
    schema = found.get("schema")
    if schema and "COMMAND" not in table["schema"][2] and f"`{schema}`" != table["schema"][2]:
        yield f"the schema is {schema}"


def heading_problems(heading, text, table, objects):
    if not objects:
        yield "no output to compare with"
    named = re.search(r"losing object, `(curate\.[a-z-]+/1)`", text)
    if "losing object" in text and not named:
        yield "the schema of its closing object is not named"
    seen = set()
    for found in objects:
        yield from object_problems(found, table)
        seen.update(member for member, _ in members(found))
        if named and found.get("schema") != named[1]:
            yield f"the schema is {found.get('schema')}, not {named[1]}"
    for member in table:
        if member not in seen:
            yield f"{member} is in no output"


def main(page, folder, commands, *unseen):
    tables = read_tables(Path(page).read_text(encoding="utf-8"))
    closing = tables.pop(CLOSING)[1]
    tables.pop("What is promised")
    problems = []
    for heading, (text, table) in tables.items():
        if "losing object" in text:
            table = {**closing, **table}
            if re.search(r"without\sthe\smember\s`run`", text):
                del table["run"]
        if not table and heading not in NO_TABLE:
            problems.append(f"{heading}: no table")
        if heading in NO_TABLE:
            continue
        table = {member: row for member, row in table.items()
                 if f"{heading}:{member}" not in unseen}
        path = Path(folder, heading)
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        problems += (f"{heading}: {problem}" for problem in dict.fromkeys(
            heading_problems(heading, text, table, list(map(json.loads, lines)))))
    for command in re.findall(r"^  ([a-z][a-z-]*(?: [a-z-]+)?)  ",
                              Path(commands).read_text(encoding="utf-8"), re.MULTILINE):
        if command != "version" and not any(
                re.match(rf"{command}(?=$|[ ,])", heading) for heading in tables):
            problems.append(f"no heading for the command {command}")
    print("\n".join(problems) or "all as docs/json.md promises")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
