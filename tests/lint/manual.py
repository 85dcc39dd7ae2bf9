#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""mandoc reports no error, warning or style problem in the manual page: manual.py PAGE

A page with an error is still formatted, but a part of its text is missing. Exit status 77
(skipped) if mandoc is not installed.
"""
import shutil
import subprocess
import sys

import tree


def main(page):
    if not shutil.which("mandoc"):
        print("mandoc is not installed", file=sys.stderr)
        sys.exit(77)
    found = subprocess.run(["mandoc", "-T", "lint", "-W", "style", page],
                           capture_output=True, text=True, check=False)
    tree.finish((found.stdout + found.stderr).splitlines())


if __name__ == "__main__":
    main(sys.argv[1])
