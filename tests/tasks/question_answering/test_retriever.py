"""A retriever: vectors of its own above the trunk, what it learns from, and one small run of its recipe."""

import json
import lzma
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from slmkit import checkpoint
from slmkit.errors import CheckpointError, DataError
from slmkit.model.branch import Branch
from slmkit.tasks.question_answering import DocumentIndex, QuestionAnswerer, Retriever, retriever
from slmkit.tasks.question_answering import train_retriever as recipe
from slmkit.tasks.question_answering.retrieval_sources import RETRIEVAL, Couple, _joined, around, load_couples
from slmkit.text.language import letters_of

TEXTS = ["the good film", "a bad movie of the bank", "", "酒店的房间很好。", "the news " * 200]


@pytest.fixture(scope="module")
def toy_retriever(toy_slm):
    branch = Branch.on(toy_slm, 2, vectors=True)
    with torch.no_grad():
        for weight in branch.parameters():
            weight.add_(0.05 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(1)))
    return Retriever(toy_slm, checkpoint.pack(branch.state_dict()), about={"sets": []})


def test_its_vectors_are_its_own_and_do_not_feel_their_neighbours(toy_retriever, toy_slm):
    vectors = toy_retriever.embed(TEXTS, kind="passage")
    assert vectors.shape == (5, 32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(5), abs=1e-5)
    assert not np.allclose(vectors, toy_slm.embed(TEXTS, kind="passage"), atol=1e-2)
    for text, vector in zip(TEXTS, vectors, strict=True):
        assert toy_retriever.embed(text, kind="passage") == pytest.approx(vector, abs=1e-5)
    assert not np.allclose(vectors[0], toy_retriever.embed(TEXTS[0], kind="query"), atol=1e-3)


def test_an_untouched_branch_is_the_core(toy_slm):
    same = Retriever(toy_slm, checkpoint.pack(Branch.on(toy_slm, 2, vectors=True).state_dict()))
    assert same.embed(TEXTS, kind="query") == pytest.approx(toy_slm.embed(TEXTS, kind="query"), abs=0.02)


def test_saved_and_read_again(toy_retriever, toy_slm, tmp_path, monkeypatch):
    toy_retriever.save(tmp_path / "saved")
    again = Retriever.load(tmp_path / "saved", slm=toy_slm)
    assert again.fingerprint == toy_retriever.fingerprint
    assert np.array_equal(again.embed(TEXTS, kind="query"), toy_retriever.embed(TEXTS, kind="query"))
    assert "Retriever.load('saved')" in (tmp_path / "saved" / "README.md").read_text("utf-8")
    monkeypatch.setattr(Retriever, "shipped_core", staticmethod(lambda: toy_slm))
    assert retriever.embedder_at(tmp_path / "saved").fingerprint == toy_retriever.fingerprint
    other = SimpleNamespace(fingerprint="another")
    with pytest.raises(CheckpointError, match="was fitted on core toy"):
        Retriever.load(tmp_path / "saved", slm=other)


def test_an_index_is_bound_to_it_and_readers_stand_on_its_core(toy_retriever, toy_slm, toy_reader, tmp_path):
    index = DocumentIndex.create(tmp_path / "index", slm=toy_retriever)
    index.add([{"id": "a", "text": "the card good of the bank"}, {"id": "b", "text": "the news of the sport"}])
    assert index.search("the card", 2)[0].document == "a"
    with pytest.raises(CheckpointError, match=r"Retriever.load\(PATH\)"):
        DocumentIndex.open(tmp_path / "index", slm=toy_slm)
    toy_reader.save(tmp_path / "reader")
    answerer = QuestionAnswerer(index, tmp_path / "reader", threshold=1)
    assert answerer.reader.slm is toy_slm
    assert answerer.ask("the card ?").document == "a"


def test_the_core_embeds_where_no_retriever_ships(toy_slm, tmp_path, monkeypatch):
    monkeypatch.setattr(retriever, "weights_folder", lambda name: tmp_path / name)
    monkeypatch.setattr(retriever, "load", lambda: toy_slm)
    assert retriever.shipped_embedder() is toy_slm
    assert retriever.core_of(toy_slm) is toy_slm


def test_an_index_of_the_core_opens_where_a_retriever_ships(toy_retriever, toy_slm, tmp_path, monkeypatch):
    for embedder, name in ((toy_slm, "core"), (toy_retriever, "retriever")):
        DocumentIndex.create(tmp_path / name, slm=embedder).add([{"id": 1, "text": "the bank"}])
    monkeypatch.setattr(retriever, "shipped_embedder", lambda: toy_retriever)
    assert DocumentIndex.open(tmp_path / "core").slm is toy_slm
    assert DocumentIndex.open(tmp_path / "retriever").slm is toy_retriever
    assert DocumentIndex.open(tmp_path / "core").search("bank")[0].document == 1


def test_around_an_answer_stand_whole_sentences():
    text = "One is here. Two is there. Three is far. Four is near."
    at = text.index("Two")
    assert around(text, at, at + 3, 14) == "Two is there."
    assert around(text, at, at + 3, 30) == "Two is there. Three is far."
    assert around(text, at, at + 3, 1000) == text
    long = "a" * 50 + "ANSWER" + "b" * 50
    assert around(long, 50, 56, 20) == "a" * 7 + "ANSWER" + "b" * 7
    assert around(long, 50, 56, 3) == "ANSWER"
    assert around(long, 0, 6, 20) == "a" * 20


def test_all_passages_that_hold_an_answer_are_right():
    couples = [
        Couple("q1", "The sky is blue.", "The sky is blue."),
        Couple("q2", "It rains. The sky is blue.", "It rains."),
    ]
    couples.append(Couple("q1", "Something else.", "Something else."))
    passages = [couple.passage for couple in couples]
    right = recipe.right_passages(couples, ["q1", "q2"], passages)
    assert right.tolist() == [[True, True, True], [False, True, False]]


def test_what_is_told_apart():
    scores = torch.tensor([[2.0, 0.0, 1.0], [0.0, 3.0, 3.0]])
    right = torch.tensor([[True, False, False], [False, True, True]])
    first = -torch.log_softmax(scores[0], 0)[0]
    second = -torch.log(torch.softmax(scores[1], 0)[1:].sum())
    assert recipe.told_apart(scores, right) == pytest.approx(float((first + second) / 2))
    assert recipe.told_apart(scores, torch.ones(2, 3, dtype=torch.bool)) == pytest.approx(0)


def test_weights_between_two():
    learned, begin = {"a": torch.tensor([1.0, 3.0])}, {"a": torch.tensor([2.0, 1.0])}
    for kept, expected in [(0, [1, 3]), (1, [2, 1]), (0.5, [1.5, 2])]:
        assert recipe.between(learned, begin, kept)["a"].tolist() == expected


def test_lines_of_tokens_are_written_as_people_write():
    line = "he 's `` right '' -lrb- of 1990 -rrb- , is n't he ?"
    assert _joined(line) == "he's \"right\" (of 1990), isn't he?"


def test_batches_are_of_one_set_in_stretches():
    sets = [[Couple(f"{name}{i}", f"{name}p{i}", f"{name}p{i}") for i in range(50)] for name in "ab"]
    lessons = recipe.Lessons(sets, [1, 1], 16, seed=3)
    seen = set()
    for step in range(12):
        batch = lessons.batch(step)
        assert batch == lessons.batch(step)
        assert len({couple.query[0] for couple in batch}) == 1
        seen.add(batch[0].query[0])
        numbers = [int(couple.query[1:]) for couple in batch]
        assert numbers[:2] == [numbers[0], numbers[0] + 1]
        assert len(set(numbers)) == len(numbers) <= 16
    assert seen == {"a", "b"}


class FakeTeacher:
    """Places texts by their first letter; the source model is in a package of its own."""

    def __init__(self, source, *, precision):
        self.table = torch.nn.functional.normalize(
            torch.randn(256, 32, generator=torch.Generator().manual_seed(2)), dim=-1
        )

    def __call__(self, texts, prefixes):
        return SimpleNamespace(pooled=torch.stack([self.table[ord((text or " ")[0]) % 256] for text in texts]))


def put(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lzma.compress(text.encode()))


def test_one_small_run(toy_slm, tmp_path, monkeypatch):
    data = tmp_path / "data"
    put(data, "zh/afqmc/train.txt.xz", "".join(f"房间{i}很好\t酒店{i}的房间\t{i % 2}\n" for i in range(40)))
    put(data, "zh/simclue/train_rank_1w.json.xz", '{"query": "房间1很好！", "title": "别的", "neg_title": "无关"}\n')
    put(
        data,
        "en/scitldr_a/train.jsonl.xz",
        "".join(
            json.dumps({"source": ["The film is good.", f"It is {i}."], "target": [f"film {i}"]}) + "\n"
            for i in range(20)
        ),
    )
    monkeypatch.setattr(recipe, "load", lambda core: toy_slm)
    monkeypatch.setattr(recipe, "read_source", lambda: None)
    monkeypatch.setattr(recipe, "Teacher", FakeTeacher)
    left_out = [source.name for source in RETRIEVAL if source.name not in ("afqmc", "scitldr")]
    arguments = ["--data-dir", data, "--out", tmp_path / "out", "--run", tmp_path / "run", "--steps", "12"]
    arguments += ["--couples", "16", "--learning-rate", "1e-2", "--without", *left_out]
    assert recipe.main([str(each) for each in arguments]) == 0
    log = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert log[-1]["step"] == 12
    made = Retriever.load(tmp_path / "out", slm=toy_slm)
    assert {each["name"]: each["rows"] for each in made.about["sets"]} == {
        "scitldr": 20,
        "afqmc": 19,
    }  # one stands in what SimCLUE's dev is carved from
    assert made.about["steps"] == 12
    assert made.about["tokens"] == log[-1]["tokens"] > 0
    before = toy_slm.embed(["film 3", "The film is good. It is 3.", "The film is good. It is 9."], kind="passage")
    after = made.embed(["film 3", "The film is good. It is 3.", "The film is good. It is 9."], kind="passage")
    assert not np.allclose(before, after, atol=0.05)
    # The same command again finds the run finished and writes the same weights.
    (tmp_path / "out" / "config.json").unlink()
    assert recipe.main([str(each) for each in arguments]) == 0
    assert Retriever.load(tmp_path / "out", slm=toy_slm).fingerprint == made.fingerprint
    # Another run goes on from it; of what it learns, as much is kept as is asked.
    on = [*arguments, "--begin", tmp_path / "out"]
    on[3], on[5] = tmp_path / "on", tmp_path / "run-on"
    assert recipe.main([str(each) for each in on]) == 0
    told = Retriever.load(tmp_path / "on", slm=toy_slm)
    assert told.about["begin"]["fingerprint"] == made.fingerprint
    assert told.about["begin"]["steps"] == 12
    assert recipe.main([str(each) for each in (*on, "--kept", 1)]) == 0
    whole = Retriever.load(tmp_path / "on", slm=toy_slm)
    texts = ["film 3", "It is 9."]
    assert np.allclose(whole.embed(texts), made.embed(texts), atol=1e-3)
    assert not np.allclose(told.embed(texts), made.embed(texts), atol=1e-2)
    with pytest.raises(DataError, match="simclue .* cannot be read"):
        load_couples(next(source for source in RETRIEVAL if source.name == "simclue"), data)
    for wrong in ([], ["--run", "z", "--couples", "8"], ["--run", "z", "--depth", "4"], ["--run", "z", "--kept", ".5"]):
        with pytest.raises(SystemExit):
            recipe.parse(["--data-dir", "x", "--out", "y", *wrong])


def test_couples_of_the_sets(data_dir):
    from slmkit.benchmarks import datasets

    found = {source.name: load_couples(source, data_dir) for source in RETRIEVAL if not source.name.startswith("wiki")}
    assert len(found["qamr"]) == 36748
    assert len(found["cmrc2018"]) == 10142
    assert len(found["scitldr"]) == 1992
    assert 2000 < len(found["simclue"]) < 2247
    assert 10_000 < len(found["afqmc"]) < 10_573
    assert len(found["squad-questions"]) == 11877
    for name, couples in found.items():
        assert all(couple.answer in couple.passage for couple in couples)
        # Sentences of squad-questions come whole; of all texts training reads the first 160 tokens.
        assert max(len(couple.passage) for couple in couples) <= (800 if name == "squad-questions" else 400)
    dev = datasets.load("simclue", "dev", data_dir)
    asked, searched = {letters_of(each) for each in dev.inputs}, set()
    for grades in dev.labels:
        searched |= {letters_of(dev.documents[key]) for key in grades}
    for name in ("simclue", "afqmc"):
        texts = {letters_of(text) for couple in found[name] for text in (couple.query, couple.passage)}
        assert not texts & asked
        assert not texts & searched
