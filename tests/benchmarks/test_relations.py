"""Relation sets, their metrics, and the systems that are measured on them."""

import json

import pytest

from slmkit.benchmarks import datasets, metrics, runner, systems
from slmkit.benchmarks.cell import Cell
from slmkit.benchmarks.datasets import DataFile, relation_readers
from slmkit.benchmarks.datasets.relation_readers import NONE, marked, places_of
from slmkit.benchmarks.metrics import relations
from slmkit.benchmarks.report import markdown
from slmkit.benchmarks.runner import Run
from slmkit.benchmarks.systems import ours_relations, relation_peers
from slmkit.errors import DataError, InputError
from slmkit.tasks.question_answering.carving import in_dev

NAMES = ("conll04", "scierc-relations", "semeval2010-task8", "finre", "sanwen", "duie-sample", "nyt-triples", "cmeie")


def file(split="dev"):
    return DataFile(split, "x", "", "", "", "")


def lines(*rows):
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode()


def shown(row):
    text, head, tail = places_of(row)
    return text[slice(*head)], text[slice(*tail)]


def test_the_asked_sets_are_there():
    for name in NAMES:
        entry = datasets.get(name)
        assert entry.task == "relations"
        assert entry.protocols == ("fitted",)
        assert {"train", "dev"} <= set(entry.splits)
        assert entry.metric in metrics.METRICS


def test_words_are_put_together_and_places_follow():
    row = {
        "tokens": ["``", "Bo", "'s", "firm", "''", ",", "Acme", ",", "is", "in", "New", "York", "."],
        "entities": [[6, 7, "Org"], [10, 12, "Loc"]],
        "relations": [[6, 7, 10, 12, "OrgBased_In"]],
    }
    rows = relation_readers.conll04(file(), json.dumps([row]).encode())
    assert rows.inputs == ['"Bo\'s firm", Acme, is in New York.']
    head, tail = (13, 17, "Org"), (25, 33, "Loc")
    assert rows.labels == [{"entities": [head, tail], "triples": [(head, "OrgBased_In", tail)]}]


def test_marked_mentions_of_words():
    text = "An << algorithm >> for [[ image -LRB- flow -RRB- ]] ."
    rows = relation_readers.scierc(file(), lines({"text": text, "label": "USED-FOR"}))
    assert rows.labels == ["USED-FOR"]
    assert places_of(rows.inputs[0])[0] == "An algorithm for image (flow)."
    assert shown(rows.inputs[0]) == ("image (flow)", "algorithm")


def test_tagged_mentions_in_blocks():
    content = b'1\t"The <e1>child</e1> was in the <e2>cradle</e2>."\nOther\nComment: x\n\n'
    content += b'2\t"A <e2>b</e2> <e1>c</e1> "d"."\nCause-Effect(e2,e1)\nComment:\n\n'
    rows = relation_readers.semeval2010(file(), content)
    assert rows.labels == ["Other", "Cause-Effect(e2,e1)"]
    assert [shown(row) for row in rows.inputs] == [("child", "cradle"), ("c", "b")]
    assert places_of(rows.inputs[1])[0] == 'A b c "d".'
    with pytest.raises(DataError, match="two marked mentions"):
        relation_readers.semeval2010(file(), b'1\t"A <e1>b</e1> c."\nOther\n')


def test_named_mentions_are_those_nearest_to_each_other():
    rows = relation_readers.named_pairs(
        file(), "上海\t上海店\tLocated\t上海店在上海。\n\n甲\t甲\tunknown\t甲和甲。\n".encode()
    )
    assert rows.labels == ["Located", NONE]
    assert [places_of(row)[1:] for row in rows.inputs] == [((4, 6), (0, 3)), ((0, 1), (2, 3))]
    with pytest.raises(DataError, match="without its mention"):
        relation_readers.named_pairs(file(), "甲\t乙\tx\t丙。\n".encode())


@pytest.mark.parametrize("name", ["finre", "sanwen"])
def test_sentences_of_dev_are_left_out_of_train(tmp_path, lay, name):
    lay(tmp_path, f"zh/{name}/train.txt.xz", "甲\t乙\tunknown\t甲和乙。\n甲\t乙\tunknown\t甲和乙和丙。\n")
    lay(tmp_path, f"zh/{name}/valid.txt.xz", "乙\t甲\tunknown\t甲和乙\n")
    assert [row[0] for row in datasets.load(name, "train", tmp_path).inputs] == ["甲和乙和丙。"]
    assert len(datasets.load(name, "dev", tmp_path)) == 1


def test_triples_of_names():
    spo = {"predicate": "作者", "subject": "书", "object": "人", "subject_type": "图书作品", "object_type": "人物"}
    texts = [f"第{n}书的人" for n in range(30)]
    content = lines(*({"text": text, "spo_list": [spo, spo]} for text in texts))
    train, dev = (relation_readers.duie(held_out=held)(file(), content) for held in (False, True))
    assert len(train) + len(dev) == 30 == len(relation_readers.duie()(file(), content))
    assert all(map(in_dev, dev.inputs))
    assert not any(map(in_dev, train.inputs))
    assert dev.labels[0] == [("书", "作者", "人", "图书作品", "人物")]
    medical = {**spo, "object": {"@value": "人"}, "object_type": {"@value": "人物"}, "Combined": True}
    assert relation_readers.cmeie(file(), lines({"text": "书人", "spo_list": [medical]})).labels == [dev.labels[0]]
    named = [{"text": "a b", "triple_list": [["a", "/r", "b"], ["a", "/r", "b"]]}]
    assert relation_readers.named_triples(file(), json.dumps(named).encode()).labels == [[("a", "/r", "b", "", "")]]


def test_triples_count_by_their_names():
    gold = [[("a", "r", "b", "x", "y"), ("a", "s", "b", "x", "y")], []]
    said = [[("a", "r", "b"), ("a", "r", "c"), ("a", "r", "b")], [("z", "r", "z")]]
    assert relations.triples(gold, said).tolist() == [[1, 2, 2], [0, 1, 0]]
    scores = metrics.evaluate("triple_f1", gold, said)
    assert scores["triple_f1"] == pytest.approx(2 / 5)
    assert scores["triple_precision"] == pytest.approx(1 / 3)
    assert scores["triple_recall"] == pytest.approx(1 / 2)
    assert metrics.evaluate("triple_f1", [[]], [[]])["triple_f1"] == 0


def test_strict_relations_need_places_and_types():
    a, b, c = (0, 2, "P"), (5, 7, "O"), (5, 7, "L")
    gold = [{"entities": [a, b], "triples": [(a, "r", b)]}] * 3
    said = [
        {"entities": [a, b], "triples": [(list(a), "r", list(b))]},
        {"entities": [a, c], "triples": [(a, "r", c)]},
        {"entities": [a], "triples": [(b, "r", a)]},
    ]
    scores = metrics.evaluate("strict_relation_f1", gold, said)
    assert scores["strict_relation_f1"] == pytest.approx(2 * 1 / 6)
    assert scores["joint_entity_f1"] == pytest.approx(2 * 4 / (6 + 5))


def test_no_relation_is_neither_right_nor_wrong_by_itself():
    gold, said = [NONE, "a", "b", "a", NONE], [NONE, "a", "a", NONE, "b"]
    scores = metrics.evaluate("relation_f1", gold, said)
    assert scores == pytest.approx({"relation_f1": 2 * 1 / 6, "relation_precision": 1 / 3, "relation_recall": 1 / 3})
    low, high = metrics.interval("relation_f1", gold * 20, said * 20)
    assert low < 1 / 3 < high


def test_the_official_score_of_semeval():
    gold = ["Cause-Effect(e1,e2)"] * 4 + ["Cause-Effect(e2,e1)"] * 2 + ["Other"] * 2 + ["Message-Topic(e1,e2)"] * 2
    said = [
        *["Cause-Effect(e1,e2)"] * 3,
        "Cause-Effect(e2,e1)",  # the wrong direction: said, and missed
        "Cause-Effect(e2,e1)",
        "Other",
        "Other",
        "Cause-Effect(e1,e2)",
        *["Message-Topic(e1,e2)"] * 2,
    ]
    cause = 2 * 4 / (6 + 6)
    assert metrics.evaluate("semeval_f1", gold, said)["semeval_f1"] == pytest.approx((cause + 1) / 9)
    assert metrics.evaluate("semeval_f1", gold, gold)["semeval_f1"] == pytest.approx(2 / 9)


PAIRS = [
    marked("team is good card of .", (0, 4), (13, 17)),
    marked("team is bad card of .", (0, 4), (12, 16)),
    marked("bank is the film of .", (0, 4), (12, 16)),
]


def settings():
    return {"depth": 1, "epochs": 1, "max_length": 64}


@pytest.mark.parametrize(("name", "nothing"), [("finre", NONE), ("semeval2010-task8", "Other"), ("sanwen", NONE)])
def test_ours_tells_relations_of_given_mentions(toy_slm, name, nothing):
    system = ours_relations.Relations(datasets.get(name), "fitted", slm=toy_slm, **settings())
    with pytest.raises(InputError, match="fit it first"):
        system.predict(PAIRS)
    same = marked("bank is the film of .", (0, 4), (0, 4))
    system.fit([*PAIRS * 4, same], [*["a", "b", nothing] * 4, "a"], seed=0)
    assert system._model.classes_ == ("a", "b")
    assert set(system.predict([*PAIRS, same])) <= {"a", "b", nothing}
    assert system.predict([same]) == [nothing]
    assert (
        len({system.fingerprint(), ours_relations.Relations(datasets.get(name), "fitted", slm=toy_slm).fingerprint()})
        == 2
    )


def test_ours_always_tells_one_where_every_pair_has_one(toy_slm):
    system = ours_relations.Relations(datasets.get("scierc-relations"), "fitted", slm=toy_slm, **settings())
    system.fit(PAIRS * 4, ["USED-FOR", "PART-OF", "COMPARE"] * 4, seed=0)
    assert set(system.predict(PAIRS)) <= {"USED-FOR", "PART-OF", "COMPARE"}


def test_ours_finds_triples(toy_slm):
    texts = ["team is good card of .", "bank is bad film the ."]
    system = ours_relations.Relations(datasets.get("duie-sample"), "fitted", slm=toy_slm, **settings())
    labels = [[("team", "likes", "card", "who", "what")], [("bank", "hates", "film", "who", "what")]]
    system.fit(texts * 6, labels * 6, seed=0)
    for text, row in zip(texts, system.predict(texts), strict=True):
        assert all(head in text and tail in text for head, _, tail in row)
    joint = ours_relations.Relations(datasets.get("conll04"), "fitted", slm=toy_slm, **settings())
    a, b = (0, 4, "who"), (13, 17, "what")
    joint.fit([texts[0]] * 8, [{"entities": [a, b], "triples": [(a, "likes", b)]}] * 8, seed=0)
    (found,) = joint.predict(texts[:1])
    assert set(found) == {"entities", "triples"}
    assert all(side in found["entities"] for head, _, tail in found["triples"] for side in (head, tail))


@pytest.mark.parametrize("kind", [relation_peers.TrainingPairs, relation_peers.BetweenWords])
def test_peers_learn_from_given_pairs(kind):
    system = kind(datasets.get("finre"), "fitted")
    system.fit(PAIRS * 3, ["likes", "hates", NONE] * 3, seed=0)
    found = system.predict(PAIRS)
    # Of the same two names the one has only the commonest relation to say.
    assert found == (["hates", "hates", NONE] if kind is relation_peers.TrainingPairs else ["likes", "hates", NONE])
    assert system.size().bytes > 0
    assert system.fingerprint()


@pytest.mark.parametrize("kind", [relation_peers.TrainingPairs, relation_peers.BetweenWords])
def test_peers_find_names_that_training_had(kind):
    texts = ["team likes card of bank", "bank hates film or card", "team of bank", "film hates team"]
    labels = [
        [("team", "likes", "card", "", "")],
        [("bank", "hates", "film", "", "")],
        [],
        [("film", "hates", "team", "", "")],
    ]
    system = kind(datasets.get("nyt-triples"), "fitted")
    system.fit(texts * 5, labels * 5, seed=0)
    assert ("team", "likes", "card") in system.predict(["the team likes card"])[0]
    assert system.predict(["nothing here"]) == [[]]
    joint = kind(datasets.get("conll04"), "fitted")
    a, b = (0, 4, "P"), (11, 15, "O")
    joint.fit(
        ["team likes card"] * 5 + ["team of card"] * 4,
        [{"entities": [a, b], "triples": [(a, "likes", b)]}] * 5 + [{"entities": [a], "triples": []}] * 4,
        seed=0,
    )
    (found,) = joint.predict(["team likes card"])
    assert found["entities"] == [a, b]
    assert (a, "likes", b) in found["triples"]


def test_a_run_from_files_to_a_table(tmp_path, lay):
    rows = "".join(
        f"team\tcard\t{label}\tthe team {word} number {n} card of .\n\n"
        for n in range(30)
        for label, word in (("Use", "uses"), ("unknown", "or"))
    )
    lay(tmp_path, "zh/sanwen/train.txt.xz", rows)
    lay(tmp_path, "zh/sanwen/valid.txt.xz", rows.replace("number", "numbers"))
    cells = [Cell("sanwen", "dev", "fitted", name) for name in ("training-pairs", "between-words")]
    outcomes = runner.run(cells, Run(tmp_path, tmp_path / "out", in_process=True))
    assert [outcome.status for outcome in outcomes] == ["done", "done"], [outcome.reason for outcome in outcomes]
    assert outcomes[1].result.score == 1.0
    assert set(outcomes[1].result.scores) == {"relation_f1", "relation_precision", "relation_recall"}
    text = markdown.render([outcome.result for outcome in outcomes], [])
    assert text.startswith("### Relations, fitted, dev")
    assert {"slmkit", "training-pairs", "between-words"} <= {
        entry.name for entry in systems.SYSTEMS.values() if entry.can(datasets.get("sanwen"), "fitted")
    }


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "train", "dev"),
    [
        ("conll04", 910, 231),
        ("scierc-relations", 3219, 455),
        ("semeval2010-task8", 7200, 800),
        ("finre", 13468, 1489),
        ("sanwen", 17217, 1793),
        ("cmeie", 2865, 720),
    ],
)
def test_real_splits_have_their_size(data_dir, name, train, dev):
    for split, size in (("train", train), ("dev", dev)):
        rows = datasets.load(name, split, data_dir)
        assert abs(len(rows) - size) <= (10 if split == "train" else 0)
        for row, label in list(zip(rows.inputs, rows.labels, strict=True))[:300]:
            if isinstance(row, tuple):
                text, head, tail = places_of(row)
                assert text[slice(*head)].strip()
                assert text[slice(*tail)].strip()
            elif isinstance(label, list):
                assert all(head in row and tail in row for head, _, tail, *_ in label)
