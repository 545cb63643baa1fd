"""The recipe of the shipped recognizer: what each set is read as, what steps learn from, and one small run."""

import json
import lzma

import numpy as np
import pytest

from slmkit.errors import DataError
from slmkit.tasks.knowledge import EntityRecognizer
from slmkit.tasks.knowledge.entities import train_recognizer as recipe
from slmkit.tasks.knowledge.entities.carving import in_dev
from slmkit.tasks.knowledge.entities.inventories import GENERAL, inventory
from slmkit.tasks.knowledge.entities.offers import MOST_KINDS, Shelf, general_offer, named_offer
from slmkit.tasks.knowledge.entities.sources import SOURCES, EntitySource, load_source, token_lessons
from tests.conftest import cut_off_after

BY_NAME = {source.name: source for source in SOURCES}


def put(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lzma.compress(text.encode()) if name.endswith(".xz") else text.encode())


def conll(sentences, separator=" ", prefix=""):
    return "\n".join("".join(f"{prefix}{word}{separator}{tag}\n" for word, tag in each) for each in sentences)


@pytest.fixture
def corpus(tmp_path):
    root = tmp_path / "data"
    english = [[("the", "O"), ("bank", "B-PER"), ("card", "I-PER"), (f"{n}", "O"), (".", "O")] for n in range(60)]
    chinese = [[("酒", "B-LOC"), ("店", "I-LOC"), ("很", "O"), *((c, "O") for c in str(n))] for n in range(60)]
    put(root, "en/wikiann_en/train.xz", conll(english, "\t", "en:"))
    put(
        root,
        "en/wnut17/wnut17train.conll.xz",
        conll([[(w, t.replace("PER", "person")) for w, t in s] for s in english]),
    )
    put(root, "zh/msra-ner/dh_msra.txt.xz", conll(chinese, "\t"))
    put(root, "zh/resume-ner/dev.char.bmes", conll([[("酒", "B-LOC"), ("店", "E-LOC"), ("好", "O")]] * 4))
    tokens = {"tokens": ["the", "bank", "card", "."], "entities": [[1, 3, "Drug"]], "relations": []}
    put(root, "en/ade/valid.ADE0.json", json.dumps([tokens] * 4))
    return root


def test_the_tenth_is_left_out_and_words_are_joined(corpus):
    found = load_source(BY_NAME["msra-ner"], corpus)
    assert len(found) == 54
    assert found[0] == ("酒店很0", [(0, 2, "LOC")])
    assert {text for text, _ in found} == {f"酒店很{n}" for n in range(60) if not in_dev(n)}
    assert load_source(BY_NAME["wikiann-en"], corpus)[3] == ("the bank card 3.", [(4, 13, "PER")])


def test_missing_and_foreign_files_are_named(corpus):
    with pytest.raises(DataError, match="bc5cdr in .* cannot be read"):
        load_source(BY_NAME["bc5cdr"], corpus)
    put(corpus, "zh/msra-ner/dh_msra.txt.xz", "好\tO\n")
    with pytest.raises(DataError, match="msra-ner in .* has no spans"):
        load_source(BY_NAME["msra-ner"], corpus)
    (corpus / "zh/msra-ner/dh_msra.txt.xz").write_bytes(b"x")
    with pytest.raises(DataError, match="cannot be read"):
        load_source(BY_NAME["msra-ner"], corpus)


def test_spans_of_unknown_types_are_left_out():
    source = EntitySource("conll2003", "en", "", lambda data: iter([("Ada x", [(0, 3, "PER"), (4, 5, "X")])]))
    assert load_source(source, None) == [("Ada x", [(0, 3, "PER")])]


def test_token_lessons():
    row = {"tokens": ["Ada", "'s", "drug"], "entities": [[2, 3, "Drug"], [0, 1, "Person"]]}
    assert token_lessons(json.dumps([row])) == [("Ada's drug", [(0, 3, "Person"), (6, 10, "Drug")])]


def test_every_set_of_training_has_its_types_in_words_and_none_is_for_research_only():
    for source in SOURCES:
        assert inventory(source.name)
        assert "research" not in source.licence
        assert source.language in ("en", "zh")
    kept_out = {"conll2003", "cluener2020", "resume-ner", "weibo-ner", "peoplesdaily-ner", "scierc", "ade", "conll04"}
    assert not kept_out & set(BY_NAME)


LESSONS = [(f"Ada met Bo {n}", [(0, 3, "person"), (8, 10, "creative-work")]) for n in range(100)]


def test_offers_say_what_is_looked_for():
    shelf = Shelf.of(BY_NAME["wnut17"], LESSONS, held=400, seed=0)
    assert (len(shelf.lessons), len(shelf.held)) == (95, 5)
    seen = set()
    for seed in range(60):
        offer = shelf.draw(60, np.random.default_rng(seed))
        assert len(offer.kinds) == len(set(offer.kinds)) == len(offer.words)
        assert sum(len(text) * 0.28 + 2 for text in offer.texts) <= 70
        for text, spans in zip(offer.texts, offer.spans, strict=True):
            assert {text[a:b] for a, b, _ in spans} == {"Ada", "Bo"}
            assert {kind for *_, kind in spans} <= set(offer.kinds)
        seen.update(offer.words)
        general = set(offer.kinds) & {"organisation"}
        assert bool(general) == ("corporation" not in offer.kinds)
        absent = [kind for kind in offer.kinds if kind.startswith("absent ")]
        assert len(absent) <= 2
    assert {"person", "人物", "creative work", "作品", "title of a work"} <= seen
    assert {"gene or protein", "疾病"} & seen


def test_large_inventories_are_offered_in_part_with_what_is_there():
    types = list(inventory("few-nerd"))
    lessons = [("Ada met Bo", [(0, 3, types[30]), (8, 10, types[31])])] * 30
    shelf = Shelf.of(BY_NAME["few-nerd"], lessons, held=0, seed=0)
    for seed in range(10):
        offer = shelf.draw(200, np.random.default_rng(seed))
        own = [kind for kind in offer.kinds if not kind.startswith("absent ")]
        assert len(own) == MOST_KINDS
        assert {types[30], types[31]} <= set(own)


def test_offers_to_measure_by():
    offer = general_offer(BY_NAME["wnut17"], LESSONS[:1])
    assert offer.spans == [[(0, 3, "person"), (8, 10, "work")]]
    assert offer.words[offer.kinds.index("work")] == GENERAL["work"]
    assert general_offer(BY_NAME["bc5cdr"], LESSONS) is None
    assert named_offer("wnut17", LESSONS[:1]).spans == [LESSONS[0][1]]


def run(corpus, out, toy_slm, monkeypatch, *more):
    monkeypatch.setattr(recipe, "load", lambda path: toy_slm)
    without = [name for name in BY_NAME if name not in ("msra-ner", "wikiann-en", "wnut17")]
    argv = ["--data-dir", corpus, "--out", out, "--depth", "2", "--batch-tokens", "120", "--learning-rate", "3e-3"]
    return recipe.main([str(each) for each in [*argv, *more, "--without", *without]])


def test_a_small_run_is_saved_calibrated_and_told(corpus, tmp_path, toy_slm, monkeypatch, capsys):
    assert run(corpus, tmp_path / "out", toy_slm, monkeypatch, "--steps", "25", "--dev", "3") == 0
    told = json.loads(capsys.readouterr().err.strip().splitlines()[-1])
    assert set(told["unseen, by name"]) == {"resume-ner", "ade"}
    assert set(told["held_back"]["general"]) == {"msra-ner", "wikiann-en", "wnut17"}
    made = EntityRecognizer.load(tmp_path / "out", slm=toy_slm)
    assert made.types_ == tuple(GENERAL)
    assert made.model_.about["steps"] == 25
    assert [each["name"] for each in made.model_.about["sets"]] == ["msra-ner", "wikiann-en", "wnut17"]
    assert made.model_.about["unseen, by name"] == told["unseen, by name"]
    assert isinstance(made.predict("the bank card of 酒店"), list)
    assert EntityRecognizer.from_types(["hotel"], model=tmp_path / "out", slm=toy_slm).types_ == ("hotel",)


def test_a_run_that_was_cut_off_ends_as_if_it_had_not_been(corpus, tmp_path, toy_slm, monkeypatch):
    settings = ("--steps", "12", "--dev", "0")
    assert run(corpus, tmp_path / "whole", toy_slm, monkeypatch, *settings, "--run", tmp_path / "a") == 0
    with cut_off_after(monkeypatch, 5):
        run(corpus, tmp_path / "cut", toy_slm, monkeypatch, *settings, "--run", tmp_path / "b")
    assert run(corpus, tmp_path / "cut", toy_slm, monkeypatch, *settings, "--run", tmp_path / "b") == 0
    whole, cut = (EntityRecognizer.load(tmp_path / name, slm=toy_slm) for name in ("whole", "cut"))
    assert cut.fingerprint == whole.fingerprint


def test_bad_calls_are_one_line(corpus, tmp_path, toy_slm, monkeypatch, capsys):
    assert run(tmp_path / "none", tmp_path / "out", toy_slm, monkeypatch) == 1
    assert "error: msra-ner in" in capsys.readouterr().err
    monkeypatch.setattr(recipe, "load", lambda path: toy_slm)
    every = ["--data-dir", str(corpus), "--out", str(tmp_path / "o"), "--without", *BY_NAME]
    assert recipe.main(every) == 1
    assert "no set is left" in capsys.readouterr().err


@pytest.mark.data
def test_the_real_sets_are_read(data_dir):
    for name, count in (("aishell-ner", 12_894), ("wnut17", 3394), ("bc5cdr", 3900)):
        found = load_source(BY_NAME[name], data_dir)
        assert len(found) >= count
        assert all(text[a:b].strip() == text[a:b] != "" for text, spans in found for a, b, _ in spans)
