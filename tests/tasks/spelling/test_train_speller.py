"""The recipe of the shipped speller: what it may learn from, and that a run gives a speller and can go on."""

import json
import lzma

import pytest

from slmkit.core import SLM
from slmkit.errors import CheckpointError, DataError
from slmkit.pretraining.held_back import is_document_held_back, is_held_back, is_sentence_held_back
from slmkit.tasks.spelling import SpellCorrector, sources
from slmkit.tasks.spelling import train_speller as recipe
from slmkit.tasks.spelling.material import gather, homophones, usable

KEPT = ("en_imdb_train_unsup", "zh_wikipedia")
OTHERS = [each.name for each in sources.RAW if each.name not in KEPT]
RIGHT = ("house", "people", "receive", "believe", "friend", "weather", "because", "believe", "different", "tomorrow")


def documents(count, chinese):
    """Distinct documents; the first words decide which are held back."""
    if chinese:
        return [f"第{n}家酒店的房间很大，这里的服务也很好。他们在书店里看书，再去上海。" * 2 for n in range(count)]
    return [
        f"Number {n} of the team is a good film. Their house is there, and I don't know the people from the bank.\n"
        f"We believe that a friend of the {n} received it, because the weather is good." * 2
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")

    def lay(name, text):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(lzma.compress(text.encode()) if path.suffix == ".xz" else text.encode())

    for name, chinese in zip(KEPT, (False, True), strict=True):
        rows = [json.dumps({"text": text, "source": name}) for text in documents(60, chinese)]
        lay(f"raw/{name}.jsonl.xz", "\n".join(rows))
    lay(sources.DICTIONARY, "\n".join(f"{word}x->{word}" for word in RIGHT) + "\npeopel->people, papal,\n")
    lay(sources.SHAPES[0], "大,太天\n店,点")
    lay(sources.SHAPES[1], "书:节\n")
    for each in sources.PAIRS:
        lines = [
            f"1\t这{c}酒电的服务很好{c}。\t这{c}酒店的服务很好{c}。" for c in "家个里间座天日月年二三四五六七八九十"
        ]
        for name in each.paths:
            lay(name, "\n".join(lines) + "\n")
    return root


def run(corpus, toy, tmp_path, *more):
    arguments = ["--data-dir", corpus, "--out", tmp_path / "out", "--core", toy, "--run", tmp_path / "run"]
    arguments += ["--steps", 3, "--depth", 1, "--rank", 16, "--batch-tokens", 256, "--held-back", 20]
    return recipe.main([*map(str, arguments), "--characters", "4000000", "--without", *OTHERS, *more])


@pytest.fixture
def core(toy_slm, tmp_path):
    toy_slm.save(tmp_path / "core")
    return tmp_path / "core"


def test_a_run_gives_a_speller_and_goes_on(corpus, core, tmp_path, capsys):
    assert run(corpus, core, tmp_path) == 0
    told = capsys.readouterr().err
    assert "3 steps of about 256 tokens" in told
    assert '"held back"' in told
    about = json.loads((tmp_path / "out/config.json").read_text())["about"]
    assert {each["name"] for each in about["sets"]} == {*KEPT, "sighan", "ecspell", "codespell", "csc-confusion"}
    assert all(each["licence"] for each in about["sets"])
    assert about["held_back"]["en"]["right"] > 0
    corrector = SpellCorrector.load(tmp_path / "out", slm=SLM.load(core))
    made = corrector.predict("I believex the people of 酒店")
    assert made["source"] == "I believex the people of 酒店"
    before = (tmp_path / "out/model.safetensors").read_bytes()
    assert run(corpus, core, tmp_path) == 0  # the run is over: only what comes after is done anew
    assert (tmp_path / "out/model.safetensors").read_bytes() == before
    (tmp_path / "run/state.safetensors").unlink()
    assert run(corpus, core, tmp_path) == 0  # from nothing: the same again
    assert (tmp_path / "out/model.safetensors").read_bytes() == before
    assert run(corpus, core, tmp_path, "sighan") == 1
    assert "holds lists of other sources" in capsys.readouterr().err


def test_what_is_held_back_is_not_learned_from(corpus):
    known = sources.known_misspellings(corpus)
    assert set(known) == {word for word in (*RIGHT, "papal") if not is_held_back(word)}
    assert any(is_held_back(word) for word in RIGHT)
    raw = next(each for each in sources.RAW if each.name == KEPT[0])
    both = [list(sources.documents(corpus, raw, read=read)) for read in (True, False)]
    assert both[0]
    assert not set(both[0]) & set(both[1])
    every = documents(60, chinese=False)
    assert sorted([*both[0], *both[1]]) == sorted(text for text in every if not is_document_held_back(text))
    assert any(map(is_document_held_back, every))
    for source in sources.PAIRS:
        rights = {right for _, right in sources.pairs(corpus, source)}
        held = {right for right in rights if is_sentence_held_back(right)}
        assert (not held) == source.carved


def test_lessons_of_a_step_are_told_by_its_number(corpus):
    learned, held, about = gather(corpus, without=OTHERS, characters=4_000_000, folder=None, seed=0)
    assert learned.draw(3, 300, 0) == learned.draw(3, 300, 0) != learned.draw(4, 300, 0)
    drawn = [lesson for step in range(200) for lesson in learned.draw(step, 300, 0)]
    assert any(lesson.edits for lesson in drawn)
    assert any(not lesson.edits for lesson in drawn)
    assert any(lesson.text.isalpha() and lesson.text.isascii() for lesson in drawn)  # words alone
    assert held.pairs == []
    assert not {*held.english, *held.chinese} & {*learned.english, *learned.chinese}
    assert about["texts"]["pairs"] == len(learned.pairs) > 0
    with pytest.raises(DataError, match=r"zh_laws.jsonl.xz cannot be read"):
        gather(corpus, without=[name for name in OTHERS if name != "zh_laws"], characters=None, folder=None, seed=0)


def test_careless_texts_with_known_misspellings_are_left_out(corpus, tmp_path):
    text = "We beleive that a friend of the team received it. The weather is good today, they said."
    assert list(usable(text)) == [text]
    assert list(usable("1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 a")) == []
    assert list(usable("short")) == []


def test_words_that_are_typed_alike():
    from collections import Counter

    made = homophones(Counter({"权利": 90, "权力": 80, "全力": 70, "酒店": 60, "权": 3, "rare": 1}))
    assert made["权利"] == ["权力", "全力"]
    assert "酒店" not in made


def test_errors_are_one_line(tmp_path, core, capsys):
    assert recipe.main(["--data-dir", str(tmp_path / "none"), "--out", str(tmp_path / "out"), "--core", str(core)]) == 1
    assert capsys.readouterr().err.startswith("error: ")


def test_a_foreign_folder_is_refused(corpus, tmp_path):
    gather(corpus, without=OTHERS, characters=4_000_000, folder=tmp_path, seed=0)
    kept = gather(corpus, without=OTHERS, characters=4_000_000, folder=tmp_path, seed=0)[0]
    assert len(kept.lists.words) > 10
    with pytest.raises(CheckpointError, match="holds lists of other sources"):
        gather(corpus, without=[*OTHERS, "ecspell"], characters=4_000_000, folder=tmp_path, seed=0)


@pytest.mark.data
def test_the_real_files_are_read(data_dir):
    assert len(sources.known_misspellings(data_dir)) > 5000
    assert all(len(sources.pairs(data_dir, each)) > 3000 for each in sources.PAIRS)
    shapes = sources.shapes(data_dir)
    assert "未" in shapes["末"]
    for raw in sources.RAW:
        text = next(sources.documents(data_dir, raw, read=True))
        assert sources.is_read(text)
        assert not is_document_held_back(text)
