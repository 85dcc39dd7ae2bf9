#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the Parquet and Arrow files of this folder: make.py, with pyarrow.

Corpora as people have them, small: chats (messages) and tasks (instruction and output), each as
JSONL, Parquet and Arrow; questions, of which tests/soak/kill.py reads both files; and wide.parquet,
whose one dictionary page has 40 MB of texts. The members that are null in a table are absent in its JSONL, as they were before pyarrow read it.
"""
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

HERE = Path(__file__).parent
CHATS, TASKS, QUESTIONS = 60, 45, 600
WORDS = "river lantern harbour copper window garden letter winter bridge market".split()


def chat(i):
    """Chat i: some turns have a name, some chats a system prompt, every seventh a tool call."""
    turns = [{"role": "user", "content": f"Where is the {WORDS[i % 10]} number {i}?"}]
    if i % 4 == 1:
        turns[0]["name"] = "Ada"
    if i % 7 == 3:
        call = {"id": f"c{i}", "type": "function",
                "function": {"name": "find", "arguments": json.dumps({"what": WORDS[i % 10]})}}
        turns.append({"role": "assistant", "content": "", "tool_calls": [call]})
        turns.append({"role": "tool", "content": "in the north", "tool_call_id": f"c{i}"})
    turns.append({"role": "assistant", "content": f"Behind the {WORDS[(i + 3) % 10]}, caf\u00e9 {i}."})
    made = {"id": f"chat-{i}", "messages": turns, "quality": i / 8}
    if i % 5 == 0:
        made["system"] = "You answer briefly."
    return made


def task(i):
    """Task i: every third has no input, and other members are missing here and there."""
    made = {"instruction": f"Name {i % 9 + 1} things that float on a {WORDS[i % 10]}.",
            "input": f"It is {WORDS[(i * 7) % 10]} number {i}.", "output": f"A {WORDS[(i + 1) % 10]}. " * 3,
            "done": i % 2 == 0, "page": i * 1000003}
    if i % 3 == 0:
        made["input"] = ""
    if i % 4 == 2:
        made["score"] = i / 16
    if i % 5 < 3:
        made["origin"] = {"book": WORDS[i % 10]} if i % 5 == 0 else {"by": {"name": "Ada", "year": i}}
    return made


def question(i):
    """As the records of kill.py: some repeat with another page, some share an id."""
    page = i
    if i % 31 == 7:
        i = i // 2
    ident = i - 9 if i % 23 == 10 else i
    return {"id": ident, "question": f"How much is {i} and {i * 7 % 1000}?",
            "answer": f"It is {i + i * 7 % 1000}.", "page": page}


def write(name, rows, schema, per_group, twin=True):
    table = pa.Table.from_pylist(rows, schema=schema)
    pq.write_table(table, HERE / f"{name}.parquet", row_group_size=per_group, compression="zstd",
                   write_page_checksum=True)
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(HERE / f"{name}.arrow", table.schema, options=options) as out:
        out.write_table(table, max_chunksize=per_group)
    if twin:
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        Path(HERE, f"{name}.jsonl").write_text(text, encoding="utf-8")


def wide():
    """Texts of 1 MB each that compress to almost nothing."""
    texts = [f"{WORDS[i % 10]} {i} " * (10**6 // len(f"{WORDS[i % 10]} {i} ")) for i in range(40)]
    pq.write_table(pa.table({"text": texts}), HERE / "wide.parquet", compression="zstd",
                   compression_level=19, dictionary_pagesize_limit=1 << 28, write_statistics=False)


def main():
    wide()
    call = pa.struct([("id", pa.string()), ("type", pa.string()),
                      ("function", pa.struct([("name", pa.string()), ("arguments", pa.string())]))])
    turn = pa.struct([("role", pa.string()), ("content", pa.string()), ("name", pa.string()),
                      ("tool_calls", pa.list_(call)), ("tool_call_id", pa.string())])
    write("chats", [chat(i) for i in range(CHATS)],
          pa.schema([("id", pa.string()), ("messages", pa.list_(turn)), ("quality", pa.float64()),
                     ("system", pa.string())]), 16)
    write("tasks", [task(i) for i in range(TASKS)],
          pa.schema([("instruction", pa.string()), ("input", pa.string()), ("output", pa.string()),
                     ("done", pa.bool_()), ("page", pa.int64()), ("score", pa.float64()),
                     ("origin", pa.struct([("book", pa.string()), ("by", pa.struct(
                         [("name", pa.string()), ("year", pa.int16())]))]))]), 20)
    write("questions", [question(i) for i in range(QUESTIONS)],
          pa.schema([("id", pa.int64()), ("question", pa.string()), ("answer", pa.string()),
                     ("page", pa.int32())]), 75, twin=False)


if __name__ == "__main__":
    main()
