#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Make samples whose response depends on one distant segment, and their counterparts.

    planted.py BOOK.txt CHARS_PER_TOKEN [--per-length N] [--lengths TOKENS,...] > planted.jsonl

Each sample gives three records: `planted`; `generic`, the same prompt with a response that needs no
context; and `shuffled`, the same question and response with the context of another sample. The
sentence frames and the words in them do not occur in models/train. The same arguments give the same
bytes.
"""
import argparse
import json
import random
import re

NAMES = """Adela Ambrose Araminta Barnabas Bartholomew Casimir Clarissa Cornelius Cuthbert Drusilla
Ebenezer Euphemia Evander Hermione Ignatius Jocasta Lavinia Leopold Lucasta Mortimer Octavia Orlando
Percival Perpetua Philippa Quentin Roderick Rosamund Septimus Sigismund Tabitha Thaddeus Theodora
Tobias Valentine Venetia Wilhelmina Zachary""".split()
SURNAMES = """Ashcombe Blackwood Bramley Cathcart Dalrymple Fairweather Featherstone Goodfellow
Hawthorne Inglethorpe Kingsmill Lockhart Merryweather Nightingale Oglethorpe Pemberton Ravenscroft
Shuttleworth Summerhayes Thistlewood Uxbridge Wainwright Winterbourne Yarborough""".split()
KINDS = """amber brocaded charred copper-bound crooked crumpled cut-glass embroidered enamelled
feathered fringed gilded hand-written horn-handled inlaid jewelled knotted lacquered leaden
moth-eaten mouldy patchwork pearl quilted satin sealed silver-topped tasselled threadbare
varnished waterproof wax whalebone""".split()
THINGS = """almanac anchor bagpipe barometer bellows bonnet bootlace buckle candlestick cartridge
casket chisel cigar-case compass corkscrew decanter dictionary domino easel fishing-rod footstool
garter gauntlet hourglass hymn-book inkstand kaleidoscope lantern locomotive lute magnet mandolin
manuscript microscope mousetrap nutcracker parasol passport pendulum pincushion pitchfork
rocking-horse rosary sextant sickle snuff-box spinning-top sundial tambourine tankard teapot thimble
tinder-box tobacco-jar toothbrush tureen wig""".split()
PLACES = """alehouse aqueduct armoury balcony bell-tower boathouse bowling-green buttery cloister
coal-hole cockpit crypt dovecote drawbridge dungeon footbridge gatehouse graveyard hayloft hen-house
hermitage ice-house laboratory larder lodge maypole minstrels'-gallery moat nursery orangery orchard
paddock pantry parsonage pump-room rectory sacristy scullery stile summer-house toll-bar vestry
wash-house weir wine-press""".split()
SHIPS = """Albatross Amaryllis Bellerophon Calliope Constance Endeavour Gauntlet Halcyon Invincible
Kestrel Leviathan Medusa Nautilus Osprey Penelope Persephone Resolution Sphinx Tamerlane Unicorn
Valiant Wanderer""".split()
TOWNS = """Aldermoor Brackenhurst Cawdale Dunwold Eastlinch Fennimoor Grimscar Hollowmere Ivelstoke
Kettlewick Langrigg Marlhouse Netherby Oxmarsh Pennyhoe Quarrendon Ravenglass Skelmerthwaite
Tadcombe Ulverscroft Wexcliffe Yeldmarsh""".split()

# (the sentence planted, the question, the answer)
FRAMES = [
    ("{n} buried {t} beneath the {p}.",
     "What did {n} bury beneath the {p}?", "{n} buried {t} beneath the {p}."),
    ("Nobody but {n} knew that {t} had been walled up in the {p}.",
     "What had been walled up in the {p}?", "It was {t} that had been walled up in the {p}."),
    ("The ship that carried {n} home was called the {ship}.",
     "What was the ship called that carried {n} home?", "The ship was called the {ship}."),
    ("{n} borrowed {num} pounds from {m}.",
     "How much did {n} borrow from {m}?", "{n} borrowed {num} pounds from {m}."),
    ("As for {n}, the family had come from {town} long ago.",
     "From where had the family of {n} come?", "The family of {n} had come from {town}."),
    ("The watchword at the {p} that night was {ship}.",
     "What was the watchword at the {p} that night?",
     "The watchword at the {p} that night was {ship}."),
    ("{n} bequeathed {t} to {m}.",
     "To whom did {n} bequeath {t}?", "{n} bequeathed {t} to {m}."),
    ("In the end it was {n} who repaired {t} for the people of {town}.",
     "Who repaired {t} for the people of {town}?", "It was {n} who repaired {t}."),
]
# Answers that fit any context.
GENERIC = [
    "That is a thing which nobody can say for certain.",
    "I would rather not answer that question to-day.",
    "There are seven days in a week and twelve months in a year.",
    "It is hard to say, and perhaps it does not matter very much.",
    "Let us speak of something else, if you please.",
    "You had better ask somebody who knows more about it than I do.",
    "Every question has an answer, and every answer has its time.",
    "I am sorry, but I have not the least idea.",
]
# The planted sentence ends at least this many tokens before the end of the context, which is beyond
# the window that the short model was trained with.
FAR = 600


def paragraphs(path):
    with open(path, encoding="utf-8") as file:
        return [" ".join(p.split()) for p in file.read().split("\n\n") if p.strip()]


def pages(rng, book, n_chars):
    """Consecutive whole paragraphs, about n_chars in all and not more."""
    start = rng.randrange(len(book))
    out, size = [], 0
    for paragraph in book[start:] + book[:start]:
        if size + len(paragraph) + 2 > n_chars:
            # A part of the next paragraph, so that lengths do not depend on where paragraphs end.
            out.append(re.sub(r"\s\S*$", "", paragraph[:n_chars - size]))
            return out
        out.append(paragraph)
        size += len(paragraph) + 2
    raise SystemExit(f"the book is shorter than the {n_chars} characters of a sample")


def slots(rng):
    n, m = (f"{first} {rng.choice(SURNAMES)}" for first in rng.sample(NAMES, 2))
    kind, thing = rng.choice(KINDS), rng.choice(THINGS)
    return {"n": n, "m": m, "t": f"{'an' if kind[0] in 'aeiou' else 'a'} {kind} {thing}",
            "p": rng.choice(PLACES), "ship": rng.choice(SHIPS), "town": rng.choice(TOWNS),
            "num": rng.randrange(20, 1000)}


def sample(rng, book, n_chars, far):
    """A context with its planted sentence, the question and the answer."""
    text = pages(rng, book, n_chars)
    sentence, question, answer = (part.format(**slots_of) for slots_of in [slots(rng)]
                                  for part in rng.choice(FRAMES))
    fits = [i for i in range(1, len(text)) if sum(len(p) + 2 for p in text[i:]) >= far]
    text.insert(rng.choice(fits or [0]), sentence)
    context = "\n\n".join(text)
    return {"context": context, "question": question, "answer": answer, "sentence": sentence}


def records(samples, length, rng):
    """The records of samples of one length: kind and number are in the id."""
    for i, one in enumerate(samples):
        other = samples[(i + 1) % len(samples)]
        for kind, context, answer in (
                ("planted", one["context"], one["answer"]),
                ("generic", one["context"], rng.choice(GENERIC)),
                ("shuffled", other["context"], one["answer"])):
            # The instruction is the text after the last empty line.
            yield {"id": f"{kind}-{length}-{i:03d}", "length": length,
                   "sentence": one["sentence"], "messages": [
                       {"role": "user", "content": context + "\n\n" + one["question"]},
                       {"role": "assistant", "content": answer}]}


def make(book, chars_per_token, lengths, per_length):
    """All records; the length counts prompt and answer, 60 tokens of which are not context."""
    for length in lengths:
        rng = random.Random(length)
        n_chars = int((length - 60) * chars_per_token)
        samples = [sample(rng, book, n_chars, FAR * chars_per_token) for _ in range(per_length)]
        yield from records(samples, length, rng)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("book")
    parser.add_argument("chars_per_token", type=float)
    parser.add_argument("--lengths", default="1000,1500,1900")
    parser.add_argument("--per-length", type=int, default=24)
    args = parser.parse_args()
    lengths = [int(n) for n in args.lengths.split(",")]
    for record in make(paragraphs(args.book), args.chars_per_token, lengths, args.per_length):
        print(json.dumps(record, ensure_ascii=False))


if __name__ == "__main__":
    main()
