#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write a checkpoint as GGUF: export.py CHECKPOINT VOCABULARY.json NAME OUT.gguf

Matrices become Q8_0, what is left F32. The rotary base and the window are the checkpoint's.
"""
import json
import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import gguf_writer as gguf  # noqa: E402
import net  # noqa: E402
import texts  # noqa: E402


def vocabulary_keys(path):
    with open(path, encoding="utf-8") as file:
        model = json.load(file)["model"]
    tokens = sorted(model["vocab"], key=model["vocab"].get) + ["<s>", "</s>"]
    if len(tokens) != texts.N_VOCAB:
        raise SystemExit(f"{path} has {len(tokens)} tokens and not {texts.N_VOCAB}")
    merges = [merge if isinstance(merge, str) else " ".join(merge) for merge in model["merges"]]
    return [
        gguf.text("tokenizer.ggml.model", "gpt2"),
        gguf.text("tokenizer.ggml.pre", "qwen2"),
        gguf.texts("tokenizer.ggml.tokens", tokens),
        gguf.i32s("tokenizer.ggml.token_type", [1] * (len(tokens) - 2) + [3, 3]),
        gguf.texts("tokenizer.ggml.merges", merges),
        gguf.u32("tokenizer.ggml.bos_token_id", texts.BOS),
        gguf.u32("tokenizer.ggml.eos_token_id", texts.EOS),
        gguf.boolean("tokenizer.ggml.add_bos_token", True),
    ]


def model_keys(name, state):
    shape = net.Shape()
    return [
        gguf.text("general.architecture", "llama"),
        gguf.text("general.name", name),
        gguf.text("general.license", "Apache-2.0"),
        gguf.u32("llama.block_count", shape.layers),
        gguf.u32("llama.context_length", state["length"]),
        gguf.u32("llama.embedding_length", shape.width),
        gguf.u32("llama.feed_forward_length", shape.feed_forward),
        gguf.u32("llama.attention.head_count", shape.heads),
        gguf.u32("llama.attention.head_count_kv", shape.heads),
        gguf.f32("llama.attention.layer_norm_rms_epsilon", shape.epsilon),
        gguf.f32("llama.rope.freq_base", state["rope_base"]),
    ]


def tensors(weights):
    for name, weight in weights.items():
        kind = "Q8_0" if weight.dim() == 2 else "F32"
        if not name.endswith(".weight"):
            name += ".weight"
        dims = tuple(reversed(weight.shape))
        yield name, dims, kind, gguf.encode(weight.flatten().tolist(), kind)


def main(checkpoint, vocabulary, name, out):
    state = torch.load(checkpoint)
    gguf.write(out, model_keys(name, state) + vocabulary_keys(vocabulary),
               list(tensors(state["net"])))


if __name__ == "__main__":
    main(*sys.argv[1:])
