import gzip

import pytest
from table_files import read_rows, write_rows
from toy_tasks import Measure

from slmkit.errors import InputError
from slmkit.tasks.stream import run_file

WESTERN = (
    "id,text\n1,It\u2019s great and I don\u2019t regret it\n2,un caf\u00e9 cr\u00e9\u00e9 par No\u00ebl\n3,20\u00b0C\n"
)
CHINESE = "id,text\n1,好\n2,A股大涨，iPhone手机\n3,是\n"


@pytest.mark.parametrize("before", [0, 5000])
@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
@pytest.mark.parametrize(("text", "encoding"), [(WESTERN, "cp1252"), (CHINESE, "gb18030"), (CHINESE, "utf-16")])
def test_the_encoding_that_is_named_is_the_right_one(tmp_path, before, suffix, text, encoding):
    head, body = text.split("\n", 1)
    content = (head + "\n" + "0,plain words\n" * before + body).encode(encoding)
    source = tmp_path / f"in.{suffix}"
    source.write_bytes(gzip.compress(content) if suffix.endswith("gz") else content)
    with pytest.raises(InputError, match=f"it may be {encoding}: try --encoding {encoding}$"):
        run_file(Measure(), source, tmp_path / "out.csv")
    run_file(Measure(), source, tmp_path / "out.csv", encoding=encoding)
    assert body.splitlines()[0] in (tmp_path / "out.csv").read_text("utf-8")


@pytest.mark.parametrize(
    ("content", "tried", "named"),
    [
        ("1,好的吗".encode("gb18030")[:-1], "gb18030", None),
        ("1,好的吗".encode("gb18030")[:-1], "utf-8", "gb18030"),
        ("1,好的吗".encode()[:-1], None, None),
        ("1,好的吗\n2,".encode() + b"\xff" + "很好".encode(), "utf8", None),
        ("1,好的吗".encode("gbk") + b"\x81\x30\x81\x30", "gbk", "gb18030"),
        (b"1,\x81 x", "windows-1252", None),
        (b"\xff\xfe1\x00,", "utf-16", None),
        (b"\xff\xfe1\x00,", "utf-16-le", None),
        (b"id,text\n", "utf-16", "utf-8"),
    ],
)
def test_the_encoding_that_was_tried_is_not_named_again(tmp_path, content, tried, named):
    (tmp_path / "in.csv").write_bytes(content)
    hint = f"it may be {named}: try --encoding {named}$" if named else "; name its encoding with --encoding$"
    with pytest.raises(InputError, match=hint):
        run_file(Measure(), tmp_path / "in.csv", tmp_path / "out.csv", encoding=tried)


def test_quotes_that_are_typed_text_merge_no_rows(tmp_path):
    source = tmp_path / "in.tsv"
    source.write_text('id\ttext\n1\t"We will win .\n2\tWe will not lose . "\n3\tfine\n4\t"yes"\n')
    assert run_file(Measure(), source, tmp_path / "out.tsv", chunk_rows=1).rows == 4
    assert [row["text"] for row in read_rows(tmp_path / "out.tsv")] == [
        '"We will win .', 'We will not lose . "', "fine", "yes",
    ]  # fmt: skip
    # An opening and a closing quote in different columns are no cell, whatever the delimiter.
    for suffix, mark in (("csv", ","), ("tsv", "\t")):
        source = tmp_path / f"columns.{suffix}"
        source.write_text('id,text,x\n1,"we win,a\n2,we lose,b"\n'.replace(",", mark))
        report = run_file(Measure(), source, tmp_path / f"out.{suffix}", overwrite=True)
        assert (report.rows, report.quarantined) == (2, 0)


def test_cells_of_several_lines_stay_one_row(tmp_path):
    cells = ["Dear John", "thanks, Bob\nbye, Al", "a\nb\nc", "x\ty\nz\tw", "one\r\ntwo", "\n", 'say "hi"\nor, no']
    rows = [{"id": str(n), "text": cell} for n, cell in enumerate(cells)]
    for suffix in ("csv", "tsv"):
        source = write_rows(tmp_path / f"in.{suffix}", rows)
        run_file(Measure(), source, tmp_path / f"out.{suffix}")
        assert [row["text"] for row in read_rows(tmp_path / f"out.{suffix}")] == cells
    alone = write_rows(tmp_path / "alone.csv", [{"id": "1", "text": "first line\nthanks, Bob"}])
    assert run_file(Measure(), alone, tmp_path / "alone-out.csv").rows == 1


@pytest.mark.parametrize(("suffix", "mark"), [("csv", ";"), ("csv", "\t"), ("csv", "|"), ("tsv", ","), ("csv.gz", ";")])
def test_another_delimiter_than_the_suffix_says(tmp_path, suffix, mark):
    content = f'"id"{mark}text\n1{mark}"a{mark}b"\n2{mark}c, d\n' if mark != "," else '"id",text\n1,"a,b"\n2,c\n'
    (tmp_path / f"in.{suffix}").write_bytes(gzip.compress(content.encode()) if "gz" in suffix else content.encode())
    run_file(Measure(), tmp_path / f"in.{suffix}", tmp_path / f"out.{suffix}")
    made = (tmp_path / f"out.{suffix}").read_bytes()
    lines = (gzip.decompress(made) if "gz" in suffix else made).decode().splitlines()
    assert lines[0].split(mark) == ["id", "text", "length", "mean", "first", "slm_error"]
    assert lines[1].startswith(f'1{mark}"a{mark}b"{mark}3{mark}')
    run_file(Measure(), tmp_path / f"in.{suffix}", tmp_path / "out.jsonl")
    assert read_rows(tmp_path / "out.jsonl")[0]["text"] == f"a{mark}b"
    if suffix == "csv":
        run_file(Measure(), tmp_path / "in.csv", tmp_path / "other.tsv")
        assert (tmp_path / "other.tsv").read_text().startswith("id\ttext\t")
    with pytest.raises(InputError, match="no column 'body'"):
        run_file(Measure(), tmp_path / f"in.{suffix}", tmp_path / "no.csv", column="body")


def test_several_columns_without_a_name_are_numbered(tmp_path):
    (tmp_path / "in.csv").write_text("id,text,,column_4,\n1,hello,,x,y\n")
    run_file(Measure(), tmp_path / "in.csv", tmp_path / "out.csv")
    row = read_rows(tmp_path / "out.csv")[0]
    assert list(row)[:5] == ["id", "text", "column_3", "column_4", "column_5"]
    assert (row["column_3"], row["column_4"], row["column_5"]) == ("", "x", "y")
    (tmp_path / "in.csv").write_text("id,text,,column_3,\n1,hello,,x,y\n")
    run_file(Measure(), tmp_path / "in.csv", tmp_path / "out.csv", overwrite=True)
    assert list(read_rows(tmp_path / "out.csv")[0])[2:5] == ["column_3_", "column_3", "column_5"]
