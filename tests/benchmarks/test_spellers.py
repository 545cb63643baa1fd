"""Correctors of words: what they leave alone stays as it was, and each fixes a plain error."""

import importlib.util
import json

import pytest

from slmkit.benchmarks import datasets, runner, systems
from slmkit.benchmarks.cell import Cell
from slmkit.benchmarks.systems.spellers import word_by_word
from slmkit.errors import InputError

ENGLISH = {
    "symspell": "symspellpy",
    "symspell-compound": "symspellpy",
    "pyspellchecker": "spellchecker",
    "spylls": "spylls",
    "textblob-spelling": "textblob",
    "pycorrector": "pycorrector",
}


def system(name, dataset="misspelt-5"):
    if name in ENGLISH and importlib.util.find_spec(ENGLISH[name]) is None:
        pytest.skip(f"{ENGLISH[name]} is not installed")
    return systems.build(name, datasets.get(dataset), "shipped")


def test_what_is_not_corrected_stays_to_the_byte():
    asked = []

    def correct(word):
        asked.append(word)
        return {"teh": "the", "doesnt": "doesn't"}.get(word, word)

    fix = word_by_word(correct)
    text = "  “Teh” x2y—don’t,\tteh\n(TEH) Doesnt e-mail I  "
    assert fix(text) == "  “The” x2y—don’t,\tthe\n(THE) Doesn't e-mail I  "
    assert asked == ["teh", "don't", "doesnt", "mail"]


def test_a_correction_that_differs_in_case_only_is_none():
    assert word_by_word(str.title)("paris in may") == "paris in may"
    assert word_by_word(lambda word: word, lower=False)("Paris") == "Paris"


def test_no_change():
    assert system("no-change").predict(["a", " b\n"]) == ["a", " b\n"]
    assert system("no-change", "sighan13").predict(["他门"]) == ["他门"]


@pytest.mark.parametrize("name", ENGLISH)
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_each_fixes_a_plain_error(name):
    speller = system(name)
    made = speller.predict(["My freind likes it. My freind (7 of them) likes the house!"])
    assert made == ["My friend likes it. My friend (7 of them) likes the house!"]
    assert speller.size().bytes > 10_000
    assert speller.fingerprint() == system(name).fingerprint()
    with pytest.raises(InputError, match="not fitted"):
        speller.fit([], [], seed=0)


def test_compound_splits_and_joins():
    (made,) = system("symspell-compound").predict(["Whereis th elove, he said?"])
    assert made == "Where is the love, he said?"


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_pycorrector_knows_chinese_idioms():
    speller = system("pycorrector", "sighan13")
    assert speller.predict(["报应接中迩来", "今天天气很好。"]) == ["报应接踵而来", "今天天气很好。"]


@pytest.mark.parametrize(
    ("dataset", "path", "text", "score"),
    [
        ("norvig-words", "en/norvig_spell/spell-testset1.txt", "right: rigth right\n", 0.5),
        ("sighan13", "zh/sighan-csc/test2013.txt.xz", "1\t他门走\t他们走\n0\t好\t好\n", 0),
    ],
)
def test_a_set_is_measured_from_start_to_end(tiny_root, lay, tmp_path, dataset, path, text, score):
    lay(tiny_root, path, text)
    cell = Cell(dataset, "dev", "shipped", "no-change")
    (outcome,) = runner.run([cell], runner.Run(tiny_root, tmp_path / "out", in_process=True))
    assert outcome.status == "done", outcome.reason
    assert outcome.result.score == score
    kept = json.loads((tmp_path / "out" / cell.file_name).read_text(encoding="utf-8"))
    assert kept["metric_script"]


def test_sets_without_a_dev_part_are_planned_where_they_are_named():
    def planned(**asked):
        cells = runner.plan(runner.Selection(systems=("no-change",), **asked))
        return {(cell.dataset, cell.split) for cell in cells}

    assert ("sighan15", "test") in planned(tasks=("spelling",), splits=("test",))
    assert ("sighan15", "dev") not in planned(tasks=("spelling",))
    assert planned(datasets=("sighan15",)) == {("sighan15", "dev")}
