#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare likelihoods with llama.cpp: compare_llama_cpp.py CURATE [--work FOLDER] [MODEL ...]

Fetches the source package of llama-cpp-python from PyPI into a folder of its own, builds the
llama.cpp in it (once: half an hour of CPU time) and runs the same ids through the same GGUF files
with both programs. Without models it uses those of tests/data/make_zoo.py and the ids of the
oracle's cases; for given models it draws random ids. Needs cmake, a C++ compiler and pip.

Prints, for each model, the largest and the mean difference of a token's NLL in nats, and then the
largest for each weight type. Expected: below 1e-4 for F32. With F16, BF16 and quantised weights
llama.cpp rounds the activations to 16 or 8 bits, which random weights amplify. It takes GELU from a
table of 16-bit numbers, and ignores the sliding window of starcoder2 and phi3 files. Curate does
none of that here: CURATE_CPU excludes its kernels for products of bytes.
"""
import argparse
import glob
import json
import os
import random
import re
import subprocess
import sys
import tarfile

HERE = os.path.dirname(os.path.abspath(__file__))
DATA = os.path.join(HERE, "..", "tests", "data")
sys.path.insert(0, DATA)
import make_zoo  # noqa: E402

PACKAGE = "llama-cpp-python"
N_IDS = 512
OFF = ["BUILD_TESTS", "BUILD_EXAMPLES", "BUILD_TOOLS", "BUILD_SERVER", "BUILD_COMMON", "CURL"]


def call(*command, **options):
    print("+ " + " ".join(command), file=sys.stderr, flush=True)
    subprocess.run(command, check=True, stdout=sys.stderr, **options)


def fetch(work):
    """The folder of llama.cpp's source."""
    found = glob.glob(os.path.join(work, "*", "vendor", "llama.cpp"))
    if not found:
        call(sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", ":all:",
             "--dest", work, PACKAGE)
        (package,) = glob.glob(os.path.join(work, "llama_cpp_python-*.tar.gz"))
        with tarfile.open(package) as archive:
            archive.extractall(work, filter="data")
        found = glob.glob(os.path.join(work, "*", "vendor", "llama.cpp"))
    return found[0]


def build(work, n_jobs):
    """Build llama_cpp_nll.c and return the path of the program."""
    source = fetch(work)
    made = os.path.join(work, "build")
    program = os.path.join(work, "llama_cpp_nll")
    libraries = os.path.join(made, "bin")
    if not os.path.exists(os.path.join(libraries, "libllama.so")):
        call("cmake", "-S", source, "-B", made, "-DCMAKE_BUILD_TYPE=Release",
             "-DBUILD_SHARED_LIBS=ON", "-DGGML_NATIVE=ON", "-DGGML_OPENMP=OFF",
             *("-DLLAMA_%s=OFF" % name for name in OFF))
        call("cmake", "--build", made, "--target", "llama", "-j", str(n_jobs))
    call("cc", "-O2", os.path.join(HERE, "llama_cpp_nll.c"), "-o", program,
         "-I", os.path.dirname(HERE), "-I", os.path.join(source, "include"),
         "-I", os.path.join(source, "ggml", "include"),
         "-L", libraries, "-lllama", "-lggml", "-lggml-base", "-lm",
         "-Wl,-rpath," + libraries)
    return program


def zoo(work):
    """(path, ids) of every small model that both programs support."""
    folder = os.path.join(work, "zoo")
    os.makedirs(folder, exist_ok=True)
    for model in make_zoo.models():
        model.write(folder)
        with open(os.path.join(DATA, "zoo", model.name + ".json")) as file:
            ids = json.load(file)[-1]["tokens"]
        yield os.path.join(folder, model.name + ".gguf"), ids


def info(curate, path):
    out = subprocess.run([curate, "model", "info", "--json", path], check=True,
                         capture_output=True, text=True).stdout
    return json.loads(out)


def drawn(curate, paths):
    for path in paths:
        rng = random.Random(1)
        n_vocab = info(curate, path)["vocabulary"]
        yield path, [rng.randrange(n_vocab) for _ in range(N_IDS)]


def nll(command, ids):
    """The numbers that the program prints, or its error message."""
    done = subprocess.run(command, input=" ".join(map(str, ids)), capture_output=True, text=True,
                          env={**os.environ, "CURATE_CPU": "avx512"})
    if done.returncode != 0:
        return None, re.split(r"\n", done.stderr.strip() or "status %d" % done.returncode)[0]
    return [float(line) for line in done.stdout.split()], None


def compare(curate, theirs, path, ids):
    ours, wrong = nll([curate, "model", "nll", path], ids)
    if ours is None:
        return None, "curate: " + wrong
    other, wrong = nll([theirs, path, "2"], ids)
    if other is None:
        return None, "llama.cpp: " + wrong
    return [abs(a - b) for a, b in zip(ours, other, strict=True)], None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("curate")
    parser.add_argument("models", nargs="*")
    parser.add_argument("--work", default=os.path.expanduser("~/.cache/curate-llama-cpp"),
                        help="where llama.cpp is fetched and built (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    os.makedirs(args.work, exist_ok=True)
    theirs = build(args.work, args.jobs)
    cases = drawn(args.curate, args.models) if args.models else zoo(args.work)
    largest = {}
    print("| model | weights | tokens | largest | mean |\n|---|---|---|---|---|")
    for path, ids in cases:
        name = os.path.basename(path)[:-len(".gguf")]
        kind = info(args.curate, path)["weight_types"].split()[0]
        apart, wrong = compare(args.curate, theirs, path, ids)
        if apart is None:
            print("| %s | %s | | %s | |" % (name, kind, wrong))
            continue
        print("| %s | %s | %d | %.2g | %.2g |" % (name, kind, len(apart), max(apart),
                                                sum(apart) / len(apart)), flush=True)
        # The models of the architectures are F32: differences come from the GELU table and windows.
        if args.models or name.startswith("type-"):
            largest[kind] = max(largest.get(kind, 0), max(apart))
    print("\n| type | largest |\n|---|---|")
    for kind in largest:
        print("| %s | %.2g |" % (kind, largest[kind]))


if __name__ == "__main__":
    main()
