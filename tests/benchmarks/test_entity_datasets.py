"""Entity sets: their layouts, the tenth that is carved, what is left out of a set that another was trained on."""

import json

import pytest

from slmkit.benchmarks import datasets
from slmkit.benchmarks.datasets import DataFile, Rows
from slmkit.benchmarks.datasets.entities import FITTED_ENTITIES
from slmkit.benchmarks.datasets.entities_shipped import SHIPPED_ENTITIES, TYPES_BY_NAME
from slmkit.benchmarks.datasets.entity_readers import EveryTenth, column_entities, token_entities
from slmkit.errors import InputError
from slmkit.tasks.knowledge.entities.inventories import has_inventory, inventory, labels_of_general


def file(path="x.txt"):
    return DataFile("dev", path, "", "", "", "")


def test_columns_of_words_and_of_characters():
    content = b"-DOCSTART- -X- O O\n\nEU NNP I-NP I-ORG\nsaid VBD I-VP O\n. . O O\n\n"
    rows = column_entities()(file(), content)
    assert (rows.inputs, rows.labels) == (["EU said."], [[(0, 2, "ORG")]])
    rows = column_entities()(file(), "张 B-NAME\n三 E-NAME\n， O\n".encode())
    assert (rows.inputs, rows.labels) == (["张三，"], [[(0, 2, "NAME")]])
    rows = column_entities(first_character=True)(file(), "科0\tB-X\n技1\tI-X\n".encode())
    assert (rows.inputs, rows.labels) == (["科技"], [[(0, 2, "X")]])
    rows = column_entities(prefix="en:")(file(), b"en:Rome\tB-LOC\nen:,\tO\n")
    assert (rows.inputs, rows.labels) == (["Rome,"], [[(0, 4, "LOC")]])


def test_json_of_words():
    content = json.dumps([{"tokens": ["a", "drug", "."], "entities": [[1, 2, "Drug"]], "relations": []}]).encode()
    assert token_entities(file(), content).labels == [[(2, 6, "Drug")]]


def test_every_tenth_is_dev_unless_it_stands_among_the_others():
    texts = [f"text {n}" for n in range(40)]
    texts[19] = "Text 5!"
    splits = {"train": Rows(texts, [[]] * 40)}
    EveryTenth().apply(splits, lambda *_: None)
    assert splits["dev"].inputs == ["text 9", "text 29", "text 39"]
    assert len(splits["train"]) == 36
    assert not set(splits["train"].inputs) & set(splits["dev"].inputs)


def test_sentences_that_the_recognizer_was_trained_on_are_left_out(tiny_root, lay):
    def chars(*texts):
        return "\n".join("".join(f"{c} O\n" for c in text) for text in texts)

    lay(tiny_root, "zh/msra-ner/dh_msra.txt.xz", chars(*[f"好{n}" for n in range(20)]))
    lay(tiny_root, "zh/peoplesdaily-ner/dev.txt.xz", chars("好3", "好9", "新"))
    assert datasets.load("peoplesdaily-ner", "dev", tiny_root).inputs == ["新"]


def test_what_is_learned_from_is_not_in_dev(tiny_root, lay):
    def chars(*texts):
        return "\n".join("".join(f"{c} O\n" for c in text) for text in texts)

    for name, path in (
        ("weibo-ner", "zh/weibo-ner/weiboNER_2nd_conll.{}"),
        ("resume-ner", "zh/resume-ner/{}.char.bmes"),
    ):
        lay(tiny_root, path.format("train") + ".xz", chars("好一", "好二。", "好三"))
        lay(tiny_root, path.format("dev"), chars("好二", "好四"))
        assert datasets.load(name, "train", tiny_root).inputs == ["好一", "好三"]
        assert datasets.load(name, "dev", tiny_root).inputs == ["好二", "好四"]
    # Of a set for the shipped recognizer dev gives way, since the recognizer has learned from train.
    for split, words in (("train", "a b c"), ("dev", "B c d"), ("test", "c e")):
        lay(tiny_root, f"en/wikiann_en/{split}.xz", "\n".join(f"en:{word}\tO\n" for word in words.split()))
    assert datasets.load("wikiann-en", "dev", tiny_root).inputs == ["d"]
    assert datasets.load("wikiann-en", "test", tiny_root).inputs == ["e"]


def test_sets_by_name_have_their_types_in_words_and_are_entities_too():
    for entry in TYPES_BY_NAME:
        assert entry.serves("entities")
        assert entry.serves("types")
        assert entry.protocols == ("shipped",)
        assert inventory(entry.name.removesuffix("-types"))
    assert not datasets.get("conll2003").serves("types")
    for entry in (*FITTED_ENTITIES, *SHIPPED_ENTITIES):
        assert has_inventory(entry.name)
    for entry in SHIPPED_ENTITIES:
        assert labels_of_general(entry.name).keys() == {"person", "organisation", "location"}
    with pytest.raises(InputError):
        inventory("none")


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "n", "types"),
    [
        ("conll2003", 3250, 4),
        ("wnut17", 1009, 6),
        ("resume-ner", 463, 8),
        ("weibo-ner", 270, 8),
        ("wikiann-en", 9658, 3),
        ("cluener2020-types", 1343, 10),
        ("ade-types", 560, 2),
        ("scierc-types", 275, 6),
    ],
)
def test_real_dev_splits_have_their_size_and_types(data_dir, name, n, types):
    rows = datasets.load(name, "dev", data_dir)
    known = inventory(name.removesuffix("-types"))
    assert len(rows) == n
    assert {kind for spans in rows.labels for *_, kind in spans} <= set(known)
    assert len(known) == types
    for text, spans in zip(rows.inputs, rows.labels, strict=True):
        for start, end, _ in spans:
            assert text[start:end].strip() == text[start:end] != ""
