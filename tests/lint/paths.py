#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Files that a page or a comment names exist: paths.py ROOT.

Checks paths and links in Markdown, and paths and file names in comments of C. A path may begin
in any folder. NAME, ROOM and NNNN_what stand for anything; at least one file must fit.
README.md lists every folder of sources.
"""
import re
import sys
from fnmatch import fnmatch
from os.path import basename, dirname
from pathlib import PurePath

import shape
import tree

FOLDER = "|".join(name for name in tree.FOLDERS if not name.startswith("."))
ENDING = r"\.(?:c|cc|h|py|sh|md|sql|yaml|build)\b"
IN_PAGE = re.compile(rf"`((?:{FOLDER})/[\w./-]*)`")
IN_COMMENT = re.compile(rf"(?<![\w./*-])((?:[\w-]+/)*[A-Za-z]\w*{ENDING})(?![\w/])")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
# Files that a build makes, and headers of libraries and of the system.
MADE = re.compile(r"\w+_list\.h|migrations\.h|scorer_pages\.h")
FOREIGN = shape.THIRD | {basename(name) for name in shape.THIRD} | {"linux/magic.h"}


def page_paths(name, text):
    """(offset, path from the root) of the paths and links of a page."""
    for match in IN_PAGE.finditer(text):
        yield match.start(), match[1].rstrip("/")
    for match in LINK.finditer(text):
        parts = []
        for part in PurePath(dirname(name), match[1]).parts:
            parts = parts[:-1] if part == ".." else [*parts, part]
        yield match.start(), "/".join(parts)


def comment_paths(text):
    for comment in tree.TOKEN.finditer(text):
        if comment[0].startswith("/*"):
            for match in IN_COMMENT.finditer(comment[0]):
                if not MADE.fullmatch(basename(match[1])) and match[1] not in FOREIGN:
                    yield comment.start() + match.start(), match[1]


def fits(path, names):
    """Whether a file or folder of the repository has this path, or this name."""
    pattern = re.sub(r"NAME|NNNN_what|ROOM", "*", path)
    return any(fnmatch(name, pattern) or fnmatch(name, f"*/{pattern}") for name in names)


def room_problems(root, names):
    """Folders of sources that the tree of README.md does not list."""
    if "README.md" not in names:
        return
    text = tree.read(root, "README.md")
    block = text.partition("## The tree")[2].partition("```")[2].partition("```")[0]
    listed = set(re.findall(r"[\w-]+(?=/)", block))
    rooms = {dirname(name) for name in names if name.endswith(".c")}
    for room in sorted(rooms):
        if not room.startswith(("tests", "bench", "scoring/kernels/")) and \
                basename(room) not in listed:
            yield f"README.md: the tree does not list {room}/: add a line"


def main(root):
    files = tree.files(root, ".md", ".c", ".cc", ".h", ".py", ".sh", ".sql", ".yaml", ".build",
                       ".1", ".gguf", ".svg", ".jsonl", ".json", ".txt", "")
    names = {*files, *(parent.as_posix() for name in files for parent in PurePath(name).parents)}
    problems = list(room_problems(root, names))
    for name in files:
        if not name.endswith((".md", ".c", ".cc", ".h")) or "/corpus/" in name:
            continue
        text = tree.read(root, name)
        found = page_paths(name, text) if name.endswith(".md") else comment_paths(text)
        for start, path in found:
            if not fits(path, names):
                problems.append(f"{name}:{text.count(chr(10), 0, start) + 1}: "
                                f"there is no {path}: correct the path")
    tree.finish(problems)


if __name__ == "__main__":
    main(sys.argv[1])
