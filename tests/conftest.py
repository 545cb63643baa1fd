"""Fixtures that every floor shares: no network, a toy core with random weights, the data folder where there is one."""

import socket
from contextlib import contextmanager
from pathlib import Path

import pytest

_connect = socket.socket.connect


def _loopback_only(self, address):
    host = address[0] if isinstance(address, tuple) else str(address)
    if self.family != socket.AF_UNIX and host not in ("127.0.0.1", "::1", "localhost"):
        raise AssertionError(f"a connection to {host} was opened; slmkit works offline")
    return _connect(self, address)


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    monkeypatch.setattr(socket.socket, "connect", _loopback_only)


def make_toy_tokenizer():
    """A vocabulary of some words, letters and characters."""
    from slmkit.text.tokenizer import Tokenizer

    words = ["the", "a", "of", "is", "good", "bad", "film", "movie", "bank", "card", "news", "sport", "team", "3.1"]
    words += [",", ".", "!", "?", "'", "-"]
    letters = [chr(c) for c in range(33, 127)]
    han = list("的一是不了在人有我他这中大来上国好坏很酒店书房间服务差，。！？：；（）")
    pieces = ["▁", *[f"▁{word}" for word in words], *letters, *han]
    return Tokenizer.from_pieces([(p, -float(i % 7) - 4) for i, p in enumerate(dict.fromkeys(pieces))])


def make_toy_slm(precision="fp32", *, decoder=False, branch=0):
    """A core of four narrow layers with random weights: everything but the quality is real."""
    import torch

    from slmkit.core import SLM
    from slmkit.model.config import DecoderConfig, EncoderConfig, ModelConfig
    from slmkit.model.decoder import Decoder
    from slmkit.model.encoder import Encoder

    tokenizer = make_toy_tokenizer()
    starts = {job: 7 + i for i, job in enumerate(("continue", "summarize", "title", "translate-en-zh"))}
    sizes = {"width": 32, "heads": 4, "ffn": 64, "positions": 128}
    config = ModelConfig(
        vocabulary=len(tokenizer),
        trunk=2,
        encoder=EncoderConfig(layers=4, **sizes),
        decoder=DecoderConfig(layers=2, branch=branch, starts=starts, **sizes) if decoder else None,
        about={"licence": "MIT", "lineage": "random toy"},
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        encoder = Encoder(config.encoder, vocabulary=config.vocabulary)
        own = Decoder(config.decoder, encoder.words) if decoder else None
        if own is not None:
            own.bias.normal_(std=0.5)  # so that the likeliest tokens differ from text to text
    return SLM(config, tokenizer, encoder, decoder=own, fingerprint="toy", precision=precision)


@contextmanager
def cut_off_after(monkeypatch, steps):
    """What runs inside is interrupted when its training run first saves its state, after so many steps."""
    from slmkit.training.loop import Run

    init, save = Run.__init__, Run.save

    def stops(self):
        save(self)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Run, "save", stops)
        patch.setattr(Run, "__init__", lambda self, *args, **kw: init(self, *args, **{**kw, "every": steps}))
        with pytest.raises(KeyboardInterrupt):
            yield


@pytest.fixture(scope="session")
def toy_slm():
    return make_toy_slm()


@pytest.fixture(scope="session")
def data_dir():
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not (folder / "MANIFEST.tsv").is_file():
        pytest.skip("the benchmark data is not here (../shared/data)")
    return folder
