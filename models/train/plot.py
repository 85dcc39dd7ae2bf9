#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Draw the losses that train.py logged: plot.py OUT.svg TITLE=LOG.jsonl..."""
import json
import sys

import matplotlib
import matplotlib.pyplot as pyplot

COLOURS = {"plain": "tab:blue", "answers": "tab:red", "echoes": "tab:green"}
SPAN = 25  # steps that a point of a line is the mean of


def read(path):
    """A step that was trained again after an interruption counts as it was trained last."""
    with open(path, encoding="utf-8") as file:
        return [line for _, line in sorted({line["step"]: line for line in
                                            map(json.loads, file)}.items())]


def main(out, *logs):
    matplotlib.rcParams["svg.hashsalt"] = "curate"
    figure, axes = pyplot.subplots(1, len(logs), figsize=(9, 3), sharey=True, squeeze=False)
    for axis, (title, path) in zip(axes[0], (log.split("=", 1) for log in logs)):
        lines = read(path)
        for kind, colour in COLOURS.items():
            points = [(line["step"], line[kind]) for line in lines if line.get(kind) is not None]
            smooth = [(points[i][0], sum(p[1] for p in points[i:i + SPAN]) / SPAN)
                      for i in range(0, len(points) - SPAN, 5)]
            if smooth:
                axis.plot(*zip(*smooth), color=colour, label=kind, linewidth=1)
        axis.set(title=title, xlabel="step (8,192 tokens)", ylim=(0, 7))
        axis.grid(alpha=0.3)
    axes[0][0].set_ylabel("nats per token")
    axes[0][-1].legend()
    figure.tight_layout()
    figure.savefig(out, metadata={"Date": None})


if __name__ == "__main__":
    main(*sys.argv[1:])
