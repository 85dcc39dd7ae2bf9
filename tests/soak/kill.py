#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kill every command of the program at random moments, and compare with an undisturbed run.

kill.py CURATE MODELS [KILLS] [SEED]; KILLS "short" leaves out what runs a model

A round begins with an empty folder and runs all commands, from init to cohort drop; ingest reads
every kind of container. Each command is killed with SIGKILL at random moments and started again,
and at last runs to its end. Every fourth round runs a recipe instead.

At the end of a round the folder must be as after an undisturbed run. This program does not ask
the program under test for that: it reads the database itself (picture()) and compares the content
of all tables, the samples of each source, the counts of runs, the names in the folder, and the
bytes of all files that were written. Prints the number of kills of each command; exits with 1 at
the first difference.
"""
import bz2
import collections
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

CONTAINERS = ["a.jsonl", "b.json.gz", "c.jsonl.zst", "d.jsonl.xz", "e.csv", "f.zip", "g.tar.gz",
              "h.json", "i.tsv", "j.jsonl.bz2", "k.tar", "l.parquet", "m.arrow", "n.parquet",
              "folder"]
DATA = Path(__file__).resolve().parent.parent / "data"
TABLES = DATA / "tables"
TOKENIZER = DATA / "tiny-qwen2.gguf"
WHERE = "sample_id <= 100"
LONG = "context IS NOT NULL"

# The commands of a round, in this order.
STEPS = [
    ["init"],
    ["ingest", "--max-rejects", "20", "--on", "duplicate_key=reject", *CONTAINERS],
    ["rejects", "retry", "--on", "duplicate_key=repair"],
    ["measure", "--tokenizer", str(TOKENIZER), "--label", "page=meta.page",
     "--where", "sample_id % 3 = 0"],
    ["score", "mtld"],
    ["score", "ifd", "--where", WHERE],
    ["score", "nll", "--turns", "all", "--where", WHERE],
    ["score", "gateau", "--short-window", "256", "--ppl", "log", "--where", LONG],
    ["score", "import", "--metric", "judge", "--max-rejects", "50", "judge.csv"],
    ["cohort", "make", "half", "--from", "gateau", "--where", f"{LONG} AND sample_id % 2 = 0"],
    ["score", "embedding", "--where", WHERE],
    ["dedup", "near", "--field", "response"],
    ["dedup", "exact", "--field", "response"],
    ["dedup", "semantic", "--least", "0.9"],
    ["decontaminate", "--against", "questions.jsonl"],
    ["select", "--name", "best", "--by", "mtld", "--top", "800"],
    ["select", "--name", "hard", "--by", "ifd", "--top", "80"],
    ["select", "--name", "distinct", "--by", "mtld", "--top", "50%", "--dedup", "near@component",
     "--dedup", "exact", "--clean"],
    ["select", "--name", "judged", "--by", "judge", "--top", "50%"],
    ["select", "--name", "approved", "--by", "words", "--top", "60%", "--policy", "policy.yaml",
     "--any-corpus"],
    ["select", "--name", "long", "--by", "gateau", "--cohort", "half", "--top", "5"],
    ["cluster", "--clusters", "5"],
    ["split", "--by", "train=.8,test=.2", "--dedup", "near"],
    ["split", "--name", "sized", "--by", "a=.6,b=.4", "--exact", "words", "--stratify", "source"],
    ["export", "best", "--output", "best.jsonl"],
    ["export", "hard", "--output", "hard.jsonl"],
    ["export", "judged", "--to", "sharegpt", "--skip", "--output", "judged.jsonl"],
    ["export", "long", "--to", "alpaca", "--output", "long.jsonl", "--force"],
    ["export", "best", "--split", "test", "--output", "part.jsonl"],
    ["export", "approved", "--redact", "all", "--output", "redacted.jsonl"],
    ["profile", "words", "tokens", "--by", "source,language", "--svg", "curves.svg"],
    ["rejects", "export", "--output", "rejects.jsonl", "--force"],
    ["cohort", "drop", "gateau"],
    ["dedup", "show", "near"],
    ["dedup", "drop", "exact"],
    ["split", "drop", "sized"],
    ["digest"],
    ["fsck"],
    ["compare", "judge", "mtld"],
    ["show", "best"],
    ["query", "SELECT source, count(*), avg(length(response)) FROM v_sample GROUP BY 1"],
    ["runs"],
    ["rejects"],
    ["cohort", "list"],
    ["dedup", "list"],
    ["split", "show", "split"],
]
RECIPE = f"""version: 1
db: killed.db
steps:
  - ingest:
      files: [{", ".join(CONTAINERS)}]
      max-rejects: 20
  - measure: {{facts: [length, personal, loops]}}
  - score: {{metrics: [mtld]}}
  - select: {{name: wordy, by: mtld, top: "50%", policy: policy.yaml, any-corpus: true}}
  - export: {{selection: wordy, to: sharegpt, skip: true, redact: [all], output: wordy.jsonl}}
  - score: {{metrics: [ifd], where: {WHERE}}}
  - select: {{name: best, by: ifd, top: "80"}}
  - export: {{selection: best, output: best.jsonl}}
"""
RECIPE_STEPS = [["run", "recipe.yaml"]]
POLICY = """policy: short answers
approved_by: the data team
conditions:
- {fact: words_response, min: 3, max: 40}
- {fact: loop_share_response, max: 0.9, missing: keep}
- {sql: "source <> 'e.csv'"}
"""
# What runs a model or depends on its scores, of steps and recipe.
MODEL = {"ifd", "nll", "gateau", "hard", "half", "long", "embedding", "semantic",
         "cluster"}
RECIPE_MODEL = 3

# Columns that differ from run to run without being content.
INCIDENTAL = {"inode", "ctime_ns", "mtime_ns"}
COUNTS = ["n_read", "n_inserted", "n_duplicate", "n_rejected", "n_scored", "n_dup_meta", "n_sft",
          "n_pair", "n_prompt_only", "n_text"]
# Commands that never do a part of their work twice. The others begin again, and insert nothing
# twice.
EXACT = {b"ingest", b"score"}
# A drop that was killed after its commit finds nothing when it begins again: 66, "not found".
DROPS = ("cohort drop", "dedup drop", "split drop")


def record(i):
    """The i-th record of the corpora. Some are malformed, some repeat, some share an id, and some
    that repeat have other members."""
    page = i
    if i % 29 == 3:
        return f'{{"question": "broken {i}", "answer": \n'
    if i % 41 == 11:
        return f'{{"question": "twice {i}", "question": "again {i}", "answer": "{i}"}}\n'
    if i % 31 == 7:
        i = i // 2
    ident = i - 9 if i % 23 == 10 else i
    more = {1: f" Mail user{i}@acme.com.", 3: " Call +49 30 1234567.", 5: "\\n```json\\n{]\\n```",
            6: "", 8: " and so" * 20}.get(i % 16, ".")
    limit = " Answer in at most 3 words." if i % 13 == 4 else ""
    return (f'{{"id": {ident}, "question": "How much is {i} and {i * 7 % 1000}?{limit}", '
            f'"answer": "It is {i + i * 7 % 1000}{more}", "page": {page}}}\n')


def with_context(i):
    words = " ".join(f"word{(i + j) % 97}" for j in range(200))
    return (f'{{"context": "{words}", "question": "What is word {i}?", '
            f'"answer": "It is word{i % 97}."}}\n')


def lines(first, end):
    return [record(i).encode() for i in range(first, end)]


def make_corpora(folder):
    """One file of each kind, with records of its own."""
    put = {name: Path(folder, name) for name in CONTAINERS}
    put["a.jsonl"].write_bytes(b"".join(lines(0, 1200)))
    with open(put["b.json.gz"], "wb") as out:  # of several members
        for at in range(1200, 2400, 350):
            out.write(gzip.compress(b"".join(lines(at, min(at + 350, 2400))), mtime=0))
    with open(put["c.jsonl.zst"], "wb") as out:  # of several frames
        for at in range(2400, 3600, 410):
            text = b"".join(lines(at, min(at + 410, 3600)))
            out.write(subprocess.run(["zstd", "-q", "-c"], input=text, stdout=subprocess.PIPE,
                                     check=True).stdout)
    with open(put["d.jsonl.xz"], "wb") as out:  # of several streams
        for at in range(3600, 4800, 530):
            out.write(lzma.compress(b"".join(lines(at, min(at + 530, 4800)))))
    for name, first, dialect in [("e.csv", 4800, "excel"), ("i.tsv", 8000, "excel-tab")]:
        with open(put[name], "w", encoding="utf-8", newline="") as out:
            table = csv.writer(out, dialect)
            table.writerow(["id", "question", "answer"])
            for i in range(first, first + 800):
                table.writerow([i, f"How much,\nis \"{i}\"?", "Some."][:2 + (i % 37 != 5)])
    with zipfile.ZipFile(put["f.zip"], "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("one.jsonl", b"".join(lines(5600, 6200)))
        out.writestr("two/b.json", b"".join(lines(6200, 6800)))
    for name, mode, first in [("g.tar.gz", "w:gz", 6800), ("k.tar", "w", 9600)]:
        with tarfile.open(put[name], mode) as out:
            for part in range(2):
                text = b"".join(lines(first + 400 * part, first + 400 * part + 400))
                member = tarfile.TarInfo(f"{part}.jsonl")
                member.size = len(text)
                out.addfile(member, io.BytesIO(text))
    whole = [text.decode().strip() for text in lines(7600, 8000) if b"broken" not in text]
    put["h.json"].write_text("[\n" + ",\n".join(whole) + "\n]\n", encoding="utf-8")
    put["j.jsonl.bz2"].write_bytes(b"".join(bz2.compress(b"".join(lines(at, at + 200)))
                                            for at in range(8800, 9600, 200)))
    put["l.parquet"].write_bytes(TABLES.joinpath("questions.parquet").read_bytes())
    put["m.arrow"].write_bytes(TABLES.joinpath("questions.arrow").read_bytes())
    damaged = bytearray(put["l.parquet"].read_bytes())
    damaged[len(damaged) // 2:len(damaged) // 2 + 20] = bytes(20)  # a bad page, in another file
    put["n.parquet"].write_bytes(damaged)
    for part in ["x", "y/z"]:
        put["folder"].joinpath(part).mkdir(parents=True)
    put["folder"].joinpath("x/1.jsonl").write_bytes(b"".join(lines(10400, 10800)))
    put["folder"].joinpath("y/z/2.jsonl").write_text(
        "".join(with_context(i) for i in range(12)), encoding="utf-8")
    Path(folder, "recipe.yaml").write_text(RECIPE, encoding="utf-8")
    Path(folder, "policy.yaml").write_text(POLICY, encoding="utf-8")
    with open(Path(folder, "judge.csv"), "w", encoding="utf-8") as out:
        out.write("ext_id,value\n")
        out.writelines(f"{i},{i * 37 % 101}\n" for i in range(0, 6000, 2))
    with open(Path(folder, "questions.jsonl"), "w", encoding="utf-8") as out:
        out.writelines(with_context(i) for i in range(5))
        out.writelines(f'{{"question": "So: How much is {i} and {i * 7 % 1000}? Give a number."}}\n'
                       for i in range(0, 900, 60))


class Picture:
    """The content of a database: for each table the rows without ids, as a multiset.

    A reference is replaced by a hash of the row that it names. Runs are left out, because a killed
    command makes several; count_runs() adds them up.
    """

    def __init__(self, path):
        self.db = sqlite3.connect(path)
        self.db.text_factory = bytes
        self.keys = {}
        names = [name.decode() for name, in self.db.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")]
        self.tables = {name: collections.Counter(self.rows(name).values())
                       for name in names if name not in ("run", "run_defect")}
        self.sources = collections.Counter(name for name, in self.db.execute(
            """SELECT o.name FROM sample JOIN file USING (file_id)
               JOIN source o USING (source_id)"""))
        self.runs = self.count_runs()
        self.damage = self.db.execute("PRAGMA integrity_check").fetchall()
        self.db.close()

    def rows(self, table):
        """The hash of each row's content, by its rowid or its place."""
        if table in self.keys:
            return self.keys[table]
        self.keys[table] = {}
        columns = self.db.execute(f"PRAGMA table_info({table})").fetchall()
        names = [column[1].decode() for column in columns]
        keys = self.db.execute(f"PRAGMA foreign_key_list({table})").fetchall()
        columns_of = collections.Counter(row[0] for row in keys)
        # References of several columns say nothing that those of one column do not say.
        refers = {row[3].decode(): row[2].decode() for row in keys if columns_of[row[0]] == 1}
        own = [name for name in names if name == table + "_id"]
        kept = [name for name in names if name not in own and name not in INCIDENTAL and
                refers.get(name) != "run"]
        for at, row in enumerate(self.db.execute(
                f"SELECT {', '.join(own or ['NULL'])}, {', '.join(kept)} FROM {table}")):
            values = [value if name not in refers or value is None else
                      self.rows(refers[name])[value] for name, value in zip(kept, row[1:])]
            key = row[0] if own else at
            self.keys[table][key] = hashlib.sha256(repr(values).encode()).digest()
        return self.keys[table]

    def count_runs(self):
        """Sums over all runs of a command; how many are marked as complete; and their defects."""
        totals = ", ".join(f"sum({name})" for name in COUNTS)
        runs = [row if row[0] in EXACT else (row[0], row[1], row[3]) for row in self.db.execute(
            f"SELECT command, sum(status = 'ok'), {totals} FROM run "
            f"WHERE command NOT IN {DROPS} GROUP BY command")]
        defects = self.db.execute("""SELECT class, action, sum(n) FROM run_defect
                                     JOIN run USING (run_id) WHERE command = 'ingest'
                                     GROUP BY 1, 2""").fetchall()
        odd = self.db.execute("""SELECT run_id FROM run WHERE command = 'ingest'
                                 AND (n_read <> n_inserted + n_duplicate + n_rejected OR
                                      n_inserted <> n_sft + n_pair + n_prompt_only + n_text)""")
        return sorted(runs), sorted(defects), odd.fetchall()

    def differences(self, other, recipe):
        for name in sorted(set(self.tables) | set(other.tables)):
            ours = self.tables.get(name, collections.Counter())
            theirs = other.tables.get(name, collections.Counter())
            if ours != theirs:
                yield (f"table {name}: {(ours - theirs).total()} rows are missing, "
                       f"{(theirs - ours).total()} should not be there")
        if self.sources != other.sources:
            yield f"samples by source: {self.sources} and {other.sources}"
        names = ["counts of runs", "defects of runs", "runs whose counts do not add up"]
        for name, ours, theirs in zip(names, self.runs, other.runs):
            # A recipe that begins again reads the corpora once more, and finds only duplicates.
            if ours != theirs and (name == names[2] or not recipe):
                yield f"{name}: {ours} and {theirs}"
        if other.damage != [(b"ok",)]:
            yield f"SQLite: {other.damage}"


def digest_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def files_of(folder):
    """The bytes of all files, but for those of SQLite and the lock, whose names must agree."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_file() and not name.endswith(("-wal", "-shm")):
            found[name] = "" if name in ("killed.db", "killed.db.lock") else digest_of(path)
    return found


class Soak:
    def __init__(self, curate, models, corpora, rng):
        self.curate = curate
        self.corpora = corpora
        self.rng = rng
        self.environment = {**os.environ, "CURATE_MODELS": models}
        self.seconds = {}
        self.whole = {}  # digests of the files of an undisturbed round
        self.hits = collections.Counter()

    def start(self, folder, step):
        threads = str(self.rng.choice([1, 2, 3]))
        command = [self.curate, *step, "--quiet", "--db", "killed.db", "--threads", threads]
        return subprocess.Popen(command, cwd=folder, env=self.environment,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def check_outputs(self, folder, step):
        """The files that a killed command writes are absent or as after an undisturbed run."""
        for option, name in zip(step, step[1:]):
            path = Path(folder, name)
            for output in [path, Path(f"{path}.manifest")]:
                if option in ("--output", "--svg") and output.exists() and self.whole and \
                        self.whole[str(output.relative_to(folder))] != digest_of(output):
                    sys.exit(f"{' '.join(step)} was killed and left a part of {output.name}")

    def good(self, step):
        """The statuses that a command may end with. An undisturbed one has no time yet."""
        dropped = " ".join(step).startswith(DROPS) and tuple(step) in self.seconds
        return (0, 66) if dropped else (0,)

    def finish(self, folder, step):
        started = time.monotonic()
        child = self.start(folder, step)
        said = child.communicate()[1].decode(errors="replace")
        if child.returncode not in self.good(step):
            sys.exit(f"{' '.join(step)} ended with {child.returncode}: {said}")
        self.seconds.setdefault(tuple(step), time.monotonic() - started)

    def completed(self, folder):
        """The number of runs that are marked as complete, the last act of a command."""
        try:
            db = sqlite3.connect(Path(folder, "killed.db"))
            count = db.execute("SELECT count(*) FROM run WHERE status = 'ok' "
                               "AND parent_run_id IS NULL").fetchone()[0]
            db.close()
            return count
        except sqlite3.OperationalError:  # there are no tables yet
            return 0

    def kill(self, folder, step):
        """True if the command has work left."""
        before = self.completed(folder)
        child = self.start(folder, step)
        try:
            child.wait(self.rng.uniform(0, 1.1 * self.seconds[tuple(step)]))
        except subprocess.TimeoutExpired:
            child.kill()
        said = child.communicate()[1].decode(errors="replace")
        if child.returncode not in (-9, *self.good(step)):
            sys.exit(f"{' '.join(step)} ended with {child.returncode}: {said}")
        self.check_outputs(folder, step)
        hit = child.returncode == -9
        is_long = step[0] in ("rejects", "cohort", "dedup") or step[1:2] in (["import"], ["drop"])
        self.hits[" ".join(step[:2] if is_long else step[:1])] += hit
        return hit and self.completed(folder) == before

    def round(self, steps, kills):
        """Kill each step so many times, then let it finish. Returns picture and files."""
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(self.corpora, folder, dirs_exist_ok=True)
            for step in steps:
                if all(self.kill(folder, step) for _ in range(kills)):
                    self.finish(folder, step)
            return Picture(Path(folder, "killed.db")), files_of(folder)


def check(what, recipe, whole, got):
    """End with 1 if a round differs from the undisturbed one."""
    problems = list(whole[0].differences(got[0], recipe))
    for name in sorted(set(whole[1]) | set(got[1])):
        if whole[1].get(name) != got[1].get(name):
            problems.append(f"file {name} differs, is missing or should not be there")
    if problems:
        sys.exit("\n".join([f"{what}:", *problems]))


def main():
    curate, models = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    short = sys.argv[3:4] == ["short"]
    kills = 1 if short else int(sys.argv[3]) if len(sys.argv) > 3 else 1000
    seed = int(sys.argv[4]) if len(sys.argv) > 4 else random.SystemRandom().randrange(2**32)
    rounds = 0
    print(f"seed {seed}", flush=True)
    steps = [step for step in STEPS if not (short and MODEL.intersection(step))]
    with tempfile.TemporaryDirectory() as corpora:
        make_corpora(corpora)
        if short:
            lines_of = Path(corpora, "recipe.yaml").read_text(encoding="utf-8").splitlines()
            Path(corpora, "recipe.yaml").write_text("\n".join(lines_of[:-RECIPE_MODEL]) + "\n",
                                                    encoding="utf-8")
        soak = Soak(curate, models, corpora, random.Random(seed))
        whole = {False: soak.round(steps, 0), True: soak.round(RECIPE_STEPS, 0)}
        soak.whole = whole[False][1]
        while soak.hits.total() < kills or rounds < 2:
            rounds += 1
            recipe = rounds % (2 if short else 4) == 0
            got = soak.round(RECIPE_STEPS if recipe else steps,
                             1 if short else soak.rng.randint(1, 4))
            check(f"round {rounds} of seed {seed}", recipe, whole[recipe], got)
    print(f"{soak.hits.total()} kills in {rounds} rounds, all results equal: "
          f"{dict(soak.hits)}")


if __name__ == "__main__":
    main()
