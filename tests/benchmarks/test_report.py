"""The page and the Markdown: whole, escaped, self-contained, seeds averaged."""

import json
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from slmkit.benchmarks import report, results, runner
from slmkit.benchmarks.cell import Cell
from slmkit.benchmarks.report import figures, markdown, numbers, page, tables
from slmkit.errors import DataError, InputError

EVIL = '<script>alert("x")</script>|$a_b$ & "q"'


@pytest.fixture
def found(tiny_root, tmp_path):
    cells = [Cell("sst2", "dev", "few-shot", name, seed) for name in ("dummy", "tfidf-lr") for seed in (0, 1, 2)]
    cells += [Cell("stsb", "dev", "shipped", "dummy"), Cell("sst2", "dev", "fitted", "tfidf-lr", limit=4)]
    out = tmp_path / "results"
    outcomes = runner.run(cells, runner.Run(tiny_root, out, in_process=True))
    return out, [o.result for o in outcomes]


class Page(HTMLParser):
    """Tags that were opened and not closed, all ids, and everything that would be asked for elsewhere."""

    void = {"meta", "link", "br", "img", "input", "hr", "use", "path", "rect"}

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.tags = [], [], [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in self.void:
            self.open.append(tag)
        for key, value in attrs:
            if key == "id":
                self.ids.append(value)
            if key in ("src", "href", "xlink:href"):
                self.links.append(value)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if self.open and tag not in self.void:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag not in self.void:
            assert self.open.pop() == tag


def test_seeds_are_averaged_and_the_best_is_marked(found):
    lines = [line for line in tables.lines(found[1]) if line.protocol == "few-shot"]
    assert [line.system for line in lines] == ["tfidf-lr", "dummy"]
    assert all(line.seeds == (0, 1, 2) and line.spread is not None for line in lines)
    assert lines[0].score == pytest.approx(
        sum(100 * r.score for r in found[1] if r.system == "tfidf-lr" and r.limit is None) / 3
    )
    assert [line.best for line in lines] == [True, False]


def test_limited_runs_stand_apart(found):
    groups = tables.groups(found[1])
    assert [g.title for g in groups][-1] == "Classification and sentiment, fitted, dev (limited rows)"
    assert len(groups) == 3


def test_page_is_whole_and_asks_for_nothing(found):
    out, _ = found
    assert report.write(out, out / "report.html") == []
    text = (out / "report.html").read_text(encoding="utf-8")
    parsed = Page(text)
    assert parsed.open == []
    assert len(parsed.ids) == len(set(parsed.ids))
    assert all(link.startswith("#") for link in parsed.links)
    assert {link[1:] for link in parsed.links} <= set(parsed.ids)
    assert not re.search(r"url\((?!#)|@import|<script|<link|<img", text)
    assert "prefers-color-scheme: dark" in text
    assert text.count("<svg style") >= 2


def test_names_from_files_are_escaped(found):
    out, measured = found
    evil = [replace(r, dataset=EVIL, system=EVIL, task=EVIL, notes=EVIL) for r in measured]
    text = page.render(evil, [])
    assert Page(text).open == []
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    lines = markdown.render(evil, []).splitlines()
    assert not any("<script" in line for line in lines)
    widths = {len(re.findall(r"(?<!\\)\|", line)) for line in lines if line.startswith("|")}
    assert len(widths) == 1


def test_markdown_tables(found):
    out, _ = found
    report.write(out, out / "report.md")
    text = (out / "report.md").read_text(encoding="utf-8")
    assert "### Classification and sentiment, few labels, dev" in text
    assert re.search(r"\| sst2 \| tfidf-lr \| 20 \| accuracy \| \*\*[\d.]+ ± [\d.]+\*\* \| 3 seeds \|", text)
    assert "Measured on" in text


def test_a_result_of_an_earlier_version_of_its_set_is_named(found, tmp_path):
    old = tmp_path / "old"
    shutil.copytree(found[0], old)
    for path in old.glob("sst2.*tfidf-lr*.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "dataset_version": "0"}))
    for folder, told in ((found[0], False), (old, True)):
        for name in ("report.md", "report.html"):
            report.write(folder, tmp_path / name)
            text = (tmp_path / name).read_text(encoding="utf-8")
            assert ("arlier version" in text) == told
            assert not told or "sst2 (tfidf-lr)" in text


def test_markdown_between_marks_leaves_the_rest_alone(found, tmp_path):
    whole, readme = tmp_path / "whole.md", tmp_path / "README.md"
    readme.write_text("# Title\n\n<!-- results -->\nold\n<!-- /results -->\n\nend\n")
    report.write(found[0], whole)
    for _ in range(2):
        report.write(found[0], readme)
        assert readme.read_text() == f"# Title\n\n<!-- results -->\n{whole.read_text()}<!-- /results -->\n\nend\n"


def test_figures_take_the_page_colour(found):
    group = tables.groups(found[1])[0]
    for svg in (figures.quality_speed(group), figures.quality_size(group)):
        assert "currentColor" in svg
        assert "#000000" not in svg
        assert "dummy" not in svg
    only_dummy = replace(group, lines=tuple(line for line in group.lines if line.system == "dummy"))
    assert figures.quality_speed(only_dummy) == ""


def test_same_results_give_the_same_figure(found):
    group = tables.groups(found[1])[0]
    assert figures.quality_speed(group) == figures.quality_speed(group)


def test_a_foreign_file_is_told_and_left_out(found):
    out, _ = found
    (out / "other.json").write_text("{}", encoding="utf-8")
    (out / "speed.json").write_text("[]", encoding="utf-8")
    problems = report.write(out, out / "report.md")
    assert len(problems) == 2
    assert "other.json" in problems[0]


def test_wrong_arguments(tmp_path):
    with pytest.raises(InputError, match=r"\.html or \.md"):
        report.write(tmp_path, tmp_path / "report.pdf")
    with pytest.raises(DataError, match="no result files"):
        report.write(tmp_path, tmp_path / "report.md")
    with pytest.raises(DataError, match="not a folder"):
        results.read_folder(tmp_path / "none")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("–", numbers.count_text(None)),
        ("50.1M", numbers.count_text(50_100_000)),
        ("1.2k", numbers.count_text(1234)),
        ("7", numbers.count_text(7)),
        ("55.0 MB", numbers.bytes_text(55_000_000)),
        ("12 kB", numbers.bytes_text(12_000)),
        ("12,346", numbers.rate_text(12345.6)),
        ("9.9", numbers.rate_text(9.87)),
        ("3.0 min", numbers.seconds_text(180)),
        ("–", numbers.seconds_text(None)),
    ],
)
def test_numbers_as_text(text, value):
    assert text == value


def test_half_a_character_is_written_as_an_escape_and_nothing_is_left_behind(tmp_path):
    results.write_text(tmp_path / "a.json", json.dumps({"output": "x\ud800"}, ensure_ascii=False))
    assert json.loads((tmp_path / "a.json").read_text()) == {"output": "x\ud800"}
    (tmp_path / "b").mkdir()
    with pytest.raises(DataError, match="cannot be written"):
        results.write_text(tmp_path / "b", "x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "b"]


@pytest.mark.parametrize("damage", [{"ci95": [0.1, None]}, {"ci95": ["a", "b"]}, {"machine": {"flags": 5}}])
def test_a_damaged_result_is_told_and_left_out(found, damage):
    out, measured = found
    data = {**json.loads(measured[0].to_json()), **damage}
    (out / "damaged.json").write_text(json.dumps(data), encoding="utf-8")
    for name in ("report.html", "report.md"):
        (problem,) = report.write(out, out / name)
        assert "damaged.json" in problem


def test_a_copied_file_is_no_second_seed_and_the_latest_counts(found):
    out, measured = found
    result = next(r for r in measured if r.dataset == "stsb")
    other = replace(result, rows_per_second=7.0, date="2000-01-01T00:00:00+00:00")
    for name, copy in (("a copy.json", other), ("z copy.json", other)):
        (out / name).write_text(copy.to_json(), encoding="utf-8")
    problems = report.write(out, out / "report.md")
    assert len(problems) == 2
    assert all("second result of stsb dev shipped dummy, seed 0" in said and result.date in said for said in problems)
    (line,) = [line for line in tables.lines([other, result, other]) if line.dataset == "stsb"]
    assert (line.seeds, line.spread, line.results) == ((0,), None, (result,))
