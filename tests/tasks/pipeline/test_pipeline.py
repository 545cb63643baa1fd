"""A pipeline answers as its tasks do alone, row for row, from one pass through the core."""

import gc
import math
import weakref

import numpy as np
import pandas as pd
import pytest
from toy_tasks import Measure, Picky

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks import tables
from slmkit.tasks.base import AnswersFromStates, TableTask
from slmkit.tasks.inputs import is_missing
from slmkit.tasks.pipeline import Pipeline, together

CELLS = [
    "the good film !",
    "a bad bank ?",
    None,
    "",
    "the bank card is of the good team 酒店 很好 .",
    7,
    "the team is good film , is bad card .",
    " ",
    "the bank card is of the good team . the team is bad card of the . " * 12,
    float("nan"),
    "😀 half \ud800 of a pair",
    "the good film !",
]


@pytest.fixture
def frame():
    return pd.DataFrame({"text": CELLS, "note": range(len(CELLS))}, index=[i % 5 for i in range(len(CELLS))])


def same(one, other):
    """Whether two results are the same but for the last bits of their numbers."""
    if is_missing(one) or is_missing(other):
        return is_missing(one) and is_missing(other)
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, abs_tol=1e-4)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return list(one) == list(other) and all(map(same, one.values(), other.values()))
    return one == other


def assert_as_alone(made, name, task, frame):
    alone = tables.apply(task, frame)
    assert made.index.tolist() == alone.index.tolist()
    for column in task.columns:
        assert made[f"{name}_{column}"].dtype == alone[column].dtype
        assert same(made[f"{name}_{column}"].tolist(), alone[column].tolist()), (name, column)
    return alone


def test_same_rows_and_same_answers_as_each_alone(trained, frame):
    before = frame.copy(deep=True)
    made = Pipeline(trained).run(frame)
    for column in ("names_entities", "said_relations"):
        assert max(len(found) for found in made[column] if isinstance(found, list)) > 1
    for name, task in trained.items():
        alone = assert_as_alone(made, name, task, frame)
        assert same(made["slm_error"].tolist(), alone["slm_error"].tolist())
    assert list(made)[:2] == ["text", "note"]
    pd.testing.assert_frame_equal(frame, before)


def test_the_core_is_passed_once(trained, toy_slm, frame, monkeypatch):
    seen = []
    ground = type(toy_slm).ground

    def counting(self, ids):
        seen.append(ids.numel())
        return ground(self, ids)

    monkeypatch.setattr(type(toy_slm), "ground", counting)
    short = frame[frame["text"].map(lambda cell: isinstance(cell, str) and len(cell) < 100)]
    tables.apply(trained["topic"], short)
    once = sum(seen)
    seen.clear()
    Pipeline(trained).run(short)
    assert 0 < sum(seen) <= once


def test_blocks_change_nothing(trained, frame, monkeypatch):
    whole = Pipeline(trained).run(frame)
    monkeypatch.setattr(together, "BLOCK_ROWS", 2)
    small = Pipeline(trained).run(frame)
    assert all(same(whole[column].tolist(), small[column].tolist()) for column in whole)


def test_nothing_of_a_block_stays_in_memory(trained, frame, monkeypatch):
    monkeypatch.setattr(together, "BLOCK_ROWS", 2)
    held, still_there = [], []

    class Watched:
        name, columns = "watched", trained["names"].columns

        def annotate(self, texts):
            return trained["names"].annotate(texts)

        def from_states(self, texts):
            gc.collect()
            still_there.append(sum(asked() is not None for asked in held))
            asked = trained["names"].from_states(texts)
            held.append(weakref.ref(asked.windows))
            return asked

    made = Pipeline({"mood": trained["mood"], "watched": Watched()}).run(frame)
    assert made["watched_entities"].notna().sum() == made["mood_label"].notna().sum()
    assert len(held) > 3
    assert not any(still_there)


def test_a_frame_for_each_task(trained, frame):
    made = Pipeline({**trained, "size": Measure()}).run(frame, together=False)
    assert list(made) == [*trained, "size"]
    for name in ("mood", "topic", "size"):
        task = Measure() if name == "size" else trained[name]
        expected = tables.apply(task, frame)
        assert list(made[name]) == list(expected)
        assert made[name].index.tolist() == expected.index.tolist()
        assert all(same(made[name][column].tolist(), expected[column].tolist()) for column in expected)
    # Where a text has several things each has a row; what could not be read has one with the reason.
    listed = tables.apply(trained["names"], frame)
    rows = [
        (index, note, item["text"], item["start"])
        for index, note, found in zip(listed.index, listed["note"], listed["entities"], strict=True)
        for item in (found if isinstance(found, list) else [{"text": None, "start": None}])
    ]
    own = made["names"]
    assert len(rows) > len(frame)
    assert own.index.tolist() == [row[0] for row in rows]
    assert own["note"].tolist() == [row[1] for row in rows]
    assert same(own["mention"].tolist(), [row[2] for row in rows])
    assert same(own["start"].tolist(), [row[3] for row in rows])
    assert own["slm_error"].notna().sum() == listed["slm_error"].notna().sum() > 0


def test_tasks_without_states_get_the_texts(trained, frame):
    measure = Measure()
    assert not isinstance(measure, AnswersFromStates)
    made = Pipeline([trained["names"], measure]).run(frame)
    assert_as_alone(made, "measure", Measure(), frame)
    assert_as_alone(made, "entities", trained["names"], frame)
    assert len(measure.seen) == 1


def test_a_row_that_one_task_cannot_take_keeps_the_others(trained, frame):
    frame["text"] = [f"{cell} boom" if cell == "a bad bank ?" else cell for cell in CELLS]
    made = Pipeline({"mood": trained["mood"], "picky": Picky()}).run(frame)
    assert_as_alone(made, "mood", trained["mood"], frame)
    assert made["slm_error"].tolist()[1] == "picky: ValueError: cannot take <object object at 0x…> at all"
    assert made["slm_error"].tolist()[2] == "missing"
    assert made["mood_label"].notna().tolist()[1]
    assert made["picky_length"].isna().tolist()[1]
    apart = Pipeline({"mood": trained["mood"], "picky": Picky()}).run(frame, together=False)
    assert not isinstance(apart["mood"]["slm_error"].tolist()[1], str)
    assert apart["picky"]["slm_error"].tolist()[1].startswith("ValueError")


class Breaks:
    """Answers from states until one holds "bank"; alone it refuses that row only."""

    name, columns = "breaks", ("label",)

    def __init__(self, inner, at):
        self.inner, self.at = inner, at

    def check(self, texts):
        if any("bad bank" in text for text in texts):
            raise ValueError("no banks")

    def annotate(self, texts):
        self.check(texts)
        return self.inner.annotate(texts)

    def from_states(self, texts):
        from dataclasses import replace

        if self.at == "asking":
            self.check(texts)
        asked = self.inner.from_states(texts)

        def take(*batch):
            self.check(texts)

        def check(answer):
            self.check(texts)
            return answer

        return replace(asked, take=take) if self.at == "reading" else asked.then(check)


@pytest.mark.parametrize("at", ["asking", "reading", "ending"])
def test_a_failure_over_states_costs_one_row_of_one_task(trained, frame, at):
    made = Pipeline({"breaks": Breaks(trained["mood"], at), "names": trained["names"]}).run(frame)
    assert_as_alone(made, "names", trained["names"], frame)
    assert made["slm_error"].tolist()[1] == "breaks: ValueError: no banks"
    expected = tables.apply(trained["mood"], frame)["label"].tolist()
    expected[1] = None
    assert same(made["breaks_label"].tolist(), expected)


def test_errors_raise(trained, frame):
    with pytest.raises(InputError, match="row 2 .*: missing"):
        Pipeline(trained).run(frame, errors="raise")
    with pytest.raises(InputError, match="row 2 .*: missing"):
        Pipeline(trained).run(frame, errors="raise", together=False)
    good = frame.iloc[:2]
    assert Pipeline(trained).run(good, errors="raise")["slm_error"].isna().all()
    breaks = Pipeline({"mood": trained["mood"], "breaks": Breaks(trained["mood"], "reading")})
    for apart in (False, True):
        with pytest.raises(InputError, match="row 1 .*breaks: ValueError: no banks"):
            breaks.run(good, errors="raise", together=not apart)


def test_a_task_that_cannot_work_at_all_is_no_row_s_fault(trained, frame):
    class Damaged(Measure):
        def from_states(self, texts):
            raise CheckpointError("the weights are damaged")

    with pytest.raises(CheckpointError, match="damaged"):
        Pipeline([trained["mood"], Damaged()]).run(frame)


def test_different_cores_are_refused_by_name(trained, toy_slm, frame):
    from slmkit.core import SLM
    from slmkit.runtime import float_copy
    from slmkit.tasks.classification import Classifier

    other = SLM(toy_slm.config, toy_slm.tokenizer, float_copy(toy_slm.encoder), fingerprint="other")
    far = Classifier(method="linear", slm=other).fit(["good", "bad"] * 8, ["a", "b"] * 8)
    with pytest.raises(
        CheckpointError, match=r"'mood' and 'far' of a pipeline: one pass needs one core, got toy.*other"
    ):
        Pipeline({"mood": trained["mood"], "size": Measure(), "far": far}).run(frame)
    assert len(Pipeline({"far": far, "size": Measure()}).run(frame)) == len(frame)


def test_it_is_a_task_for_tables_itself(trained, frame):
    made = Pipeline({"mood": trained["mood"], "size": Measure()})
    assert isinstance(made, TableTask)
    assert made.columns == ("mood_label", "mood_score", "size_length", "size_mean", "size_first")
    assert made.column_types["size_length"] is int
    empty = made.run(pd.DataFrame({"text": [None, ""]}))
    assert empty["size_length"].dtype == "Int64"
    renamed = made.run(frame, prefix="p_")
    assert {"p_mood_label", "p_slm_error"} <= set(renamed)
    series = made.run(pd.Series(["good", None], index=["a", "a"]))
    assert series.index.tolist() == ["a", "a"]
    assert len(made.run(frame.iloc[:0])) == 0
    other = Pipeline({"mood": trained["topic"], "size": Measure()})
    assert made.fingerprint != other.fingerprint
    with pytest.raises(InputError, match="no column 'txet'"):
        made.run(frame, "txet", together=False)
    with pytest.raises(InputError, match="already has 'note'"):
        Pipeline({"a": Noted()}).run(frame, together=False)


def test_a_speller_reads_the_states_of_short_texts(trained, speller, toy_slm, monkeypatch):
    wrong = [
        "the bank is a flim good !",
        "酒电的房间很大。",
        "the moive of a news film bad ?\n\nthe taem is good !",
        " the flim ",
    ]
    frame = pd.DataFrame({"text": [*wrong, None, "", "the film is of the bank . " * 40]})
    made = Pipeline({"mood": trained["mood"], "spelling": speller}).run(frame)
    alone = assert_as_alone(made, "spelling", speller, frame)
    assert (alone["target"] != frame["text"]).iloc[:4].any()
    assert_as_alone(made, "mood", trained["mood"], frame)
    seen = []
    ground = type(toy_slm).ground
    monkeypatch.setattr(type(toy_slm), "ground", lambda self, ids: seen.append(len(ids)) or ground(self, ids))
    Pipeline({"mood": trained["mood"], "spelling": speller}).annotate(wrong[:2])
    assert sum(seen) == 2


def test_a_static_classifier_needs_no_states_and_no_core_of_the_others(trained, frame):
    from slmkit.tasks.classification import Classifier

    quick = Classifier(method="static").fit(["the good film !", "a bad bank ?"] * 16, ["pos", "neg"] * 16)
    made = Pipeline({"mood": trained["mood"], "quick": quick}).run(frame)
    assert_as_alone(made, "quick", quick, frame)
    assert_as_alone(made, "mood", trained["mood"], frame)


class Noted(Measure):
    columns = ("note",)


class Clashing(Measure):
    columns = ("b_c",)


@pytest.mark.parametrize(
    ("tasks", "message"),
    [
        ([], "at least one task"),
        ([Measure(), Measure()], "two tasks are named 'measure'; give a mapping"),
        ({"a b": Measure()}, "the name 'a b' of a task"),
        ({"a": "sentiment"}, "'a' is no task for tables but str"),
        (["sentiment"], "takes tasks for tables, not str"),
        (
            {"a": type("T", (Measure,), {"columns": ("b_c",)})(), "a_b": type("U", (Measure,), {"columns": ("c",)})()},
            "twice",
        ),
    ],
)
def test_what_is_no_pipeline(tasks, message):
    with pytest.raises(InputError, match=message):
        Pipeline(tasks)


def test_shipped_tasks_answer_as_alone():
    from slmkit.tasks.classification import Classifier, Sentiment
    from slmkit.tasks.summarization import Summarizer

    topics = Classifier.from_labels({"hotel": "a hotel, a room", "film": "a film, a movie"})
    texts = [
        "Lovely room, great staff.",
        "房间很脏，再也不来了。",
        "The film is too long. It was dull, and I left early. " * 40,
    ]
    frame = pd.DataFrame({"text": [*texts, None, *texts]}, index=[3, 1, 1, 2, 9, 9, 9])
    tasks = {"sentiment": Sentiment(), "topics": topics, "short": Summarizer(sentences=1)}
    made = Pipeline(tasks).run(frame)
    for name, task in tasks.items():
        alone = tables.apply(task, frame)
        labels = [column for column in task.columns if column != "score"]
        for column in labels:
            assert same(made[f"{name}_{column}"].tolist(), alone[column].tolist())
        if "score" in task.columns:
            assert np.nanmax(np.abs(made[f"{name}_score"].astype(float) - alone["score"].astype(float))) < 1e-2
