#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare what public layouts become with what they mean, field by field: layouts.py CURATE FOLDER

FOLDER holds an invented file for each layout, with the field names that its publisher uses. Below
stands what each of its records means, written by hand from the description of the layout: kind, id,
system prompt, context, tools, and each turn with its role, text, thought, calls, media and side.
"meta" names the members that are facts about the sample. Nothing else may be in the sample.
"""
import json
import os
import sqlite3
import subprocess
import sys
import tempfile


def turn(role, content, **more):
    return {"role": role, "content": content, **more}


def user(content, **more):
    return turn("user", content, **more)


def answer(content, **more):
    return turn("assistant", content, **more)


def tool(content, **more):
    return turn("tool", content, **more)


def chosen(content):
    return answer(content, side="chosen")


def rejected(content):
    return answer(content, side="rejected")


def sample(kind, *turns, id=None, system=None, context=None, tools=None, meta=()):
    return {"kind": kind, "id": id, "system": system, "context": context, "tools": tools,
            "turns": list(turns), "meta": sorted(meta)}


def sft(*turns, **more):
    return sample("sft", *turns, **more)


def pair(*turns, **more):
    return sample("pair", *turns, **more)


def text(context, **more):
    return sample("text", context=context, **more)


CANAL = "The canal was dug in 1790 by hand."
PETREL = "The log of the Petrel. Captain Voss. " + "Wind from the east, and a calm sea. " * 60

# file: the samples that it means; with options in a tuple before them, where it needs some
LAYOUTS = {
    # Instructions: a question under one of its names, an answer under one of its names.
    "alpaca.json": [
        sft(user("Name a metal that melts in a kitchen oven."), answer("Tin.")),
        sft(user("Put the words in order.\noak, elm, ash"), answer("ash, elm, oak"))],
    "alpaca_text.jsonl": [
        sft(user("Why is the sky dark at night?"), answer("The sun is on the other side."),
            meta=["text"])],
    "dolly.jsonl": [
        sft(user("When was the mill built?"), answer("In 1811."), meta=["category"],
            context="The mill by the brook was built in 1811 and burned in 1902."),
        sft(user("Suggest a name for a boat."), answer("Grey Heron."), meta=["category"])],
    "openorca.jsonl": [
        sft(user("What is a noun?"), answer("A word for a thing."), id="niv.242684",
            system="You are a teacher.")],
    "flan.jsonl": [
        sft(user("Translate to French: bread"), answer("pain"), meta=["task"])],
    "self_instruct.jsonl": [
        sft(user("Give a synonym.\nquick"), answer("fast"), id="seed_task_3",
            meta=["name", "is_classification"])],
    "firefly.jsonl": [
        sft(user("Say good night in German."), answer("Gute Nacht."), meta=["kind"])],
    "helpsteer2.jsonl": [
        sft(user("Why do cats purr?"), answer("Mostly because they are at ease."),
            meta=["helpfulness", "correctness", "coherence", "complexity", "verbosity"])],
    "medical_meadow.jsonl": [
        sft(user("Answer this question truthfully.\nWhat is the pulse?"),
            answer("The beat of the heart, felt in an artery."))],
    "magicoder_oss.jsonl": [
        sft(user("Write a function that adds two numbers."),
            answer("def add(a, b):\n    return a + b"),
            meta=["lang", "raw_index", "index", "seed", "openai_fingerprint"])],
    "evol_codealpaca.jsonl": [
        sft(user("Write a loop that prints 1 to 3."), answer("for i in 1, 2, 3: print(i)"))],
    "code_alpaca.jsonl": [
        sft(user("### Instruction:\nReverse a list.\n\n### Response:"),
            answer("list(reversed(x))"))],
    "datasets_server_rows.json": [
        sft(user("Name a fruit."), answer("Plum.")), sft(user("Name a herb."), answer("Dill."))],

    # Dialogues.
    "sharegpt.json": [
        sft(user("How long does an egg boil?"), answer("Seven minutes."),
            user("And a large one?"), answer("Eight."), id="sg_0")],
    "openhermes.jsonl": [
        sft(user("What do bees make?"), answer("Honey."), system="Answer in one word.",
            meta=["source", "category", "skip_prompt_formatting"])],
    "slimorca.jsonl": [
        sft(user("Is 9 a square?"), answer("Yes, of 3.", trained=1),
            system="Think step by step.")],
    "ultrachat_200k.jsonl": [
        sft(user("What grows in sand?"), answer("Marram grass."), user("And in salt?"),
            answer("Samphire."), id="f0e3", meta=["prompt"])],
    "ultrachat_raw.jsonl": [
        sft(user("What is a fjord?"), answer("A drowned valley."), user("Is it deep?"),
            answer("Often, yes."), id="0")],
    "lima.jsonl": [
        sft(user("Can plants hear water?"), answer("Some roots grow towards its sound."),
            meta=["source"])],
    "no_robots.jsonl": [
        sft(user("Write a line about rain."), answer("Rain counts the roofs."), id="a1",
            system="You are a poet.", meta=["prompt", "category"])],
    "tulu3.jsonl": [
        sft(user("Sort 3, 1, 2."), answer("1, 2, 3."), id="tulu_7", meta=["source"])],
    "capybara.jsonl": [
        sft(user("What is a mole?"), answer("A small digger."), user("Blind?"),
            answer("Nearly."), meta=["source"])],
    "wildchat.jsonl": [
        sft(user("Define moss.", extra={"country": "Norway", "language": "English",
                                        "redacted": False, "toxic": False}),
            answer("A small plant without roots.",
                   extra={"language": "English", "redacted": False, "toxic": False}),
            meta=["conversation_hash", "model", "timestamp", "turn", "language",
                  "openai_moderation", "toxic", "redacted"])],
    "lmsys_chat.jsonl": [
        sft(user("Name a cheese."), answer("Brie."), user("A hard one?"), answer("Gruyere."),
            id="33f7", meta=["model", "turn", "language", "openai_moderation", "redacted"])],
    "chatgpt_export.json": [
        sft(user("How hot is green tea made?"), answer("At about 75 degrees."), id="chat-5",
            meta=["title", "create_time", "update_time", "mapping", "moderation_results",
                  "current_node"])],
    "oasst_trees.jsonl": [
        sft(user("What is felt?"), answer("Pressed wool."), id="t1",
            meta=["tree_state", "prompt"])],
    "mt_bench.jsonl": [
        sample("prompt_only", user("Write a line about fog."), user("Make it shorter."), id="81",
               meta=["category"])],
    "axolotl_segments.jsonl": [
        sft(user("Q: Two and two?\nA:"), answer("Four."))],
    "llava.jsonl": [
        sft(user("\nWhat is on the table?", media=[
                {"type": "image", "at": 0,
                 "part": {"type": "image", "image": "coco/train2017/000000033471.jpg",
                          "placeholder": True}}]),
            answer("A blue bowl."), id="000000033471")],

    "vqa.jsonl": [
        sft(user("What colour is the kite?", media=[
                {"type": "image", "at": 0,
                 "part": {"type": "image", "image": {"path": "val/17.jpg"},
                          "placeholder": True}}]),
            answer("Red."), id="17")],
    "llamafactory_mllm.json": [
        sft(user("Who stands on the left?", media=[
                {"type": "image", "at": 0,
                 "part": {"type": "image", "image": "demo/1.jpg", "placeholder": True}}]),
            answer("A woman with a red hat."),
            user("And  here?", media=[
                {"type": "image", "at": 4,
                 "part": {"type": "image", "image": "demo/2.jpg", "placeholder": True}}]),
            answer("Nobody."))],
    "ms_swift.jsonl": [
        sft(user("Coffee?"), answer("No, thank you."), user("And tea?"),
            answer("With milk, please."), system="You are kind.")],

    # Long contexts and documents.
    "longalign.jsonl": [
        sft(user("How many sheep were on the ferry?"), answer("Nine."), id="la1", meta=["length"],
            context="Chapter one. The ferry left at dawn with nine sheep.\n\n"
                    "Chapter two. By noon it was back without them.")],
    "longbench.jsonl": [
        sft(user("Who kept the light?"), answer("Ada Moor"), id="b1f0",
            context="The lighthouse was kept by Ada Moor until 1931.",
            meta=["answers", "length", "dataset", "language"])],
    "longbench_v2.jsonl": [
        sft(user("Who took the key?\nA. The cook\nB. The groom\nC. The maid\nD. The cat"),
            answer("C. The maid"), id="66f3",
            context="The maid said that she had put the key into her apron.",
            meta=["domain", "sub_domain", "difficulty", "length"])],
    "leval.jsonl": [
        sft(user("Who is the captain?"), answer("Voss."), context=PETREL,
            meta=["source", "evaluation"]),
        sft(user("What is the ship called?"), answer("The Petrel."), context=PETREL,
            meta=["source", "evaluation"])],
    "infinitebench.jsonl": [
        sft(user("What is the pass key?"), answer("71432"), id="4",
            context="The pass key is 71432. Remember it. The grass is green.",
            meta=["answer", "options"])],
    "hotpotqa.jsonl": [
        sft(user("In which country is the town of the bell?"), answer("Norway"), id="5a7a",
            context="Bell\nThe bell hangs in Roros. It is old.\n\nRoros\nRoros is a town in Norway.",
            meta=["type", "level", "supporting_facts"])],
    "squad.jsonl": [
        sft(user("When was the canal dug?"), answer("1790"), id="5733", context=CANAL,
            meta=["title", "answers"])],
    "squad_original.json": [
        sft(user("When was it dug?"), answer("1790"), id="q1", context=CANAL,
            meta=["answers", "is_impossible", "title", "version"]),
        sft(user("How was it dug?"), answer("by hand"), id="q2", context=CANAL,
            meta=["answers", "is_impossible", "title", "version"])],
    "boolq.jsonl": [
        sft(user("is salt a mineral"), answer("true"),
            context="Salt is a mineral that is mined.")],
    "race.jsonl": [
        sft(user("What did Tom plant?\nA. Peas\nB. Beans\nC. Corn\nD. Figs"), answer("B. Beans"),
            context="Tom dug the bed in May and planted beans.", meta=["example_id"])],
    "pubmed_qa.jsonl": (
        ["--map", "instruction=question", "--map", "context=context.contexts[*]",
         "--map", "response=long_answer", "--map", "id=pubid"],
        [sft(user("Does walking help sleep?"),
             answer("Walking each day was followed by longer sleep."), id="21645374",
             context="Forty people walked each day.\n\nThey slept longer.",
             meta=["context", "final_decision"])]),
    "triviaqa.jsonl": (
        ["--map", "instruction=question", "--map", "response=answer.value"],
        [sft(user("Which bird lays the largest egg?"), answer("Ostrich"), id="tc_1",
             meta=["answer"])]),
    "c4.jsonl": [
        text("Our bakery opens at six.\nFresh rolls every day.", meta=["timestamp", "url"])],
    "fineweb.jsonl": [
        text("The tide tables of the bay are printed each spring.", id="<urn:uuid:1>",
             meta=["dump", "url", "date", "file_path", "language", "language_score",
                   "token_count"])],
    "redpajama_v2.jsonl": [
        text("Oil lamps need a trimmed wick.",
             meta=["url", "date_download", "digest", "length", "nlines", "source_domain", "title",
                   "cc_segment", "original_nlines", "language", "language_score", "perplexity",
                   "bucket"])],

    # Multiple choice, and mathematics with and without reasoning.
    "mmlu.jsonl": [
        sft(user("Which is a noble gas?\nA. Iron\nB. Neon\nC. Chlorine\nD. Sodium"),
            answer("B. Neon"), meta=["subject"])],
    "arc.jsonl": [
        sft(user("What do roots take in?\nA. light\nB. water\nC. sound\nD. heat"),
            answer("B. water"), id="Mercury_7")],
    "commonsenseqa.jsonl": [
        sft(user("Where do you put a lamp?\nA. table\nB. river\nC. cloud\nD. pocket\nE. oven"),
            answer("A. table"), id="1af", meta=["question_concept"])],
    "gsm8k.jsonl": [
        sft(user("Ann has 3 pens and buys 4. How many has she?"),
            answer("3 + 4 = <<3+4=7>>7\n#### 7"))],
    "math.jsonl": [
        sft(user("Compute $2^5$."), answer("We have $2^5 = \\boxed{32}$."),
            meta=["level", "type"])],
    "numinamath.jsonl": [
        sft(user("Find x if x + 2 = 5."), answer("x = 3."),
            meta=["source", "problem", "solution"])],
    "openr1_math.jsonl": (
        ["--map", "messages=messages"],
        [sft(user("What is 6 times 7?"), answer("It is 42.", thought="Six sevens."), id="c5",
             meta=["problem", "solution", "answer", "problem_type", "question_type", "source",
                   "is_reasoning_complete", "generations", "correctness_math_verify",
                   "finish_reasons"])]),
    "openthoughts.jsonl": [
        sft(user("Is 7 prime?"),
            answer("Yes.", thought="No number from 2 to 6 divides it."),
            system="Think in long steps.")],
    "s1k.jsonl": (
        ["--map", "instruction=question", "--map", "response=attempt",
         "--map", "thought=thinking_trajectories[0]"],
        [sft(user("What is 3 times 4?"),
             answer("The answer is 12.", thought="Three fours are twelve."),
             meta=["solution", "cot_type", "source_type", "metadata"])]),
    "s1k_deepseek.jsonl": (
        ["--map", "instruction=question", "--map", "response=deepseek_attempt",
         "--map", "thought=deepseek_thinking_trajectory"],
        [sft(user("What is 3 times 5?"),
             answer("It is 15.", thought="Three fives are fifteen."),
             meta=["solution", "cot_type", "source_type", "metadata", "gemini_attempt",
                   "gemini_thinking_trajectory", "gemini_grade", "deepseek_grade"])]),
    "nemotron.jsonl": [
        sft(user("Is ice lighter than water?"), answer("Yes.", thought="It floats."),
            system="detailed thinking on",
            meta=["category", "license", "reasoning", "generator", "used_in_training",
                  "version"])],

    # Tools.
    "openai_tools.jsonl": [
        sft(user("Time in Rome?"),
            answer("", calls=[{"id": "c1", "name": "time", "arguments": {"city": "Rome"}}]),
            tool("14:05", extra={"tool_call_id": "c1"}), answer("It is 14:05."),
            system="Use tools.",
            tools=[{"name": "time", "description": "Local time.",
                    "parameters": {"type": "object",
                                   "properties": {"city": {"type": "string"}}}}])],
    "xlam.jsonl": [
        sft(user("What is the weather in Ulm?"),
            answer("", calls=[{"name": "weather", "arguments": {"city": "Ulm"}}]), id="0",
            tools=[{"name": "weather", "description": "Weather of a city.",
                    "parameters": {"city": {"description": "Name.", "type": "str"}}}])],
    "glaive_v2.jsonl": [
        sft(user("How many francs for a pound?"),
            answer("", calls=[{"name": "rate", "arguments": {"to": "CHF"}}]),
            tool('{"rate": 1.1}'), answer("One pound is 1.1 francs."),
            system="You are a helpful assistant with access to the following functions. "
                   "Use them if required -",
            tools=[{"name": "rate", "description": "Exchange rate",
                    "parameters": {"type": "object",
                                   "properties": {"to": {"type": "string"}}}}])],
    "hermes_function_calling.jsonl": [
        sft(user("Lamp on."), answer("", calls=[{"name": "lamp", "arguments": {"on": True}}]),
            tool('{"ok": true}'), answer("The lamp is on."), id="h-1",
            system="You are a function calling AI model.",
            tools=[{"name": "lamp", "description": "Switch a lamp.",
                    "parameters": {"type": "object",
                                   "properties": {"on": {"type": "boolean"}}}}],
            meta=["category", "subcategory", "task"])],
    "llamafactory_toolcall.json": [
        sft(user("Roll two dice."), answer("", calls=[{"name": "roll", "arguments": {"n": 2}}]),
            tool("[3, 5]"), answer("Three and five."), system="You keep the score.",
            tools=[{"name": "roll", "description": "Roll dice.",
                    "parameters": {"type": "object", "properties": {"n": {"type": "integer"}},
                                   "required": ["n"]}}])],
    "toolace.jsonl": [
        sft(user("High tide in Brest?"), answer('[tide(port="Brest")]'),
            tool('[{"high": "06:12"}]'), answer("At 06:12."),
            system='You can call: [{"name": "tide"}]')],

    # Preferences.
    "ultrafeedback.jsonl": [
        pair(user("Name a planet with rings."), chosen("Saturn."), rejected("Mars."),
             meta=["source", "models", "completions", "correct_answers", "incorrect_answers"])],
    "ultrafeedback_binarized.jsonl": [
        sft(user("Name a river in Spain."), answer("The Ebro."), id="9c",
            meta=["prompt", "chosen", "rejected", "score_chosen", "score_rejected"])],
    "hh_rlhf.jsonl": [
        pair(user("How do I clean a pan?"), answer("With hot water."), user("It is burnt."),
             chosen("Soak it with soda."), rejected("Throw it away."))],
    "orca_dpo_pairs.jsonl": [
        pair(user("What is brass?"), chosen("Copper with zinc."), rejected("A metal from mines."),
             system="You are brief.")],
    "llamafactory_dpo.json": [
        pair(user("Name a stone that floats."), chosen("Pumice."), rejected("Granite."))],
    "llamafactory_alpaca_dpo.json": [
        pair(user("Correct the word.\nrecieve"), chosen("receive"), rejected("receeve"))],
    "llamafactory_kto.json": [
        sft(user("What do snails eat?"), answer("Leaves, mostly."), meta=["label"])],
    "openai_preference.jsonl": [
        pair(user("Greet me."), chosen("Good morning."), rejected("What."),
             meta=["parallel_tool_calls"])],
    "tulu_preference.jsonl": [
        pair(user("Spell owl."), chosen("O W L"), rejected("O U L"), id="p1",
             meta=["source", "chosen_rating", "rejected_rating"])],
    "stack_exchange_paired.jsonl": (
        ["--map", "prompt=question", "--map", "chosen=response_j", "--map", "rejected=response_k"],
        [pair(user("How do I undo a knot?"), chosen("Push the ends in."), rejected("Cut it."),
              meta=["qid", "date", "metadata"])]),
    "pku_saferlhf.jsonl": (
        ["--map", "prompt=prompt", "--map", "chosen=response_1", "--map", "rejected=response_0"],
        [pair(user("How do I open a tin?"), chosen("With a tin opener."), rejected("With a sword."),
              meta=["is_response_0_safe", "is_response_1_safe", "better_response_id",
                    "safer_response_id"])]),
    "kto_mix.jsonl": (
        ["--on", "disliked=keep"],
        [sft(user("What is soap made of?"), answer("Fat and lye."), meta=["label"]),
         sft(user("What is glass made of?"), answer("Ice."), meta=["label"])]),
}

SAMPLES = """
    SELECT sample_id, ext_id, kind, system, context, tools, meta, instruction, response
      FROM v_sample ORDER BY sample_id"""
TURNS = """
    SELECT role, content, thought, calls, media, side, trained, extra FROM v_turn
     WHERE sample_id = ? ORDER BY turn"""
PAIRS = "SELECT system, prompt, chosen, rejected FROM v_pair WHERE sample_id = ?"
JSON_COLUMNS = {"calls", "media", "extra"}


def stored_turn(row):
    """The turn as the table above writes it: without what it does not have."""
    return {name: json.loads(row[name]) if name in JSON_COLUMNS else row[name]
            for name in row.keys() if row[name] is not None}


def facts(meta):
    """The names of the members of meta that say something."""
    return sorted(name for name, value in json.loads(meta or "{}").items() if value is not None)


def stored_samples(db):
    """The samples of a database, and what the views say about each that follows from its turns."""
    found = []
    for row in db.execute(SAMPLES):
        turns = [stored_turn(turn) for turn in db.execute(TURNS, [row["sample_id"]])]
        found.append(({
            "kind": row["kind"], "id": row["ext_id"], "system": row["system"],
            "context": row["context"], "tools": json.loads(row["tools"] or "null"),
            "turns": turns, "meta": facts(row["meta"])},
            row, db.execute(PAIRS, [row["sample_id"]]).fetchone()))
    return found


def last(turns, role, side=None):
    texts = [turn["content"] for turn in turns
             if turn["role"] == role and turn.get("side") == side]
    return texts[-1] if texts else None


def view_problems(want, row, pair_row):
    """Problems of v_sample and v_pair, which follow from the turns."""
    is_pair = want["kind"] == "pair"
    side = "chosen" if is_pair else None
    views = {"instruction": (row["instruction"], last(want["turns"], "user")),
             "response": (row["response"], last(want["turns"], "assistant", side))}
    if is_pair != (pair_row is not None):
        yield "it is in v_pair, and is no pair" if pair_row else "it is a pair, and not in v_pair"
    elif is_pair:
        views["prompt"] = (pair_row["prompt"], last(want["turns"], "user"))
        views["chosen"] = (pair_row["chosen"], last(want["turns"], "assistant", "chosen"))
        views["rejected"] = (pair_row["rejected"], last(want["turns"], "assistant", "rejected"))
    for name, (got, wanted) in views.items():
        if got != wanted:
            yield f"{name} of a view is {got!r}, not {wanted!r}"


def sample_problems(want, got):
    for field, wanted in want.items():
        if field != "turns" and got[field] != wanted:
            yield f"{field} is {got[field]!r}, not {wanted!r}"
    if len(got["turns"]) != len(want["turns"]):
        yield f"it has {len(got['turns'])} turns, not {len(want['turns'])}"
    for i, (turn_got, turn_want) in enumerate(zip(got["turns"], want["turns"]), 1):
        if turn_got != turn_want:
            yield f"turn {i} is {turn_got!r}, not {turn_want!r}"


def file_problems(curate, path, options, wanted):
    with tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "layout.db")
        ran = subprocess.run([curate, "ingest", "--quiet", "--db", name, *options, path],
                             capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            yield ran.stderr.strip()
            return
        db = sqlite3.connect(name)
        db.row_factory = sqlite3.Row
        found = stored_samples(db)
        db.close()
    if len(found) != len(wanted):
        yield f"{len(found)} samples, not {len(wanted)}"
    for i, (want, (got, row, pair_row)) in enumerate(zip(wanted, found), 1):
        for problem in [*sample_problems(want, got), *view_problems(want, row, pair_row)]:
            yield f"sample {i}: {problem}"


def main(curate, folder):
    problems = [f"{name}: no layout" for name in sorted(set(os.listdir(folder)) - set(LAYOUTS))]
    n_samples = 0
    for name, layout in LAYOUTS.items():
        options, wanted = layout if isinstance(layout, tuple) else ([], layout)
        problems += (f"{name}: {problem}" for problem in
                     file_problems(curate, os.path.join(folder, name), options, wanted))
        n_samples += len(wanted)
    print("\n".join(problems) or
          f"{len(LAYOUTS)} layouts, {n_samples} samples: every text is where it belongs")
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
