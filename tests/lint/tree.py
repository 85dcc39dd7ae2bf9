# SPDX-License-Identifier: Apache-2.0
"""Functions of several lints: the files of the repository, C without comments and strings."""
import re
import sys
from pathlib import Path

FOLDERS = ["base", "bench", "cli", "debian", "docs", "examples", "models", "pipeline",
           "schemas", "scoring", "stages", "store", "tests", ".ci"]

TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def files(root, *suffixes):
    """The files of the repository with these suffixes, as paths relative to root, sorted."""
    # In a linked worktree of git, .git is a file that holds a path.
    found = [path for path in Path(root).iterdir() if path.is_file() and path.name != ".git"]
    for folder in FOLDERS:
        found += (path for path in Path(root, folder).rglob("*") if path.is_file())
    return sorted(path.relative_to(root).as_posix() for path in found
                  if path.suffix in suffixes and "__pycache__" not in path.parts)


def read(root, name):
    return Path(root, name).read_text(encoding="utf-8")


def blank(token, keep=""):
    """The newlines of the token, after the text `keep`."""
    return keep + "\n" * token.count("\n")


def code(text):
    """C without comments, and with only the quotes of strings. Line numbers stay the same."""
    def replace(match):
        token = match[0]
        return blank(token, " ") if token[0] == "/" else token[0] * 2
    return TOKEN.sub(replace, text)


def strings(text):
    """(line, literal) for each string of C text."""
    return [(text.count("\n", 0, match.start()) + 1, match[0])
            for match in TOKEN.finditer(text) if match[0][0] == '"']


def names(root, build_file, variable):
    """The names of a Meson list, `variable = ['a', 'b']`; empty if there is no such list."""
    path = Path(root, build_file)
    if not path.exists():
        return []
    match = re.search(rf"^{variable} = \[(.*?)\]", path.read_text(encoding="utf-8"),
                      re.DOTALL | re.MULTILINE)
    return re.findall(r"'([^']+)'", match[1]) if match else []


def finish(problems):
    """Print the problems and exit: with 0 if there are none, else with 1."""
    for problem in problems:
        print(problem)
    sys.exit(1 if problems else 0)
