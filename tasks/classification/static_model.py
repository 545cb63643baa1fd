"""A fitted classifier on static vectors: a head, and n-grams. Linear in the tokens of a text, so exactly explained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from slmkit import checkpoint
from slmkit.core import load as load_core
from slmkit.errors import InputError
from slmkit.runtime import text_chunks
from slmkit.static import StaticSLM
from slmkit.tasks.classification.explanation import Explanation, by_span
from slmkit.tasks.classification.label_model import BIAS, HEAD, LabelModel
from slmkit.tasks.classification.labels import Label, Labels
from slmkit.tasks.classification.wording import Wording
from slmkit.tasks.inputs import as_texts

if TYPE_CHECKING:
    from slmkit.core import SLM

_POINTS, _SHARES = np.polynomial.legendre.leggauss(64)


class StaticModel(LabelModel):
    """Scores of texts from their static vectors. A text may have any length; there are no windows.

    Args:
        slm: the static vectors it was fitted on. labels: the classes.
        tensors: the head in float32 (``head.…``), and the n-grams (``ngrams.…``) if there are any.
        temperature: divides the logits. about: how it was made, as plain data; saved along.
    """

    kind = "static-classifier"

    def __init__(
        self,
        slm: StaticSLM,
        labels: Labels,
        tensors: Mapping[str, Tensor],
        *,
        temperature: float = 1.0,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        self.slm: StaticSLM = slm  # type: ignore[assignment]  # the other models stand on a whole core
        self.labels, self.tensors, self.temperature = labels, dict(tensors), temperature
        self.about = dict(about or {})
        self.weight, self.bias = self.tensors[HEAD], self.tensors[BIAS]
        if self.weight.shape != (len(labels), slm.width) or self.bias.shape != (len(labels),):
            raise ValueError(f"a head of shape {tuple(self.weight.shape)} for {len(labels)} labels on {slm.width}")
        self.wording = Wording.of(self.tensors)

    def logits(self, texts: Any) -> np.ndarray:
        """See ``LabelModel``."""
        parts = [self._chunk(*self.slm.tokenizer.encode_ids(part)) for part in text_chunks(as_texts(texts))]
        return np.concatenate([np.empty((0, len(self.labels)), dtype=np.float32), *parts])

    @torch.inference_mode()
    def _chunk(self, ids: np.ndarray, lengths: np.ndarray) -> np.ndarray:
        logits = self.slm.pooled(ids, lengths) @ self.weight.T + self.bias
        if self.wording is not None:
            logits += self.wording.logits(ids, lengths)
        return logits.numpy()

    def explain(self, text: str, label: Label | None = None, *, tolerance: float = 0.01) -> Explanation:
        """See ``LabelModel``; what the tokens add sums to the score difference whatever ``tolerance`` says.

        Raises:
            InputError: not one string, or a label that the model does not have.
        """
        if not isinstance(text, str):
            raise InputError(f"explain takes one string, got {type(text).__name__}")
        number = int(self.logits([text])[0].argmax()) if label is None else self.labels.number(label)
        tokens, parts = self.slm.by_token(text)
        each = parts @ self.weight.T  # (n, labels)
        if self.wording is not None:
            each += self.wording.by_token(tokens)
        added, bias = (side.double().numpy() / self.temperature for side in (each, self.bias))
        # Tokens without characters, such as the space put before a text, belong to what is there without the text.
        shown = tokens.offsets[:, 1] > tokens.offsets[:, 0]
        own, baseline, score = _margins(added[shown], bias + added[~shown].sum(0), number, multi=self.labels.multi)
        found = by_span(text, [tokens.offsets[shown]], [own.tolist()])
        error = score - baseline - float(own.sum())
        return Explanation(text, self.labels.values[number], found, score, baseline, error)

    def settings(self) -> dict[str, Any]:
        """See ``SavedPart``."""
        return {"labels": self.labels.to_json(), "temperature": self.temperature}

    @staticmethod
    def shipped_core() -> StaticSLM:  # type: ignore[override]
        """See ``SavedPart``."""
        return load_core(precision="static")

    @classmethod
    def restored(cls, slm: Any, config: Mapping[str, Any], tensors: dict[str, Tensor], folder: Path) -> StaticModel:
        """See ``SavedPart``."""
        labels = Labels.from_json(config.get("labels") or {}, folder / checkpoint.CONFIG)
        return cls(slm, labels, tensors, temperature=float(config["temperature"]), about=config.get("about"))


def _margins(added: np.ndarray, bias: np.ndarray, label: int, *, multi: bool) -> tuple[np.ndarray, float, float]:
    """What each token adds to the log odds of a label.

    With more than two labels the odds are against all the others together, which is not linear: each of them counts
    with its mean chance among them on the straight line from no text to the text (Aumann and Shapley 1974).

    Args:
        added: what each token adds to the logits ``(n, labels)``. bias: logits without these tokens ``(labels,)``.

    Returns:
        The attributions ``(n,)``, the log odds without the text, and those with it.
    """
    if multi:
        return added[:, label], float(bias[label]), float(bias[label] + added[:, label].sum())
    rivals = np.arange(len(bias)) != label
    others, total = added[:, rivals], added[:, rivals].sum(0)
    path = bias[rivals] + ((_POINTS + 1) / 2)[:, None] * total  # (points, rivals)
    chances = np.exp(path - path.max(1, keepdims=True))
    chances /= chances.sum(1, keepdims=True)
    own = added[:, label] - others @ (_SHARES / 2 @ chances)
    ends = [float(np.logaddexp.reduce(bias[rivals] + share * total)) for share in (0.0, 1.0)]
    return own, float(bias[label]) - ends[0], float(bias[label] + added[:, label].sum()) - ends[1]


def load_label_model(folder: str | Path, *, slm: SLM | StaticSLM | str | Path | None = None) -> LabelModel:
    """Read a saved classifier of either kind.

    Args:
        folder: what ``LabelModel.save`` wrote. slm: what it was fitted on, or the folder of that core; None takes what
            ships with the package.

    Raises:
        CheckpointError: the folder is missing, damaged, newer than this package, or belongs to another core.
    """
    from slmkit.tasks.classification.branch_model import BranchModel

    static = checkpoint.read_config(Path(folder), "classifier")["kind"] == StaticModel.kind
    if slm is None or isinstance(slm, (str, Path)):
        slm = load_core(slm, precision="static") if static else load_core(slm)
    return (StaticModel if static else BranchModel).load(folder, slm=slm)  # type: ignore[arg-type]
