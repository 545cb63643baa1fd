"""The table of metrics, and the seeded bootstrap interval round any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from slmkit.benchmarks.metrics import (
    answers,
    bits,
    bleu,
    characters,
    classes,
    corrections,
    entities,
    gleu,
    pairs,
    questions,
    rankings,
    relations,
    rouge,
    scripts,
)
from slmkit.errors import InputError

RESAMPLES = 1000
_ACCURACY = "sklearn.metrics.accuracy_score"
_ANSWERS = "slmkit.benchmarks.metrics.answers, after the CMRC 2018 script"
_ROUGE = "rouge_score.rouge_scorer.RougeScorer"
_BLEU = "sacrebleu.metrics.BLEU"


@dataclass(frozen=True)
class Metric:
    """A score in 0..1 (correlation: -1..1), higher is better but where ``lower`` is set; or a number of bits.

    Attributes:
        score: ``(gold, predicted) -> float`` over all rows.
        per_row: ``(gold, predicted) -> array`` of row scores whose mean is ``score``; None where a score is not a mean.
        script: The function that computes it, as a reader would look it up.
        with_metrics: Further metrics that are reported beside this one.
        counts: ``(gold, predicted) -> (n, k)``: what the score is made of, row by row, where that adds up.
        of_counts: The score of summed counts ``(k,)``.
        in_bits: Whether it is a number of bits; ``predicted`` is then the log-probability of each label.
        lower: Whether lower is better.
        of_changes: Whether it looks at what was changed; ``gold`` is then ``(input, label)`` of each row.
        packages: Distributions whose versions go into the result.
    """

    name: str
    script: str
    score: Callable[[Sequence[Any], Sequence[Any]], float]
    per_row: Callable[[Sequence[Any], Sequence[Any]], np.ndarray] | None = None
    with_metrics: tuple[str, ...] = ()
    counts: Callable[[Sequence[Any], Sequence[Any]], np.ndarray] | None = None
    of_counts: Callable[[np.ndarray], float] | None = None
    in_bits: bool = False
    lower: bool = False
    of_changes: bool = False
    packages: tuple[str, ...] = ()


def _counted(
    name: str,
    script: str,
    counts: Callable[[Sequence[Any], Sequence[Any]], np.ndarray],
    of_counts: Callable[[np.ndarray], float],
    **more: Any,
) -> Metric:
    def score(gold: Sequence[Any], predicted: Sequence[Any]) -> float:
        return of_counts(counts(gold, predicted).sum(axis=0))

    return Metric(name, script, score, counts=counts, of_counts=of_counts, **more)


def _rouge(*, chinese: bool) -> list[Metric]:
    prefix, script = ("char_", f"{_ROUGE} on characters") if chinese else ("", f"{_ROUGE}(use_stemmer=True)")
    kinds = {f"{prefix}rouge_1": "rouge1", f"{prefix}rouge_2": "rouge2", f"{prefix}rouge_l": "rougeL"}
    return [
        Metric(
            name,
            script,
            *rouge.scores(kind, chinese=chinese),
            with_metrics=tuple(k for k in kinds if k != name),
            packages=("rouge-score", "nltk"),
        )
        for name, kind in kinds.items()
    ]


def _bleu(name: str, how: str, *, with_metrics: tuple[str, ...] = (), **options: Any) -> Metric:
    counts, packages = partial(bleu.counts, **options), ("sacrebleu", "OpenCC")
    return _counted(name, f"{_BLEU}{how}", counts, bleu.of_counts, with_metrics=with_metrics, packages=packages)


def _rankings() -> list[Metric]:
    measures = {"ndcg_10": "nDCG@10", "recall_10": "R@10", "mrr_10": "RR@10"}
    return [
        Metric(
            name,
            f"ir_measures {measure}",
            *rankings.scores(measure),
            with_metrics=tuple(k for k in measures if k != name),
            packages=("ir-measures", "pytrec-eval-terrier"),
        )
        for name, measure in measures.items()
    ]


def _of_rows(rows: scripts.Rows, name: str, script: str, **more: Any) -> Metric:
    return Metric(name, script, scripts.mean_of(rows), per_row=rows, **more)


def _reading() -> list[Metric]:
    cmrc: dict[str, Any] = {"script": "after CMRC 2018's script, version 5", "packages": ("nltk",)}
    squad, cail = "after SQuAD 1.1's script", "after CAIL 2019's script for reading"
    return [
        _of_rows(scripts.squad_f1, "squad_f1", squad, with_metrics=("squad_exact",)),
        _of_rows(scripts.squad_exact, "squad_exact", squad),
        _of_rows(scripts.cmrc_f1, "cmrc_f1", with_metrics=("cmrc_exact",), **cmrc),
        _of_rows(scripts.cmrc_exact, "cmrc_exact", **cmrc),
        _of_rows(scripts.cail_f1, "cail_f1", cail, with_metrics=("cail_exact",)),
        _of_rows(scripts.cail_exact, "cail_exact", cail),
        _of_rows(questions.f1, "qa_f1", with_metrics=("qa_exact", "citation"), **cmrc),
        _of_rows(questions.exact, "qa_exact", **cmrc),
        _of_rows(questions.citation, "citation", script="slmkit.benchmarks.metrics.questions.citation"),
    ]


def _corrections() -> list[Metric]:
    scores = {
        "fixed": corrections.fixed,
        "broken": corrections.broken,
        "correction_f05": corrections.f05,
        "words_changed": corrections.words_changed,
    }
    script, packages = "slmkit.benchmarks.metrics.corrections", ("rapidfuzz",)
    return [
        _counted(
            name,
            script,
            corrections.counts,
            of_counts,
            with_metrics=tuple(k for k in scores if k != name),
            lower=name in ("broken", "words_changed"),
            of_changes=True,
            packages=packages,
        )
        for name, of_counts in scores.items()
    ]


_CHARACTER_SCRIPTS = {
    "sentence_correction": "after the SIGHAN bake-offs and pycorrector's evaluate_utils.eval_model_batch",
    "sentence_detection": "after the SIGHAN bake-offs",
    "strict_correction": "after ReaLiSe's script",
    "strict_detection": "after ReaLiSe's script",
    "character_correction": "after pycorrector's macbert.evaluate_util.compute_corrector_prf",
    "character_detection": "after pycorrector's macbert.evaluate_util.compute_corrector_prf",
    "place_correction": "after pycorrector's macbert.evaluate_util.compute_corrector_prf_faspell",
}


def _relations() -> list[Metric]:
    script = "slmkit.benchmarks.metrics.relations"
    made = [
        Metric(
            "relation_macro_f1",
            "sklearn.metrics.f1_score(average='macro')",
            classes.macro_f1,
            with_metrics=("accuracy",),
        ),
        _counted(
            "semeval_f1", f"{script}, after SemEval 2010 task 8's scorer", relations.semeval, relations.semeval_macro
        ),
        _counted("joint_entity_f1", script, relations.mentions, relations.f1),
    ]
    for kind, counts, beside in (
        ("strict_relation", relations.strict, ("joint_entity_f1",)),
        ("relation", relations.labels, ()),
        ("triple", relations.triples, ()),
    ):
        scores = {"f1": relations.f1, "precision": relations.precision, "recall": relations.recall}
        names = (f"{kind}_precision", f"{kind}_recall", *beside)
        made += [
            _counted(f"{kind}_{score}", script, counts, of_counts, with_metrics=names if score == "f1" else ())
            for score, of_counts in scores.items()
        ]
    return made


def _characters() -> list[Metric]:
    scores = {"f1": characters.f1, "precision": characters.precision, "recall": characters.recall}
    names = [f"{kind}_{score}" for kind in characters.KINDS for score in scores]
    return [
        _counted(
            f"{kind}_{score}",
            f"slmkit.benchmarks.metrics.characters, {_CHARACTER_SCRIPTS[kind]}",
            partial(characters.counts, kind=kind),
            of_counts,
            with_metrics=tuple(name for name in names if name != f"{kind}_{score}"),
            of_changes=True,
            packages=("rapidfuzz",),
        )
        for kind in characters.KINDS
        for score, of_counts in scores.items()
    ]


METRICS: dict[str, Metric] = {
    m.name: m
    for m in (
        Metric("accuracy", _ACCURACY, classes.accuracy, per_row=classes.correct, with_metrics=("macro_f1",)),
        Metric("macro_f1", "sklearn.metrics.f1_score(average='macro')", classes.macro_f1),
        Metric("spearman", "scipy.stats.spearmanr", pairs.spearman),
        # Systems' similarities arrive as decisions: the threshold was applied before the score is taken.
        Metric("threshold_accuracy", _ACCURACY, classes.accuracy, per_row=classes.correct),
        Metric(
            "entity_f1",
            "seqeval.metrics.f1_score",
            entities.entity_f1,
            counts=entities.counts,
            of_counts=entities.of_counts,
        ),
        Metric("answer_f1", _ANSWERS, answers.f1, per_row=answers.row_f1, with_metrics=("exact_match",)),
        Metric("exact_match", _ANSWERS, answers.exact_match, per_row=answers.row_exact_match),
        *_reading(),
        *_rouge(chinese=False),
        *_rouge(chinese=True),
        _bleu("bleu", "(tokenize='13a')", tokenize="13a"),
        _bleu("bleu_zh", "(tokenize='zh')", with_metrics=("bleu_zh_simplified",), tokenize="zh"),
        # The references of a set may mix the two scripts, which no system can foresee.
        _bleu("bleu_zh_simplified", "(tokenize='zh'), OpenCC t2s on both sides", tokenize="zh", one_script=True),
        *_rankings(),
        Metric("right_word", _ACCURACY, classes.accuracy, per_row=classes.correct),
        *_corrections(),
        *_characters(),
        *_relations(),
        Metric(
            "sentences_changed",
            "slmkit.benchmarks.metrics.characters.changed",
            characters.changed,
            per_row=characters.row_changed,
            lower=True,
        ),
        _counted(
            "gleu",
            "slmkit.benchmarks.metrics.gleu, after JFLEG's eval/gleu.py",
            gleu.counts,
            gleu.of_counts,
            of_changes=True,
        ),
        _counted("bits_per_byte", "slmkit.benchmarks.metrics.bits", bits.counts, bits.of_counts, in_bits=True),
    )
}


def evaluate(name: str, gold: Sequence[Any], predicted: Sequence[Any]) -> dict[str, float]:
    """The metric called ``name`` and those reported beside it."""
    if name not in METRICS:
        raise InputError(f"unknown metric {name!r}; allowed: {', '.join(METRICS)}")
    if len(gold) != len(predicted) or not len(gold):
        raise InputError(f"{len(predicted)} predictions for {len(gold)} rows; one each, and at least one, is needed")
    return {m: float(METRICS[m].score(gold, predicted)) for m in (name, *METRICS[name].with_metrics)}


def interval(
    name: str, gold: Sequence[Any], predicted: Sequence[Any], *, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[float, float] | None:
    """The 95 % percentile bootstrap interval over rows; None for fewer than two rows."""
    from scipy.stats import bootstrap

    if len(gold) < 2:
        return None
    metric, rng = METRICS[name], np.random.default_rng(seed)
    options = {"n_resamples": resamples, "method": "percentile", "confidence_level": 0.95, "random_state": rng}
    if metric.per_row is not None:
        values = np.asarray(metric.per_row(gold, predicted), dtype=np.float64)
        if np.ptp(values) == 0:
            return float(values[0]), float(values[0])  # scipy calls a constant sample degenerate and answers nan
        result = bootstrap((values,), np.mean, vectorized=True, batch=50, **options)
    elif metric.counts is not None and metric.of_counts is not None:
        table, of_counts = metric.counts(gold, predicted), metric.of_counts
        places = (np.arange(len(gold)),)
        result = bootstrap(places, lambda rows: of_counts(table[rows].sum(axis=0)), vectorized=False, **options)
    else:

        def resampled(rows: np.ndarray) -> float:
            return metric.score([gold[i] for i in rows], [predicted[i] for i in rows])

        result = bootstrap((np.arange(len(gold)),), resampled, vectorized=False, batch=1, **options)
    low, high = result.confidence_interval
    return (float(low), float(high)) if np.isfinite([low, high]).all() else None
