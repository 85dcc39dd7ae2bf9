#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules about the text of sources that clang-format does not check: shape.py ROOT.

For every text file: tabs, trailing blanks, invisible characters, notes to oneself. For C also:
lengths of files and functions, nesting, comments, include guards, include order, banned calls.
"""
import re
import sys
import unicodedata
from os.path import basename, dirname, splitext
from sys import maxsize

import tree

MAX_COLUMNS = {".c": 96, ".h": 96, ".cc": 96, ".py": 100, ".sh": 100, ".build": 100}
MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60
MAX_NESTING = 3

C = (".c", ".h", ".cc")
SCRIPT = (".py", ".sh")
PLAIN = (".build", ".txt", ".md", ".sql", ".yaml", ".json")
LICENCE = "SPDX-License-Identifier: Apache-2.0"

# Spelled in pieces, so that this file passes its own test.
NOTE = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
THIS_MACHINE = re.compile(r"(?<![\w.~/])/(home|root|Users|work)/\w")
BANNED = {name: "banned" for name in
          "strcpy strcat sprintf vsprintf strtok atoi atol atof gets strncpy localtime gmtime "
          "rand srand random alloca setjmp longjmp".split()}
OUTER = {name: "only cli/ prints, exits and reads the environment" for name in
         "printf puts putchar vprintf perror exit _exit abort atexit getenv secure_getenv "
         "setenv".split()}
CALL = re.compile(r"\b([a-z_]+)\s*\(")
SQL = re.compile(r'^"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER|PRAGMA|BEGIN|COMMIT) ')
TYPEDEF = re.compile(r"^\s*typedef\s+(struct|union|enum)\b")
MUTABLE = re.compile(r"^\s*static\s+(?!const\b|inline\b|_Noreturn\b|noreturn\b)[^(]*[;=]")
OPENS_BLOCK = re.compile(r"(\)|\belse|\bdo)\s*$")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"][^>"]+[>"])')
THIRD = {"archive.h", "archive_entry.h", "brotli/decode.h", "bzlib.h",
         "cld2/public/compact_lang_det.h", "cld2/public/encodings.h", "cmocka.h", "curl/curl.h",
         "cyaml/cyaml.h", "json-c/json.h", "lz4.h", "lz4frame.h", "lzma.h", "openssl/evp.h",
         "pcre2.h", "snappy-c.h", "sqlite3.h",
         "utf8proc.h", "xxhash.h", "zlib.h", "zstd.h", "zstd_errors.h"}


def is_case(name):
    """True for a case of tests/e2e, which looks like what a user types."""
    return name.startswith("tests/e2e/") and name != "tests/e2e/run.sh"


def text_problems(name, text):
    """(line, what) for the rules that hold in every text file."""
    columns = maxsize if is_case(name) else MAX_COLUMNS.get(splitext(name)[1], maxsize)
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "the last line has no newline: add one"
    for number, line in enumerate(text.split("\n"), 1):
        if "\t" in line and name not in ("Makefile", "debian/rules"):
            yield number, "a tab: use spaces"
        if line != line.rstrip():
            yield number, "blanks at the end of the line: remove them"
        if len(line) > columns:
            yield number, f"{len(line)} columns: at most {columns}"
        if NOTE.search(line):
            yield number, "a note to oneself: do it, or open an issue"
        if THIS_MACHINE.search(line):
            yield number, "a path of one machine: remove it"
        for char in line:
            if char != "\t" and unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp", "Co"):
                yield number, f"an invisible character, U+{ord(char):04X}: remove or escape it"


def licence_problems(name, text):
    first = text.split("\n", 2)[:2]
    if name.endswith(C) and first[0] != f"/* {LICENCE} */":
        yield 1, f"the first line is not the licence: /* {LICENCE} */"
    if name.endswith(SCRIPT) and not is_case(name) and f"# {LICENCE}" not in first:
        yield 1, f"the first two lines lack the licence: # {LICENCE}"


def functions(lines):
    """(first, last) line index of each function; the layout puts its braces in column 0."""
    start = None
    for i, line in enumerate(lines):
        if line == "{":
            start = i
            while start > 0 and re.search(r"[^;}\s]\s*$", lines[start - 1]) and \
                    not lines[start - 1].startswith("#"):
                start -= 1
        elif line == "}" and start is not None:
            yield start, i
            start = None


def function_problems(lines):
    for first, last in functions(lines):
        n_lines = last - first + 1
        if n_lines > MAX_FUNCTION_LINES:
            yield first + 1, f"a function of {n_lines} lines: at most {MAX_FUNCTION_LINES}"
        blocks = []
        for i in range(first, last + 1):
            before = lines[i]
            for match in re.finditer(r"[{}]", lines[i]):
                if match[0] == "}":
                    blocks = blocks[:-1]
                    continue
                blocks.append(bool(OPENS_BLOCK.search(before[:match.start()])))
                if blocks[-1] and sum(blocks) == MAX_NESTING + 1:
                    yield i + 1, f"a block nested more than {MAX_NESTING} deep: use a function"


def word_problems(name, lines):
    """Banned calls, typedefs of structs, static variables."""
    ours = not name.startswith(("tests/", "bench/"))
    inner = ours and not name.startswith("cli/")
    for number, line in enumerate(lines, 1):
        for call in CALL.findall(line):
            why = BANNED.get(call) or inner and OUTER.get(call)
            if why:
                yield number, f"{call}(): {why}"
        if inner and re.search(r"\b(stdout|stderr|environ)\b", line):
            yield number, "only cli/ uses the standard streams and the environment"
        if TYPEDEF.search(line):
            yield number, "a typedef hides the struct: use its tag"
        if ours and MUTABLE.search(line) and "sig_atomic_t" not in line:
            yield number, "a static variable: pass it as an argument, or make it const"


def string_problems(name, text):
    for number, literal in tree.strings(text):
        if "failed to" in literal.lower() and not name.startswith("tests/"):
            yield number, "'failed to' in a message: say what is wrong instead"
        if name.startswith(("store/", "tests/", "bench/")):
            continue
        if SQL.match(literal) and not (name.startswith("cli/") and " FROM v_" in literal):
            yield number, "SQL outside of store/: move it there; cli/ may read the views"


STATIC_FUNCTION = re.compile(
    r"^static (?:inline )?[^=;{(]*?\b(\w+)\([^;{]*\)\n\{", re.MULTILINE)


def static_name_problems(name, text, statics):
    """File-local functions have names of their own, so that grep and debuggers find one."""
    if not name.endswith(".c") or name.startswith(("tests/", "bench/")):
        return
    for match in STATIC_FUNCTION.finditer(text):
        other = statics.setdefault(match[1], name)
        if other != name:
            line = text.count("\n", 0, match.start()) + 1
            yield line, f"static {match[1]}() has the name of a static function of {other}"


def guard_problems(name, text, guards):
    """The guard ends in the file's name, with folders before it if that makes it unique."""
    stem = re.sub(r"\W", "_", basename(name)).upper()
    match = re.search(rf"\n#ifndef (CURATE_(?:[A-Z0-9]+_)*{stem})\n#define \1\n\n", text)
    if not match or not text.endswith("\n#endif\n"):
        yield 1, f"no include guard CURATE_{stem} around the header: add it"
    elif guards.setdefault(match[1], name) != name:
        yield 1, f"the same include guard as {guards[match[1]]}: add the folder to it"


def rank(include):
    """System, third-party, project: the order of the blocks of includes."""
    if include[0] == '"':
        return 3
    return 2 if include[1:-1] in THIRD else 1


def include_blocks(text):
    """(line, [include]) for each run of include lines."""
    block, start = [], 0
    for number, line in enumerate(text.split("\n"), 1):
        match = INCLUDE.match(line)
        if match:
            start = start if block else number
            block.append(match[1])
        elif block:
            yield start, block
            block = []


def include_problems(name, text):
    """System, third-party and project headers are in blocks of their own, in this order and
    sorted. A source may begin with a block of its own header or its folder's."""
    previous = 0
    for number, block in include_blocks(text):
        own = {dirname(include[1:]) for include in block} <= {dirname(name), "tests/support"}
        if previous == 0 and own and name.endswith((".c", ".cc")):
            continue
        ranks = {rank(include) for include in block}
        if len(ranks) > 1:
            yield number, "a block mixes system, third-party and project headers: separate them"
        elif max(ranks) < previous:
            yield number, "include order: the order is own header, system, third-party, project"
        elif block != sorted(block):
            yield number, "includes are not sorted: sort them"
        previous = max(ranks)


def c_problems(name, text, guards, statics):
    lines = tree.code(text).split("\n")
    if text.count("\n") > MAX_FILE_LINES and not name.startswith("tests/"):
        yield MAX_FILE_LINES, f"{text.count(chr(10))} lines: at most {MAX_FILE_LINES}"
    for match in tree.TOKEN.finditer(text):
        if match[0].startswith("//"):
            yield text.count("\n", 0, match.start()) + 1, "a // comment: use /* */"
    yield from function_problems(lines)
    yield from word_problems(name, lines)
    yield from string_problems(name, text)
    yield from include_problems(name, text)
    yield from static_name_problems(name, text, statics)
    if name.endswith(".h"):
        yield from guard_problems(name, text, guards)


def main(root):
    problems = []
    guards, statics = {}, {}
    for name in tree.files(root, *C, *SCRIPT, *PLAIN, ""):
        if name in ("LICENSE", ".git") or "/corpus/" in name or "/data/" in name or \
                name.startswith("models/") and not name.endswith(SCRIPT):
            continue
        text = tree.read(root, name)
        found = list(text_problems(name, text)) + list(licence_problems(name, text))
        if name.endswith(C):
            found += c_problems(name, text, guards, statics)
        problems += (f"{name}:{line}: {what}" for line, what in found)
    tree.finish(problems)


if __name__ == "__main__":
    main(sys.argv[1])
