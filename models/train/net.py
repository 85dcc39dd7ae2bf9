# SPDX-License-Identifier: Apache-2.0
"""The network: a llama with tied embeddings, and the optimiser that trains it.

Rotary positions turn adjacent elements together, which is what GGUF files of the architecture
llama hold, so the weights are exported as they are.
"""
import dataclasses

import torch
import torch.nn.functional as F
from torch import nn


@dataclasses.dataclass(frozen=True)
class Shape:
    vocabulary: int = 4096
    width: int = 192
    layers: int = 6
    heads: int = 6
    feed_forward: int = 512
    epsilon: float = 1e-5

    @property
    def head(self):
        return self.width // self.heads


def rotation(shape, length, base):
    """(cosines, sines), each length x head / 2."""
    pairs = torch.arange(0, shape.head, 2, dtype=torch.float64) / shape.head
    angles = torch.arange(length, dtype=torch.float64)[:, None] * base ** -pairs
    return angles.cos().float(), angles.sin().float()


def turn(x, cosines, sines):
    even, odd = x.unflatten(-1, (-1, 2)).unbind(-1)
    turned = (even * cosines - odd * sines, even * sines + odd * cosines)
    return torch.stack(turned, -1).flatten(-2)


class Layer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        width, inner = shape.width, shape.feed_forward
        self.heads, self.epsilon = shape.heads, shape.epsilon
        self.attn_norm = nn.Parameter(torch.ones(width))
        self.attn_q = nn.Linear(width, width, bias=False)
        self.attn_k = nn.Linear(width, width, bias=False)
        self.attn_v = nn.Linear(width, width, bias=False)
        self.attn_output = nn.Linear(width, width, bias=False)
        self.ffn_norm = nn.Parameter(torch.ones(width))
        self.ffn_gate = nn.Linear(width, inner, bias=False)
        self.ffn_up = nn.Linear(width, inner, bias=False)
        self.ffn_down = nn.Linear(inner, width, bias=False)

    def forward(self, x, cosines, sines):
        h = F.rms_norm(x, x.shape[-1:], self.attn_norm, self.epsilon)
        q, k, v = (project(h).unflatten(-1, (self.heads, -1)).transpose(1, 2)
                   for project in (self.attn_q, self.attn_k, self.attn_v))
        q, k = turn(q, cosines, sines), turn(k, cosines, sines)
        h = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.attn_output(h.transpose(1, 2).flatten(2))
        h = F.rms_norm(x, x.shape[-1:], self.ffn_norm, self.epsilon)
        return x + self.ffn_down(F.silu(self.ffn_gate(h)) * self.ffn_up(h))


class Net(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.token_embd = nn.Parameter(torch.empty(shape.vocabulary, shape.width))
        self.blk = nn.ModuleList(Layer(shape) for _ in range(shape.layers))
        self.output_norm = nn.Parameter(torch.ones(shape.width))
        nn.init.normal_(self.token_embd, std=0.02)
        for name, parameter in self.blk.named_parameters():
            if parameter.dim() == 2:
                last = name.endswith(("attn_output.weight", "ffn_down.weight"))
                scale = (2 * shape.layers) ** -0.5 if last else 1.0
                nn.init.normal_(parameter, std=scale * parameter.shape[1] ** -0.5)

    def forward(self, ids, cosines, sines):
        """Logits for the token after each of ids, batch x length x vocabulary."""
        x = F.embedding(ids, self.token_embd)
        for layer in self.blk:
            x = layer(x, cosines, sines)
        x = F.rms_norm(x, x.shape[-1:], self.output_norm, self.shape.epsilon)
        return x @ self.token_embd.T

    def losses(self, ids, targets, cosines, sines):
        """-ln P of each target, batch x length."""
        logits = self(ids, cosines, sines)
        nll = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
        return nll.view(targets.shape)


def orthogonal(update):
    """The nearest matrix to update whose singular values are about 1, by five steps of a
    Newton-Schulz iteration (Muon, Jordan and others, 2024)."""
    wide = update if update.shape[0] <= update.shape[1] else update.T
    x = wide / (wide.norm() + 1e-7)
    for _ in range(5):
        a = x @ x.T
        x = 3.4445 * x + (-4.7750 * a + 2.0315 * (a @ a)) @ x
    return x if update.shape[0] <= update.shape[1] else x.T


class Muon(torch.optim.Optimizer):
    def __init__(self, parameters, lr, momentum=0.95, weight_decay=0.0):
        super().__init__(parameters, {"lr": lr, "momentum": momentum,
                                      "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for parameter in group["params"]:
                state = self.state[parameter]
                moving = state.setdefault("moving", torch.zeros_like(parameter))
                moving.lerp_(parameter.grad, 1 - group["momentum"])
                update = orthogonal(parameter.grad.lerp(moving, group["momentum"]))
                rows, columns = parameter.shape
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(update, alpha=-group["lr"] * max(1, rows / columns) ** 0.5)
