#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Each lint finds violations: planted.py LINT-FOLDER COMPILER...

Plants one violation after the other in a small tree that is otherwise clean, and checks that the
lint reports it. Otherwise a lint that finds nothing would pass unnoticed.
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

LICENCE = "/* SPDX-License-Identifier: Apache-2.0 */\n"
OVERVIEW = "The line:\n  score METRIC     compute\n\nOptions of every command:\n"
COMMON = "  -q, --quiet                print nothing\n"
SCORE = ("Options:\n"
         "      --window N             tokens per sequence (default: an eighth of\n"
         "                             --max-tokens)\n"
         "      --side SIDE            end that is cut: one of left,\n"
         "                             right (default: left)\n")
# A program that prints help in the form of cli/help.c, for docs.py.
PROGRAM = (f"#!/bin/sh\ncase \"$*\" in\nhelp) cat <<'END'\n{OVERVIEW}{COMMON}END\n;;\n"
           f"*) cat <<'END'\n{SCORE}END\n;;\nesac\n")
PAGE = (".Sh COMMANDS\n.Ss Options of every command\n.It Fl q , Fl \\-quiet\nPrint nothing.\n"
        ".Ss score Ar METRIC ...\n.It Fl \\-window Ar N\nTokens.\nDefault: an eighth of\n"
        ".Fl \\-max-tokens .\n.It Fl \\-side Cm left Ns | Ns Cm right\nThe end that is cut.\n"
        "Default:\n.Cm left .\n")
CLEAN = {
    "docs/options.1": PAGE,
    "docs/program": PROGRAM,
    "base/meson.build": "base_names = ['a']\n",
    "base/a.h": LICENCE + "#ifndef CURATE_A_H\n#define CURATE_A_H\n\nint a(void);\n\n#endif\n",
    "base/a.c": LICENCE + '#include "base/a.h"\n\n#include <stdio.h>\n\n'
                          "int a(void)\n{\n    return EOF;\n}\n",
    "store/meson.build": "store_names = ['b']\n",
    "store/b.c": LICENCE + '#include "base/a.h"\n\nint b(void);\n\nint b(void)\n{\n'
                           "    return a();\n}\n",
    "stages/meson.build": "stage_names = ['x', 'y']\nfiles('x.c', 'y.c', 'z.c')\n",
    "stages/x.c": LICENCE + "static const int x = 1;\n",
    "stages/y.c": LICENCE + "static const int y = 1;\n",
    "stages/z.c": LICENCE + "static int run(void)\n{\n    return 1;\n}\n",
    "stages/export/layouts/meson.build": "layout_names = ['p', 'q']\n",
    "stages/export/layouts/p.c": LICENCE + "static const int p = 1;\n",
    "stages/export/layouts/q.c": LICENCE + "static const int q = 1;\n",
    "docs/curate.1": ".Dd November 23, 2026\n.Dt CURATE 1\n.Os\n.Sh NAME\n.Nm curate\n"
                     ".Nd a tool\n",
    "scoring/meson.build": "scorer_names = ['m']\nfiles('metrics/m.c')\n",
    "scoring/metrics/m.c": LICENCE + "const struct scorer scorer_m = {\n};\n",
    "tests/meson.build": "unit_tests = ['a']\nfuzz_targets = ['f']\n",
    "tests/unit/test_a.c": LICENCE,
    "tests/fuzz/fuzz_f.c": LICENCE,
    "tests/fuzz/corpus/f/one": "1\n",
}
BODY = LICENCE + "int c(int n);\n\nint c(int n)\n{\n%s\n}\n"
DEEP = "    if (n) {\n        if (n) {\n            if (n) {\n                if (n) {\n" \
       "                }\n            }\n        }\n    }"
# lint, file, its new text (None: remove the file), a phrase of the expected message
PLANTED = [
    ("layers", "base/a.c", LICENCE + '#include "store/b.h"\n', "must not see store/"),
    ("layers", "stages/x.c", LICENCE + '#include "stages/y.h"\n', "sibling"),
    ("layers", "stages/export/layouts/p.c",
     LICENCE + '#include "stages/export/layouts/q.h"\n', "sibling"),
    ("layers", "stages/export/layouts/q.c", None, "does not exist, but layout_names"),
    ("layers", "stages/x.c", LICENCE + "#include <sqlite3.h>\n", "belongs to store/"),
    ("layers", "store/x.c", LICENCE + "#include <sqlite3.h>\n", "belongs to store/db.c"),
    ("layers", "stages/x.c", LICENCE + "#include <gtk/gtk.h>\n", "not in ONLY_IN"),
    ("layers", "stages/x.c", LICENCE + '#include "store/db_private.h"\n', "private to store/"),
    ("layers", "stages/x.c", LICENCE + '#include "stages/y.c"\n', "not a header"),
    ("layers", "stages/x.c", LICENCE + '#include "y.h"\n', "path from the root"),
    ("layers", "base/a.c", LICENCE + '#include "tests/support/t.h"\n', "must not see tests/"),
    ("layers", "stages/x.cc", LICENCE + "#include <vector>\n", "belongs to base/"),
    ("layers", "stages/score/plan.c", LICENCE + '#include "stages/score/sets.h"\n',
     "room plan must not see the room sets"),
    ("layers", "stages/score/plan.c", LICENCE + '#include "store/b.h"\n',
     "room plan must not see store/"),
    ("layers", "stages/score/top.c", LICENCE + '#include "stages/score/pending.h"\n',
     "private to the room backlog"),
    ("layers", "stages/score/x.c", LICENCE + '#include "base/a.h"\n', "has no room"),
    ("shape", "base/c.c", "int c;\n", "not the licence"),
    ("shape", "base/c.c", LICENCE + "int c;", "has no newline"),
    ("shape", "base/c.c", LICENCE + "int\tc;\n", "a tab"),
    ("shape", "base/c.cc", LICENCE + "int c; // no\n", "// comment"),
    ("shape", "base/c.c", LICENCE + "int c; \n", "blanks at the end"),
    ("shape", "base/c.c", LICENCE + "int c; /* " + "x" * 90 + " */\n", "columns"),
    ("shape", "base/c.c", LICENCE + "int c; /* FIX" "ME later */\n", "note to oneself"),
    ("shape", "base/c.c", LICENCE + "int c; /* /ho" "me/me */\n", "one machine"),
    ("shape", "base/c.c", LICENCE + "int c; /* a\u200bb */\n", "U+200B"),
    ("shape", "base/c.c", LICENCE + "int c; // no\n", "// comment"),
    ("shape", "base/c.c", LICENCE + "typedef struct c c;\n", "typedef"),
    ("shape", "base/c.c", LICENCE + "static int c;\n", "a static variable"),
    ("shape", "base/c.c", LICENCE + "int c;\n" * 500, "at most 500"),
    ("shape", "base/c.c", BODY % ("    n++;\n" * 60), "a function of"),
    ("shape", "base/c.c", BODY % DEEP, "nested more than 3"),
    ("shape", "base/c.c", BODY % "    return atoi(0);", "atoi(): banned"),
    ("shape", "base/c.c", BODY % "    exit(n);", "only cli/"),
    ("shape", "base/c.c", BODY % '    x("failed to open");', "say what is wrong"),
    ("shape", "base/c.c", BODY % '    x("SELECT 1");', "SQL outside of store/"),
    ("shape", "base/c.c", LICENCE + "static int run(void)\n{\n    return 0;\n}\n",
     "static run() has the name of"),
    ("shape", "base/c.h", LICENCE + "int c(void);\n", "no include guard"),
    ("shape", "base/c.c", LICENCE + "#include <zlib.h>\n\n#include <math.h>\n", "the order is"),
    ("shape", "base/c.c", LICENCE + "#include <stdio.h>\n#include <errno.h>\n", "not sorted"),
    ("registered", "tests/unit/test_b.c", LICENCE, "not in unit_tests"),
    ("registered", "tests/unit/test_a.c", None, "does not exist"),
    ("registered", "tests/fuzz/corpus/f/one", None, "is empty"),
    ("registered", "base/c.c", LICENCE, "no meson.build"),
    ("registered", "base/c.cc", LICENCE, "no meson.build"),
    ("registered", "scoring/infer/meson.build", "arch_names = ['a']\n", "no tests/data/zoo/a.json"),
    ("manual", "docs/curate.1", CLEAN["docs/curate.1"] + ".Sh DESCRIPTION\n.zst files too\n",
     "skipping unknown macro"),
    ("registered", "scoring/metrics/m.c", LICENCE + "const struct scorer scorer_m = {\n};\n\n"
     "const struct scorer scorer_n = {\n};\n", "'n' is not in scorer_names"),
    ("docs", "docs/options.1", PAGE + ".It Fl \\-width\n", "which the program does not have"),
    ("docs", "docs/options.1", PAGE.replace(".It Fl \\-window Ar N\n", ""),
     "does not explain --window"),
    ("docs", "docs/options.1", PAGE.replace("an eighth", "a quarter"), "the default is 'a q"),
    ("docs", "docs/options.1", PAGE.replace("Default:\n.Cm left .\n", ""),
     "the default is 'None'"),
    ("docs", "docs/options.1", PAGE.replace("Ns | Ns Cm right", ""), "marks the choices"),
    ("docs", "docs/program", PROGRAM.replace("default: left", "default: right"),
     "'right' in the program"),
    ("docs", "docs/program", PROGRAM.replace("of left,", "of left, middle,"), "marks the choices"),
    ("headers", "base/c.h", LICENCE + "size_t c(void);\n", "does not compile alone"),
    ("paths", "base/c.h", LICENCE + "/* See d.c. */\n", "there is no d.c"),
    ("paths", "docs/c.md", "`base/d.c` and [a page](d.md)\n", "there is no docs/d.md"),
    ("paths", "README.md", "## The tree\n\n```\nbase/ stages/ scoring/\n  metrics/\n```\n",
     "does not list store/"),
]


def plant(root, files):
    for name, text in files.items():
        path = Path(root, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        if text.startswith("#!"):
            path.chmod(0o755)


def run(lint_folder, lint, root, compiler):
    args = {"headers": [root, root, *compiler], "manual": [str(Path(root, "docs/curate.1"))],
            "docs": [str(Path(root, "docs/options.1")), str(Path(root, "docs/program"))]}
    command = [sys.executable, "-B", str(Path(lint_folder, f"{lint}.py")),
               *args.get(lint, [root])]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def main(lint_folder, *compiler):
    failures = []
    has_mandoc = shutil.which("mandoc")
    planted = [violation for violation in PLANTED if violation[0] != "manual" or has_mandoc]
    with tempfile.TemporaryDirectory() as root:
        plant(root, CLEAN)
        for lint in sorted({violation[0] for violation in planted}):
            done = run(lint_folder, lint, root, compiler)
            if done.returncode != 0:
                failures.append(f"{lint}: reports a problem in a clean tree:\n{done.stdout}")
        for lint, name, text, phrase in planted:
            path = Path(root, name)
            if text is None:
                path.unlink()
            else:
                plant(root, {name: text})
            done = run(lint_folder, lint, root, compiler)
            if done.returncode != 1 or phrase not in done.stdout:
                failures.append(f"{lint}: does not report '{phrase}' in {name}:\n{done.stdout}")
            path.unlink(missing_ok=True)
            if name in CLEAN:
                plant(root, {name: CLEAN[name]})
    print("\n".join(failures) or f"{len(planted)} planted violations found")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
