"""What a task says of its own answers under ``slm_error`` counts in a shared pass as it does alone."""

import pandas as pd
import pytest
from table_files import read_rows, write_rows

from slmkit.errors import InputError
from slmkit.tasks import tables
from slmkit.tasks.pipeline import Pipeline
from slmkit.tasks.pipeline.files import run_folder
from slmkit.tasks.stream import Asked

TEXTS = ["the good film !", "a bad bank ?", "the bank card is of the good team ."]
REASON = "banks are left alone"


class Says:
    """Answers as another task, and says of texts about banks that something was left out."""

    name = "says"

    def __init__(self, inner):
        self.inner, self.columns, self.called = inner, inner.columns, 0

    def annotate(self, texts):
        self.called += 1
        return self.say(texts, self.inner.annotate(texts))

    def from_states(self, texts):
        return self.inner.from_states(texts).then(lambda answers: self.say(texts, answers))

    def say(self, texts, answers):
        reasons = [REASON if "bank" in text else None for text in texts]
        return [{**answer, "slm_error": reason} for answer, reason in zip(answers, reasons, strict=True)]


@pytest.fixture
def says(trained):
    return Says(trained["mood"])


@pytest.fixture
def both(trained, says):
    return Pipeline({"says": says, "topic": trained["topic"]})


def told(frame):
    return [reason if isinstance(reason, str) else None for reason in frame["slm_error"]]


def test_a_shared_pass_keeps_what_a_task_says(both, says):
    frame = pd.DataFrame({"text": [*TEXTS, None]}, index=[2, 2, 1, 0])
    made, apart = both.run(frame), both.run(frame, together=False)
    assert says.called == 0
    alone = tables.apply(says, frame)
    assert told(alone) == told(apart["says"]) == [None, REASON, REASON, "missing"]
    assert told(made) == [None, f"says: {REASON}", f"says: {REASON}", "missing"]
    assert told(apart["topic"]) == [None, None, None, "missing"]
    assert made["says_label"].tolist()[:3] == apart["says"]["label"].tolist()[:3] == alone["label"].tolist()[:3]
    assert told(Pipeline([says]).run(frame)) == told(alone)


def test_a_shared_pass_raises_what_a_task_says(both, says, tmp_path):
    frame = pd.DataFrame({"text": TEXTS})
    for together in (True, False):
        with pytest.raises(InputError, match=f"^row 1 .*says: {REASON}$"):
            both.run(frame, errors="raise", together=together)
    assert told(both.run(frame[:1], errors="raise")) == [None]
    source = write_rows(tmp_path / "in.csv", [{"text": text} for text in TEXTS])
    with pytest.raises(InputError, match=f"^row 2, says: {REASON}$"):
        run_folder(both, source, tmp_path / "out", Asked(errors="raise"))
    assert says.called == 0
    report = run_folder(both, source, tmp_path / "out", Asked())
    assert (report.rows, report.quarantined) == (3, 2)
    assert [row["slm_error"] or None for row in read_rows(tmp_path / "out" / "rows.csv")] == [
        None, f"says: {REASON}", f"says: {REASON}",
    ]  # fmt: skip
