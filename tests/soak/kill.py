#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kill the program at random moments, and compare its results with those of an undisturbed run.

kill.py CURATE MODELS [KILLS] [SEED]

A round begins with an empty folder and runs ingest (plain, gzip, zstd, xz, CSV, ZIP, tar), score,
select and export. Each command is killed with SIGKILL at random moments and started again, and at
last runs to its end. Every third round runs a recipe instead. At the end of a round the content of
the database, the exported file and the names in the folder must be those of the undisturbed run,
and each record must be read, and inserted or rejected, once. Prints the number of kills; exits with
1 at the first difference.
"""
import csv
import gzip
import hashlib
import io
import lzma
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

INGEST = ["ingest", "--max-rejects", "20", "a.jsonl", "b.json.gz", "c.jsonl.zst", "d.jsonl.xz",
          "e.csv", "f.zip", "g.tar.gz"]
SCORE = ["score", "ifd", "--where", "sample_id <= 120"]
SELECT = ["select", "--name", "best", "--by", "ifd", "--top", "100"]
EXPORT = ["export", "best", "--output", "best.jsonl"]
STEPS = [INGEST, SCORE, SELECT, EXPORT]
RECIPE = """version: 1
db: killed.db
steps:
  - ingest:
      files: [a.jsonl, b.json.gz, c.jsonl.zst, d.jsonl.xz, e.csv, f.zip, g.tar.gz]
      max-rejects: 20
  - score: {metrics: [ifd], where: sample_id <= 120}
  - select: {name: best, by: ifd, top: "100"}
  - export: {selection: best, output: best.jsonl}
"""
EXPORTS = "SELECT selection, format, path, n_samples, n_bytes, hex(sha256) FROM export"
STOPPED = "SELECT count(*) FROM ingest_position JOIN run USING (run_id) WHERE status <> 'ok'"
ONCE = """SELECT sum(n_read), sum(n_inserted), sum(n_duplicate), sum(n_rejected) FROM run
          WHERE command = 'ingest'"""
ENDED = "SELECT count(*) FROM run WHERE command = ? AND status = 'ok'"
BROKEN = """SELECT run_id FROM run WHERE n_read <> n_inserted + n_duplicate + n_rejected
            AND command = 'ingest'"""


def record(i):
    """The i-th record of the corpora. Some are malformed, some repeat, some share an id."""
    if i % 29 == 3:
        return f'{{"question": "broken {i}", "answer": \n'
    if i % 31 == 7:
        i = i // 2
    ident = i - 9 if i % 23 == 10 else i
    return (f'{{"id": {ident}, "question": "How much is {i} and {i * 7 % 1000}?", '
            f'"answer": "It is {i + i * 7 % 1000}."}}\n')


def make_corpora(folder):
    lines = [record(i).encode() for i in range(12000)]
    Path(folder, "a.jsonl").write_bytes(b"".join(lines[:3000]))
    with open(Path(folder, "b.json.gz"), "wb") as out:  # of several members
        for at in range(3000, 6000, 700):
            text = b"".join(lines[at:min(at + 700, 6000)])
            out.write(gzip.compress(text, mtime=0))
    with open(Path(folder, "c.jsonl.zst"), "wb") as out:  # of several frames
        for at in range(6000, 9000, 1100):
            text = b"".join(lines[at:min(at + 1100, 9000)])
            out.write(subprocess.run(["zstd", "-q", "-c"], input=text, stdout=subprocess.PIPE,
                                     check=True).stdout)
    with open(Path(folder, "d.jsonl.xz"), "wb") as out:  # of several streams
        for at in range(9000, 12000, 1300):
            out.write(lzma.compress(b"".join(lines[at:min(at + 1300, 12000)])))
    with open(Path(folder, "e.csv"), "w", encoding="utf-8", newline="") as out:
        table = csv.writer(out)
        table.writerow(["id", "question", "answer"])
        for i in range(12000, 14000):
            table.writerow([i, f"How much,\nis \"{i}\"?", "Some."][:2 + (i % 37 != 5)])
    with zipfile.ZipFile(Path(folder, "f.zip"), "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("one.jsonl", "".join(record(i) for i in range(14000, 15500)))
        out.writestr("two/b.json", "".join(record(i) for i in range(15500, 16500)))
    with tarfile.open(Path(folder, "g.tar.gz"), "w:gz") as out:
        for name, first in [("one.jsonl", 16500), ("two.jsonl", 17500)]:
            text = "".join(record(i) for i in range(first, first + 1000)).encode()
            member = tarfile.TarInfo(name)
            member.size = len(text)
            out.addfile(member, io.BytesIO(text))
    Path(folder, "recipe.yaml").write_text(RECIPE, encoding="utf-8")


def rows(db, sql, *values):
    connection = sqlite3.connect(db)
    try:
        return connection.execute(sql, values).fetchall()
    finally:
        connection.close()


class Soak:
    def __init__(self, curate, models, corpora, rng):
        self.curate = curate
        self.corpora = corpora
        self.rng = rng
        self.environment = {**os.environ, "CURATE_MODELS": models}
        self.seconds = {}
        self.hits = {}

    def command(self, step):
        threads = str(self.rng.choice([1, 2, 3]))
        return [self.curate, *step, "--quiet", "--db", "killed.db", "--threads", threads]

    def start(self, folder, step):
        return subprocess.Popen(self.command(step), cwd=folder, env=self.environment,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def finish(self, folder, step):
        started = time.monotonic()
        child = self.start(folder, step)
        said = child.communicate()[1].decode(errors="replace")
        if child.returncode != 0:
            sys.exit(f"{step[0]} ended with {child.returncode}: {said}")
        self.seconds.setdefault(step[0], time.monotonic() - started)

    def kill(self, folder, step):
        """True if the command had not finished, so that the same command has work left."""
        child = self.start(folder, step)
        try:
            child.wait(self.rng.uniform(0, 1.1 * self.seconds[step[0]]))
        except subprocess.TimeoutExpired:
            child.kill()
        child.communicate()
        hit = child.returncode == -9
        self.hits[step[0]] = self.hits.get(step[0], 0) + hit
        return hit and not self.ended(folder, step)

    def ended(self, folder, step):
        """True if the run is marked as ok in the database, which is the last act of a command."""
        try:
            return rows(Path(folder, "killed.db"), ENDED, step[0])[0][0] > 0
        except sqlite3.OperationalError:  # there are no tables yet
            return False

    def content(self, folder):
        """The result of a round: digests of all content, and the names in the folder."""
        digests = subprocess.run([self.curate, "digest", "--db", "killed.db"], cwd=folder,
                                 env=self.environment, stdout=subprocess.PIPE, check=True).stdout
        for name in ["best.jsonl", "best.jsonl.manifest"]:
            digests += hashlib.sha256(Path(folder, name).read_bytes()).hexdigest().encode()
        names = sorted(name for name in os.listdir(folder)
                       if not name.endswith(("-wal", "-shm")))  # SQLite makes and removes these
        return digests, names, rows(Path(folder, "killed.db"), EXPORTS)

    def round(self, steps, kills):
        """Kill each step so many times, then let it finish. Returns the result and the counts."""
        with tempfile.TemporaryDirectory() as folder:
            for name in os.listdir(self.corpora):
                shutil.copy2(Path(self.corpora, name), folder)
            for step in steps:
                left = all(self.kill(folder, step) for _ in range(kills))
                if left:
                    self.finish(folder, step)
            broken = rows(Path(folder, "killed.db"), BROKEN)
            if broken:
                sys.exit(f"counts of runs {broken} do not add up")
            if rows(Path(folder, "killed.db"), STOPPED)[0][0] > 0:
                sys.exit("an ingest position is left although its file was read to the end")
            return self.content(folder), rows(Path(folder, "killed.db"), ONCE)[0]

    def total(self):
        return sum(self.hits.values())


def main():
    curate, models = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    kills = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(2**32)
    rounds = 0
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory() as corpora:
        make_corpora(corpora)
        soak = Soak(curate, models, corpora, random.Random(seed))
        whole, once = soak.round(STEPS, 0)
        whole_recipe, _ = soak.round([["run", "recipe.yaml"]], 0)
        if whole_recipe != whole:
            sys.exit("a recipe gives another result than its steps")
        while soak.total() < kills:
            rounds += 1
            recipe = rounds % 3 == 0
            got, counts = soak.round([["run", "recipe.yaml"]] if recipe else STEPS,
                                     soak.rng.randint(1, 6))
            if got != whole:
                sys.exit(f"round {rounds}: {got} is not {whole}")
            if not recipe and counts != once:
                sys.exit(f"round {rounds}: read, inserted, duplicate, rejected are {counts}, "
                         f"not {once}: a record was lost or seen twice")
    print(f"{soak.total()} kills in {rounds} rounds, all results equal: {soak.hits}")


if __name__ == "__main__":
    main()
