#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A file includes only the headers that its layer may see, as in docs/design.md: layers.py ROOT.

MAY_SEE lists what each folder may include. ONLY_IN lists the files that may include a foreign
header. A stage, shape, layout or
metric never includes another. A *_private.h stays in its folder, and nothing includes a .c file. A
folder of several rooms keeps each room to the headers of others that it may include.
"""
import re
import sys
from os.path import basename, dirname
from pathlib import Path

import tree

BASE = {"base", "base/chat", "base/io", "base/json", "base/net", "base/table", "base/text",
        "base/threads"}
INFER = {"scoring/infer", "scoring/infer/gguf", "scoring/infer/tokenizer",
         "scoring/infer/model", "scoring/infer/forward"}
SCORING = {"scoring", "scoring/facts", "scoring/prompts", "scoring/prompts/templates",
           "scoring/observe", *INFER}
STAGES = {"stages", "stages/record", "stages/ingest", "stages/ingest/formats"}
# What a folder may include besides its own headers.
MAY_SEE = {
    "base": set(),
    "base/text": {"base"},
    "base/json": {"base", "base/text"},
    "base/chat": {"base", "base/json"},
    "base/io": {"base", "base/text", "base/json"},
    "base/threads": {"base"},
    "base/net": {"base", "base/io", "base/json", "base/text", "base/threads"},
    "base/parquet": {"base", "base/table", "base/io", "base/json", "base/text"},
    "base/arrow": {"base", "base/table", "base/io", "base/json", "base/text"},
    "base/table": {"base", "base/json", "base/text"},
    "schemas": set(),
    "store": {*BASE, "schemas"},
    "scoring/kernels": set(),
    "scoring/kernels/ref": {"scoring/kernels"},
    "scoring/kernels/avx2": {"scoring/kernels"},
    "scoring/kernels/avx512": {"scoring/kernels"},
    "scoring/kernels/avx512vnni": {"scoring/kernels"},
    "scoring/kernels/avx512bf16": {"scoring/kernels"},
    "scoring/infer/gguf": BASE,
    "scoring/infer/tokenizer": {"scoring/infer/gguf", *BASE},
    "scoring/infer/arch": {"scoring/infer", *BASE},
    "scoring/infer/model": {"scoring/infer/gguf", "scoring/infer/tokenizer",
                            "scoring/infer/arch", "scoring/kernels", *BASE},
    "scoring/infer/forward": {"scoring/infer/model", "scoring/infer/arch", "scoring/kernels",
                              *BASE},
    "scoring/infer": {"scoring/kernels", *BASE},
    "scoring": BASE,
    # The last: the list of families that scoring/meson.build generates.
    "scoring/prompts/templates": {"scoring/prompts", "scoring", "scoring/infer/tokenizer",
                                  "scoring/infer/gguf", *BASE},
    "scoring/prompts": {"scoring/prompts/templates", "scoring", *INFER, *BASE},
    "scoring/observe": {"scoring", "scoring/prompts", "scoring/prompts/templates", *INFER,
                        *BASE},
    "scoring/facts": {"scoring", *INFER, *BASE},
    "scoring/duplicates": {"scoring", "scoring/infer", "scoring/kernels", *BASE},
    "scoring/packing": BASE,
    "scoring/selection": {"scoring", "scoring/kernels", *BASE},
    "scoring/metrics": {"scoring", "scoring/observe", *INFER, *BASE},
    "stages": {"store", *BASE},
    "stages/record": {"store", *BASE},
    "stages/ingest/formats": {"stages/record", "store", *BASE},
    "stages/ingest": {"stages", "stages/record", "stages/ingest/formats", "stages/measure", "store",
                      *BASE},
    "stages/import": {"stages", "stages/record", "store", "scoring", *BASE},
    "stages/cohort": {"stages", "scoring", "store", *BASE},
    # It opens models and chooses the kernels they run on, and hands both to scoring/.
    "stages/score": {"stages", "stages/cohort", "stages/measure", "scoring/kernels", *SCORING,
                     "store", *BASE},
    "stages/measure": {"stages", *SCORING, "store", *BASE},
    "stages/dedup": {"stages", "scoring", "scoring/kernels", "scoring/duplicates", "store", *BASE},
    "stages/decontaminate": {"stages", "stages/ingest", "stages/record", "scoring/duplicates",
                             "store", *BASE},
    "stages/select": {"stages", "stages/cohort", "stages/ingest", "stages/record", "scoring",
                      "scoring/duplicates", "scoring/facts", "scoring/kernels",
                      "scoring/selection", "store", *BASE},
    "stages/split": {"stages", "scoring/duplicates", "scoring/selection", "store", *BASE},
    "stages/export/layouts": {"stages/record", "store", *BASE},
    "stages/export": {"stages", "stages/record", "stages/export/layouts", "scoring/facts",
                      "scoring/packing", "store", *BASE},
    "pipeline": {*STAGES, "store", *BASE},
    "cli/completions": {"cli", "scoring", "scoring/facts", "stages/record", *BASE},
    "cli/commands": {"cli", "cli/completions", "pipeline", *STAGES, *SCORING,
                     "scoring/kernels", "store", *BASE},
    "cli": {"cli/commands", "pipeline", *STAGES, *SCORING, "scoring/kernels", "store",
            *BASE},
}
ANYTHING = ("tests", "bench")

# The standard library and POSIX, which every file may include.
STANDARD = set("""
    assert.h ctype.h dirent.h errno.h fcntl.h float.h fts.h ftw.h glob.h inttypes.h limits.h
    math.h poll.h sched.h setjmp.h signal.h stdarg.h stdatomic.h stdbool.h stddef.h stdint.h
    stdio.h stdlib.h string.h strings.h sys/file.h sys/mman.h sys/resource.h sys/stat.h
    sys/statfs.h sys/time.h sys/types.h sys/wait.h time.h unistd.h
""".split())
# Other headers, with the files or folders (with a slash at the end) that may include them.
ONLY_IN = {
    "cld2/public/compact_lang_det.h": ["base/text/language_cld2.cc"],
    "cld2/public/encodings.h": ["base/text/language_cld2.cc"],
    "cmocka.h": ["tests/support/test.h"],
    "cpuid.h": ["scoring/kernels/cpu.c"],
    "archive.h": ["base/io/archivein.c", "tests/"],
    "archive_entry.h": ["base/io/archivein.c", "tests/"],
    "bzlib.h": ["base/io/inflate_bzip2.c", "tests/"],
    "brotli/decode.h": ["base/parquet/codec_brotli.c", "tests/", "bench/"],
    "csv.h": ["base/io/csvin.c"],
    "curl/curl.h": ["base/net/http.c"],
    "cyaml/cyaml.h": ["pipeline/recipe.c"],
    "yaml.h": ["pipeline/recipe_yaml.c", "stages/ingest/card_yaml.c",
               "stages/select/policy_file.c"],
    "immintrin.h": ["bench/peak.c", "scoring/kernels/avx2/", "scoring/kernels/avx512/",
                    "scoring/kernels/avx512bf16/", "scoring/kernels/avx512vnni/"],
    "json-c/json.h": ["base/json/json.c", "base/json/json_build.c"],
    "lz4.h": ["base/parquet/codec_lz4.c", "tests/", "bench/"],
    "lz4frame.h": ["base/arrow/"],
    "snappy-c.h": ["base/parquet/codec_snappy.c", "tests/", "bench/"],
    "llama.h": ["bench/llama_cpp.h"],
    "lzma.h": ["base/io/inflate_xz.c", "tests/"],
    "malloc.h": ["base/memory.c", "tests/support/oom.c"],
    "new": ["base/text/language_cld2.cc"],
    "openssl/evp.h": ["base/digest.c"],
    "pcre2.h": ["base/text/regex.c"],
    "pthread.h": ["base/threads/crew.c", "base/threads/pool.c", "base/threads/queue.c", "stages/",
                  "tests/", "bench/"],
    "sqlite3.h": ["store/db.c", "store/stmt.c", "tests/support/"],
    "string": ["base/text/language_cld2.cc"],
    "sys/ioctl.h": ["cli/"],
    "utf8proc.h": ["base/text/utf8.c"],
    "vector": ["base/text/language_cld2.cc"],
    "xxhash.h": ["base/hash.c"],
    "zlib.h": ["base/io/inflate_gzip.c", "base/parquet/codec_gzip.c", "tests/"],
    "zstd.h": ["base/io/inflate_zstd.c", "base/parquet/codec_zstd.c", "base/arrow/", "tests/"],
    "zstd_errors.h": ["base/io/inflate_zstd.c"],
}
# Private headers that one other folder may include.
SHARED_PRIVATE = {"scoring/infer/model/model_private.h": "scoring/infer/forward"}
# Lists whose members do not include each other: folder, build file, list, prefix of the file.
SIBLINGS = [
    ("stages", "stages/meson.build", "stage_names", ""),
    ("stages/ingest/formats", "stages/ingest/formats/meson.build", "format_names", ""),
    ("stages/export/layouts", "stages/export/layouts/meson.build", "layout_names", ""),
    ("scoring/metrics", "scoring/meson.build", "metric_files", ""),
    ("scoring/infer", "scoring/infer/meson.build", "arch_names", "arch/"),
]
# Rooms within a folder: their files, their headers that other rooms may include, the rooms whose
# headers they may include, and folders that they must not see though their folder may.
SCORE_RUN = ("plan", "settings", "models", "run")
ROOMS = {"stages/score": {
    "plan": (["plan"], ["plan"], (), ("store",)),
    "settings": (["options", "settings", "settings_check"], ["settings"], ("plan",), ("store",)),
    "models": (["model_file", "models"], ["models"], ("plan", "settings"), ()),
    "run": (["run"], ["run"], ("plan", "settings", "models"), ()),
    "sets": (["sets", "parameters"], ["sets"], SCORE_RUN, ()),
    "texts": (["texts"], ["texts"], (), ()),
    "rows": (["rows", "rows_segments"], ["rows"], SCORE_RUN, ()),
    "backlog": (["backlog", "backlog_private", "backlogs", "batch", "cost", "cost_memory",
                 "cost_time", "cost_tokens", "estimate", "pending"], ["backlog"],
                (*SCORE_RUN, "rows", "texts"), ()),
    "compute": (["compute", "derive", "measure", "pool"], ["compute"],
                (*SCORE_RUN, "rows", "texts"), ()),
    "cohorts": (["cohorts", "cohort", "top"], ["cohorts"],
                (*SCORE_RUN, "rows", "backlog", "compute"), ()),
    "score": (["score"], [], (*SCORE_RUN, "sets", "rows", "backlog", "compute", "cohorts"), ()),
}}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def project_problem(name, target):
    """What is wrong with file `name` including our header `target`, or None."""
    here, there = dirname(name), dirname(target)
    if not there:
        return f'"{target}": write the path from the root of the repository'
    if target.endswith(".c"):
        return f'"{target}" is not a header: include a .h file'
    if target.endswith("_private.h") and not here.startswith("tests") and \
            here not in (there, SHARED_PRIVATE.get(target)):
        return f'"{target}" is private to {there}/: include a public header'
    if here.split("/")[0] in ANYTHING or here == there:
        return None
    if here not in MAY_SEE:
        return f"{here}/ is not in MAY_SEE of layers.py: add it"
    if there not in MAY_SEE[here]:
        return f"{here}/ must not see {there}/ (\"{target}\")"
    return None


def room_of(folder, name):
    """The room of a file in a folder that has rooms, or None."""
    stem = basename(name).rsplit(".", 1)[0]
    for room, (stems, *_) in ROOMS[folder].items():
        if stem in stems:
            return room
    return None


def room_problem(name, target):
    """What is wrong with a file of a room including our header `target`, or None."""
    here = dirname(name)
    if here not in ROOMS:
        return None
    room = room_of(here, name)
    if not room:
        return f"it has no room in ROOMS[\"{here}\"] of layers.py: add it"
    _, _, may_see, must_not_see = ROOMS[here][room]
    if dirname(target) != here:
        top = target.split("/")[0]
        return f"the room {room} must not see {top}/ (\"{target}\")" if top in must_not_see \
            else None
    other = room_of(here, target)
    if other == room:
        return None
    if other not in may_see:
        return f"the room {room} must not see the room {other} (\"{target}\")"
    if basename(target)[:-2] not in ROOMS[here][other][1]:
        return f"\"{target}\" is private to the room {other}"
    return None


def foreign_problem(name, target):
    if target in STANDARD:
        return None
    if target not in ONLY_IN:
        return f"<{target}> is not in ONLY_IN of layers.py: add it with its place"
    for home in ONLY_IN[target]:
        if name == home or home.endswith("/") and name.startswith(home):
            return None
    return f"<{target}> belongs to {', '.join(ONLY_IN[target])} only: include it there"


def siblings(root, problems):
    """{file stem: stems it must not include}. A stem without a file is a problem."""
    forbidden = {}
    for folder, build_file, variable, prefix in SIBLINGS:
        stems = [f"{folder}/{prefix}{name}" for name in tree.names(root, build_file, variable)]
        problems += (f"{stem}.c: does not exist, but {variable} of {build_file} names it"
                     for stem in stems if not Path(root, f"{stem}.c").exists())
        for stem in stems:
            forbidden.setdefault(stem, set()).update(other for other in stems if other != stem)
    return forbidden


def main(root):
    problems = []
    forbidden = siblings(root, problems)
    for name in tree.files(root, ".c", ".h", ".cc"):
        text = tree.read(root, name)
        for match in INCLUDE.finditer(text):
            target = match[2]
            if match[1] == '"':
                problem = project_problem(name, target) or room_problem(name, target)
            else:
                problem = foreign_problem(name, target)
            if not problem and target[:-2] in forbidden.get(name[:-2], ()):
                problem = f'"{target}" is a sibling: move what both need to another file'
            if problem:
                line = text.count("\n", 0, match.start(1)) + 1
                problems.append(f"{name}:{line}: {problem}")
    tree.finish(problems)


if __name__ == "__main__":
    main(sys.argv[1])
