"""SetFit on all-MiniLM-L6-v2: contrastive pairs, then logistic regression; what people use for few labels."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from typing import Any

from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import Size, bytes_in, identity, package_folder, package_version, peer
from slmkit.benchmarks.systems.embedders import MINILM_PACKAGE


class SetFitMiniLM:
    """SetFit with its defaults but one: 20 pair rounds a text, as in the paper.

    The default draws every pair of the training set; at 77 classes that is 190,000 pairs and hours on a CPU.
    """

    name = "setfit-minilm"
    version = "1"
    rounds = 20

    def __init__(self, dataset: Dataset, protocol: str) -> None:
        self._model: Any = None

    def fingerprint(self) -> str:
        """Versions of SetFit, of sentence-transformers and of the model's package."""
        parts = (package_version(p) for p in ("setfit", "sentence-transformers", MINILM_PACKAGE[1]))
        return identity(self.name, self.version, self.rounds, *parts)

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Tune the body on pairs, then fit the head."""
        setfit, datasets = peer("setfit", "setfit"), peer("datasets", "datasets")
        folder = package_folder(*MINILM_PACKAGE) / "model"
        names = sorted(set(labels))
        self._model = setfit.SetFitModel.from_pretrained(str(folder), labels=names, device="cpu")
        rows = datasets.Dataset.from_dict({"text": list(inputs), "label": [names.index(label) for label in labels]})
        with tempfile.TemporaryDirectory() as scratch:
            options = setfit.TrainingArguments(
                output_dir=scratch,
                num_iterations=self.rounds,
                seed=seed,
                report_to="none",
                save_strategy="no",
                show_progress_bar=False,
            )
            setfit.Trainer(model=self._model, args=options, train_dataset=rows).train()

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """One class name a text."""
        return [str(label) for label in self._model.predict(list(inputs), show_progress_bar=False)]

    def size(self) -> Size:
        """Body and head; bytes of the body's folder."""
        body = sum(p.numel() for p in self._model.model_body.parameters())
        head = self._model.model_head
        return Size(
            int(body + head.coef_.size + head.intercept_.size), bytes_in(package_folder(*MINILM_PACKAGE) / "model")
        )
