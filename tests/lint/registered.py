#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every source file and test is listed where the build finds it: registered.py ROOT.

Every test program, fuzz target, end-to-end case and lint is in a list of a meson.build, every
entry of these lists exists, and the lists are sorted. Every source file is named by the build
file of its folder, every metric that a file defines is in the registry, a fuzz target has a corpus,
an end-to-end case its expected output, and an architecture a model in tests/data/zoo.
"""
import re
import sys
from os.path import basename, dirname, splitext
from pathlib import Path

import tree

# build file, list, folder of the files, the prefix and suffix of a file
LISTS = [
    ("tests/meson.build", "unit_tests", "tests/unit", "test_", ".c"),
    ("tests/meson.build", "prop_tests", "tests/props", "prop_", ".c"),
    ("tests/meson.build", "fuzz_targets", "tests/fuzz", "fuzz_", ".c"),
    ("tests/meson.build", "e2e_cases", "tests/e2e", "", ".sh"),
    ("tests/meson.build", "support_names", "tests/support", "", ".c"),
    ("tests/meson.build", "lints", "tests/lint", "", ".py"),
    ("tests/kernels/meson.build", "check_names", "tests/kernels", "check_", ".c"),
]
# Lists whose names must also be in another list: build file, list, the other list.
SUBSETS = [
    ("tests/meson.build", "threaded", "unit_tests"),
    ("tests/meson.build", "oom_tests", "unit_tests"),
]
# Definitions that must be registered: folder, the text before the name, build file, list.
DEFINITIONS = [
    ("scoring/metrics", "const struct scorer scorer_", "scoring/meson.build", "scorer_names"),
    ("scoring/observe", "const struct planner planner_", "scoring/meson.build", "planner_names"),
]
NOT_A_MEMBER = {"tests/e2e/mark.sh", "tests/e2e/run.sh", "tests/lint/tree.py",
                "tests/support/fault.c",
                "tests/support/fault_vfs.c", "tests/support/oom.c",
                "tests/support/oom_process.c"}


def list_problems(root, build_file, variable, folder, before, after):
    if not Path(root, build_file).exists():
        return
    listed = tree.names(root, build_file, variable)
    present = {path.relative_to(root).as_posix()
               for path in Path(root, folder).glob(f"{before}*{after}")} - NOT_A_MEMBER
    wanted = {f"{folder}/{before}{name}{after}" for name in listed}

    for name in sorted(present - wanted):
        yield f"{name}: not in {variable} of {build_file}: add it, or remove the file"
    for name in sorted(wanted - present):
        yield f"{build_file}: {variable} names {name}, which does not exist: remove the entry"
    if listed != sorted(set(listed)):
        yield f"{build_file}: {variable} is not sorted or has a name twice: sort it"


def definition_problems(root, folder, before, build_file, variable):
    """Definitions that are compiled but not registered. No other check notices them."""
    listed = set(tree.names(root, build_file, variable))
    for name in tree.files(root, ".c"):
        if dirname(name) != folder:
            continue
        for defined in re.findall(rf"^{before}(\w+) = ", tree.read(root, name), re.MULTILINE):
            if defined not in listed:
                yield f"{name}: '{defined}' is not in {variable} of {build_file}: add it"


def source_problems(root):
    """Sources outside tests/ that no build file of their folder or of a folder above names."""
    for name in tree.files(root, ".c", ".cc"):
        if name.startswith("tests/"):
            continue
        stem, folder = splitext(basename(name))[0], dirname(name)
        words = set()
        while folder:
            build_file = f"{folder}/meson.build"
            if Path(root, build_file).exists():
                words |= set(re.findall(r"[\w.]+", tree.read(root, build_file)))
            folder = dirname(folder)
        if not {stem, basename(name)} & words and stem.split("_", 1)[-1] not in words:
            yield f"{name}: no meson.build of its folder names it: add it"


def zoo_problems(root):
    """Architectures without a model of random weights to test them, and expected numbers of such
    a model that no test reads."""
    answers = {path.stem for path in Path(root, "tests/data/zoo").glob("*.json")}
    for name in tree.names(root, "scoring/infer/meson.build", "arch_names"):
        if name not in answers:
            yield (f"scoring/infer/arch/{name}.c: no tests/data/zoo/{name}.json: add the model to "
                   "tests/data/make_zoo.py")
    if answers:
        test = tree.read(root, "tests/unit/test_zoo.c")
        for name in sorted(answers):
            if f'"{name}"' not in test:
                yield f"tests/data/zoo/{name}.json: test_zoo.c does not read it: add it"


def main(root):
    problems = []
    for entry in LISTS:
        problems += list_problems(root, *entry)
    for build_file, variable, other in SUBSETS:
        missing = set(tree.names(root, build_file, variable))
        missing -= set(tree.names(root, build_file, other))
        problems += (f"{build_file}: {variable} names '{name}', which is not in {other}: add it"
                     for name in sorted(missing))
    problems += source_problems(root)
    problems += zoo_problems(root)
    for entry in DEFINITIONS:
        problems += definition_problems(root, *entry)
    for name in tree.names(root, "tests/meson.build", "fuzz_targets"):
        corpus = Path(root, "tests/fuzz/corpus", name)
        if not corpus.is_dir() or not any(corpus.iterdir()):
            problems.append(f"tests/fuzz/corpus/{name}/ is empty: add inputs for fuzz_{name}.c")
    for name in tree.names(root, "tests/meson.build", "e2e_cases"):
        if not Path(root, f"tests/e2e/{name}.out").exists():
            problems.append(f"tests/e2e/{name}.sh: no {name}.out: make it with UPDATE=1")
    tree.finish(problems)


if __name__ == "__main__":
    main(sys.argv[1])
