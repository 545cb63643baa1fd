"""``slmkit correct`` and ``slmkit run correct``."""

import csv
import json

import pytest

WRONG, RIGHT = "the team of a news flim good !", "the team of a news film good !"


@pytest.fixture
def saved(toy_speller, toy_slm, tmp_path, monkeypatch):
    """A saved speller; the toy core stands for the shipped one."""
    monkeypatch.setattr("slmkit.core.load", lambda path=None: toy_slm)
    toy_speller.save(tmp_path / "speller")
    return tmp_path / "speller"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "note.md"
    path.write_bytes(f"\ufeff# a team\r\n{WRONG}\r\n`flim`\r\n酒电很好。".encode())
    return path


def test_the_diff_is_shown_and_nothing_is_written(call, saved, file):
    before = file.read_bytes()
    code, out, err = call("correct", file, "--model", saved)
    assert code == 0
    assert out.splitlines() == [
        f"{file}:2:20: the team of a news [-flim-]{{+film+}} good !",
        f"{file}:4:2: 酒[-电-]{{+店+}}很好。",
    ]
    assert "2 found in 1 file" in err
    assert file.read_bytes() == before


def test_check_tells_by_its_exit_code(call, saved, file, tmp_path):
    assert call("correct", file, "--check", "--model", saved)[0] == 1
    clean = tmp_path / "clean.txt"
    clean.write_text(RIGHT)
    code, out, err = call("correct", clean, "--check", "--model", saved)
    assert (code, out) == (0, "")
    assert "0 found in 1 file" in err
    assert call("correct", clean, file, "--check", "--model", saved)[0] == 1


def test_write_changes_what_is_wrong_and_no_other_byte(call, saved, file):
    before = file.read_bytes()
    file.chmod(0o750)
    assert call("correct", file, "--write", "--check", "--model", saved)[0] == 1
    assert file.read_bytes() == before.replace(b"news flim", b"news film").replace("电".encode(), "店".encode())
    assert file.stat().st_mode & 0o777 == 0o750
    assert call("correct", file, "--write", "--check", "--model", saved)[0] == 0


def test_options_reach_the_corrector(call, saved, file, tmp_path):
    (tmp_path / "words.txt").write_text("flim\n\n")
    assert call("correct", file, "--model", saved, "--language", "zh")[1].count("{+") == 1
    assert call("correct", file, "--model", saved, "--words", tmp_path / "words.txt")[1].count("{+") == 1
    assert call("correct", file, "--model", saved, "--threshold", "1.0")[0] == 0
    assert "give one of careful" in call("correct", file, "--model", saved, "--threshold", "bold")[2]


def test_other_languages_are_named(call, saved, tmp_path):
    path = tmp_path / "fr.txt"
    path.write_text("Ceci n'est pas un flim mais voici encore des mots.")
    code, out, err = call("correct", path, "--check", "--model", saved)
    assert (code, out) == (0, "")
    assert "characters 0 to 50 left alone: not English" in err


def test_errors_are_one_line(call, saved, file, tmp_path, monkeypatch):
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9")
    assert "is not text in utf-8" in call("correct", tmp_path / "latin.txt", "--model", saved)[2]
    code, out, err = call("correct", file, tmp_path / "none.txt", "--write", "--model", saved)
    assert (code, out) == (2, "")
    assert "none.txt cannot be read" in err
    assert b"flim good" in file.read_bytes()
    monkeypatch.setattr("slmkit.tasks.spelling.corrector.shipped_speller", lambda: tmp_path / "nothing")
    code, _, err = call("correct", file)
    assert code == 2
    assert err.startswith("error: no speller is in this installation")
    assert "--model" in err


def test_a_table(call, saved, tmp_path):
    table = tmp_path / "in.csv"
    table.write_text(f"id,text\n1,{WRONG}\n2,\n3,a film\n")
    code, _, err = call(
        *("run", "correct", table, "--column", "text", "--out", tmp_path / "out.csv", "--option", f"model={saved}")
    )
    assert code == 0, err
    rows = list(csv.DictReader((tmp_path / "out.csv").open(encoding="utf-8")))
    assert [row["target"] for row in rows] == [RIGHT, "", "a film"]
    assert json.loads(rows[0]["errors"])[0]["wrong"] == "flim"
    assert rows[1]["slm_error"] == "empty"
    assert call("run", table, "--model", saved, "--out", tmp_path / "other.csv")[0] == 0
    assert (tmp_path / "other.csv").read_text() == (tmp_path / "out.csv").read_text()
