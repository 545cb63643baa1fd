"""``SLM``: the one object that every task holds. Text in; states, vectors and texts out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, overload

import numpy as np
import torch
from torch import Tensor, nn

from slmkit import checkpoint, stored
from slmkit.checkpoint import shipped_weights
from slmkit.encoded import Encoded, gathered
from slmkit.errors import CheckpointError, InputError, TextTooLongError
from slmkit.forks import ForkSafeLock
from slmkit.model.config import ModelConfig
from slmkit.model.decoder import Decoder
from slmkit.model.encoder import Encoder
from slmkit.model.layers import key_mask, pad_rows
from slmkit.runtime import (
    choose_precision,
    convert,
    count_parameters,
    keep_freed_memory,
    length_batches,
    vectors_in_chunks,
)
from slmkit.sentence_vectors import Top, sentence_vectors
from slmkit.static import StaticSLM, load_static
from slmkit.text.given import as_list
from slmkit.text.kinds import KIND_TOKENS, Kind, check_kind
from slmkit.text.tokenizer import BOS, Tokenizer
from slmkit.text.windows import Windows, lay_windows
from slmkit.writing import Writer, settle

WINDOW = 256  # tokens of a window unless the caller says otherwise
_LOADING = ForkSafeLock()  # threads that ask for the same core at once get one


class SLM:
    """The shared core: a frozen encoder, its tokenizer, and a decoder that writes.

    The encoder's top layers were trained on many jobs at once and are where branches start. Sentence vectors have
    top layers of their own, trained for nothing else, as a task has its branch.

    Safe to use from several threads; nothing changes after construction.

    Args:
        config: sizes and lineage. tokenizer: the vocabulary. encoder: the network in fp32.
        vectors: the sentence vectors' own top layers in fp32; None where the encoder's top serves them too.
        decoder: in fp32, on the encoder's words; None for a core that writes nothing.
        kinds: the tokens that announce a text of each kind. pooling: a sentence vector is the mean of the token states,
            or the state of the begin mark.
        fingerprint: of all but the decoder. writing_fingerprint: of the whole; None where that is the same.
        size: bytes of the weights folder. precision: auto, fp32, bf16 or int8.
    """

    def __init__(
        self,
        config: ModelConfig,
        tokenizer: Tokenizer,
        encoder: Encoder,
        *,
        vectors: nn.ModuleList | None = None,
        decoder: Decoder | None = None,
        kinds: Mapping[str, tuple[int, ...]] = KIND_TOKENS,
        pooling: Literal["mean", "cls"] = "mean",
        fingerprint: str = "",
        writing_fingerprint: str | None = None,
        size: int = 0,
        precision: str = "fp32",
    ) -> None:
        self.config, self.tokenizer, self.fingerprint = config, tokenizer, fingerprint
        self.writing_fingerprint = writing_fingerprint if writing_fingerprint is not None else fingerprint
        self.kinds, self.pooling = kinds, pooling
        self.precision = choose_precision(precision)
        self._bytes = size
        keep_freed_memory()
        self.encoder = encoder.eval().requires_grad_(requires_grad=False)
        self.vectors = (vectors or nn.ModuleList()).eval().requires_grad_(requires_grad=False)
        self._parameters = count_parameters(self.encoder) + count_parameters(self.vectors)
        for layers in (self.encoder.layers, self.vectors):
            convert(layers, self.precision)
        self.decoder = decoder
        if decoder is not None:
            self._parameters += count_parameters(decoder)
            settle(self, decoder)

    @classmethod
    def load(cls, path: str | Path | None = None, *, precision: str = "auto") -> SLM:
        """Load a checkpoint folder; None takes the weights that ship with the package.

        Raises:
            CheckpointError: the folder is damaged, foreign or newer than this package.
        """
        folder = Path(path) if path is not None else shipped_weights()
        if checkpoint.is_pretrained(folder):
            from slmkit.interop import from_pretrained

            return from_pretrained(folder, precision=precision)
        return cls(**stored.read(folder, choose_precision(precision)))

    def save(self, folder: str | Path) -> None:
        """Write the checkpoint folder (int8 rows); only a model in fp32 can be saved.

        Raises:
            InputError: this model was loaded in another precision.
        """
        if self.precision != "fp32":
            raise InputError(f"this model runs in {self.precision}; load it with precision='fp32' to save it")
        stored.write(Path(folder), self.config, self.tokenizer, self.encoder, self.vectors, self.decoder)

    def info(self) -> dict[str, Any]:
        """Parameters, bytes on disk, vocabulary, precision, fingerprint, licence and lineage."""
        return {
            "parameters": self._parameters,
            "bytes": self._bytes,
            "vocabulary": self.config.vocabulary,
            "layers": self.config.encoder.layers,
            "trunk": self.config.trunk,
            "vector_layers": self.config.vectors,
            "width": self.config.encoder.width,
            "precision": self.precision,
            "fingerprint": self.fingerprint,
            **self.config.about,
        }

    @cached_property
    def writer(self) -> Writer:
        """What writes by this core's own decoder.

        Raises:
            CheckpointError: the core has none.
        """
        if self.decoder is None:
            raise CheckpointError("this core has no decoder: it reads texts and writes none")
        return Writer(self, self.decoder)

    def windows(
        self,
        texts: Sequence[str],
        *,
        kind: Kind = "text",
        max_length: int | None = None,
        overlap: int = 32,
        truncation: Literal["window", "error"] = "window",
        lines: bool = False,
    ) -> Windows:
        """Tokenize texts and lay windows over the long ones.

        Args:
            texts: any strings, empty ones too. kind: how the text is announced.
            max_length: tokens a window, marks included; None for 256, or what the core has positions for.
            overlap: tokens that neighbours share.
            truncation: "error" refuses texts that need more than one window.
            lines: whether words at the beginning of a line are read as they are after a space, which what writes wants:
                it copies them into the middle of a line.

        Raises:
            TextTooLongError: a text is too long and ``truncation="error"``.
            InputError: an argument is out of range.
        """
        check_kind(kind, self.kinds)
        most = self.config.encoder.positions
        max_length = min(WINDOW, most) if max_length is None else max_length
        head = np.array([BOS, *self.kinds[kind]], dtype=np.int64)
        room = max_length - len(head) - 1
        if room <= 0 or max_length > most or not 0 <= overlap < room:
            raise InputError(
                f"max_length {max_length}, overlap {overlap}: a window holds at most {most} tokens, an overlap fewer"
            )
        tokens = self.tokenizer.encode_batch(texts, lines=lines)
        if truncation == "error":
            for number, read in enumerate(tokens):
                if len(read) > room:
                    raise TextTooLongError(f"text {number} has {len(read)} tokens, a window holds {room}")
        return lay_windows(tokens, head, room, overlap)

    @torch.inference_mode()
    def run(
        self, windows: Windows, *, upto: int | None = None, vectors: bool = False
    ) -> Iterator[tuple[np.ndarray, Tensor, Tensor]]:
        """Encode windows batch by batch, longest first.

        Yields:
            The numbers of the batch's windows ``(B,)``, their states ``(B, T, width)`` and mask ``(B, T)``; see
            ``layers`` for the arguments.
        """
        for numbers in length_batches(windows.lengths):
            flat = torch.from_numpy(np.concatenate([windows.ids[i] for i in numbers]))
            ids, mask = pad_rows(flat, torch.tensor([len(windows.ids[i]) for i in numbers]))
            yield numbers, self.layers(ids, mask, upto, vectors=vectors), mask

    def stack(self, *, vectors: bool = False) -> list[nn.Module]:
        """The layers from the lowest up; with ``vectors`` those that sentence vectors are made by."""
        layers = list(self.encoder.layers)
        return [*layers[: self.config.trunk], *self.vectors] if vectors and len(self.vectors) else layers

    def layers(self, ids: Tensor, mask: Tensor, upto: int | None, *, vectors: bool = False) -> Tensor:
        """Float32 states of a batch.

        Args:
            ids, mask: ``(B, T)``. upto: layers to run, None for all. vectors: see ``stack``.

        Returns:
            ``(B, T, width)``.
        """
        return self.rise(self.ground(ids), key_mask(mask), 0, upto, vectors=vectors).float()

    def ground(self, ids: Tensor) -> Tensor:
        """What the lowest layer reads, in this core's precision: ``(B, T)`` -> ``(B, T, width)``."""
        states = self.encoder.embed(ids)
        return states.to(torch.bfloat16) if self.precision == "bf16" else states

    def rise(self, states: Tensor, keys: Tensor | None, above: int, upto: int | None, *, vectors: bool) -> Tensor:
        """States ``(B, T, width)`` of a lower height, taken on to a higher one.

        Args:
            states: of ``ground``, or of an earlier rise. keys: see ``key_mask``. above: layers that they went through.
            upto, vectors: see ``layers``.
        """
        for layer in self.stack(vectors=vectors)[above:upto]:
            states = layer(states, keys)
        return states

    def encode(
        self,
        texts: str | Sequence[str],
        *,
        upto: int | None = None,
        kind: Kind = "text",
        max_length: int | None = None,
        overlap: int = 32,
        truncation: Literal["window", "error"] = "window",
    ) -> Encoded:
        """Token states with their character spans; see ``windows`` for the arguments and ``Encoded`` for the result.

        Args:
            texts: one string or many. upto: encoder layers to run, None for all.
        """
        listed = as_list(texts)
        cut = self.windows(listed, kind=kind, max_length=max_length, overlap=overlap, truncation=truncation)
        states: list[Tensor] = [torch.empty(0)] * len(cut.ids)
        for numbers, batch, mask in self.run(cut, upto=upto):
            for row, number in enumerate(numbers):
                states[number] = batch[row, : int(mask[row].sum())]
        return gathered(cut, states, self.config.encoder.width)

    def embed(self, texts: str | Sequence[str], *, kind: Kind = "text", top: Top | None = None) -> np.ndarray:
        """Sentence vectors: token states pooled, over all windows of a long text, and scaled to length 1.

        Args:
            texts: one string or many.
            kind: "query" and "passage" for search (which passage answers the query), "text" for everything else.
            top: what is made of the trunk's states ``(B, T, width)`` and their mask ``(B, T)``, in place of the layers
                that sentence vectors have of their own.

        Returns:
            float32 ``(n, width)``; ``(width,)`` for one string. An empty text has the vector of its marks.
        """
        listed = as_list(texts)
        check_kind(kind, self.kinds)
        vectors = vectors_in_chunks(
            listed, self.config.encoder.width, lambda part: sentence_vectors(self, part, kind, top)
        )
        return vectors[0] if isinstance(texts, str) else vectors

    def generate(
        self,
        texts: str | Sequence[str],
        *,
        start: str | None = "continue",
        stop: str | Sequence[str] = (),
        **settings: Any,
    ) -> Any:
        """Write a text from each of the given ones.

        Args:
            texts: one string or many.
            start: what to write, one of ``writer.starts``: a continuation, a translation, a summary …
            stop: strings that end a text; they are not part of it.
            **settings: ``prefix``, ``forbidden`` and the fields of ``GenerationConfig``.

        Returns:
            A str, or a list of them; with ``num_return_sequences`` a list of ``Written``, best first, a text.

        Raises:
            InputError: an unknown or impossible setting.
            CheckpointError: this core has no decoder.
            TextTooLongError: a text is longer than the decoder reads.
        """
        made = self.writer.write(as_list(texts), start, stop=stop, **settings)
        results = made if settings.get("num_return_sequences", 1) > 1 else [found[0].text for found in made]
        return results[0] if isinstance(texts, str) else results

    def stream(
        self, text: str, *, start: str | None = "continue", stop: str | Sequence[str] = (), **settings: Any
    ) -> Iterator[str]:
        """As ``generate`` for one text, piece by piece as it is written; closing the iterator cancels the rest."""
        if not isinstance(text, str):
            raise InputError(f"a stream is of one text: got {type(text).__name__}, expected str")
        return self.writer.stream(text, start, stop=stop, **settings)


@lru_cache(maxsize=4)
def _load(path: Path | None, precision: str) -> SLM:
    return SLM.load(path, precision=precision)


@overload
def load(path: str | Path | None = None, *, precision: Literal["static"]) -> StaticSLM: ...  # type: ignore[overload-overlap]
@overload
def load(path: str | Path | None = None, *, precision: str = "auto") -> SLM: ...
def load(path: str | Path | None = None, *, precision: str = "auto") -> SLM | StaticSLM:
    """Load the core once: the same folder and precision give the same object again.

    Args:
        path: a checkpoint folder; None takes the weights that ship with the package. A folder of the transformers
            library with a BERT, RoBERTa or XLM-R encoder is read too, and "org/name", where nothing here has that name,
            is downloaded from the Hugging Face hub: see ``slmkit.interop.from_pretrained``.
        precision: "auto" (what is fastest on this CPU), "fp32", "bf16" or "int8"; or "static" for the core's static
            vectors alone, which make sentence vectors at many times the speed: see ``slmkit.static.StaticSLM``.

    Raises:
        CheckpointError: the folder is damaged, foreign or newer than this package, or the hub did not give the model.
        MissingExtraError: a model of the hub is named, and ``huggingface_hub`` is not installed.
    """
    if path is not None:
        from slmkit.interop.hub import located

        path = located(path).resolve()
    with _LOADING:
        if precision == "static":
            return load_static(path)
        return _load(path, choose_precision(precision))
