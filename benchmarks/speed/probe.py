"""What runs in the measured process: the machine's matrix-product rates, or one embedder from a cold start."""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import slmkit

SHAPE = (2048, 384, 1536)  # the encoder's widest product at its usual batch of 2,048 tokens
_SECONDS = 0.5


def main() -> None:
    """``python -m slmkit.benchmarks.speed.probe JOB_JSON OUT``."""
    job, out = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2])
    try:
        answer = {"rates": rates()} if job["what"] == "rates" else embed(job)
    except Exception as error:  # a peer may raise anything; the reason is what the caller shows
        answer = {"reason": f"{type(error).__name__}: {error}"}
    out.write_text(json.dumps(answer), encoding="utf-8")


def rates() -> dict[str, float | None]:
    """GFLOP/s (int8: Gop/s) of products of ``SHAPE`` in fp32, bf16 and int8; None where torch has no such product."""
    import torch

    from slmkit.runtime import Int8Linear, int8_products

    rows, inner, columns = SHAPE
    states, weight = torch.randn(rows, inner), torch.randn(columns, inner)
    states8, weight8 = (torch.randint(-64, 64, m.shape, dtype=torch.int8) for m in (states, weight))
    states16, weight16 = states.bfloat16(), weight.bfloat16()
    linear = torch.nn.functional.linear
    products: dict[str, Callable[[], Any]] = {
        "fp32": lambda: linear(states, weight),
        "bf16": lambda: linear(states16, weight16),
        "int8": lambda: torch._int_mm(states8, weight8.T),  # torch has no public int8 product of plain tensors
    }
    if int8_products() != "whole":  # the plain product is spelled out there, byte by byte
        layer = Int8Linear.of(torch.nn.Linear(inner, columns))
        products["int8"] = lambda: layer(states)
    with torch.inference_mode():
        return {kind: _rate(product) for kind, product in products.items()}


def _rate(product: Callable[[], Any]) -> float | None:
    try:
        product()
    except (RuntimeError, AttributeError, NotImplementedError):
        return None
    best, end = float("inf"), time.perf_counter() + _SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        product()
        best = min(best, time.perf_counter() - start)
    return 2 * SHAPE[0] * SHAPE[1] * SHAPE[2] / best / 1e9


def embed(job: dict[str, Any]) -> dict[str, Any]:
    """Cold start and memory at the first embedding, then texts a second on each dataset."""
    from slmkit.benchmarks import datasets, machine, systems

    # Any similarity set does: it only tells the registry that vectors are wanted.
    system: Any = systems.build(job["system"], datasets.get("stsb"), "shipped")
    first = next(iter(job["texts"].values()))[0]
    system.embed([first])
    cold = time.time() - job["asked_at"]
    answer: dict[str, Any] = {"cold_start_s": cold, "first_rss_mb": machine.peak_rss_mb(), "datasets": {}}
    if job["system"] == "slmkit":
        answer["precision"] = slmkit.load().info()["precision"]
    for name, texts in job["texts"].items():
        system.embed(texts[:64])
        seconds = [_timed(system.embed, texts) for _ in range(job["repeats"])]
        rate = len(texts) / statistics.median(seconds)
        row: dict[str, Any] = {"texts_per_second": rate, "passes_s": seconds}
        if job["system"] == "slmkit":
            tokens, flops = encoder_work(texts)
            row.update(tokens_per_second=rate * tokens / len(texts), gflops=rate * flops / len(texts) / 1e9)
        answer["datasets"][name] = row
    size = system.size()
    return {**answer, "peak_rss_mb": machine.peak_rss_mb(), "parameters": size.parameters, "bytes": size.bytes}


def _timed(call: Callable[[Sequence[str]], Any], texts: Sequence[str]) -> float:
    start = time.perf_counter()
    call(texts)
    return max(time.perf_counter() - start, 1e-9)


def encoder_work(texts: Sequence[str]) -> tuple[int, float]:
    """Tokens of the texts, and the floating-point operations of the encoder's products over them, without padding."""
    slm = slmkit.load()
    encoder = slm.config.encoder
    lengths = slm.windows(list(texts), max_length=min(256, encoder.positions)).lengths
    # Four projections and two feed-forward products a token, then scores and weighted sum over the window.
    per_token = 2 * (4 * encoder.width**2 + 2 * encoder.width * encoder.ffn)
    attention = 4 * encoder.width * float((lengths.astype(float) ** 2).sum())
    tokens = int(lengths.sum())
    return tokens, len(slm.stack(vectors=True)) * (per_token * tokens + attention)


if __name__ == "__main__":
    main()
