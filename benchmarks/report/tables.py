"""Results as groups of lines: seeds averaged, best marked, numbers as a reader wants them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from statistics import mean, stdev

from slmkit.benchmarks.datasets import PROTOCOLS, REGISTRY
from slmkit.benchmarks.metrics import METRICS
from slmkit.benchmarks.report.numbers import bytes_text, digits, points, rate_text
from slmkit.benchmarks.results import Example, Result, latest
from slmkit.benchmarks.systems import SYSTEMS

_TITLES = {
    "classification": "Classification and sentiment",
    "similarity": "Sentence similarity",
    "entities": "Entities",
    "types": "Entities of types by name",
    "relations": "Relations",
    "reading": "Reading comprehension",
    "qa": "Questions over a whole corpus",
    "retrieval": "Retrieval",
    "summarization": "Summaries and titles",
    "translation": "Translation",
    "generation": "Text from data",
    "continuation": "Language modelling",
    "spelling": "Spelling",
}
_PROTOCOL_TITLES = {"shipped": "as shipped", "fitted": "fitted", "few-shot": "few labels"}
_METRICS = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "spearman": "Spearman",
    "threshold_accuracy": "accuracy, best threshold",
    "entity_f1": "entity F1",
    "answer_f1": "answer F1",
    "exact_match": "exact match",
    "squad_f1": "F1",
    "cmrc_f1": "F1",
    "cail_f1": "F1",
    "qa_f1": "answer F1",
    "rouge_1": "ROUGE-1",
    "rouge_2": "ROUGE-2",
    "rouge_l": "ROUGE-L",
    "char_rouge_1": "ROUGE-1 of characters",
    "char_rouge_2": "ROUGE-2 of characters",
    "char_rouge_l": "ROUGE-L of characters",
    "bleu": "BLEU",
    "bleu_zh": "BLEU of characters",
    "bleu_zh_simplified": "BLEU of characters, made simplified",
    "ndcg_10": "nDCG@10",
    "recall_10": "recall@10",
    "mrr_10": "MRR@10",
    "bits_per_byte": "bits per byte, the fewer the better",
    "right_word": "right word",
    "fixed": "errors fixed",
    "broken": "right words broken, the fewer the better",
    "words_changed": "words changed, the fewer the better",
    "sentences_changed": "sentences changed, the fewer the better",
    "sentence_correction_f1": "sentences right, F1",
    "gleu": "GLEU",
    "strict_relation_f1": "strict relation F1",
    "relation_f1": "micro F1",
    "relation_macro_f1": "macro F1",
    "semeval_f1": "macro F1 of nine, directed",
    "triple_f1": "triple F1",
}
# Where several scores are usual, each has a column of its own: its title, and the metrics that stand in it.
_COLUMNS: dict[str, dict[str, tuple[str, ...]]] = {
    "summarization": {
        "ROUGE-1": ("rouge_1", "char_rouge_1"),
        "ROUGE-2": ("rouge_2", "char_rouge_2"),
        "ROUGE-L": ("rouge_l", "char_rouge_l"),
    },
    "reading": {
        "F1": ("squad_f1", "cmrc_f1", "cail_f1", "answer_f1"),
        "exact": ("squad_exact", "cmrc_exact", "cail_exact", "exact_match"),
    },
    "qa": {"answer F1": ("qa_f1",), "exact": ("qa_exact",), "right citation": ("citation",)},
    "retrieval": {"nDCG@10": ("ndcg_10",), "recall@10": ("recall_10",), "MRR@10": ("mrr_10",)},
    "spelling": {
        "score": (),
        "words broken": ("broken",),
        "F0.5": ("correction_f05",),
        "places right, F1": ("sentence_detection_f1",),
        "strict F1": ("strict_correction_f1",),
        "characters F1": ("place_correction_f1",),
    },
    "relations": {"score": (), "entity F1": ("joint_entity_f1",)},
    "translation": {"BLEU": ("bleu", "bleu_zh"), "BLEU, simplified": ("bleu_zh_simplified",)},
}


@dataclass(frozen=True)
class Line:
    """A system on a dataset: one result, or the mean over seeds.

    Scores are in points (0 to 100), but for those in bits. ``limit`` and ``train_limit`` bounded the rows that were
    evaluated and fitted on. ``examples`` are those of the first seed, ``results`` are what the line was made of, by
    seed.
    """

    task: str
    dataset: str
    split: str
    protocol: str
    system: str
    metric: str
    n: int
    n_train: int | None
    seeds: tuple[int, ...]
    score: float
    spread: float | None
    ci95: tuple[float, float] | None
    other: dict[str, float]
    rows_per_second: float
    peak_rss_mb: float
    parameters: int | None
    bytes: int | None
    seconds_to_fit: float | None
    limit: int | None
    train_limit: int | None
    examples: tuple[Example, ...] = ()
    best: bool = False
    seconds_to_index: float | None = None
    results: tuple[Result, ...] = field(default=(), repr=False, compare=False)

    @property
    def limits(self) -> tuple[int | None, int | None]:
        """What the rows were bounded by: only lines of the same limits are rivals."""
        return self.limit, self.train_limit

    @property
    def limited(self) -> bool:
        """Whether the rows were bounded at all."""
        return self.limits != (None, None)

    @property
    def in_bits(self) -> bool:
        """Whether the score is a number of bits, of which fewer are better."""
        return self.metric in METRICS and METRICS[self.metric].in_bits

    @property
    def lower(self) -> bool:
        """Whether a lower score is better."""
        return self.in_bits or (self.metric in METRICS and METRICS[self.metric].lower)

    @property
    def shown(self) -> float:
        """The score as far as it is shown."""
        return round(self.score, digits(self.metric))


@dataclass(frozen=True)
class Group:
    """The lines of one task under one protocol on one split."""

    key: str
    title: str
    protocol: str
    lines: tuple[Line, ...]
    columns: tuple[str, ...] = ("score",)

    def datasets(self) -> list[str]:
        """Dataset names in order."""
        return list(dict.fromkeys(line.dataset for line in self.lines))

    @property
    def searches(self) -> bool:
        """Whether its systems took documents in."""
        return any(line.seconds_to_index is not None for line in self.lines)


def family(task: str) -> str:
    """The task whose table a result stands in: sentiment is a kind of classification."""
    return "classification" if task == "sentiment" else task


def lines(results: Sequence[Result]) -> list[Line]:
    """Results with their seeds averaged, in registry order, the best of each dataset marked.

    Of several results for one seed the latest counts.
    """
    cells: dict[tuple, list[Result]] = defaultdict(list)
    for r in latest(results, []):
        cells[r.key].append(r)
    found = [_line(sorted(members, key=lambda r: r.seed)) for members in cells.values()]
    top: dict[tuple, float] = {}
    for line in found:
        better = min if line.lower else max
        top[_where(line)] = better(top.get(_where(line), line.shown), line.shown)
    rivals = Counter(map(_where, found))  # the best of one is no news
    found = [replace(line, best=rivals[_where(line)] > 1 and line.shown == top[_where(line)]) for line in found]
    return sorted(found, key=_order)


def _where(line: Line) -> tuple:
    return line.dataset, line.split, line.protocol, line.limits


def _order(line: Line) -> tuple:
    known, systems = list(REGISTRY), list(SYSTEMS)
    return (
        known.index(line.dataset) if line.dataset in known else len(known),
        line.dataset,
        line.split,
        PROTOCOLS.index(line.protocol),
        systems.index(line.system) if line.system in systems else len(systems),
        line.system,
        tuple((limit is not None, limit or 0) for limit in line.limits),
    )


def _line(members: Sequence[Result]) -> Line:
    first = members[0]
    scores = [points(r.metric, r.score) for r in members]
    fits = [r.seconds_to_fit for r in members if r.seconds_to_fit is not None]
    interval = first.ci95 if len(members) == 1 else None
    return Line(
        task=first.task,
        dataset=first.dataset,
        split=first.split,
        protocol=first.protocol,
        system=first.system,
        metric=first.metric,
        n=first.n,
        n_train=first.n_train,
        seeds=tuple(r.seed for r in members),
        score=mean(scores),
        spread=stdev(scores) if len(scores) > 1 else None,
        ci95=(points(first.metric, interval[0]), points(first.metric, interval[1])) if interval else None,
        other={
            k: points(k, mean(r.scores[k] for r in members if k in r.scores)) for k in first.scores if k != first.metric
        },
        rows_per_second=mean(r.rows_per_second for r in members),
        peak_rss_mb=max(r.peak_rss_mb for r in members),
        parameters=first.parameters,
        bytes=first.bytes,
        seconds_to_fit=mean(fits) if fits else None,
        seconds_to_index=first.seconds_to_index,
        limit=first.limit,
        train_limit=first.train_limit,
        examples=first.examples,
        results=tuple(members),
    )


def groups(results: Sequence[Result]) -> list[Group]:
    """All lines by task, protocol and split; limited runs stand apart, since they are no measurement of the set."""
    found: dict[tuple[str, str, str, bool], list[Line]] = defaultdict(list)
    for line in lines(results):
        found[(family(line.task), line.protocol, line.split, line.limited)].append(line)
    tasks = list(_TITLES)

    def order(key: tuple[str, str, str, bool]) -> tuple:
        task, protocol, split, limited = key
        protocols = ("fitted", "few-shot", "shipped")
        return limited, tasks.index(task) if task in tasks else len(tasks), task, protocols.index(protocol), split

    out: list[Group] = []
    for key in sorted(found, key=order):
        task, protocol, split, limited = key
        title = f"{_TITLES.get(task, task)}, {_PROTOCOL_TITLES[protocol]}, {split}" + (" (limited rows)" * limited)
        out.append(Group(f"g{len(out)}", title, protocol, tuple(found[key]), _columns(task, found[key])))
    return out


def _columns(task: str, members: Sequence[Line]) -> tuple[str, ...]:
    titles = _COLUMNS.get(task, {"score": ()})
    return tuple(t for t in titles if t == "score" or any(score_in(line, t) is not None for line in members))


def score_in(line: Line, column: str) -> str | None:
    """What a line has in a column of scores: its main one as ``score_text`` gives it, another one without a spread."""
    metrics = _COLUMNS.get(family(line.task), {}).get(column, ())
    if column == "score" or line.metric in metrics:
        return score_text(line)
    return next((other_text(line, name) for name in metrics if name in line.other), None)


def other_text(line: Line, metric: str) -> str:
    """A metric beside the main one, without a spread."""
    return f"{line.other[metric]:.{digits(metric)}f}" if metric in line.other else "–"


def is_main(line: Line, column: str) -> bool:
    """Whether the column holds the line's main score."""
    return column == "score" or line.metric in _COLUMNS.get(family(line.task), {}).get(column, ())


def metric_title(metric: str) -> str:
    """A metric's name in a sentence."""
    return _METRICS.get(metric, metric)


def score_text(line: Line) -> str:
    """``91.3 ± 0.6`` over seeds, ``91.3`` else."""
    places = digits(line.metric)
    return f"{line.score:.{places}f}" + ("" if line.spread is None else f" ± {line.spread:.{places}f}")


def interval_text(line: Line) -> str:
    """``90.1–92.4``, or what stands in its place."""
    if line.ci95 is not None:
        return "–".join(f"{end:.{digits(line.metric)}f}" for end in line.ci95)
    return f"{len(line.seeds)} seeds" if line.spread is not None else "–"


def console_rows(results: Sequence[Result]) -> tuple[list[str], list[list[str]], list[str]]:
    """Columns, rows and right-aligned columns of the table that ``bench run`` prints."""
    columns = ["dataset", "split", "protocol", "system", "n", "metric", "score", "95 %", "rows/s", "RSS MB", "disk"]
    rows = [
        [
            line.dataset,
            line.split,
            line.protocol,
            line.system,
            f"{line.n}",
            line.metric,
            score_text(line) + (" *" if line.best else ""),
            interval_text(line),
            rate_text(line.rows_per_second),
            f"{line.peak_rss_mb:.0f}",
            bytes_text(line.bytes),
        ]
        for line in lines(results)
    ]
    return columns, rows, ["n", "score", "95 %", "rows/s", "RSS MB", "disk"]
