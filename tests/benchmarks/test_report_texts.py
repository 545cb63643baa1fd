"""Results of systems that write: examples kept and shown, several scores side by side, bits the fewer the better."""

import json
import re
from dataclasses import replace

import pytest

from slmkit.benchmarks import cell, datasets, report, results, runner, systems
from slmkit.benchmarks.cell import Cell
from slmkit.benchmarks.report import examples, figures, markdown, page, tables
from slmkit.benchmarks.results import Example, Result
from slmkit.benchmarks.systems.extractive import Lead
from slmkit.errors import DataError
from slmkit.pretraining.pairs import is_carved
from tests.benchmarks.test_report import Page

PARAGRAPH = "The lobster lives in the sea and eats what it finds there , for it is no friend of long journeys . "


@pytest.fixture
def text_root(tiny_root, lay):
    rows = [
        (f"关于第{i}种方法的研究", f"本文研究第{i}种方法。" + "结果很好。" * (400 if i == 3 else 2)) for i in range(30)
    ]
    lay(tiny_root, "zh/csl-title/summarization_csl_dev.tsv.xz", "".join(f"{t}\t{a}\n" for t, a in rows))
    held = [s for s in (f"Sentence {i}." for i in range(30_000)) if is_carved(s)]
    lay(tiny_root, "zh/tatoeba-en-zh/cmn.train.txt.xz", "".join(f"{s}\t第{i}句。\tx\n" for i, s in enumerate(held)))
    lines = "".join(f" {PARAGRAPH * 3}{i} \n" for i in range(500))
    lay(tiny_root, "en/wikitext2/valid.txt.xz", lines)
    return tiny_root


@pytest.fixture
def found(text_root, tmp_path):
    cells = [Cell("csl-title", "dev", "shipped", name) for name in ("lead", "random", "dummy")]
    cells += [Cell("tatoeba-en-zh", "dev", "shipped", "dummy", limit=30)]
    cells += [Cell("wikitext2", "dev", "shipped", name, limit=5) for name in ("xz", "dummy")]
    out = tmp_path / "results"
    outcomes = runner.run(cells, runner.Run(text_root, out, in_process=True))
    assert [o.reason for o in outcomes if o.result is None] == []
    return out, [o.result for o in outcomes]


def test_twenty_rows_are_kept_the_same_for_every_system(found):
    lead, shuffled = found[1][:2]
    assert len(lead.examples) == cell.EXAMPLES == 20
    assert [e.input for e in lead.examples] == [e.input for e in shuffled.examples]
    assert lead.examples[0].references[0].startswith("关于第")
    assert lead.examples[0].output.startswith("本文研究第")
    assert max(len(e.input) for e in lead.examples) <= cell.EXAMPLE_CHARACTERS + 2


def test_the_seed_draws_the_examples(text_root):
    rows = datasets.load("csl-title", "dev", text_root)
    first, second = (list(cell._examples(rows, rows.inputs, seed)) for seed in (0, 1))
    assert first != second
    long = [e for e in (*first, *second) if e.input.endswith(" …")]
    assert len(long) == sum("第3种" in e.input for e in (*first, *second))


def test_what_writes_nothing_has_no_examples(found):
    assert [len(r.examples) for r in found[1][-2:]] == [0, 0]


def test_a_file_gives_its_examples_back_and_older_files_have_none(found):
    out, measured = found
    path = out / Cell("csl-title", "dev", "shipped", "lead").file_name
    assert results.read(path) == measured[0]
    data = json.loads(path.read_text(encoding="utf-8"))
    del data["examples"]
    assert Result.from_dict(data) == replace(measured[0], examples=())


@pytest.mark.parametrize(
    "value", ["text", None, [1], [{"input": "a", "output": "b"}], [{"input": "a", "references": "b", "output": "c"}]]
)
def test_wrong_examples_are_refused(found, value):
    data = {**json.loads(found[1][0].to_json()), "examples": value}
    with pytest.raises(DataError, match="examples"):
        Result.from_dict(data)


def test_bits_may_be_many_but_not_negative(found):
    bits = found[1][-1]
    assert bits.score == pytest.approx(8)
    with pytest.raises(DataError, match=r"0\.\.inf"):
        replace(bits, score=-0.1, scores={"bits_per_byte": -0.1})


def test_scores_stand_side_by_side_and_fewer_bits_are_best(found):
    groups = {group.title: group for group in tables.groups(found[1])}
    summaries = groups["Summaries and titles, as shipped, dev"]
    assert summaries.columns == ("ROUGE-1", "ROUGE-2", "ROUGE-L")
    assert tables.score_in(summaries.lines[0], "ROUGE-L") == tables.score_text(summaries.lines[0])
    assert [tables.is_main(summaries.lines[0], column) for column in summaries.columns] == [False, False, True]
    assert groups["Translation, as shipped, dev (limited rows)"].columns == ("BLEU", "BLEU, simplified")
    packed, chance = groups["Language modelling, as shipped, dev (limited rows)"].lines
    assert (packed.system, packed.best, chance.best) == ("xz", True, False)
    assert tables.score_text(chance) == "8.000"
    assert tables.interval_text(chance) == "8.000–8.000"
    assert "bits" in figures.quality_speed(groups["Language modelling, as shipped, dev (limited rows)"])


def test_the_best_is_marked_in_its_main_column(found):
    text = markdown.render(found[1], [])
    assert "| dataset | system | n | metric | ROUGE-1 | ROUGE-2 | ROUGE-L | 95 % |" in text
    row = next(line for line in text.splitlines() if line.startswith("| csl-title | lead"))
    assert re.search(r"\| ROUGE-L of characters \| [\d.]+ \| [\d.]+ \| \*\*[\d.]+\*\* \|", row)
    assert "关于第" not in text


def test_the_page_shows_examples_folded_and_escaped(found):
    out, measured = found
    evil = Example("<script>in</script>", ("<b>one</b>", "two"), "<i>out</i>\nnext")
    page_text = page.render([replace(r, examples=(evil,)) if r.examples else r for r in measured], [])
    assert "<script" not in page_text
    assert "<b>one" not in page_text
    assert "&lt;i&gt;out&lt;/i&gt;\nnext" in page_text
    assert report.write(out, out / "report.html") == []
    text = (out / "report.html").read_text(encoding="utf-8")
    assert "<summary>csl-title: 20 examples, drawn by seed</summary>" in text
    assert measured[0].examples[7].output in text
    assert "<details open" not in text
    assert Page(text).open == []


def test_outputs_of_all_systems_stand_below_one_input(found):
    group = next(g for g in tables.groups(found[1]) if g.title.startswith("Summaries"))
    ((name, rows),) = examples.by_dataset(group)
    assert name == "csl-title"
    assert len(rows) == 20
    assert {tuple(system for system, _ in row.outputs) for row in rows} == {("lead", "random", "dummy")}


class Silent(Lead):
    def predict(self, inputs):
        return [""] * len(inputs)


def test_a_system_that_foretells_nothing_fails_alone(text_root, tmp_path, monkeypatch):
    entry = replace(systems.get("xz"), target=f"{__name__}:Mute")
    monkeypatch.setitem(systems.SYSTEMS, "xz", entry)
    cells = [Cell("wikitext2", "dev", "shipped", "xz", limit=2)]
    (outcome,) = runner.run(cells, runner.Run(text_root, tmp_path, in_process=True))
    assert outcome.status == "failed"
    assert "log-probabilities" in outcome.reason


class Mute(Lead):
    """Has no ``log_probabilities``."""


def test_empty_texts_are_scored_and_shown(text_root, tmp_path, monkeypatch):
    monkeypatch.setitem(systems.SYSTEMS, "lead", replace(systems.get("lead"), target=f"{__name__}:Silent"))
    cells = [Cell("csl-title", "dev", "shipped", "lead"), Cell("tatoeba-en-zh", "dev", "shipped", "dummy", limit=9)]
    first, second = runner.run(cells, runner.Run(text_root, tmp_path, in_process=True))
    assert first.result.scores == {"char_rouge_l": 0, "char_rouge_1": 0, "char_rouge_2": 0}
    assert first.result.ci95 == (0, 0)
    assert first.result.examples[0].output == ""
    assert second.result.score < 0.2
