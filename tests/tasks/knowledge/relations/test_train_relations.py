"""The recipe of the shipped extractor: what each set is read as, what is left out of it, and one small run."""

import json
import lzma

import pytest

from slmkit.core import SLM
from slmkit.errors import DataError
from slmkit.tasks.knowledge.relations import RelationModel, general
from slmkit.tasks.knowledge.relations import train_relations as recipe
from slmkit.tasks.knowledge.relations.schema import read_schema
from slmkit.tasks.knowledge.relations.sources import SOURCES, RelationSource, load_source
from slmkit.tasks.question_answering.carving import in_dev


def put(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lzma.compress(text.encode()))


def rows(*cells):
    return "\n\n".join("\t".join(row) for row in cells) + "\n"


@pytest.fixture
def corpus(tmp_path):
    root = tmp_path / "data"
    sentence = {
        "tokens": ["Ada", "Lane", "works", "for", "Acme", "of", "York", "since", "May", "."],
        "entities": [[0, 2, "Peop"], [4, 5, "Org"], [6, 7, "Loc"], [8, 9, "Other"]],
        "relations": [[0, 2, 4, 5, "Work_For"], [4, 5, 6, 7, "OrgBased_In"]],
    }
    held_back = {"tokens": ["Bo", "left", "."], "entities": [[0, 1, "Peop"]], "relations": []}
    put(root, "en/conll04/train.CoNLL04.json.xz", json.dumps([held_back, *[sentence] * 12]))
    held_back["tokens"] = ["BO", "left", "!"]
    (root / "en/conll04/valid.CoNLL04.json").write_text(json.dumps([held_back]))
    texts = [f"《书{n}》的作者是人{n}" for n in range(40)]
    spo = [
        {
            "text": text,
            "spo_list": [
                {
                    "predicate": predicate,
                    "subject": f"书{n}",
                    "object": f"人{n}",
                    "subject_type": "图书作品",
                    "object_type": "人物",
                }
                for predicate in ("作者", "专业代码")
            ],
        }
        for n, text in enumerate(texts)
    ]
    put(root, "zh/ske2019-duie/train_data.json.xz", "\n".join(json.dumps(row, ensure_ascii=False) for row in spo))
    few = {
        "tokens": ["Bo", "is", "the", "husband", "of", "Cleo", "."],
        "h": ["bo", "Q1", [[0]]],
        "t": ["cleo", "Q2", [[5], [0]]],
    }
    put(root, "en/fewrel/val_wiki.json.xz", json.dumps({"P26": [few] * 6, "P2094": [few]}))
    finance = ["甲公司被乙公司收购。"] * 6
    put(
        root,
        "zh/finre/train.txt.xz",
        rows(
            *[("甲公司", "乙公司", "被收购", text) for text in finance],
            ("甲公司", "乙公司", "unknown", "甲公司和乙公司。"),
            ("甲公司", "乙公司", "订单", "甲公司和乙公司。"),
        ),
    )
    put(root, "zh/sanwen/train.txt.xz", rows(("书店", "上海", "Located", "书店在上海。"), ("我", "我", "Near", "我。")))
    return root


def source(name):
    return next(each for each in SOURCES if each.name == name)


def said(example):
    names = [example.text[a:b] for a, b, _ in example.mentions]
    return [(names[head], relation, names[tail]) for head, relation, tail in example.triples]


def test_every_set_is_read_in_the_general_schema(corpus):
    pairs = read_schema(general.GENERAL)
    for each in SOURCES:
        assert each.licence
        for example in load_source(each, corpus):
            for head, relation, tail in example.triples:
                assert relation in example.judged
                types = example.mentions[head][2], example.mentions[tail][2]
                assert "" in types or types in pairs[relation]
    (first, *_) = load_source(source("conll04"), corpus)
    assert first.text == "Ada Lane works for Acme of York since May."
    assert said(first) == [("Ada Lane", "works for", "Acme"), ("Acme", "headquartered in", "York")]
    assert [kind for *_, kind in first.mentions] == ["person", "organization", "location"]
    assert first.typed == {"person", "organization", "location"}
    assert said(load_source(source("fewrel"), corpus)[0]) == [("Bo", "spouse", "Cleo"), ("Cleo", "spouse", "Bo")]


def test_what_the_benchmark_holds_back_is_left_out(corpus):
    assert {example.text for example in load_source(source("conll04"), corpus)} == {
        "Ada Lane works for Acme of York since May."
    }
    found = load_source(source("duie"), corpus)
    assert 0 < len(found) < 40
    assert not any(in_dev(example.text) for example in found)
    assert {relation for example in found for _, relation, _ in said(example)} == {"author"}
    assert all(example.complete and example.by_name for example in found)


def test_directions_are_those_of_the_schema(corpus):
    found = load_source(source("finre"), corpus)
    assert said(found[0]) == [("乙公司", "acquired", "甲公司")]
    assert [said(each) for each in found[6:]] == [[]]  # an unknown relation is none, one without a part is left out
    assert {kind for *_, kind in found[0].mentions} == {"organization"}
    assert not any(each.complete for each in found)
    near = load_source(source("sanwen"), corpus)
    assert len(near) == 1
    assert [kind for *_, kind in near[0].mentions] == ["", "location"]


def test_tables_name_relations_of_the_schema():
    for table in (general.CONLL04, general.DUIE, general.FINRE, general.SANWEN, general.FEWREL):
        assert general.told_by(table) <= set(general.GENERAL)
        assert {way for _, way in table.values()} <= {general.AS, general.BACK, general.BOTH}
    taught = set().union(
        *map(general.told_by, (general.CONLL04, general.DUIE, general.FINRE, general.SANWEN, general.FEWREL))
    )
    assert taught == set(general.GENERAL)
    assert list(general.mapped(general.FINRE, "被持股", 0, 1)) == [(1, "holds shares of", 0)]
    assert list(general.mapped(general.FINRE, "合作", 0, 1)) == [(0, "partner of", 1), (1, "partner of", 0)]
    assert list(general.mapped(general.FINRE, "订单", 0, 1)) == []


def test_sets_are_drawn_by_the_root_of_their_size(corpus):
    material = recipe.gather(corpus, SOURCES, limit=10, seed=0)
    assert set(material.counts) == {each.name for each in SOURCES}
    assert max(material.counts.values()) == 10
    assert material.weights.mean() == pytest.approx(1)
    begin, totals = 0, {}
    for each in SOURCES:
        end = begin + material.counts[each.name]
        totals[each.name] = material.weights[begin:end].sum() / (each.share * material.counts[each.name] ** 0.5)
        begin = end
    assert list(totals.values()) == pytest.approx([totals["duie"]] * len(SOURCES))
    assert [each.row for each in material.examples] == list(range(len(material.examples)))


def test_the_recipe_writes_an_extractor(corpus, toy_slm, tmp_path, capsys):
    toy_slm.save(tmp_path / "core")
    arguments = ["--data-dir", corpus, "--out", tmp_path / "out", "--core", tmp_path / "core", "--epochs", 1]
    arguments += ["--depth", 1, "--max-length", 64, "--limit", 6, "--run", tmp_path / "run", "--without", "sanwen"]
    assert recipe.main([str(each) for each in arguments]) == 0
    assert '{"held back": {"f1": ' in capsys.readouterr().err
    about = json.loads((tmp_path / "out/config.json").read_text())["about"]
    assert [each["name"] for each in about["sets"]] == [each.name for each in SOURCES if each.name != "sanwen"]
    model = RelationModel.load(tmp_path / "out", slm=SLM.load(tmp_path / "core"))
    assert set(model.schema.relations) == set(general.GENERAL)
    assert not model.manner.given
    list(model.find(["Ada Lane works for Acme of York."]))


def test_missing_and_odd_files_are_named(corpus, tmp_path, capsys):
    assert recipe.main(["--data-dir", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 1
    assert "error: conll04 in" in capsys.readouterr().err
    put(corpus, "zh/finre/train.txt.xz", "a\tb\n")
    with pytest.raises(DataError, match="finre in .* cannot be read"):
        load_source(source("finre"), corpus)
    with pytest.raises(DataError, match="has no relations"):
        load_source(RelationSource("empty", "en", "MIT", lambda data: iter(())), corpus)


@pytest.mark.data
@pytest.mark.parametrize(("name", "least"), [("conll04", 904), ("duie", 1900), ("fewrel", 10_000)])
def test_real_sets_are_read(data_dir, name, least):
    found = load_source(source(name), data_dir)
    assert len(found) >= least
    pairs = read_schema(general.GENERAL)
    wrong = [
        (relation, example.mentions[head][2], example.mentions[tail][2])
        for example in found
        for head, relation, tail in example.triples
        if "" not in (example.mentions[head][2], example.mentions[tail][2])
        and (example.mentions[head][2], example.mentions[tail][2]) not in pairs[relation]
    ]
    assert not wrong
