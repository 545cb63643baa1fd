"""A fitted classifier without the estimator around it: trunk of the core, branch, head, labels, temperature.

It needs no scikit-learn, so that a saved model answers soon after a cold start.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from slmkit import checkpoint
from slmkit.core import SLM
from slmkit.from_states import FromStates
from slmkit.model.branch import Branch
from slmkit.model.encoder import encoder_layers
from slmkit.runtime import convert, text_chunks
from slmkit.tasks.classification.label_model import BIAS, HEAD, LabelModel
from slmkit.tasks.classification.labels import Label, Labels
from slmkit.tasks.classification.wording import Wording
from slmkit.tasks.inputs import as_texts
from slmkit.text.kinds import KIND_TOKENS, Kind

if TYPE_CHECKING:
    from slmkit.tasks.classification.explanation import Explanation


class BranchModel(LabelModel):
    """Scores of texts by a branch and a head. Nothing changes after construction, so threads may share it.

    Args:
        slm: the core it was fitted on. labels: the classes.
        tensors: the branch as ``checkpoint.pack`` stores it (``layers.…``), the head in float32 (``head.…``), and the
            n-grams (``ngrams.…``) if there are any.
        depth: layers of the branch. upto: layers of the core below it; None for all but the top ``depth``.
        max_length: tokens a window. normalise: the head reads vectors of length 1.
        temperature: divides the logits. text_kind: how texts are announced to the core.
        about: how it was made, as plain data; saved along.
    """

    kind = "classifier"

    def __init__(
        self,
        slm: SLM,
        labels: Labels,
        tensors: Mapping[str, Tensor],
        *,
        depth: int,
        max_length: int,
        upto: int | None = None,
        normalise: bool = False,
        temperature: float = 1.0,
        text_kind: Kind = "text",
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.slm, self.labels, self.tensors = slm, labels, dict(tensors)
        self.depth, self.max_length, self.normalise = depth, max_length, normalise
        self.upto = slm.config.encoder.layers - depth if upto is None else upto
        self.temperature, self.text_kind, self.about = temperature, text_kind, dict(about or {})
        if text_kind not in KIND_TOKENS:
            raise ValueError(f"text_kind {text_kind!r} is not known")
        self.head = nn.Linear(slm.config.encoder.width, len(labels), device="meta")
        self.head.load_state_dict({"weight": self.tensors[HEAD], "bias": self.tensors[BIAS]}, assign=True)
        self.head.requires_grad_(requires_grad=False)
        self.branch = self._runtime_branch() if depth else None
        self.wording = Wording.of(self.tensors)

    def float_branch(self) -> Branch:
        """The branch in float32, frozen and without dropout."""
        with torch.device("meta"):
            branch = Branch(encoder_layers(self.slm.config.encoder, self.depth))
        packed = {name: value for name, value in self.tensors.items() if name.startswith("layers.")}
        branch.load_state_dict(checkpoint.unpack(packed), assign=True)
        return branch.eval().requires_grad_(requires_grad=False)

    def _runtime_branch(self) -> Branch:
        branch = self.float_branch()
        convert(branch, self.slm.precision)
        return branch

    def logits(self, texts: Any) -> np.ndarray:
        """See ``LabelModel``."""
        parts = [self._logits(part).alone() for part in text_chunks(as_texts(texts))]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.labels)), dtype=np.float32)

    def _logits(self, texts: Sequence[str]) -> FromStates[np.ndarray]:
        from slmkit.tasks.classification.pooling import pooled_states

        def judge(vectors: Tensor) -> np.ndarray:
            logits = self.head(vectors)
            if self.wording is not None:
                logits += self.wording.logits(*self.slm.tokenizer.encode_ids(texts))
            return logits.numpy()

        return pooled_states(
            self.slm,
            self.branch,
            texts,
            upto=self.upto,
            max_length=self.max_length,
            normalise=self.normalise,
            kind=self.text_kind,
        ).then(judge)

    def chances(self, texts: Sequence[str]) -> FromStates[np.ndarray]:
        """As ``probabilities``, from the states of texts that are few enough to be read at once."""
        return self._logits(texts).then(self.scaled)

    def from_states(self, texts: Sequence[str]) -> FromStates[list[dict[str, Any]]]:
        """As ``annotate``; see ``AnswersFromStates``."""
        return self.chances(texts).then(self.judged)

    def explain(self, text: str, label: Label | None = None, *, tolerance: float = 0.01) -> Explanation:
        """See ``LabelModel``."""
        from slmkit.tasks.classification.explain import explain

        return explain(self, text, label, tolerance=tolerance)

    def settings(self) -> dict[str, Any]:
        """See ``SavedPart``."""
        return {
            "labels": self.labels.to_json(),
            "depth": self.depth,
            "upto": self.upto,
            "max_length": self.max_length,
            "normalise": self.normalise,
            "temperature": self.temperature,
            "text_kind": self.text_kind,
        }

    @classmethod
    def restored(cls, slm: SLM, config: Mapping[str, Any], tensors: dict[str, Tensor], folder: Path) -> BranchModel:
        """See ``SavedPart``."""
        return cls(
            slm,
            Labels.from_json(config.get("labels") or {}, folder / checkpoint.CONFIG),
            tensors,
            depth=int(config["depth"]),
            upto=int(config["upto"]),
            max_length=int(config["max_length"]),
            normalise=bool(config["normalise"]),
            temperature=float(config["temperature"]),
            text_kind=config["text_kind"],
            about=config.get("about"),
        )
