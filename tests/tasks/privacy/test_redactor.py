import json

import pandas as pd
import pytest

from slmkit.errors import InputError
from slmkit.tasks import tables
from slmkit.tasks.base import TableTask, load_task
from slmkit.tasks.privacy import Redactor
from slmkit.tasks.privacy.finders import FINDERS
from slmkit.tasks.stream import run_file

pytest.importorskip("phonenumbers")
pytest.importorskip("stdnum")

IPS = [
    ("登录IP是{}，端口8080", "192.168.1.1"),
    ("IP:{} failed login", "203.0.113.7"),
    ("GET / from {}:51512", "203.0.113.7"),
    ("10:22:31:{} GET", "203.0.113.7"),
    ("from...{}: refused", "203.0.113.7"),
    ("client ::ffff:{}:51512", "203.0.113.7"),
    ("client {}", "::ffff:203.0.113.7"),
    ("地址{}登录", "fe80::1"),
    ("地址:{}登录", "fe80::1"),
    ("source:{} is new", "2001:db8::1"),
    ("{}: unreachable", "fe80::1"),
    ("[{}]:443", "2001:db8::1"),
    ("route {}/32", "2001:db8::"),
    ("at {}.", "1:2:3:4:5:6:7:8"),
]
FOUND = [
    ("email", "write to mary.o'b@x.example.co.uk, please", "mary.o'b@x.example.co.uk"),
    ("email", "邮箱wang_fang@163.com。", "wang_fang@163.com"),
    ("url", "见https://example.com/u/77?x=1，谢谢", "https://example.com/u/77?x=1"),
    ("ip", "from 192.168.0.12.", "192.168.0.12"),
    ("ip", "at 2001:db8::ff00:42:8329 today", "2001:db8::ff00:42:8329"),
    *(("ip", text.format(ip), ip) for text, ip in IPS),
    ("email", "Contact -john@x.com", "john@x.com"),
    ("email", "or ...mary@x.com", "mary@x.com"),
    ("phone", "call (415) 555-2671 now", "(415) 555-2671"),
    ("phone", "on +44 20 7946 0958", "+44 20 7946 0958"),
    ("phone", "电话是13812345678。", "13812345678"),
    ("phone", "座机010-62345678转2", "010-62345678"),
    ("card", "card 4111 1111 1111 1111 expires", "4111 1111 1111 1111"),
    ("id", "身份证号11010519491231002X。", "11010519491231002X"),
    ("id", "SSN 536-90-4399", "536-90-4399"),
    ("id", "护照号：E12345678", "E12345678"),
    ("id", "车牌京A12345停在", "京A12345"),
    ("account", "IBAN GB82 WEST 1234 5698 7654 32.", "GB82 WEST 1234 5698 7654 32"),
    ("address", "at 1600 Pennsylvania Avenue, Washington, DC 20500.", "1600 Pennsylvania Avenue, Washington, DC 20500"),
    ("address", "她住在北京市海淀区中关村大街27号院3号楼1202室。", "北京市海淀区中关村大街27号院3号楼1202室"),
    ("address", "地址：黑龙江省哈尔滨市南岗区西大直街92号", "黑龙江省哈尔滨市南岗区西大直街92号"),
    ("name", "Dear Mary Smith, thanks", "Mary Smith"),
    ("name", "Dr. J. Watson said", "J. Watson"),
    ("name", "张伟先生您好", "张伟"),
    ("name", "您好，王女士", "王"),
    ("name", "客户：张伟，已付款", "张伟"),
    ("name", "我叫李小龙，今年", "李小龙"),
]
NOTHING = [
    "Order 12345678 shipped on 2024-01-02 at 12:30:45; version 3.5.2; total 1,234,567.89.",
    "Card 4111 1111 1111 1112 fails its check, and so does 11010519491231002Y.",
    "Dear Sir, the cat sat on 12 mats.",
    "他走在路上，第3号选手在街上。我是学生。",
    "先生您好，这位先生很好。用户：已退款。客户先生。",
    "",
    "a@b @c :: 1.2.3 ((((",
    "1.2.3.4.5 v1.2.3.4.5 v1.2.3.4 1.2.3.444 1:2:3:4:5:6:7:8:9 1::2::3",
    "std::vector std::dec::a at 12:30:45: done, 00:1a:2b:3c:4d:5e x::",
    "-@x.com ...@x.com",
]


@pytest.mark.parametrize(("kind", "text", "value"), FOUND)
def test_each_kind_is_found_with_its_characters(kind, text, value):
    found = [each for each in Redactor().find(text) if each["kind"] == kind]
    assert [text[each["start"] : each["end"]] for each in found] == [value]
    assert Redactor().predict(text).replace(f"[{kind.upper()}]", value) == text


@pytest.mark.parametrize("text", NOTHING)
def test_what_only_looks_alike_stays(text):
    assert Redactor().predict(text) == text


def test_pseudonyms_are_the_same_under_one_key_however_a_value_is_written():
    texts = ["mail A.B@x.com", "mail a.b@x.com or c@x.com", "call +86-138-1234-5678", "打13812345678"]
    one, two = Redactor("pseudonym", key="k").predict(texts), Redactor("pseudonym", key="k").predict(texts)
    assert one == two
    assert one[0].split()[1] == one[1].split()[1] != one[1].split()[3]
    assert one[2].split()[1] == one[3].removeprefix("打")
    other = Redactor("pseudonym", key="other").predict(texts)
    assert all(a != b for a, b in zip(one, other, strict=True))
    drawn = Redactor("pseudonym")
    assert drawn.predict(texts) == drawn.predict(texts) != Redactor("pseudonym").predict(texts)


def test_a_drawn_key_is_told_where_a_run_needs_it_again():
    assert Redactor().drawn_options == Redactor("pseudonym", key="k").drawn_options == {}
    drawn = Redactor("pseudonym")
    assert Redactor("pseudonym", **drawn.drawn_options).predict("a@x.com") == drawn.predict("a@x.com")
    assert drawn.drawn_options["key"] not in drawn.fingerprint + repr(drawn)


def test_a_file_run_that_was_cut_off_goes_on_unless_its_pseudonyms_would_change(tmp_path, monkeypatch):
    source, out = tmp_path / "in.csv", tmp_path / "out.csv"
    source.write_text("text\na@x.com\nb@x.com\na@x.com\n")

    def cut_off(redactor):
        answers = iter([redactor.annotate])

        def stops(texts):
            for annotate in answers:
                return annotate(texts)
            raise KeyboardInterrupt

        redactor.annotate = stops
        with pytest.raises(KeyboardInterrupt):
            run_file(redactor, source, out, chunk_rows=1, overwrite=True)

    for settings in ({}, {"style": "mask"}, {"style": "pseudonym", "key": "k"}):
        cut_off(Redactor(**settings))
        assert run_file(Redactor(**settings), source, out, resume=True).resumed == 1
    cut_off(Redactor("pseudonym"))
    with pytest.raises(InputError, match=r"with a drawn key.*key=.*--overwrite"):
        run_file(Redactor("pseudonym"), source, out, resume=True)


def test_masks_keep_the_length():
    text = "call 13812345678 now"
    assert Redactor("mask").predict(text) == "call ███████████ now"
    assert Redactor("mask").find(text)[0]["replacement"] == "█" * 11


def test_own_patterns_and_what_is_kept():
    redactor = Redactor(patterns={"staff": r"E-\d{4}"}, keep=["+1 (415) 555-2671", "HELP@x.com"])
    text = "E-1234 wrote to help@x.com and 415-555-2671, not to me@x.com or 415-555-2672"
    assert redactor.predict(text) == "[STAFF] wrote to help@x.com and 415-555-2671, not to [EMAIL] or [PHONE]"
    assert Redactor(keep=["4155552671"]).predict(text).count("415-555-2671") == 1
    assert Redactor(kinds=["email"]).predict("a@x.com 13812345678") == "[EMAIL] 13812345678"


def test_tables_hold_no_text_of_what_was_found():
    frame = pd.DataFrame({"text": ["mail a.b@x.com", None, "nothing"]}, index=[3, 1, 2])
    redactor = load_task("redact", style="pseudonym", key="k")
    assert isinstance(redactor, TableTask)
    made = tables.apply(redactor, frame)
    assert made.index.tolist() == [3, 1, 2]
    assert made["redacted"].tolist()[2] == "nothing"
    assert "a.b@x.com" not in made["redacted"].iloc[0] + made["found"].iloc[0]
    assert json.loads(made["found"].iloc[0])[0]["kind"] == "email"
    series = redactor.predict(frame["text"].dropna())
    assert series.index.tolist() == [3, 2]
    assert redactor.fingerprint == load_task("redact", style="pseudonym", key="k").fingerprint
    assert redactor.fingerprint != load_task("redact", style="pseudonym", key="l").fingerprint
    assert repr(Redactor(key="hush")) == "Redactor(key=…)"


def test_names_of_a_recognizer_are_taken_out_too(toy_slm, tmp_path):
    from slmkit.tasks.knowledge import EntityRecognizer

    texts = ["the film of bank", "the team of news"] * 8
    spans = [[(4, 8, "person")], [(4, 8, "person")]] * 8
    EntityRecognizer(slm=toy_slm, depth=1, epochs=12, validation_fraction=0, threshold=0.3).fit(texts, spans).save(
        tmp_path / "names"
    )
    redactor = Redactor(recognizer=tmp_path / "names", slm=toy_slm)
    assert redactor.predict(["the film of bank"]) == ["the [NAME] of bank"]
    assert "/" in redactor.fingerprint


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"style": "loud"}, "style 'loud'"),
        ({"kinds": ["mail"]}, "kind 'mail'"),
        ({"key": "", "style": "pseudonym"}, "key"),
        ({"patterns": {"x": "("}}, "patterns: 'x'"),
    ],
)
def test_settings_out_of_range_are_refused(settings, message):
    with pytest.raises(InputError, match=message):
        Redactor(**settings).predict("mail a.b@x.com")


@pytest.mark.parametrize(
    "text",
    [
        *(
            unit * 20_000
            for unit in ("1", "a@", "中路", "1-", "Aa ", ":", "a.", "-a", "1.", "1:", "a:", "::", ":1:", "是:")
        ),
        "a@" + "a." * 20_000,
        "1.1.1.1:" * 20_000,
    ],
)
def test_hostile_texts_end(text):
    assert all(isinstance(list(find(text)), list) for find in FINDERS.values())
