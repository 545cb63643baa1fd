import json
import lzma

import numpy as np

from slmkit.pretraining.leanings import FILE, LeaningsConfig, balanced, in_review, leanings_source, raw_sentences


def test_raw_sentences_are_cleaned_and_stand_once(tmp_path):
    reviews = [
        "A fine film.<br /><br />I liked every minute of it! No.",
        "I liked every minute of it! Too short. Seen twice already.",
    ]
    lines = "\n".join(json.dumps({"text": text}) for text in reviews)
    (tmp_path / "en_imdb_train_unsup.jsonl.xz").write_bytes(lzma.compress(lines.encode()))
    found, numbers = raw_sentences(tmp_path, LeaningsConfig(shortest=12))
    assert numbers[found.index("Seen twice already.")] == 1
    assert len(numbers) == len(found)
    assert sorted(found) == sorted(set(found))
    assert "I liked every minute of it!" in found
    assert not any("<br" in text or len(text) < 12 for text in found)


def test_other_sentences_of_a_review_have_a_say():
    alone = np.array([0.99, 0.99, 0.3, 0.3, 0.02])
    together = in_review(alone, np.array([7, 7, 7, 2, 2]))
    assert together[2] > 0.9  # praise all around
    assert together[3] < 0.1
    assert np.allclose(in_review(alone, np.arange(5)), alone, atol=0.01)  # alone in its review, nothing changes


def test_sides_are_balanced_by_the_surest(tmp_path):
    texts = ["a", "b", "c", "d", "e"]
    rows = list(balanced(texts, np.array([0.99, 0.95, 0.5, 0.02, 0.91]), 0.9))
    assert rows == [{"text": "a", "label": "1"}, {"text": "d", "label": "0"}]
    (tmp_path / FILE).write_text("\n".join(map(json.dumps, rows)))
    source = leanings_source(tmp_path)
    assert [(e.text, e.label) for e in source.read(tmp_path)] == [("a", "1"), ("d", "0")]
