"""The floor of a training: the arithmetic of its real tokens at the machine's matrix rate."""

import statistics
import time
from typing import Any

import torch
from datasets import load_from_disk
from torch import nn
from transformers import AutoConfig, AutoModel


def device() -> torch.device:
    """The first GPU, or the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def matrix_rate(dtype: str, size: int | None = None, repeats: int = 7) -> float:
    """Median rate, in GFLOP/s, of products of two square matrices of random numbers."""
    where = device()
    size = size or (8192 if where.type == "cuda" else 2048)
    left, right = torch.randn(2, size, size, device=where).to(getattr(torch, dtype))
    seconds = []
    for _ in range(repeats + 2):
        synchronize()
        started = time.perf_counter()
        left @ right
        synchronize()
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / statistics.median(seconds[2:]) / 1e9


def matrix_rates(size: int | None = None) -> dict[str, float]:
    """The matrix rates of the two precisions in GFLOP/s."""
    return {name: matrix_rate(name, size) for name in ("float32", "bfloat16")}


def synchronize() -> None:
    """Wait for the GPU, if there is one."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def matmul_parameters(encoder: str) -> int:
    """Weights of the encoder's linear layers: those that every token is multiplied with.

    Embeddings are looked up, and the head sees one token of a row: neither counts.
    """
    with torch.device("meta"):
        model = AutoModel.from_config(AutoConfig.from_pretrained(encoder))
    layers = [module for name, module in model.named_modules() if "pooler" not in name]
    return sum(layer.weight.numel() for layer in layers if isinstance(layer, nn.Linear))


def arithmetic(tokenized: str, encoder: str) -> dict[str, Any]:
    """Rows, tokens and GFLOP of one pass over the train and the test split, without padding.

    A token costs 2 FLOP per weight in the forward pass and twice that in the backward pass
    (Kaplan et al. 2020, Scaling laws for neural language models, section 2.1). Attention adds, per
    layer and row of n tokens, the products of queries with keys and of scores with values: 4 n^2
    hidden sizes forward, 8 backward. What activation checkpointing computes twice counts once.
    """
    config = AutoConfig.from_pretrained(encoder)
    weights = matmul_parameters(encoder)
    facts: dict[str, Any] = {}
    for name, passes in (("train", 3), ("test", 1)):
        lengths = [len(ids) for ids in load_from_disk(tokenized)[name]["input_ids"]]
        attention = 4 * config.num_hidden_layers * config.hidden_size * sum(n * n for n in lengths)
        facts[f"{name}_rows"] = len(lengths)
        facts[f"{name}_tokens"] = sum(lengths)
        facts[f"{name}_longest"] = max(lengths)
        facts[f"{name}_gflop"] = passes * (2 * weights * sum(lengths) + attention) / 1e9
    return facts
