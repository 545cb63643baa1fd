"""Each dataset for itself, the summary, and what was left out: what the page says beyond its tables."""

from dataclasses import replace

import pytest

from slmkit.benchmarks import left_out, report, runner
from slmkit.benchmarks.cell import Cell
from slmkit.benchmarks.report import page, sections, summary, tables
from slmkit.benchmarks.runner import Outcome, Run

EVIL = '<script>alert("x")</script> "q"'


@pytest.fixture
def measured(tiny_root, tmp_path):
    """TF-IDF under the name of ours, and the constant under those of two peers."""
    cells = [Cell("sst2", "dev", "fitted", name) for name in ("tfidf-lr", "dummy")]
    good, bad = (o.result for o in runner.run(cells, Run(tiny_root, tmp_path / "out", in_process=True)))
    return [replace(good, system="slmkit"), replace(bad, system="setfit-minilm"), replace(bad, system="tfidf-lr")]


def only(results):
    (group,) = tables.groups(results)
    (section,) = sections.sections([group])[group.key]
    return group, section


def test_ours_is_told_from_the_best_peer_by_rows(measured):
    _, section = only(measured)
    assert [(row.line.system, row.peer, row.verdict) for row in section.rows] == [
        ("slmkit", False, "ahead"),
        ("tfidf-lr", True, ""),
        ("setfit-minilm", False, "level"),
    ]
    assert section.rows[0].difference_text.startswith("+50.0 (+")
    assert section.sentence.startswith("slmkit against tfidf-lr, the best peer: +50.0 (+")
    assert section.sentence.endswith("paired bootstrap: better by more than chance.")
    assert section.metrics == ("macro_f1",)


def test_without_rows_the_intervals_speak(measured):
    _, section = only([replace(r, outcomes={}) for r in measured])
    assert "by the two intervals" in section.sentence
    _, section = only([replace(r, outcomes={}, ci95=None) for r in measured])
    assert section.sentence.endswith("no interval: how much of it is chance is not known.")
    assert section.rows[0].verdict == ""


def test_seeds_that_do_not_meet_are_not_compared(measured):
    _, section = only([measured[0], replace(measured[2], seed=5)])
    assert section.rows[0].found is None
    assert section.sentence == ""


def test_without_a_peer_nothing_is_said(measured):
    for alone in (measured[:1], [measured[0], replace(measured[1], system="dummy")]):
        _, section = only(alone)
        assert section.sentence == ""
        assert not any(row.peer or row.difference_text for row in section.rows)


def test_totals_count_where_a_system_is_level_with_the_best(measured):
    alone = replace(measured[2], dataset="trec")
    group, *_ = tables.groups([*measured, alone])
    found = {t.system: (t.level, t.datasets, t.score) for t in summary.totals(group)}
    assert found == {"slmkit": (1, 1, 100.0), "tfidf-lr": (0, 1, 50.0), "setfit-minilm": (0, 1, 50.0)}
    assert summary.totals(tables.groups(measured[:1])[0]) == []


def test_anchors_are_apart_and_stay(measured):
    evil = [replace(r, dataset=name) for r in measured for name in (EVIL, EVIL + "!", "!!")]
    limited = [replace(r, limit=4) for r in measured]
    groups = tables.groups([*evil, *measured, *limited])
    anchors = [s.anchor for found in sections.sections(groups).values() for s in found]
    assert len(set(anchors)) == len(anchors) == 5
    assert {"sst2-fitted-dev", "sst2-fitted-dev-limited", "x-fitted-dev"} <= set(anchors)


def test_the_page_has_a_part_for_each_dataset_and_for_what_was_left_out(measured, tmp_path):
    for r in measured:
        (tmp_path / f"{r.system}.json").write_text(r.to_json(), encoding="utf-8")
    left_out.note(tmp_path, Outcome(Cell("trec", "dev", "fitted", "slmkit"), "failed", reason=EVIL))
    assert report.write(tmp_path, tmp_path / "report.html") == []
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    for part in ("summary", "sst2-fitted-dev", "left-out", "about", "environment"):
        assert f'id="{part}"' in text
        assert f'href="#{part}"' in text
    assert "better by more than chance" in text
    assert "<script" not in text
    assert 'id="left-out"' not in page.render(measured, [])


def test_results_of_different_limits_are_no_rivals(measured):
    ours, weak, strong = measured[0], replace(measured[2], limit=4), replace(measured[0], system="setfit-minilm")
    few = [replace(ours, limit=4, train_limit=8), replace(weak, train_limit=8), replace(strong, limit=9)]
    group, section = only(few)
    assert [(row.line.system, row.line.limits, row.peer, row.line.best) for row in section.rows] == [
        ("slmkit", (4, 8), False, True),
        ("tfidf-lr", (4, 8), True, False),
        ("setfit-minilm", (9, None), True, False),
    ]
    assert section.rows[0].verdict == "ahead"
    assert section.sentence.startswith("Limited to n 4, train 8: slmkit against tfidf-lr, the best peer: +50.0")
    assert {t.system: (t.level, t.datasets) for t in summary.totals(group)} == {
        "slmkit": (1, 1),
        "tfidf-lr": (0, 1),
        "setfit-minilm": (0, 0),
    }
