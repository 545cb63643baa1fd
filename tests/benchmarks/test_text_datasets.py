"""Sets whose label is a text: their layouts, references gathered, and dev parted from train as pretraining parts it."""

import io
import json
import tarfile

import pytest

from slmkit.benchmarks import datasets
from slmkit.benchmarks.cell import Cell, material
from slmkit.benchmarks.datasets import DataFile, Rows, text_readers
from slmkit.benchmarks.datasets.texts import Align, CarveTatoeba, Gather
from slmkit.errors import DataError
from slmkit.pretraining import pairs


def file(path="x.txt"):
    return DataFile("dev", path, "", "", "", "")


def apply(rule, **splits):
    rule.apply(splits, lambda name, split: Rows([], []))
    return splits


def test_csv_header_in_any_case_and_line_ends_inside_cells():
    reader = text_readers.csv_source_target(source="mr", target="ref")
    rows = reader(file(), b'MR,REF\r\n"name[A], area[b]","A, at b. "\r\n"x\r\ny",z\r\n')
    assert rows.inputs == ["name[A], area[b]", "x\ny"]
    assert rows.labels == ["A, at b.", "z"]
    with pytest.raises(DataError, match="needs the columns mr and ref"):
        reader(file(), b"mr,text\na,b\n")


def test_title_stands_before_its_abstract():
    rows = text_readers.tab_target_source(file(), "标题\t摘要。\n".encode())
    assert (rows.inputs, rows.labels) == (["摘要。"], ["标题"])
    with pytest.raises(DataError, match="3 columns"):
        text_readers.tab_target_source(file(), b"a\tb\tc\n")


def test_scitldr_joins_sentences_and_keeps_all_summaries():
    row = {"source": ["One.", "Two."], "target": ["short ", "shorter"], "title": "t"}
    rows = text_readers.scitldr(file(), json.dumps(row).encode())
    assert (rows.inputs, rows.labels) == (["One. Two."], [["short", "shorter"]])


def test_dialogsum_has_one_summary_or_three():
    lines = [{"dialogue": "a", "summary": "s"}, {"dialogue": "b", "summary1": "x", "summary2": "y", "summary3": "z"}]
    rows = text_readers.dialogsum(file(), "\n".join(map(json.dumps, lines)).encode())
    assert rows.labels == ["s", ["x", "y", "z"]]


def bbc(**texts):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in texts.items():
            member = tarfile.TarInfo("Dataset/" + name.replace("__", "/") + ".txt")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def test_bbc_pairs_articles_with_their_summaries():
    archive = bbc(
        **{
            "News Articles__tech__001": "Title\n\nIt cost £5. He paid.".encode(),
            "Summaries__tech__001": b'He paid $1.9bn.It cost 3.5.He of the U.N. said "no."The end.',
            "News Articles__sport__001": "Café".encode("latin-1"),
            "Summaries__sport__001": b"C.",
        }
    )
    rows = text_readers.bbc_archive(file(), archive)
    assert rows.inputs == ["Café", "Title\n\nIt cost £5. He paid."]
    assert rows.labels == ["C.", 'He paid $1.9bn. It cost 3.5. He of the U.N. said "no." The end.']


@pytest.mark.parametrize(("source", "inputs", "labels"), [("zh", ["嗨。"], ["Hi."]), ("en", ["Hi."], ["嗨。"])])
def test_tatoeba_either_way(source, inputs, labels):
    rows = text_readers.tatoeba(source=source)(file(), "Hi.\t嗨。\tCC-BY 2.0\n".encode())
    assert (rows.inputs, rows.labels) == (inputs, labels)


def test_sides_are_aligned_line_by_line():
    english = text_readers.one_side(file("d/train.en.xz"), b"one\n\nthree\n")
    chinese = text_readers.one_side(file("d/val.zh"), "一\n二\n三\n".encode())
    both = Rows([*english.inputs, *chinese.inputs], [*english.labels, *chinese.labels])
    rows = apply(Align("dev", "zh", "en"), dev=both)["dev"]
    assert (rows.inputs, rows.labels) == (["一", "三"], ["one", "three"])
    with pytest.raises(DataError, match="2 lines of zh stand against 3 of en"):
        apply(Align("dev", "zh", "en"), dev=both.take([0, 1, 2, 3, 4]))


def test_references_of_one_source_become_one_row():
    rows = Rows(["b", "a", "b", "b"], ["1", "2", ["3", "1"], "4"])
    gathered = apply(Gather("dev"), dev=rows)["dev"]
    assert (gathered.inputs, gathered.labels) == (["b", "a"], [["1", "3", "4"], ["2"]])


@pytest.mark.parametrize("english", ["inputs", "labels"])
def test_carved_english_takes_its_chinese_along(english):
    held = next(f"sentence {i}" for i in range(1000) if pairs.is_carved(f"sentence {i}"))
    free = [s for s in (f"sentence {i}" for i in range(9)) if not pairs.is_carved(s)][:3]
    sides = [held, held.upper() + "!", *free], ["甲", "樂", "甲", "乐", "丙"]  # 樂 and 乐 are one in two scripts
    splits = apply(CarveTatoeba(english), train=Rows(*sides) if english == "inputs" else Rows(*sides[::-1]))
    sentences = {name: getattr(rows, english) for name, rows in splits.items()}
    assert sentences == {"dev": [held, held.upper() + "!"], "train": [free[2]]}


def test_paragraphs_are_cut_in_the_middle():
    words = "A <unk> costs 0 @.@ 7 ( or 1 @,@ 000 ) pounds , they say ; it 's cheap . " * 4
    rows = text_readers.wiki_paragraphs(file(), f" = Title = \n \n {words}\n short one\n".encode())
    (beginning,), (rest,) = rows.inputs, rows.labels
    whole = f"{beginning} {rest}"
    assert whole.startswith("A <unk> costs 0.7 (or 1,000) pounds, they say; it's cheap. A")
    assert abs(len(beginning.split()) - len(rest.split())) <= 1


def test_sentences_in_columns_are_cut_in_the_middle():
    long, short = "新华社北京一月一日电" * 6, "短句"
    content = "\n\n".join("\n".join(f"{c} O" for c in text) for text in (long, short)).encode()
    rows = text_readers.column_sentences(file(), content)
    assert (rows.inputs, rows.labels) == ([long[:30]], [long[30:]])


def test_a_transfer_set_is_fitted_on_another(tiny_root, lay):
    lay(tiny_root, "en/dialogsum/dialogsum.train.jsonl.xz", '{"dialogue": "a: hi", "summary": "hi"}\n')
    lay(tiny_root, "en/dialogsum/dialogsum.dev.jsonl.xz", '{"dialogue": "b: no", "summary": "no"}\n')
    lay(tiny_root, "en/samsum/val.csv.xz", "id,summary,dialogue\n1,s,d\n")
    rows = material(Cell("samsum", "dev", "fitted", "dummy"), lambda n, s: datasets.load(n, s, tiny_root))
    assert (rows.train.inputs, rows.held.inputs) == (["a: hi"], ["d"])


def test_a_limit_on_training_rows_is_not_drawn_by_their_texts(tiny_root, lay):
    lines = "".join(f"title {i:02}\tabstract {i}\n" for i in range(40))
    for split in ("train", "dev"):
        lay(tiny_root, f"zh/csl-title/summarization_csl_{split}.tsv.xz", lines)
    cell = Cell("csl-title", "dev", "fitted", "dummy", train_limit=10)
    train = material(cell, lambda n, s: datasets.load(n, s, tiny_root)).train
    assert len(train) == 10
    assert max(train.labels) > "title 20"


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "split", "n"),
    [
        ("scitldr_a", "dev", 619),
        ("csl-title", "dev", 350),
        ("dialogsum", "dev", 500),
        ("samsum", "dev", 818),
        ("bbc_news_summary", "dev", 500),
        ("e2e_nlg", "dev", 547),
        ("tatoeba-zh-en", "dev", 1000),
        ("tatoeba-en-zh", "dev", 1000),
        ("3am-zh-en", "dev", 1000),
        ("3am-en-zh", "train", 23931),
        ("wikitext2", "dev", 500),
        ("peoplesdaily-text", "dev", 500),
    ],
)
def test_real_splits_have_their_size(data_dir, name, split, n):
    assert len(datasets.load(name, split, data_dir)) == n


@pytest.mark.data
def test_pretraining_reads_the_train_rows_of_tatoeba_and_no_others(data_dir):
    read = next(source.read for source in pairs.PAIR_SOURCES if source.name == "tatoeba")

    def plain(rows):
        """In one script: what is written is simplified, and a sentence must not be learned in the other one."""
        sides = [pairs.simplified(side) for side in zip(*rows, strict=True)]
        return set(zip(*sides, strict=True))

    learned = plain([(p.source, p.target) for p in read(data_dir)])
    train = set()
    for name in ("tatoeba-en-zh", "tatoeba-zh-en"):
        rows = {
            split: plain([(a, b) for a, texts in zip(r.inputs, r.labels, strict=True) for b in texts])
            for split, r in ((s, datasets.load(name, s, data_dir)) for s in ("train", "dev"))
        }
        train |= rows["train"]
        assert not rows["dev"] & learned
        assert not {a for a, _ in rows["dev"]} & {a for a, _ in learned}
    apart = {zh for en, zh in plain(pairs.tatoeba_rows(data_dir)) if pairs.is_carved(en)}
    assert learned == {row for row in train if not apart & set(row)}
    assert len(learned) > 0.99 * len(train)
