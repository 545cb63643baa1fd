"""Corrections to look at."""

import io

from rich.console import Console

from slmkit.tasks.spelling import Correction, Diff

SOURCE = "first <line>\r\nteh secnod one\nlast"
ERRORS = [
    {"start": 14, "end": 17, "wrong": "teh", "right": "the", "score": 0.98, "alternatives": []},
    {"start": 18, "end": 24, "wrong": "secnod", "right": "second", "score": 0.91, "alternatives": []},
]
TARGET = "first <line>\r\nthe second one\nlast"
MADE = Correction(source=SOURCE, target=TARGET, errors=ERRORS, left_alone=[])


def test_lines_with_changes_as_text():
    assert str(Diff(MADE)) == "[-teh-]{+the+} [-secnod-]{+second+} one"
    assert (
        str(Diff([MADE, MADE], name="a.md")).splitlines()
        == [
            "a.md:2:1: [-teh-]{+the+} [-secnod-]{+second+} one",
        ]
        * 2
    )
    assert len(Diff([MADE, MADE])) == 4
    nothing = Correction(source="a", target="a", errors=[], left_alone=[])
    assert (str(Diff(nothing)), len(Diff(nothing))) == ("", 0)


def test_line_numbers_go_on():
    text = "a\nteh\n\nb teh\nteh"
    errors = [
        {"start": at, "end": at + 3, "wrong": "teh", "right": "the", "score": 1.0, "alternatives": []}
        for at in (2, 9, 13)
    ]
    lines = str(Diff(Correction(source=text, target="", errors=errors), name="f")).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["f:2:1:", "f:4:3:", "f:5:1:"]


def test_colours_in_the_terminal():
    shown = io.StringIO()
    Console(file=shown, force_terminal=True, color_system="standard", width=80).print(Diff(MADE, name="a.md"))
    assert "\x1b[9;31mteh\x1b[0m" in shown.getvalue()
    assert "\x1b[1;32mthe\x1b[0m" in shown.getvalue()


def test_html_shows_all_of_the_text_escaped():
    html = MADE._repr_html_()
    assert "first &lt;line&gt;" in html
    assert html.count("<del ") == html.count("<ins ") == 2
    assert ">secnod</del>" in html
    assert 'title="0.91">second</ins>' in html
    assert html.endswith(" one\nlast</div>")
