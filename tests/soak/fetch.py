#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kill `curate fetch` at random moments, run it again, and check what the cache holds.

fetch.py CURATE SUPPORT [KILLS] [SEED]; SUPPORT is the folder of hub.py

After each kill, every file under its final name must be complete and every link must lead to
one; partial files are allowed under their own names only. After ten kills a fetch runs to its
end, and the folder must hold the same files and links as after an undisturbed fetch. Prints how
many of the kills left a partial file; exits with 1 at the first difference.
"""
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

URLS = [["hf://datasets/org/d/slow.bin"],
        ["hf://datasets/org/d/slow.bin", "hf://datasets/org/d/data/small.jsonl"],
        ["--jobs", "3", "hf://datasets/org/d/[bs][il][go]*.bin"]]
KILLS_A_ROUND = 10
LONGEST_S = 0.5  # a fetch of slow.bin needs about 0.3 s


def start_hub(support, folder):
    ports = folder / "ports"
    hub = subprocess.Popen([sys.executable, "-B", support / "hub.py", "--ports", ports],
                           stdout=subprocess.DEVNULL)
    for _ in range(300):
        if ports.exists():
            return hub, ports.read_text().split()[0]
        time.sleep(0.1)
    sys.exit("hub.py does not start")


def identity(path, name):
    """The hash of a file, of the kind that its name is."""
    content = path.read_bytes()
    if len(name) == 64:
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def check_blobs(home):
    """Every complete blob has the content that its name says. Returns the partial files."""
    partial = []
    for blob in home.glob("hub/*/blobs/*"):
        name = blob.name.split(".")[0]
        if blob.name.endswith((".incomplete", ".tmp")):
            partial.append(blob)
        elif blob.name != name or identity(blob, name) != name:
            sys.exit(f"{blob}: the content is not that of its name")
    for path in home.glob("hub/*/snapshots/**/*"):
        if path.is_symlink() and not path.exists():
            sys.exit(f"{path}: the link leads nowhere")
    return partial


def picture(home):
    """All files and links with their contents, without what says when a file was verified, and
    without the small files that a kill left beside the one that they were to replace."""
    found = {}
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        if path.is_symlink():
            found[name] = "-> " + os.readlink(path)
        elif path.is_file() and not name.endswith((".curate", ".tmp")):
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


class Soak:
    def __init__(self, curate, folder, port):
        self.command = [curate, "fetch"]
        self.folder, self.port = folder, port

    def start(self, home, arguments):
        env = {**os.environ, "HF_HOME": str(home), "HF_ENDPOINT": f"http://127.0.0.1:{self.port}"}
        return subprocess.Popen([*self.command, *arguments], env=env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def run(self, home, arguments):
        process = self.start(home, arguments)
        _, err = process.communicate(timeout=120)
        if process.returncode != 0:
            sys.exit(f"{arguments}: exit status {process.returncode}: {err.decode()}")
        return picture(home)

    def kill_once(self, home, arguments, random_):
        """Returns whether the process was killed before it ended."""
        process = self.start(home, arguments)
        time.sleep(random_.uniform(0, LONGEST_S))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return process.returncode == -signal.SIGKILL

    def round(self, number, n_kills, random_):
        """Returns how many of the kills left a partial file."""
        arguments = URLS[number % len(URLS)]
        home, clean = self.folder / "killed", self.folder / f"clean{number % len(URLS)}"
        expected = picture(clean) if clean.exists() else self.run(clean, arguments)
        n_done = n_partial = 0
        while n_done < n_kills:
            if not self.kill_once(home, arguments, random_):
                check_blobs(home)
                shutil.rmtree(home)
                continue
            n_done += 1
            n_partial += bool(check_blobs(home))
        found = self.run(home, arguments)
        if found != expected:
            sys.exit(f"{arguments}: {found} is not {expected}")
        shutil.rmtree(home)
        return n_partial


def main(curate, support, n_kills, seed):
    random_ = random.Random(seed)
    n_partial = 0
    print(f"seed {seed}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hub, port = start_hub(Path(support), folder)
        try:
            soak = Soak(curate, folder, port)
            for number in range(-(-n_kills // KILLS_A_ROUND)):
                n = min(KILLS_A_ROUND, n_kills - number * KILLS_A_ROUND)
                n_partial += soak.round(number, n, random_)
        finally:
            hub.kill()
    print(f"{n_kills} kills, {n_partial} of them left a partial file")
    if n_partial == 0:
        sys.exit("no kill hit a transfer: the fetches are too fast for this test")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 50,
         int(sys.argv[4]) if len(sys.argv) > 4 else random.randrange(1 << 30))
