import threading
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_tasks import Mapping, Measure, Picky

from slmkit.errors import CheckpointError, InputError, SLMKitError
from slmkit.tasks import cells, tables
from slmkit.tasks.base import TASKS, TableTask, cell_problem, load_task, task_fingerprint

ODD_INDEXES = [
    pd.RangeIndex(5, 0, -1),
    pd.Index([3, 3, 1, 1, 3]),
    pd.Index(["b", None, "a", np.nan, "b"], dtype=object),
    pd.MultiIndex.from_tuples([("x", 1), ("x", 1), ("y", 2), ("y", 3), ("z", 1)], names=["k", "n"]),
    pd.date_range("2024-02-28", periods=5, tz="Asia/Shanghai"),
]


@pytest.mark.parametrize("index", ODD_INDEXES, ids=["reversed", "duplicate", "missing", "multi", "dates"])
def test_index_and_order_are_kept(index):
    frame = pd.DataFrame({"n": range(5), "text": list("edcba")}, index=index)
    before = frame.copy(deep=True)
    result = tables.apply(Measure(), frame)
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(result[["n", "text"]], before)
    assert result["first"].tolist() == list("edcba")
    assert result.columns.tolist() == ["n", "text", "length", "mean", "first", "slm_error"]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        (None, "missing"),
        (float("nan"), "missing"),
        (np.float32("nan"), "missing"),
        (pd.NA, "missing"),
        (pd.NaT, "missing"),
        (Decimal("NaN"), "missing"),
        (Decimal("sNaN"), "missing"),
        ("", "empty"),
        (" \t\r\n\u3000", "only white space"),
        ("\u200b\ufeff", "only white space"),
        (3, "not text but int"),
        (b"bytes", "not text but bytes"),
        (["a"], "not text but list"),
        (np.array([1, 2]), "not text but ndarray"),
    ],
)
def test_unusable_cells_get_a_reason_and_an_empty_result(cell, reason):
    assert cell_problem(cell) == reason
    frame = pd.DataFrame({"text": pd.Series(["ok", cell, "fine"], dtype=object)})
    task = Measure()
    result = tables.apply(task, frame)
    assert task.seen == [["ok", "fine"]]
    assert result["slm_error"].isna().tolist() == [True, False, True]
    assert result["slm_error"][1] == reason
    assert result[["length", "mean", "first"]].iloc[1].isna().all()
    assert result["length"].tolist()[::2] == [2, 4]
    with pytest.raises(InputError, match=f"index 1, column 'text'.*{reason}"):
        tables.apply(task, frame, errors="raise")


@pytest.mark.parametrize(
    "cell",
    ["\ud800 lone", "a\x00b\x1b[31m", "👩‍👩‍👧 🎉", "x" * 1_000_000, "mixed 混合 тест", "\u202eabc", np.str_("numpy")],
    ids=["surrogate", "control", "emoji", "1MB", "mixed", "rtl", "numpy"],
)
def test_strange_text_goes_through(cell):
    task = Measure()
    result = tables.apply(task, pd.DataFrame({"text": pd.Series([cell, "b"], dtype=object)}))
    assert task.seen == [[cell, "b"]]
    assert type(task.seen[0][0]) is str
    assert result["length"].tolist() == [len(cell), 1]
    assert result["slm_error"].isna().all()


def test_a_result_with_a_lone_surrogate_is_kept():
    result = tables.apply(Measure(), pd.DataFrame({"text": pd.Series(["\ud800 lone", "b"], dtype=object)}))
    assert result["first"].tolist() == ["\ud800", "b"]


since_3 = pytest.param("str", marks=pytest.mark.skipif(pd.__version__ < "3", reason="a dtype of pandas 3"))


@pytest.mark.parametrize("dtype", ["object", "string", "category", since_3])
def test_string_dtypes(dtype):
    series = pd.Series(["one", None, "three"], dtype="object").astype(dtype)
    result = tables.apply(Measure(), pd.DataFrame({"text": series}))
    assert result["text"].dtype == series.dtype
    assert result["length"].tolist()[::2] == [3, 5]
    assert result["slm_error"].tolist()[1] == "missing"


def test_only_the_bad_rows_of_a_batch_are_quarantined():
    texts = [f"text {i}" for i in range(100)]
    texts[17] = texts[80] = "boom"
    result = tables.apply(Picky(), pd.DataFrame({"text": texts}))
    assert result.index[result["slm_error"].notna()].tolist() == [17, 80]
    assert result["length"].isna().sum() == 2
    # One line, and without the address, which differs from run to run.
    assert result["slm_error"][17] == "ValueError: cannot take <object object at 0x…> at all"
    with pytest.raises(InputError, match="row 17 .*cannot take"):
        tables.apply(Picky(), pd.DataFrame({"text": texts}), errors="raise")


def test_a_task_that_cannot_work_at_all_is_no_row_s_fault():
    class Broken(Measure):
        def annotate(self, texts):
            raise CheckpointError("weights are damaged")

    class Short(Measure):
        def annotate(self, texts):
            return super().annotate(texts)[1:]

    class Lacking(Measure):
        columns = ("length", "other")

    frame = pd.DataFrame({"text": ["a", "b"]})
    with pytest.raises(CheckpointError):
        tables.apply(Broken(), frame)
    with pytest.raises(SLMKitError, match="returned 1 results for 2 texts"):
        tables.apply(Short(), frame)
    with pytest.raises(SLMKitError, match="without 'other'"):
        tables.apply(Lacking(), frame)


def test_blocks_are_bounded_in_rows_and_characters(monkeypatch):
    monkeypatch.setattr(cells, "BLOCK_ROWS", 4)
    monkeypatch.setattr(cells, "BLOCK_CHARACTERS", 10)
    task = Measure()
    texts = ["a"] * 9 + ["b" * 30, "c" * 6, "d" * 6]
    result = tables.apply(task, pd.DataFrame({"text": texts}))
    assert [len(block) for block in task.seen] == [4, 4, 1, 1, 1, 1]
    assert result["length"].tolist() == list(map(len, texts))


def test_clashing_names_are_named_with_the_remedy():
    frame = pd.DataFrame({"text": ["a"], "length": [1]})
    with pytest.raises(InputError, match=r"already has 'length'.*prefix='measure_'"):
        tables.apply(Measure(), frame)
    once = tables.apply(Measure(), frame, prefix="m_")
    assert once.columns.tolist() == ["text", "length", "m_length", "m_mean", "m_first", "m_slm_error"]
    with pytest.raises(InputError, match="m_slm_error"):
        tables.apply(Measure(), once, prefix="m_")


def test_wrong_arguments_say_what_is_allowed():
    frame = pd.DataFrame({"Text": ["a"], "other": [1]})
    with pytest.raises(InputError, match="no column 'text' in the frame; did you mean 'Text'"):
        tables.apply(Measure(), frame)
    with pytest.raises(InputError, match="2 times"):
        tables.apply(Measure(), pd.DataFrame([["a", "b"]], columns=["text", "text"]))
    with pytest.raises(InputError, match="'quarantine' or 'raise'"):
        tables.apply(Measure(), frame, column="Text", errors="ignore")
    with pytest.raises(InputError, match="not list"):
        tables.apply(Measure(), ["a"])


def test_series_in_frame_out():
    series = pd.Series(["a", "bb"], index=[7, 7], name="title")
    result = tables.apply(Measure(), series)
    assert result.columns[0] == "title"
    assert result.index.tolist() == [7, 7]
    assert tables.apply(Measure(), pd.Series(["a"])).columns[0] == "text"


def test_several_levels_of_column_names():
    frame = pd.DataFrame([[1, "a"]], columns=pd.MultiIndex.from_tuples([("k", "n"), ("t", "x")]))
    result = tables.apply(Measure(), frame, column=("t", "x"))
    assert result[("length", "")].tolist() == [1]


def test_dtypes_do_not_depend_on_what_is_empty():
    full = tables.apply(Measure(), pd.DataFrame({"text": ["a", "b"]}))
    assert full["length"].dtype == np.int64
    for texts in (["a", None], [None, None], []):
        frame = pd.DataFrame({"text": pd.Series(texts, dtype=object)})
        result = tables.apply(Measure(), frame)
        assert str(result["length"].dtype) == ("Int64" if texts else "int64")
        assert result["mean"].dtype == np.float64
        assert result["slm_error"].dtype == full["slm_error"].dtype


def test_results_are_plain_values():
    values = [np.float32(0.5), np.int64(3), np.array([1, 2]), float("nan"), 2**80, {"a": (1, 2)}]
    result = tables.apply(Mapping(lambda text: (values[int(text)],)), pd.DataFrame({"text": list("012345")}))
    assert [None if isinstance(v, float) and v != v else v for v in result["value"]] == [
        0.5, 3, [1, 2], None, 2**80, {"a": [1, 2]},
    ]  # fmt: skip


cell = st.one_of(st.text(max_size=20), st.none(), st.integers(), st.floats(), st.just(pd.NA), st.binary(max_size=3))


@settings(max_examples=60, deadline=None)
@given(st.lists(cell, max_size=30))
def test_any_column_comes_back_row_by_row(values):
    frame = pd.DataFrame({"text": pd.Series(values, dtype=object)})
    frame.index = [i % 3 for i in range(len(values))]
    result = tables.apply(Measure(), frame)
    assert len(result) == len(values)
    for value, length, error in zip(values, result["length"], result["slm_error"], strict=True):
        usable = cell_problem(value) is None
        assert (length == len(value)) if usable else pd.isna(length)
        assert pd.isna(error) if usable else error == cell_problem(value)


def test_same_answers_from_8_threads():
    frame = pd.DataFrame({"text": [f"text {i}" * (i % 7) for i in range(200)]})
    expected = tables.apply(Measure(), frame)
    results = [None] * 8

    def work(i):
        results[i] = tables.apply(Measure(), frame)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        pd.testing.assert_frame_equal(result, expected)


def test_progress_is_shown_on_stderr(capfd):
    tables.apply(Measure(), pd.DataFrame({"text": ["a", "b"]}), progress=True)
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "2/2" in captured.err
    assert "rows/s" in captured.err


def test_tasks_by_name():
    assert isinstance(Measure(), TableTask)
    with pytest.raises(InputError, match="did you mean 'sentiment'"):
        load_task("sentimet")
    assert all(":" in target and target.startswith("slmkit.tasks.") for target in TASKS.values())
    assert task_fingerprint(Measure()) != task_fingerprint(Picky())


def test_polars_and_arrow_tables_come_back_as_what_they_are():
    pa = pytest.importorskip("pyarrow")
    rows = {"text": ["one", None, "three"], "id": [1, None, 3], "tags": [["a"], [], None]}
    table = pa.table(rows)
    made = tables.apply(Measure(), table, prefix="my_")
    assert isinstance(made, pa.Table)
    assert made.column_names == ["text", "id", "tags", "my_length", "my_mean", "my_first", "my_slm_error"]
    assert made.column("id").type == table.column("id").type  # a missing number does not make floats of the others
    assert made.column("my_length").to_pylist() == [3, None, 5]
    assert made.column("my_slm_error").to_pylist() == [None, "missing", None]
    assert made.column("text").chunk(0).buffers()[2].address == table.column("text").chunk(0).buffers()[2].address
    with pytest.raises(InputError, match="no column 'txt'"):
        tables.apply(Measure(), table, column="txt")
    with pytest.raises(InputError, match="row 1"):
        tables.apply(Measure(), table, errors="raise")
    assert tables.apply(Measure(), table.slice(0, 0)).num_rows == 0
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame(rows)
    found = tables.apply(Measure(), frame)
    assert isinstance(found, polars.DataFrame)
    assert found["length"].to_list() == [3, None, 5]
    assert frame.columns == ["text", "id", "tags"]


def test_polars_types_that_arrow_does_not_have_come_back():
    polars = pytest.importorskip("polars")
    thing = object()
    columns = {
        "text": polars.Series(["x", None], dtype=polars.Enum(["x", "y"])),
        "kind": polars.Series(["x", "y"], dtype=polars.Categorical),
        "thing": polars.Series([thing, thing], dtype=polars.Object),
    }
    frame = polars.DataFrame(columns)
    found = tables.apply(Measure(), frame)
    assert list(found.schema.items())[:3] == list(frame.schema.items())
    assert found["thing"][0] is thing
    assert found["length"].to_list() == [1, None]
    assert found["slm_error"].to_list() == [None, "missing"]
    assert tables.apply(Measure(), frame[:0]).shape == (0, 7)
    with pytest.raises(InputError, match="no column 'txt' in the frame"):
        tables.apply(Measure(), frame, column="txt")
    with pytest.raises(InputError, match="row 1"):
        tables.apply(Measure(), frame, errors="raise")
    series = polars.Series("title", ["a", "bb"])
    assert tables.apply(Measure(), series).columns[0] == "title"
    assert tables.apply(Measure(), polars.Series(["a", "bb"]))["length"].to_list() == [1, 2]
    with pytest.raises(InputError, match="not LazyFrame"):
        tables.apply(Measure(), frame.lazy())


def test_arrow_keeps_the_notes_of_the_schema():
    pa = pytest.importorskip("pyarrow")
    table = pa.Table.from_pandas(pd.DataFrame({"text": ["a", "bb"]}, index=["r1", "r2"]))
    fields = [table.schema.field(0).with_metadata({"own": "1"}).with_nullable(False), *list(table.schema)[1:]]
    table = table.cast(pa.schema(fields, metadata=table.schema.metadata))
    made = tables.apply(Measure(), table)
    assert made.schema.metadata == table.schema.metadata
    assert made.schema.field(0).equals(table.schema.field(0), check_metadata=True)
    assert made.to_pandas()["length"].to_dict() == {"r1": 1, "r2": 2}
    column = tables.apply(Measure(), table.column("text"))
    assert (column.column_names[0], column.column("length").to_pylist()) == ("text", [1, 2])
    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches())
    assert tables.apply(Measure(), reader).num_rows == 2


def test_what_gives_itself_as_arrow_but_is_no_table():
    pa = pytest.importorskip("pyarrow")

    class Column:
        def __arrow_c_stream__(self, requested_schema=None):
            return pa.chunked_array([["a"]]).__arrow_c_stream__(requested_schema)

    with pytest.raises(InputError, match="Column is no table"):
        tables.apply(Measure(), Column())
