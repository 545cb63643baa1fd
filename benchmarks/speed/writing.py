"""Tokens a second of generation: our decoder beside BART in transformers and CTranslate2, of one shape."""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np

import slmkit
from slmkit.benchmarks import machine
from slmkit.benchmarks.child import ask
from slmkit.benchmarks.systems.base import package_version, peer
from slmkit.errors import InputError

WRITERS = ("slmkit", "bart", "ctranslate2")
SETTINGS = ((1, 1), (16, 1), (1, 4), (16, 4))  # texts together, beams
SOURCE, TARGET = 64, 64  # tokens
_HERE = "slmkit.benchmarks.speed.writing"
_PACKAGES = ("transformers", "ctranslate2")
Write = Callable[[int, int], Any]  # batch and beams -> the texts written


def measure_writing(
    names: Sequence[str] = (), *, repeats: int = 3, settings: Sequence[tuple[int, int]] = SETTINGS
) -> dict[str, Any]:
    """Each writer in a fresh process: every text has ``SOURCE`` tokens and gets exactly ``TARGET`` new ones.

    The weights are random, since speed does not depend on them. What is timed goes from tokens (ours: from the text) to
    the new tokens, encoder included.

    Args:
        names: Writers; all when empty. repeats: Timed passes; the median counts.
        settings: Texts together and beams, each.

    Raises:
        InputError: An unknown writer.
    """
    for name in names:
        if name not in WRITERS:
            raise InputError(f"unknown writer {name!r}; allowed: {', '.join(WRITERS)}")
    found: dict[str, Any] = {
        "kind": "speed of writing",
        "date": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": machine.describe(),
        "versions": machine.versions(_PACKAGES),
        "source_tokens": SOURCE,
        "target_tokens": TARGET,
        "repeats": repeats,
        "systems": [
            {"system": name, **ask(_HERE, {"name": name, "repeats": repeats, "settings": list(settings)})}
            for name in names or WRITERS
        ],
    }
    return found


def main() -> None:
    """``python -m slmkit.benchmarks.speed.writing JOB_JSON OUT``."""
    job, out = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), Path(sys.argv[2])
    write, precision = {"slmkit": _ours, "bart": _bart, "ctranslate2": _ctranslate2}[job["name"]]()
    rates = {}
    for batch, beams in job["settings"]:
        write(batch, beams)
        seconds = []
        for _ in range(job["repeats"]):
            start = time.perf_counter()
            write(batch, beams)
            seconds.append(time.perf_counter() - start)
        rates[f"{batch}x{beams}"] = batch * TARGET / statistics.median(seconds)
    out.write_text(json.dumps({"precision": precision, "tokens_per_second": rates}), encoding="utf-8")


def _sources() -> tuple[Any, list[str]]:
    """The shipped core, and sixteen texts that have ``SOURCE`` tokens with their two marks."""
    slm = slmkit.load()
    texts = [" ".join(["the", "of", "and", "to"][(i + j) % 4] for j in range(SOURCE - 2)) for i in range(16)]
    return slm, texts


def _ours() -> tuple[Write, str]:
    import torch

    from slmkit.model.config import DecoderConfig
    from slmkit.model.decoder import Decoder
    from slmkit.writing import Writer, settle

    slm, texts = _sources()
    torch.manual_seed(0)
    writer = Writer(slm, settle(slm, Decoder(DecoderConfig(), slm.encoder.words)))

    def write(batch: int, beams: int) -> Any:
        return writer.write(texts[:batch], None, max_new_tokens=TARGET, min_new_tokens=TARGET, num_beams=beams)

    return write, slm.precision


def _random_bart() -> Any:
    """BART with the sizes of our encoder and decoder."""
    peer("transformers", "transformers")
    import torch
    from transformers import BartConfig, BartForConditionalGeneration

    slm, _ = _sources()
    own = slm.config.encoder
    torch.manual_seed(0)
    config = BartConfig(
        vocab_size=slm.config.vocabulary,
        d_model=own.width,
        encoder_layers=own.layers,
        decoder_layers=4,
        encoder_attention_heads=own.heads,
        decoder_attention_heads=own.heads,
        encoder_ffn_dim=own.ffn,
        decoder_ffn_dim=own.ffn,
        max_position_embeddings=own.positions,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
        forced_eos_token_id=None,
    )
    return BartForConditionalGeneration(config).eval()


def _bart() -> tuple[Write, str]:
    import torch

    model = _random_bart()
    slm, texts = _sources()
    ids = torch.from_numpy(np.stack(slm.windows(texts).ids))

    def write(batch: int, beams: int) -> Any:
        chosen = ids[:batch]
        return model.generate(
            chosen,
            attention_mask=torch.ones_like(chosen),
            max_new_tokens=TARGET,
            min_new_tokens=TARGET,
            num_beams=beams,
            do_sample=False,
        )

    return write, "fp32"


def _ctranslate2() -> tuple[Write, str]:
    package_version("ctranslate2")
    import ctranslate2
    from ctranslate2.converters.transformers import BartLoader

    model = _random_bart()
    slm, texts = _sources()
    model.config.normalize_before = False
    spec = BartLoader().get_model_spec(model)
    names = [f"t{i}" for i in range(slm.config.vocabulary)]
    spec.register_source_vocabulary(names)
    spec.register_target_vocabulary(names)
    spec.config.bos_token = spec.config.decoder_start_token = "t1"
    spec.config.eos_token, spec.config.unk_token = "t2", "t3"
    spec.validate()
    spec.optimize(quantization="int8")
    with tempfile.TemporaryDirectory() as folder:
        spec.save(folder)
        translator = ctranslate2.Translator(folder, device="cpu", compute_type="auto")
    sources = [[names[i] for i in ids] for ids in slm.windows(texts).ids]

    def write(batch: int, beams: int) -> Any:
        return translator.translate_batch(
            sources[:batch], beam_size=beams, min_decoding_length=TARGET, max_decoding_length=TARGET
        )

    return write, translator.compute_type


if __name__ == "__main__":
    main()
