"""From texts with their mentions and triples to a fitted extractor."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.model.branch import Branch
from slmkit.tasks.fit_report import Report
from slmkit.tasks.kept_fit import Looks
from slmkit.tasks.knowledge.relations.calibrate import Judge
from slmkit.tasks.knowledge.relations.examples import Example, LeftOut
from slmkit.tasks.knowledge.relations.head import RelationHead
from slmkit.tasks.knowledge.relations.held_back import HeldPairs, HeldTexts
from slmkit.tasks.knowledge.relations.jobs import Asked, found_job, given_job
from slmkit.tasks.knowledge.relations.network import HEAD, RelationNetwork
from slmkit.tasks.knowledge.relations.recipe import RelationRecipe
from slmkit.tasks.knowledge.relations.relation_model import Manner, RelationModel
from slmkit.tasks.knowledge.relations.run import run
from slmkit.tasks.knowledge.relations.schema import Schema
from slmkit.training.drawing import hold_back
from slmkit.training.kept import Kept

_SHOWN = 3  # reasons that a warning names
_RATES = {HEAD: 5.0}  # factor on the learning rate


def fit_relations(
    slm: SLM,
    examples: Sequence[Example],
    left_out: list[LeftOut],
    recipe: RelationRecipe,
    asked: Asked,
    *,
    weights: np.ndarray | None = None,
    folder: Path | None = None,
    verbose: int = 0,
) -> RelationModel:
    """Fit a branch and its pointers.

    Args:
        slm: the core. examples: what to learn from. left_out: triples that are not in them; what is left out beside
            these is added. recipe: settings. asked: of which kind.
        weights: how often each example is read, beside the others ``(n,)``; None for all alike.
        folder: where the run is kept, to go on from; None keeps nothing. verbose: 1 shows progress on stderr.

    Raises:
        InputError: there is nothing to learn from, or a setting is out of range.
        CheckpointError: the folder holds another fit.
    """
    recipe = recipe.fitting(slm)
    schema = Schema.of(asked.schema, examples)
    examples, forbidden = schema.without_forbidden(examples)
    left_out += forbidden
    if not any(example.triples for example in examples):
        raise InputError(f"there is nothing to learn from: no text has a triple{_because(left_out)}")
    weights = np.ones(len(examples)) if weights is None else np.asarray(weights, dtype=np.float64)
    train, held = hold_back([example.text for example in examples], weights, recipe.held_back, recipe.seed)
    with Report(verbose) as report, torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        report.stage("reading the texts")
        head = RelationHead(
            slm.config.encoder.width,
            len(schema.types),
            len(schema.relations),
            given=asked.given,
            dropout=recipe.dropout,
        )
        network = RelationNetwork(Branch.on(slm, recipe.depth, dropout=recipe.dropout), head)
        make = given_job if asked.given else found_job
        job, manner = make(slm, examples, schema, network, train, held, recipe, asked, left_out)
        _warn(left_out)
        rows = sum(map(len, job.rows))
        if not rows:
            raise InputError(f"there is nothing to learn from: no pair of mentions is there{_because(left_out)}")
        recipe = recipe.settled(rows, float(job.lengths.mean()))
        kept = Kept(folder, _about_fit(slm, examples, weights, recipe, schema, manner), scales=_RATES)
        held_part = job.held
        looks = Looks(network, report, kept, (lambda: (held_part.f1(network), {})) if len(held_part) else None)
        own = weights[train] / max(float(weights[train].mean()), 1e-12)
        interrupted = run(job, own, recipe, looks)
    looks.put_back()
    judge = Judge()
    if isinstance(job.held, HeldTexts) and len(job.held):
        judge = job.held.judge(network)
    elif isinstance(job.held, HeldPairs) and len(job.held):
        temperature, threshold = job.held.calibrated(network, manner.threshold)
        manner = replace(manner, temperature=temperature, threshold=threshold)
    about = {
        "texts": len(train),
        "held_back": len(held),
        "triples": sum(len(examples[i].triples) for i in train),
        "left_out": len(left_out),
        "recipe": recipe.to_dict(),
        "history": looks.history,
        "interrupted": interrupted,
    }
    return RelationModel(slm, schema, network.pack(), depth=recipe.depth, manner=manner, judge=judge, about=about)


def _about_fit(
    slm: SLM,
    examples: Sequence[Example],
    weights: np.ndarray,
    recipe: RelationRecipe,
    schema: Schema,
    manner: Manner,
) -> dict[str, Any]:
    """What tells one fit from another: the core, the examples and the settings, the time that it may take apart."""
    digest = hashlib.sha256(weights.tobytes())
    for example in examples:
        digest.update(repr(example).encode("utf-8", "surrogatepass"))
    settings = {name: value for name, value in recipe.to_dict().items() if name != "minutes"}
    told = {"schema": schema.to_json(), "given": manner.given, "single": manner.single}
    return {"core": slm.fingerprint, "rows": digest.hexdigest(), "recipe": settings, **told}


def _warn(left_out: Sequence[LeftOut]) -> None:
    if left_out:
        warnings.warn(
            f"{len(left_out)} of the triples are left out of training{_because(left_out)}; see left_out_", stacklevel=4
        )


def _because(left_out: Sequence[LeftOut]) -> str:
    """What most of them are left out for."""
    if not left_out:
        return ""
    kinds = Counter(each.reason for each in left_out).most_common(_SHOWN)
    return " (" + ", ".join(f"{count}: {kind}" for kind, count in kinds) + ")"
