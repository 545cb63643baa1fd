import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmkit.text.tokenizer import BYTE_TOKENS, SPECIAL_TOKENS, Tokenizer
from slmkit.text.windows import beginnings

TEXTS = [
    "the good film",
    "  two  spaces, and a tail  ",
    "line\nbreak\ttab\r\n",
    "酒店很好，服务不差！（测试）？：；。",
    "mixed 酒店 the 房间 Python3.11",
    "emoji 😀 and 𠮷",
    "<▁s> <s> </s> <0x41> [MASK]",
    "control \x00\x01\x7f",
    "ｆｕｌｌ－ｗｉｄｔｈ １２３　space",
    "▁ literal metaspace",
    "",
]


@pytest.mark.parametrize("text", TEXTS)
def test_decode_gives_the_text_back(toy_slm, text):
    tokens = toy_slm.tokenizer.encode(text)
    assert toy_slm.tokenizer.decode(tokens.ids) == text


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\ue2e2"), max_size=60))
def test_lossless_and_spans_in_order(text):
    from tests.conftest import make_toy_tokenizer

    tokenizer = make_toy_tokenizer()
    tokens = tokenizer.encode(text)
    assert tokenizer.decode(tokens.ids) == text
    starts, ends = tokens.offsets.T
    assert (starts <= ends).all()
    assert (np.diff(starts) >= 0).all()
    assert ends.max() == len(text)


@pytest.mark.parametrize("text", ["😀😀😀", "a안녕하세요 𠀀𠀁", "👨\u200d👩\u200d👧 b\x00\x01é\ud800é", "\r\r好😀"])
def test_every_byte_has_its_own_character(toy_slm, text):
    tokens = toy_slm.tokenizer.encode(text)
    of_bytes = {}
    for token_id, (start, end) in zip(tokens.ids, tokens.offsets, strict=True):
        assert end - start <= 1
        token = toy_slm.tokenizer.token(token_id)
        if token in BYTE_TOKENS:
            of_bytes.setdefault(int(start), []).append(int(token[3:5], 16))
    spelled = {at: bytes(values).decode() for at, values in of_bytes.items()}
    assert spelled == {at: text[at].replace("\ud800", "\ufffd") for at in spelled}
    assert set(range(len(text))) == {int(start) for start, end in tokens.offsets if end > start}


@pytest.mark.parametrize("limit", [1, 4, 5, 7, 8, 12])
@pytest.mark.parametrize("text", ["😀" * 2, " 😀" * 9, "𠀀x" * 9, "the good film " * 5, "好" * 3])
def test_beginnings_fit(toy_slm, text, limit):
    tokenizer = toy_slm.tokenizer
    (kept,), cut = beginnings(tokenizer, [text], limit)
    assert text.startswith(kept)
    assert len(tokenizer.encode(kept)) <= limit
    assert (kept != text) == bool(cut) == (len(tokenizer.encode(text)) > limit)


def test_a_line_s_first_word_is_read_as_after_a_space(toy_slm):
    text = "good\nfilm: a\nbank\tfilm\n\n好 film\n- a\n  bank"
    tokens = toy_slm.tokenizer.encode_batch([text, "film"], lines=True)[0]
    pieces = [toy_slm.tokenizer.token(i) for i in tokens.ids]
    assert pieces.count("▁film") == 3
    assert pieces.count("▁bank") == 2
    assert "bank" not in pieces
    whole = [text[start:end] for piece, (start, end) in zip(pieces, tokens.offsets, strict=True) if piece == "▁film"]
    assert whole == ["film", "film", " film"]
    assert text.replace("\nf", "\n f").replace("\nb", "\n b").replace("\tf", "\t f") == toy_slm.tokenizer.decode(
        tokens.ids
    )


@given(st.text(st.sampled_from("ab1好\n\r\t é-"), max_size=30))
def test_spans_hold_where_lines_get_a_space(text):
    from tests.conftest import make_toy_tokenizer

    tokenizer = make_toy_tokenizer()
    tokens = tokenizer.encode_batch([text], lines=True)[0]
    starts, ends = tokens.offsets.T
    assert (starts <= ends).all()
    assert starts[0] == 0
    assert ends.max() == len(text)
    assert (np.diff(starts) >= 0).all()
    assert tokenizer.decode(tokens.ids).split() == text.split()


def test_lone_surrogates_become_one_replacement_each(toy_slm):
    tokens = toy_slm.tokenizer.encode("a\ud800b")
    assert toy_slm.tokenizer.decode(tokens.ids) == "a\ufffdb"
    assert tokens.offsets[-1].tolist() == [2, 3]


def test_chinese_is_read_character_by_character(toy_slm):
    tokens = toy_slm.tokenizer.encode("酒店很好")
    assert [toy_slm.tokenizer.token(i) for i in tokens.ids] == ["▁", "酒", "店", "很", "好"]
    assert tokens.offsets.tolist() == [[0, 0], [0, 1], [1, 2], [2, 3], [3, 4]]


def test_text_is_never_read_as_a_mark(toy_slm):
    for token in (*SPECIAL_TOKENS, *BYTE_TOKENS):
        ids = toy_slm.tokenizer.encode(f"x{token}").ids
        assert toy_slm.tokenizer.token_id(token) not in ids


def test_batch_is_single(toy_slm):
    for one, text in zip(toy_slm.tokenizer.encode_batch(TEXTS), TEXTS, strict=True):
        alone = toy_slm.tokenizer.encode(text)
        assert one.ids.tolist() == alone.ids.tolist()
        assert one.offsets.tolist() == alone.offsets.tolist()


def test_json_round_trip(toy_slm, tmp_path):
    again = Tokenizer.from_json(toy_slm.tokenizer.to_json().encode(), tmp_path)
    assert len(again) == len(toy_slm.tokenizer)
    assert again.encode("the 酒店 😀").ids.tolist() == toy_slm.tokenizer.encode("the 酒店 😀").ids.tolist()


IDS_TEXTS = [
    *("", " ", "  a  b ", "\t\n x", "a\ud800b", "▁ x", "<0x41> <▁mask> </▁s>", "x" * 500, "\u200b\ufeff", "\x00\x07"),
    *(
        "中文 English混排，ok？ 2024年12月",
        "ＡＢＣ　ｆｕｌｌ",
        "😀👨‍👩‍👧 good",
        "カタカナ한국어 test",
        "ﷺ ﷽",
        "ba\u0300d 1,234.50",
    ),
]


@pytest.mark.parametrize("which", ["toy", pytest.param("shipped", marks=pytest.mark.weights)])
def test_ids_alone_are_those_with_spans(which, toy_slm):
    from slmkit.checkpoint import shipped_weights

    path = shipped_weights() / "tokenizer.json"
    tokenizer = toy_slm.tokenizer if which == "toy" else Tokenizer.from_json(path.read_bytes(), path)
    assert tokenizer._units is not None
    wanted = [read.ids.tolist() for read in tokenizer.encode_batch(IDS_TEXTS)]
    for _ in range(2):  # the second time from what is kept
        ids, lengths = tokenizer.encode_ids(IDS_TEXTS)
        assert [part.tolist() for part in np.split(ids, np.cumsum(lengths)[:-1])] == wanted
    ids, lengths = tokenizer.encode_ids([])
    assert (len(ids), len(lengths)) == (0, 0)


def test_units_kept_are_bounded(monkeypatch, toy_slm):
    from slmkit.text import quick

    monkeypatch.setattr(quick, "MOST", 5)
    tokenizer = Tokenizer.from_json(toy_slm.tokenizer.to_json().encode(), "toy")
    for number in range(50):
        tokenizer.encode_ids([f"film {number}", "y" * 100])
    assert len(tokenizer._units) == 5


def test_a_vocabulary_that_crosses_units_is_read_the_slow_way():
    tokenizer = Tokenizer.from_pieces([("▁", -2.0), ("酒", -3.0), ("店", -3.0), ("酒店", -1.0), ("a", -2.0)])
    assert tokenizer._units is None
    ids, lengths = tokenizer.encode_ids(["酒店a", "a"])
    assert lengths.tolist() == [3, 2]
    assert ids.tolist() == [number for read in tokenizer.encode_batch(["酒店a", "a"]) for number in read.ids.tolist()]
