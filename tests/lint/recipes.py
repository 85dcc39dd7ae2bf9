#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/recipes.md and the program agree about recipes: recipes.py ROOT CURATE

Every stage has a section, whose table lists every option of its command, no other, and the key of
its arguments. The program accepts every example of the page.
"""
import os
import re
import subprocess
import sys
import tempfile

import docs
import tree

PAGE = "docs/recipes.md"
# The keys of arguments. Help lists only options by name.
ARGUMENTS = {"ingest": "files", "score": "metrics", "measure": "facts", "score import": "file",
             "cohort make": "cohort", "cohort drop": "cohort", "decontaminate": "file",
             "export": "selection", "dedup near": "name", "dedup exact": "name",
             "dedup semantic": "name", "dedup drop": "set",
             "split drop": "split", "selection drop": "selection"}


def page_keys(text):
    """{step: keys in the first column of the table below its "### " heading}."""
    parts = re.split(r"^### (.*)\n", text, flags=re.MULTILINE)
    found = {}
    for step, below in zip(parts[1::2], parts[2::2]):
        below = re.split(r"^## ", below, flags=re.MULTILINE)[0]
        cells = re.findall(r"^\| (`[^|]*) \|", below, re.MULTILINE)
        found[step] = set(re.findall(r"`([^`]+)`", " ".join(cells)))
    return found


def stage_problems(root, text):
    listed = tree.names(root, "stages/meson.build", "stage_names")
    stages = {name.split("/")[-1].replace("_", " ") for name in listed}
    if not stages:
        yield "stages/meson.build: no stage_names found: adapt recipes.py"
    for stage in sorted(stages - page_keys(text).keys()):
        yield f"{PAGE}: the stage {stage} has no section: add '### {stage}'"


def key_problems(text, curate):
    for step, keys in page_keys(text).items():
        options = docs.parts(docs.output_of(curate, *step.split(), "--help")).get("Options", "")
        known = docs.long_options(options) | ({ARGUMENTS[step]} if step in ARGUMENTS else set())
        for name in sorted(known - keys):
            yield f"{PAGE}: {step}: the key {name} is missing: add a row to the table"
        for name in sorted(keys - known):
            yield f"{PAGE}: {step}: the program has no key {name}: remove the row"


def example_problems(text, curate):
    examples = re.findall(r"^```yaml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    if not examples:
        yield f"{PAGE}: no example of a recipe: add one in a yaml block"
    for example in examples:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "recipe.yaml")
            with open(path, "w", encoding="utf-8") as recipe:
                recipe.write(example)
            tried = subprocess.run([curate, "run", "--dry-run", "--quiet", path],
                                   capture_output=True, text=True, check=False)
            if tried.returncode != 0:
                yield f"{PAGE}: the program refuses an example: {tried.stderr.strip()}"


def main(root, curate):
    text = tree.read(root, PAGE)
    tree.finish([*stage_problems(root, text), *key_problems(text, curate),
                 *example_problems(text, curate)])


if __name__ == "__main__":
    main(*sys.argv[1:])
