#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Train one model of the pair; models/README.md has the two command lines.

    train.py TEXTS OUT --steps N [--length L] [--rope-base B] [--from MODEL.pt] ...

Started again with the same OUT it goes on from the last checkpoint. One process a core, each with
its own rows; the gradients are averaged after every step.
"""
import argparse
import json
import os
import pathlib
import time

import torch
import torch.distributed
import torch.multiprocessing

import feed
import net
import retrieval
import texts


# Tokens whose loss is logged apart.
KINDS = ("plain", "echoes", "answers")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("texts", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--length", type=int, default=512)
    parser.add_argument("--short-steps", type=int, default=0,
                        help="first steps with half the length and twice the rows")
    parser.add_argument("--rows", type=int, default=16, help="of a step, over all processes")
    parser.add_argument("--rows-at-once", type=int, default=4)
    parser.add_argument("--rope-base", type=float, default=10000.0)
    parser.add_argument("--start", type=pathlib.Path, help="weights to go on from")
    parser.add_argument("--rate", type=float, default=0.02, help="of the matrices (Muon)")
    parser.add_argument("--embedding-rate", type=float, default=0.004, help="of the rest (AdamW)")
    parser.add_argument("--warm-up", type=int, default=60)
    parser.add_argument("--decay", type=float, default=0.3, help="part of the steps")
    parser.add_argument("--answer-weight", type=float, default=4.0)
    parser.add_argument("--echoes", type=float, default=0.0, help="share beside the mix")
    parser.add_argument("--echoes-from", type=int, default=0, help="step")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--save-every", type=int, default=100)
    return parser.parse_args()


def schedule(step, args):
    """Warm up, stay, go down to nothing in a straight line."""
    up = min(1.0, (step + 1) / args.warm_up)
    down = (args.steps - step) / (args.decay * args.steps)
    return min(up, down, 1.0)


class Training:
    def __init__(self, args, rank):
        self.args, self.rank = args, rank
        tokenizer = texts.vocabulary(args.out.parent / "vocabulary.json", args.texts)
        corpus = feed.Corpus(args.texts, tokenizer, args.out.parent / "novels.npy")
        self.maker = retrieval.Maker(corpus, texts.encoder(tokenizer), args.answer_weight)
        torch.manual_seed(args.seed)
        self.net = net.Net(net.Shape())
        matrices = [p for p in self.net.blk.parameters() if p.dim() == 2]
        others = [p for p in self.net.parameters() if all(p is not m for m in matrices)]
        self.optimisers = [
            (net.Muon(matrices, args.rate, weight_decay=0.01), args.rate),
            (torch.optim.AdamW(others, args.embedding_rate, betas=(0.9, 0.95),
                               weight_decay=0.0), args.embedding_rate)]
        self.losses = torch.compile(self.net.losses, dynamic=False)
        self.step = 0
        self.checkpoint = args.out / "checkpoint.pt"
        if self.checkpoint.exists():
            self._load()
        elif args.start:
            self.net.load_state_dict(torch.load(args.start)["net"])

    def _load(self):
        state = torch.load(self.checkpoint)
        self.net.load_state_dict(state["net"])
        for (optimiser, _), saved in zip(self.optimisers, state["optimisers"]):
            optimiser.load_state_dict(saved)
        self.step = state["step"]

    def save(self):
        whole = self.checkpoint.with_suffix(".new")
        torch.save({"net": self.net.state_dict(), "step": self.step,
                    "rope_base": self.args.rope_base, "length": self.args.length,
                    "optimisers": [o.state_dict() for o, _ in self.optimisers]}, whole)
        os.replace(whole, self.checkpoint)

    def one_step(self):
        """A step; the mean NLL of each of KINDS, by what a token weighs."""
        args = self.args
        length, rows = args.length, args.rows // args.processes
        at_once = args.rows_at_once
        if self.step < args.short_steps:
            length, rows, at_once = length // 2, rows * 2, at_once * 2
        inputs, targets, weights = (torch.from_numpy(x) for x in feed.batch(
            self.maker, args.seed, self.step, self.rank, rows, length,
            args.echoes if self.step >= args.echoes_from else 0.0))
        turning = net.rotation(self.net.shape, length, args.rope_base)
        sums = torch.zeros(2 * len(KINDS))
        edges = (0, retrieval.ECHO_WEIGHT, args.answer_weight, float("inf"))
        self.net.zero_grad()
        for i in range(0, rows, at_once):
            part = slice(i, i + at_once)
            nll = self.losses(inputs[part], targets[part], *turning)
            ((nll * weights[part]).sum() / weights.sum()).backward()
            for kind in range(len(KINDS)):
                chosen = (weights[part] > 0) & (weights[part] >= edges[kind]) & \
                    (weights[part] < edges[kind + 1])
                sums[2 * kind] += nll.detach()[chosen].sum()
                sums[2 * kind + 1] += chosen.sum()
        self._share(sums)
        for optimiser, rate in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = rate * schedule(self.step, args)
            optimiser.step()
        self.step += 1
        return [(total / n).item() if n else None for total, n in sums.view(-1, 2)]

    def _share(self, sums):
        gradients = [p.grad for p in self.net.parameters()]
        flat = torch.cat([g.flatten() for g in gradients] + [sums])
        torch.distributed.all_reduce(flat)
        sums.copy_(flat[-len(sums):])
        flat /= self.args.processes
        norm = flat[:-len(sums)].norm()
        flat *= min(1.0, 1.0 / norm.item())
        at = 0
        for gradient in gradients:
            gradient.copy_(flat[at:at + gradient.numel()].view_as(gradient))
            at += gradient.numel()

    def run(self):
        log = self.args.out / "log.jsonl"
        started = time.time()
        while self.step < self.args.steps:
            means = self.one_step()
            if self.rank == 0:
                line = {"step": self.step, "seconds": round(time.time() - started),
                        **{kind: mean and round(mean, 4) for kind, mean in zip(KINDS, means)}}
                with open(log, "a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")
                if self.step % self.args.save_every == 0 or self.step == self.args.steps:
                    self.save()


def work(rank, args):
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", rank=rank, world_size=args.processes,
                                         init_method=f"file://{args.out.resolve()}/meeting")
    Training(args, rank).run()
    torch.distributed.destroy_process_group()


def main():
    args = arguments()
    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / "meeting").unlink(missing_ok=True)
    torch.multiprocessing.spawn(work, (args,), nprocs=args.processes)


if __name__ == "__main__":
    main()
