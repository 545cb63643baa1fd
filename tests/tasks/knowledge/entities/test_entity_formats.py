"""Corpora as people have them."""

import json

import pandas as pd
import pytest

from slmkit.errors import InputError
from slmkit.tasks.knowledge.entities import from_columns, from_docbin, from_frame, from_jsonl, from_tags
from slmkit.tasks.knowledge.entities.tags import join, tag_spans

ANSWERS = ["accept", "reject", "ignore", "an answer to a question"]
PLACES = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 5)]


@pytest.mark.parametrize(
    ("tags", "spans"),
    [
        ("B-X I-X O B-X B-X", [(0, 2, "X"), (3, 4, "X"), (4, 5, "X")]),
        ("I-X I-X O I-X B-X", [(0, 2, "X"), (3, 4, "X"), (4, 5, "X")]),
        ("B-X M-X E-X S-X B-X", [(0, 3, "X"), (3, 4, "X"), (4, 5, "X")]),
        ("B-X L-X U-X B-Y L-Y", [(0, 2, "X"), (2, 3, "X"), (3, 5, "Y")]),
        ("B-X I-Y O O I-X", [(0, 1, "X"), (1, 2, "Y"), (4, 5, "X")]),
        ("B-X E-X I-X E-X O", [(0, 2, "X"), (2, 4, "X")]),
        ("B_X-1 I_X-1 O O O", [(0, 2, "X-1")]),
        ("art-film art-film O person art-film", [(0, 2, "art-film"), (3, 4, "person"), (4, 5, "art-film")]),
        ("B I O B O", [(0, 2, "entity"), (3, 4, "entity")]),
        ("O O O O O", []),
    ],
    ids=["BIO", "IOB1", "BMES", "BILOU", "mixed types", "after an end", "underscore", "bare types", "untyped", "none"],
)  # fmt: skip
def test_schemes(tags, spans):
    assert tag_spans(tags.split(), PLACES) == spans


def test_words_are_joined_as_people_write_them():
    assert join(["``", "Do", "n't", "''", "(", "he", ")", "said", "."])[0] == '"Don\'t" (he) said.'
    assert join(["a", "b", "."], natural=False)[0] == "a b ."
    assert join(list("在iOS上"))[0] == "在iOS上"
    text, places = join(["使用", "Windows", "XP", "系统"])
    assert text == "使用Windows XP系统"
    assert [text[a:b] for a, b in places] == ["使用", "Windows", "XP", "系统"]


def test_columns(tmp_path):
    path = tmp_path / "a.conll"
    path.write_text("-DOCSTART- -X- O O\n\nU.N. NNP I-NP I-ORG\nofficial NN I-NP O\n. . O O\r\n\n张 B-PER\n三 I-PER\n")
    assert from_columns(path) == (["U.N. official.", "张三"], [[(0, 4, "ORG")], [(0, 2, "PER")]])
    path.write_text("a\tx\tB-P\n \tx\tO\nb\tx\tI-P\n")
    assert from_columns(path, separator="\t") == (["a b"], [[(0, 3, "P")]])
    for content, message in (("", "has no line"), ("word\n\nword\n", "has no line"), ("a O\n", "without a column 3")):
        path.write_text(content)
        with pytest.raises(InputError, match=message):
            from_columns(path, word=3 if "column" in message else 0)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is not text in"):
        from_columns(path)
    with pytest.raises(InputError, match="cannot be read"):
        from_columns(tmp_path / "none")


def test_tags():
    made = from_tags([["a", "b"], ["好"]], [["B-X", "O"], ["S-Y"]])
    assert made == (["a b", "好"], [[(0, 1, "X")], [(0, 1, "Y")]])
    with pytest.raises(InputError, match="row 0: 2 words and 1 tags"):
        from_tags([["a", "b"]], [["O"]])


def test_json_lines(tmp_path):
    path = tmp_path / "a.jsonl"
    rows = [
        {"text": "Ada met Bo", "spans": [{"start": 0, "end": 3, "label": "PER"}], "meta": 1},
        {"text": "Ada met Bo", "entities": [[8, 10, "PER"]]},
        {"text": "nobody", "label": []},
        ["Ada", {"entities": [[0, 3, "PER"]]}],
    ]
    path.write_text("\n".join(map(json.dumps, rows)) + "\n\n")
    assert from_jsonl(path).spans == [[(0, 3, "PER")], [(8, 10, "PER")], [], [(0, 3, "PER")]]
    rows = [
        {"id": 1, "text": "Ada", "entities": [{"id": 5, "label": "PER", "start_offset": 0, "end_offset": 3}]},
        *({"text": "Ada", "spans": [{"start": 0, "end": 3, "label": "LOC"}], "answer": said} for said in ANSWERS),
        {"text": "Ada", "answer": "ignore"},
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    assert from_jsonl(path).spans == [[(0, 3, "PER")], [(0, 3, "LOC")], [(0, 3, "LOC")]]
    bad = [("{", "line 1 of .* is not JSON"), ('{"text": 3}', "no object with a text"), ('{"text": "a"}', "no spans")]
    for line, message in [*bad, ('{"text": "a", "spans": [[0, 5, "X"]]}', "line 1 .*does not lie")]:
        path.write_text(line)
        with pytest.raises(InputError, match=message):
            from_jsonl(path)


def test_doc_bin(tmp_path):
    import spacy
    from spacy.tokens import DocBin, Span

    nlp = spacy.blank("en")
    doc = nlp("Ada Lovelace met Bo")
    doc.ents = [Span(doc, 0, 2, "PER"), Span(doc, 3, 4, "PER")]
    doc.spans["sc"] = [Span(doc, 0, 1, "GIVEN"), Span(doc, 0, 2, "PER")]
    DocBin(docs=[doc, nlp("nobody")]).to_disk(tmp_path / "docs.spacy")
    made = from_docbin(tmp_path / "docs.spacy")
    assert made == (["Ada Lovelace met Bo", "nobody"], [[(0, 12, "PER"), (17, 19, "PER")], []])
    assert from_docbin([doc], spans_key="sc").spans == [[(0, 12, "PER"), (0, 3, "GIVEN")]]
    (tmp_path / "other").write_bytes(b"no docs")
    with pytest.raises(InputError, match="no DocBin"):
        from_docbin(tmp_path / "other")


def test_frames():
    frame = pd.DataFrame({"text": ["Ada met Bo", "nobody"], "spans": [[(0, 3, "PER")], None]}, index=[5, 5])
    assert from_frame(frame) == (["Ada met Bo", "nobody"], [[(0, 3, "PER")], []])
    assert from_frame(frame.assign(spans=['[[0, 3, "PER"]]', float("nan")])).spans == [[(0, 3, "PER")], []]
    long = pd.DataFrame(
        {
            "id": [1, 1, 2],
            "text": ["Ada met Bo", "Ada met Bo", "nobody"],
            "start": [8, 0, None],
            "end": [10, 3, None],
            "label": ["PER", "PER", None],
        }
    )
    for made in (from_frame(long), from_frame(long, id="id")):
        assert made == (["Ada met Bo", "nobody"], [[(0, 3, "PER"), (8, 10, "PER")], []])
    for typed in (long.convert_dtypes(), long.astype({"start": "Int64", "end": "Int64"})):
        assert from_frame(typed, id="id") == made
    with pytest.raises(InputError, match="row 2 of the frame: another text"):
        from_frame(long.assign(id=1), id="id")
    with pytest.raises(InputError, match="neither a column 'spans'"):
        from_frame(frame[["text"]])
    with pytest.raises(InputError, match="row 1 of the column 'spans'"):
        from_frame(frame.assign(spans=[[], [(0, 99, "X")]]))
    with pytest.raises(InputError, match="row 1 of the texts: not a string but missing"):
        from_frame(frame.assign(text=["a", None]))
