"""The registry, where data is looked for, and what each layout is read as."""

import csv
import io
import lzma
import re
import tarfile
import zipfile

import pytest

from slmkit.benchmarks import datasets, runner
from slmkit.benchmarks.cell import Cell
from slmkit.benchmarks.datasets import DataFile, loading, readers
from slmkit.benchmarks.metrics import METRICS
from slmkit.errors import DataError, InputError


def file(path="x.txt"):
    return DataFile("dev", path, "", "", "", "")


@pytest.mark.parametrize("entry", datasets.REGISTRY.values(), ids=lambda e: e.name)
def test_every_entry_is_whole(entry):
    assert entry.metric in METRICS
    assert set(entry.protocols) <= set(datasets.PROTOCOLS)
    assert entry.licence
    assert {"dev", "test"} & set(entry.splits)
    fitted_on = datasets.get(entry.fit_on) if entry.fit_on else entry
    assert not {"fitted", "few-shot"} & set(entry.protocols) or "train" in fitted_on.splits
    assert (entry.writing is not None) == (entry.task in ("summarization", "translation", "generation"))
    for f in entry.files:
        assert re.fullmatch(r"[0-9a-f]{64}", f.sha256)
        assert re.fullmatch(r"([0-9a-f]{64})?", f.raw_sha256)
        assert re.fullmatch(r"[0-9a-f]{40}", f.commit)
        assert f.repo.count("/") == 1
        assert f.source


def test_the_asked_datasets_are_there():
    expected = {"sst2", "chnsenticorp", "thucnews-title10", "tnews", "ag_news", "banking77", "trec", "rt-polarity"}
    expected |= {"online-shopping-10cats", "movie_reviews", "stsb", "sts-b-zh", "lcqmc", "cluener2020", "cmrc2018"}
    expected |= {"scitldr_a", "csl-title", "dialogsum", "samsum", "bbc_news_summary", "e2e_nlg", "wikitext2"}
    expected |= {"tatoeba-zh-en", "tatoeba-en-zh", "3am-zh-en", "3am-en-zh"}
    expected |= {"norvig-words", "misspelt-0", "misspelt-5", "misspelt-10", "jfleg", "sighan13", "clean-news"}
    expected |= {"ecspell-law", "ecspell-med", "ecspell-odw", "lemon-car", "lemon-cot"}
    assert expected <= set(datasets.names())


def test_unknown_name_says_what_is_allowed():
    with pytest.raises(InputError, match="sst2"):
        datasets.get("sst3")


def test_data_folder_argument_then_variable_then_beside_then_cache(tmp_path, monkeypatch):
    work = tmp_path / "project"
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setenv("SLMKIT_DATA", str(tmp_path / "named"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert datasets.locate(tmp_path / "given") == tmp_path / "given"
    assert datasets.locate() == tmp_path / "named"
    monkeypatch.delenv("SLMKIT_DATA")
    assert datasets.locate() == loading.cache_folder() / "data"
    (tmp_path / "shared" / "data").mkdir(parents=True)
    assert datasets.locate() == (tmp_path / "shared" / "data").resolve()


@pytest.mark.parametrize(("platform", "part"), [("win32", "Cache"), ("darwin", "Caches"), ("linux", "slmkit")])
def test_cache_folder_follows_the_platform(platform, part, monkeypatch):
    monkeypatch.setattr(loading.sys, "platform", platform)
    assert part in loading.cache_folder().parts


def test_split_is_read(tiny_root):
    rows = datasets.load("sst2", "train", tiny_root)
    assert len(rows) == 60
    assert rows.labels[:2] == ["positive", "negative"]


def test_missing_file_is_named_with_its_folder(tiny_root):
    with pytest.raises(DataError) as error:
        datasets.load("sst2", "test", tiny_root)
    assert "en/sst2/test.tsv" in str(error.value)
    assert str(tiny_root) in str(error.value)


def test_missing_split_says_which_there_are(tiny_root):
    with pytest.raises(DataError, match="no test split; it has dev"):
        datasets.load("rt-polarity", "test", tiny_root)


def test_only_needed_files_are_read(tiny_root):
    (tiny_root / "en/sst2/train.tsv.xz").unlink()
    assert len(datasets.load("sst2", "dev", tiny_root)) == 20


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"no tab here\n", b"text\t7\n", b""])
def test_foreign_content_is_a_data_error(tiny_root, content):
    (tiny_root / "en/sst2/dev.tsv").write_bytes(content)
    with pytest.raises(DataError, match="sst2"):
        datasets.load("sst2", "dev", tiny_root)


def test_damaged_archive_is_a_data_error(tiny_root):
    path = tiny_root / "en/sst2/train.tsv.xz"
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(DataError, match="damaged"):
        datasets.load("sst2", "train", tiny_root)


def _archives():
    """Half a zip, a zip whose one member is damaged, half a tar, an empty one, and CSV with a quote left open."""
    zipped, tarred = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(zipped, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("reviews/pos/a.txt", "a fine film " * 40)
    with tarfile.open(fileobj=tarred, mode="w") as archive:
        member = tarfile.TarInfo("BBC/News Articles/a/1.txt")
        member.size = 4000
        archive.addfile(member, io.BytesIO(b"x" * 4000))
    whole = zipped.getvalue()
    yield "movie_reviews", whole[: len(whole) // 2]
    yield "movie_reviews", whole.replace(whole[50:60], b"\xff" * 10, 1)
    yield "bbc_news_summary", tarred.getvalue()[:2000]
    yield "bbc_news_summary", b""
    yield "ag_news", b'class_index,title,description\n1,"' + b"x" * 200_000


@pytest.mark.parametrize(
    ("name", "content"), _archives(), ids=["half a zip", "damaged zip", "half a tar", "no tar", "open quote"]
)
def test_a_damaged_file_is_named_and_the_other_sets_are_measured(tiny_root, tmp_path, request, name, content):
    limit = csv.field_size_limit(131_072)  # others in this process may have raised it
    request.addfinalizer(lambda: csv.field_size_limit(limit))
    dataset = datasets.get(name)
    for each in dataset.files:
        if each.split != "test":
            (tiny_root / each.path).parent.mkdir(parents=True, exist_ok=True)
            packed = lzma.compress(content) if each.path.endswith(".xz") else content
            (tiny_root / each.path).write_bytes(packed)
    with pytest.raises(DataError, match="is not in the layout") as error:
        datasets.load(name, dataset.files[0].split, tiny_root)
    assert dataset.files[0].path in str(error.value)
    cells = [Cell(name, "dev", dataset.protocols[0], "dummy"), Cell("sst2", "dev", "shipped", "dummy")]
    outcomes = runner.run(cells, runner.Run(tiny_root, tmp_path / "out", in_process=True))
    assert [each.status for each in outcomes] == ["skipped", "done"]


def test_digest_follows_content(tiny_root):
    rows = datasets.load("sst2", "dev", tiny_root)
    assert rows.digest() == rows.take(range(len(rows))).digest()
    assert rows.digest() != rows.take(range(len(rows) - 1)).digest()


def test_trec_label_is_the_coarse_part():
    rows = readers.trec_coarse(file(), b"DESC:manner How is it made ?\nNUM:count How many : two ?\n")
    assert rows.labels == ["DESC", "NUM"]
    assert rows.inputs[1] == "How many : two ?"


def test_header_tables_and_line_breaks_inside_cells():
    reader = readers.csv_table(text=("a", "b"), label="y", names={"0": "no", "1": "yes"})
    rows = reader(file(), '\ufeffa,b,y\n"one\ntwo",three,1\n , ,0\n'.encode())
    assert rows.inputs == ["one\ntwo three"]
    assert rows.labels == ["yes"]
    with pytest.raises(DataError, match="no column b"):
        reader(file(), b"a,y\n1,1\n")


def test_unicode_line_separators_do_not_split_a_row():
    rows = readers.tab_text_label({"1": "yes"})(file(), "one\u2028two\t1\r\nthree\x85four\t1\r\n".encode())
    assert rows.inputs == ["one\u2028two", "three\x85four"]


def test_ag_news_with_and_without_header():
    reader = readers.ag_news({"1": "World"})
    assert reader(file(), b"class_index,title,description\n1,a,b\n").inputs == ["a b"]
    assert reader(file(), b'"1","a","b"\n').inputs == ["a b"]


def test_review_archive_takes_its_labels_from_folders():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("r/neg/1.txt", "bad")
        archive.writestr("r/pos/1.txt", "good")
        archive.writestr("r/README", "no review")
    rows = readers.review_archive(file(), out.getvalue())
    assert (rows.inputs, rows.labels) == (["bad", "good"], ["negative", "positive"])


def test_cluener_spans_are_half_open():
    line = '{"text": "浙商银行的叶老桂", "label": {"name": {"叶老桂": [[5, 7]]}, "company": {"浙商银行": [[0, 3]]}}}'
    rows = readers.cluener(file(), line.encode())
    assert rows.labels == [[(0, 4, "company"), (5, 8, "name")]]


def test_squad_gives_one_row_a_question():
    text = '{"data": [{"paragraphs": [{"context": "c", "qas": [{"question": "q", "answers": [{"text": "c"}]}]}]}]}'
    rows = readers.squad(file(), text.encode())
    assert (rows.inputs, rows.labels) == ([("c", "q")], [["c"]])


def test_json_lines():
    rows = readers.json_lines(text="sentence", label="label_desc")(file(), b'{"sentence": "s", "label_desc": "l"}\n')
    assert (rows.inputs, rows.labels) == (["s"], ["l"])


def test_rows_that_a_fitted_model_saw_are_dropped(tiny_root):
    rows = datasets.load("rt-polarity", "dev", tiny_root)
    assert sorted(rows.inputs) == ["fresh blame", "fresh praise , and warm"]


def test_titles_of_dev_leave_train(tiny_root, lay):
    lay(tiny_root, "zh/thucnews-title10/train.txt.xz", "股市 上涨\t2\n新游戏\t8\n")
    lay(tiny_root, "zh/thucnews-title10/dev.txt.xz", "股市上涨！\t2\n")
    rows = datasets.load("thucnews-title10", "train", tiny_root)
    assert (rows.inputs, rows.labels) == (["新游戏"], ["game"])


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "split", "n"),
    [("sst2", "train", 6920), ("trec", "dev", 500), ("rt-polarity", "dev", 3877), ("banking77", "dev", 1540)],
)
def test_real_splits_have_their_size(data_dir, name, split, n):
    assert len(datasets.load(name, split, data_dir)) == n
