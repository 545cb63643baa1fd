import json
import lzma

import pytest

from slmkit.core import SLM
from slmkit.tasks.classification import Sentiment
from slmkit.tasks.classification import train_sentiment as recipe


@pytest.fixture
def corpus(tmp_path):
    english = [f"the film is {'good' if n % 2 else 'bad'} , team {n}\t{n % 2}" for n in range(40)]
    chinese = [f"{n % 2}\t{'很好' if n % 2 else '差'}，酒店的房间" for n in range(40)]
    root = tmp_path / "data"
    for (language, split), name in recipe.FILES.items():
        lines = english if language == "en" else ["label\ttext_a", *chinese]
        text = "".join(line + "\n" for line in (lines if split == "train" else lines[:21]))
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(lzma.compress(text.encode()) if path.suffix == ".xz" else text.encode())
    return root


def test_the_recipe_writes_weights_that_sentiment_reads(corpus, toy_slm, tmp_path, capsys):
    toy_slm.save(tmp_path / "core")
    arguments = ["--data", corpus, "--out", tmp_path / "out", "--core", tmp_path / "core", "--epochs", "1"]
    assert recipe.main([*map(str, arguments), "--documents", "4"]) == 0
    assert "dev accuracy" in capsys.readouterr().err
    about = json.loads((tmp_path / "out/config.json").read_text())["about"]
    assert about["held_back"] == 41
    assert about["documents"] == 4
    sentiment = Sentiment(0, path=tmp_path / "out", slm=SLM.load(tmp_path / "core"))
    assert sentiment.predict("很好，酒店的房间")["label"] in ("positive", "negative")


def test_what_it_learns_from(corpus):
    texts, labels = recipe.training_rows(corpus, natural=True, document_count=6, seed=0)
    assert len(texts) == len(labels) == 40 + 40 + 6 + 40
    assert "The film is good, team 1." in texts
    assert "the film is good , team 1" in texts
    assert set(labels) == {"negative", "positive"}
    long = texts[80:86]
    assert all(3 <= text.count("The film") <= 12 for text in long)
    assert all(("good" in text) != ("bad" in text) for text in long)
    assert len(recipe.training_rows(corpus, natural=False, document_count=0, seed=0)[0]) == 80


def test_leanings_add_sentences_and_long_texts(corpus, tmp_path):
    path = tmp_path / "leanings.jsonl"
    rows = [{"text": f"Sentence number {n}.", "label": str(n % 2)} for n in range(40)]
    path.write_text("\n".join(map(json.dumps, rows)))
    leanings = recipe.read_leanings(path, 30, seed=0)
    assert len(leanings[0]) == 30
    assert dict(zip(*leanings, strict=True)).items() <= {r["text"]: recipe.NAMES[r["label"]] for r in rows}.items()
    texts, _ = recipe.training_rows(corpus, natural=False, document_count=4, seed=0, leanings=leanings)
    assert len(texts) == 40 + 40 + 4 + 30 + 4
    path.write_text("{}")
    with pytest.raises(recipe.DataError, match="leanings.jsonl cannot be read"):
        recipe.read_leanings(path, 30, seed=0)


def test_missing_and_odd_files_are_named(corpus, tmp_path, capsys):
    assert recipe.main(["--data", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 1
    assert "train.tsv.xz cannot be read" in capsys.readouterr().err
    (corpus / "en/sst2/dev.tsv").write_text("good\t1\nno label\n")
    with pytest.raises(recipe.DataError, match="row 1"):
        recipe.read(corpus, "en", "dev")
