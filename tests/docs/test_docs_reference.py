"""Docstrings are parted into one entry a name before the reference reads them."""

import sys

import pytest
from pages import DOCS

pytest.importorskip("griffe")
sys.path.insert(0, str(DOCS))
import docstrings  # noqa: E402


def test_entries_that_share_a_line_or_a_text_are_parted():
    entries = ["    path: the folder. slm: the core, or", "        None. text, id: columns."]
    own = ["path: the folder.", "slm: the core, or", "    None.", "text: columns.", "id: columns."]
    after = ["", "See: this. And: that."]
    assert list(docstrings._parted(["Read it.", "", "Args:", *entries, *after])) == [
        *("Read it.", "", "Args:"),
        *(f"    {line}" for line in own),
        *after,
    ]


def test_a_colon_inside_of_an_entry_parts_nothing():
    line = "    errors: such as ``{a: b}``, or two: this (that: it). **options: fields of a recipe."
    assert list(docstrings._parted(["Args:", line]))[1:] == [
        "    errors: such as ``{a: b}``, or two: this (that: it).",
        "    **options: fields of a recipe.",
    ]
