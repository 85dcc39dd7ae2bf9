# SPDX-License-Identifier: Apache-2.0
"""Ingest one JSON array that is larger than the allowed memory, and print the peak of memory used.

    bench/big_array.py CURATE [MEGABYTES [FOLDER]]

The array (2000 MB by default) is made on the fly and piped into `CURATE ingest -`. Half of its
bytes are records of 1 kB, half of 200 kB. The database is made in FOLDER (default: $TMPDIR or
/tmp) and removed afterwards. The exit status is 1 if the peak is above 256 MiB.
"""
import os
import resource
import subprocess
import sys
import tempfile

LIMIT_KIB = 256 * 1024
LINES = "a line of the passage, with \\\"words\\\" in it\\n" * 5000


def records(n_bytes):
    """JSON texts of different samples, n_bytes in all."""
    written = small_bytes = large_bytes = i = 0
    while written < n_bytes:
        i += 1
        if small_bytes <= large_bytes:
            record = '{"instruction":"Question %d","input":"","output":"%s"}' % (i, LINES[:940])
            small_bytes += len(record)
        else:
            record = ('{"messages":[{"role":"user","content":"%d %s\\n\\nWhat is it about?"},'
                      '{"role":"assistant","content":"Lines."}],"length":200000}' % (i, LINES))
            large_bytes += len(record)
        written += len(record)
        yield record


def feed(pipe, n_bytes):
    separator = "["
    chunk = []
    size = 0
    for record in records(n_bytes):
        chunk.append(separator + record)
        separator = ",\n"
        size += len(record)
        if size > 1 << 20:
            pipe.write("".join(chunk).encode())
            chunk, size = [], 0
    pipe.write(("".join(chunk) + "]\n").encode())
    pipe.close()


def main(curate, megabytes="2000", folder=None):
    with tempfile.TemporaryDirectory(dir=folder) as place:
        db = os.path.join(place, "big.db")
        process = subprocess.Popen([curate, "ingest", "--db", db, "-"], stdin=subprocess.PIPE)
        feed(process.stdin, int(megabytes) * 1000000)
        status = process.wait()
    peak_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print("peak memory: %.1f MiB of at most %d" % (peak_kib / 1024, LIMIT_KIB / 1024))
    return 0 if status == 0 and peak_kib <= LIMIT_KIB else 1


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
