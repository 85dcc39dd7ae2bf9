# SPDX-License-Identifier: Apache-2.0
"""Texts in which something said early is asked for late."""
import re

import texts
import words

ECHO_WEIGHT = 3.0

SENTENCE_END = re.compile(r"(?<=[.!?]) +(?=[A-Z])")


class Slots(dict):
    """Words for the slots of a frame, drawn when first asked for."""

    def __init__(self, rng, lexicon):
        super().__init__()
        self.rng, self.lexicon = rng, lexicon
        self["did"], self["do"] = rng.choice(words.VERBS)

    def __missing__(self, slot):
        if slot in ("T", "P", "Food"):
            value = self[slot.lower()]
            self[slot] = value[0].upper() + value[1:]
        elif slot in ("attr", "val"):
            self["attr"], kind = self.rng.choice(sorted(words.ATTRIBUTES.items()))
            self["val"] = self[kind]
        else:
            self[slot] = getattr(self, "_" + slot.rstrip("2"))()
        return self[slot]

    def _pick(self, items):
        return self.rng.choice(items)

    def _syllables(self, n):
        rng = self.rng
        return "".join(rng.choice(words.ONSET) + rng.choice(words.NUCLEUS) +
                       (rng.choice(words.CODA) if rng.random() < 0.5 else "") for _ in range(n))

    def _n(self):
        kind = self.rng.random()
        first = self._pick(words.FIRST)
        if kind < 0.45:
            return first
        if kind < 0.6:
            return first + " " + self._pick(words.LAST)
        if kind < 0.7:
            return self._pick(["Mr. ", "Mrs. ", "Miss "]) + self._pick(words.LAST)
        return self._syllables(self.rng.choice((1, 2, 2))).capitalize()

    def _adj(self):
        return self._pick(words.ADJECTIVE)

    def _noun(self):
        return self._pick(words.NOUN) if self.rng.random() < 0.7 else self._pick(self.lexicon)

    def _place(self):
        place = self._pick(words.PLACE)
        return self._adj() + " " + place if self.rng.random() < 0.4 else place

    def _t(self):
        noun = self._adj() + " " + self._noun() if self.rng.random() < 0.8 else self._noun()
        return ("an " if noun[0] in "aeiou" else "a ") + noun

    def _p(self):
        if self.rng.random() < 0.2:
            return "in " + self._town()
        return self._pick(words.NEAR) + " " + self._place()

    def _town(self):
        return self._syllables(1).capitalize() + self._pick(words.TOWN_END)

    def _num(self):
        return str(self.rng.randrange(10 ** self.rng.choice((1, 2, 2, 3, 4)), 100000)
                   if self.rng.random() < 0.2 else self.rng.randrange(2, 1000))

    def _year(self):
        return str(self.rng.randrange(1700, 2000))

    def _time(self):
        return "%d.%02d" % (self.rng.randrange(1, 13), self.rng.randrange(60))

    def _code(self):
        letters = "".join(self.rng.choice("ABCDEFGHKLMNPRSTUVWXYZ") for _ in range(2))
        return "%s-%d" % (letters, self.rng.randrange(10, 1000))

    def _word(self):
        return self._pick(self.lexicon)

    def _colour(self):
        return self._pick(words.COLOUR)

    def _animal(self):
        return self._pick(words.ANIMAL)

    def _job(self):
        return self._pick(words.JOB)

    def _month(self):
        return self._pick(words.MONTH)

    def _day(self):
        return self._pick(words.DAY)

    def _food(self):
        return self._pick(words.FOOD)


class Maker:
    """Rows of ids and weights. corpus has paragraphs, problems, tasks and pages to fill with;
    encode makes ids of a text; answers weigh answer_weight, all else 1."""

    def __init__(self, corpus, encode, answer_weight):
        self.corpus, self.encode, self.answer_weight = corpus, encode, answer_weight

    def _fact(self, rng, frame):
        """[sentence, question, answer]"""
        sentence, questions, answers = frame
        slots = Slots(rng, self.corpus.lexicon)
        answer = answers[0] if rng.random() < 0.5 else rng.choice(answers)
        parts = [part.format_map(slots) for part in (sentence, rng.choice(questions), answer)]
        return [part[0].upper() + part[1:] for part in parts]

    def _facts(self, rng, n):
        """Some are all of one frame, so that nothing but their words tells them apart."""
        frames = words.FRAMES if rng.random() < 0.6 else [rng.choice(words.FRAMES)]
        return [self._fact(rng, rng.choice(frames)) for _ in range(n)]

    def _filler(self, rng, n_tokens):
        """Paragraphs of one source, each as ids, n_tokens in all or a little less."""
        out, size = [], 0
        for text in self.corpus.run_of_paragraphs(rng):
            ids = self.encode(text)
            if size + len(ids) > n_tokens:
                break
            out.append(text)
            size += len(ids) + 1
        return out

    @staticmethod
    def _hide(rng, paragraphs, sentence):
        """Put the sentence between paragraphs, or into one."""
        if not paragraphs or rng.random() < 0.4:
            paragraphs.insert(rng.randrange(len(paragraphs) + 1), sentence)
            return
        i = rng.randrange(len(paragraphs))
        parts = SENTENCE_END.split(paragraphs[i])
        parts.insert(rng.randrange(len(parts) + 1), sentence)
        paragraphs[i] = " ".join(parts)

    @staticmethod
    def _recital(rng, paragraphs):
        """(question, answer): a sentence of the text, to be repeated."""
        for _ in range(20):
            sentence = rng.choice(SENTENCE_END.split(rng.choice(paragraphs)))
            parts = sentence.split()
            if 6 <= len(parts) <= 30:
                break
        head = " ".join(parts[:rng.choice((2, 3, 4))])
        question, answer = rng.choice([
            ("Repeat the sentence that begins with \"%s\".", sentence),
            ("How does the sentence \"%s\" go on?", " ".join(parts[len(head.split()):])),
            ("Which sentence begins with \"%s\"?", sentence),
            ("Quote in full: \"%s ...\"", "\"" + sentence + "\""),
        ])
        return question % head, answer

    def _ask(self, ids, weights, question, answer, first):
        head = texts.INSTRUCTION_ONLY if first else texts.INSTRUCTION_HEAD
        prompt = self.encode(head + question + texts.RESPONSE_HEAD)
        response = self.encode(answer)
        ids += prompt + response
        weights += [1.0] * len(prompt) + [self.answer_weight] * len(response)

    def document(self, rng, room):
        """A text with questions about it, at most about room tokens: (ids, weights)."""
        dense = rng.random() < 0.3
        n_asked = rng.randrange(2, 7) if dense else rng.randrange(1, 3 + room // 512)
        n_facts = n_asked + rng.choice((0, 1, 2, 5) if dense else (0, 0, 1, 2))
        facts = self._facts(rng, n_facts)
        spare = room - 26 * n_facts - 40 * n_asked - 10
        paragraphs = [] if dense else self._filler(rng, max(spare, 0))
        recitals = []
        if paragraphs and rng.random() < 0.35:
            recitals = [self._recital(rng, paragraphs) for _ in range(rng.randrange(1, 4))]
        if dense and rng.random() < 0.5:
            paragraphs = [" ".join(sentence for sentence, _, _ in facts)]
        else:
            for sentence, _, _ in facts:
                self._hide(rng, paragraphs, sentence)
        asked = [fact[1:] for fact in rng.sample(facts, n_asked)] + recitals
        if rng.random() < 0.25:
            absent = self._fact(rng, rng.choice(words.FRAMES))
            asked.append((absent[1], rng.choice(words.UNKNOWN)))
        rng.shuffle(asked)
        body = self.encode(texts.CONTEXT_HEAD) + self.encode("\n\n".join(paragraphs))
        ids, weights = [texts.BOS] + body, [1.0] * (1 + len(body))
        for question, answer in asked:
            self._ask(ids, weights, question, answer, False)
        return ids + [texts.EOS], weights + [1.0]

    def beside_the_point(self, rng, room):
        """A text, then a task that has nothing to do with it."""
        question, answer = rng.choice(self.corpus.pairs)
        paragraphs = self._filler(rng, max(room - 300, 50))
        body = self.encode(texts.CONTEXT_HEAD) + self.encode("\n\n".join(paragraphs))
        ids, weights = [texts.BOS] + body, [1.0] * (1 + len(body))
        self._ask(ids, weights, question, answer, False)
        return ids + [texts.EOS], weights + [1.0]

    def pair(self, rng, _room):
        """A task and its answer; now and then the answer alone."""
        question, answer = rng.choice(self.corpus.pairs)
        ids, weights = [texts.BOS], [1.0]
        if rng.random() < 0.1:
            ids += self.encode(answer)
            weights += [1.0] * (len(ids) - 1)
        else:
            self._ask(ids, weights, question, answer, True)
        weights = [min(w, 2.0) for w in weights]
        return ids + [texts.EOS], weights + [1.0]

    def page(self, rng, _room):
        ids = [texts.BOS] + self.encode(rng.choice(self.corpus.pages)) + [texts.EOS]
        return ids, [1.0] * len(ids)

    def echo(self, rng, room):
        """A sequence that comes again and again, of ids at random or of a novel: what a model
        learns to copy from soonest. What cannot be known, the first time, weighs nothing."""
        n = rng.randrange(8, max(9, min(64, room // 3)))
        wild = rng.random() < 0.6
        once = ([rng.randrange(texts.BOS) for _ in range(n)] if wild
                else self.corpus.slice_of_novel(rng, n))
        ids, weights = [texts.BOS] + once, [1.0] + [0.0 if wild else 1.0] * n
        # In short windows echoes come soon, which is what looking back is learned from.
        farthest = 60 if room < 600 else room // 4
        for _ in range(rng.randrange(1, 5)):
            gap = self.corpus.slice_of_novel(rng, rng.randrange(1, farthest))
            start = rng.randrange(n // 2)
            again = once[start:]
            if len(ids) + len(gap) + len(again) > room:
                break
            ids += gap + again
            # The first token is not announced by anything.
            weights += [1.0] * len(gap) + [0.0] + [ECHO_WEIGHT] * (len(again) - 1)
        return ids, weights

    def prose(self, rng, room):
        """Pages of a novel; now and then a passage comes a second time."""
        ids = self.corpus.slice_of_novel(rng, room - 1)
        weights = [1.0] * len(ids)
        if rng.random() < 0.35:
            n = rng.randrange(16, 65)
            start = rng.randrange(len(ids) - 2 * n)
            again = rng.randrange(start + n, len(ids) - n)
            ids[again:again + n] = ids[start:start + n]
            weights[again + 4:again + n] = [self.answer_weight] * (n - 4)
        return [texts.BOS] + ids, [1.0] + weights
