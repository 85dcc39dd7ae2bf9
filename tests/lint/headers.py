#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every header compiles alone: headers.py ROOT BUILD-ROOT COMPILER...

BUILD-ROOT has the generated headers. Headers for an instruction set that the compiler does not
support are left out.
"""
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import tree

FLAGS = ["-std=c17", "-D_GNU_SOURCE", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-x", "c"]
SETS = {
    "scoring/kernels/avx2/": ["-mavx2", "-mfma", "-mf16c"],
    "scoring/kernels/avx512/": ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mfma",
                                "-mf16c"],
}
OUTSIDE = {"bench/llama_cpp.h"}  # needs llama.cpp, which is not installed


def syntax(root, build, compiler, flags, text):
    """The errors of the compiler about the text; empty if there are none."""
    command = [*compiler, *FLAGS, *flags, f"-I{root}", f"-I{build}", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr.strip() or "the compiler printed no message"


def main(root, build, *compiler):
    def check(name):
        flags = next((SETS[folder] for folder in SETS if name.startswith(folder)), [])
        if flags and syntax(root, build, compiler, flags, ""):
            return None
        # C does not allow a unit without a declaration.
        errors = syntax(root, build, compiler, flags, f'#include "{name}"\nextern int unit;\n')
        return f"{name}: does not compile alone: add its includes\n{errors}" if errors else None

    names = [name for name in tree.files(root, ".h") if name not in OUTSIDE]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        results = list(threads.map(check, names))
    tree.finish([problem for problem in results if problem])


if __name__ == "__main__":
    main(*sys.argv[1:])
