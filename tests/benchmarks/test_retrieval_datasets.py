"""Retrieval sets: what each layout is read as, how queries, documents and grades come together."""

import pytest

from slmkit.benchmarks import datasets
from slmkit.benchmarks.datasets import DataFile, Rows, retrieval_readers
from slmkit.benchmarks.datasets.pools import CarveQueries, Judged, Parallel, Pool
from slmkit.errors import DataError

NAMES = ("scifact", "cranfield", "wikiqa", "trecqa", "cmrc2018-passages", "drcd-passages", "simclue", "qbqtc")


def file(split="dev", path="x.txt"):
    return DataFile(split, path, "", "", "", "")


def apply(rule, splits):
    rule.apply(splits, lambda dataset, split: pytest.fail("no other dataset is needed"))
    return splits


def test_the_asked_sets_are_there():
    assert {name for name in datasets.names() if datasets.get(name).task == "retrieval"} == set(NAMES)
    assert all(datasets.get(name).metric == "ndcg_10" for name in NAMES)


def test_documents_belong_to_the_rows():
    rows = Rows(["q", "r"], [{"a": 1}, {"b": 2}], {"a": "one", "b": "two"})
    assert rows.take([1]).documents == rows.documents
    assert rows.digest() != Rows(rows.inputs, rows.labels).digest()
    assert rows.digest() != Rows(rows.inputs, rows.labels, {"a": "one", "b": "too"}).digest()
    assert rows.digest() == rows.take([0, 1]).digest()


def test_scifact_abstracts_are_arrays_of_sentences():
    printed = """['First, one.'\n ""It's the second.""\n 'a\\'b +/-'\n]"""
    table = f'doc_id,title,abstract,structured\n7,A title,"{printed}",False\n'
    rows = retrieval_readers.scifact_documents(file("corpus"), table.encode())
    assert (rows.inputs, rows.labels) == (["A title First, one. It's the second. a'b +/-"], ["7"])


def test_scifact_claims_are_told_once():
    rows = retrieval_readers.scifact_claims(file(), b"id,claim,evidence_doc_id\n3,Yes.,\n5,No.,1\n5,No.,2\n")
    assert (rows.inputs, rows.labels) == (["Yes.", "No."], ["3", "5"])


def test_beir_judgements():
    rows = retrieval_readers.beir_judgements(file(), b"query-id\tcorpus-id\tscore\r\n0\t31\t1\r\n2\t13\t2\r\n")
    assert (rows.inputs, rows.labels) == ([("0", "31"), ("2", "13")], [1, 2])


def test_cranfield_numbers_its_topics_by_their_order():
    first, second = "<num> 1</num>\n<title>\nwhat is\nlift .\n</title>", "<num> 4</num>\n<title>\ndrag .\n</title>"
    topics = f"<xml>\n<top>\n{first}\n</top>\n<top>\n{second}\n</top>\n</xml>"
    rows = retrieval_readers.trec_topics(file(), topics.encode())
    assert (rows.inputs, rows.labels) == (["what is lift .", "drag ."], ["1", "2"])


def test_cranfield_leaves_blank_documents_out():
    first, second = "<docno>1</docno>\n<title>t</title>\n<text>a\nb .</text>", "<docno>2</docno><text>\n</text>"
    text = f"<doc>\n{first}\n</doc>\n<doc>{second}</doc>"
    rows = retrieval_readers.trec_documents(file(), text.encode())
    assert (rows.inputs, rows.labels) == (["a b ."], ["1"])


def test_trec_judgements_are_relevant_above_zero():
    rows = retrieval_readers.trec_judgements(file(), b"1 0 184 1\n1 0 29 0\n2 0 31 3\n2 0 30 -1\n")
    assert rows.inputs == [("1", "184"), ("1", "29"), ("2", "31"), ("2", "30")]
    assert rows.labels == [1, 0, 1, 0]
    with pytest.raises(DataError, match="3 fields"):
        retrieval_readers.trec_judgements(file(), b"1 0 184\n")


def test_parallel_lines_keep_blank_ones():
    assert retrieval_readers.parallel_lines(file(), b"a\n\nb\r\n").inputs == ["a", "", "b"]
    assert retrieval_readers.parallel_lines(file(), b"a\nb").inputs == ["a", "b"]


def test_judged_texts_of_each_layout():
    csv = retrieval_readers.csv_judged(query="qtext", text="atext", label="label")
    assert csv(file(), b'qtext,label,atext\nq,1,"a , b"\n').inputs == [("q", "a , b")]
    json = retrieval_readers.json_judged(query="sentence1", text="sentence2", label="label")
    read = json(file(), '{"label": "2", "sentence1": "问", "sentence2": "答"}\n'.encode())
    assert (read.inputs, read.labels) == ([("问", "答")], [2])
    ranked = retrieval_readers.json_ranked(file(), b'{"query": "q", "title": "t", "neg_title": "n"}\n')
    assert (ranked.inputs, ranked.labels) == ([("q", "t"), ("q", "n")], [1, 0])
    squad = '{"data": [{"paragraphs": [{"context": "c", "qas": [{"question": "p"}, {"question": "q"}]}]}]}'
    assert retrieval_readers.squad_paragraphs(file(), squad.encode()).inputs == [("p", "c"), ("q", "c")]


def test_pool_makes_one_document_of_equal_texts():
    rows = Rows([("p", "a"), ("q", "b"), ("q", "a"), ("r", "c"), ("q", "b")], [1, 1, 0, 0, 2])
    pooled = apply(Pool("dev"), {"dev": rows})["dev"]
    assert pooled.documents == {"0": "a", "1": "b", "2": "c"}
    assert (pooled.inputs, pooled.labels) == (["p", "q"], [{"0": 1}, {"1": 2}])


def test_pool_takes_further_documents_and_no_blank_ones():
    splits = {"dev": Rows([("p", "a"), ("p", " "), (" ", "a")], [1, 1, 1]), "corpus": Rows(["b", "a"], ["b", "a"])}
    pooled = apply(Pool("dev", more="corpus"), splits)["dev"]
    assert pooled.documents == {"0": "a", "1": "b"}
    assert (pooled.inputs, pooled.labels) == (["p"], [{"0": 1}])
    assert Pool("dev", more="corpus").needs == {"dev", "corpus"}


def test_judged_joins_ids_with_texts():
    splits = {
        "corpus": Rows(["text of a", "text of b"], ["a", "b"]),
        "queries": Rows(["what", "who", "why"], ["1", "2", "3"]),
        "dev": Rows([("2", "b"), ("2", "a"), ("3", "gone"), ("1", "a")], [1, 2, 1, 0]),
    }
    joined = apply(Judged("dev", queries="queries"), dict(splits))["dev"]
    assert (joined.inputs, joined.labels) == (["who"], [{"b": 1, "a": 2}])
    assert joined.documents == {"a": "text of a", "b": "text of b"}
    with pytest.raises(DataError, match="1 unknown queries, such as 9"):
        apply(Judged("dev", queries="queries"), {**splits, "dev": Rows([("9", "a")], [1])})


def test_parallel_refuses_files_of_unlike_length():
    lines = {name: Rows(texts, texts) for name, texts in (("q", ["p", "q"]), ("t", ["a", "b"]), ("g", ["0", "1"]))}
    rule = Parallel("dev", "q", "t", "g")
    rows = apply(rule, dict(lines))["dev"]
    assert (rows.inputs, rows.labels) == ([("p", "a"), ("q", "b")], [0, 1])
    with pytest.raises(DataError, match="2 queries, 2 texts, 1 grades"):
        apply(rule, {**lines, "g": Rows(["0"], ["0"])})


def test_carved_queries_share_nothing_with_what_is_left():
    rows = Rows([(f"q{i}", f"{kind}{i}") for i in range(20) for kind in "tn"], [1, 0] * 20)
    rows = Rows([*rows.inputs, ("Q3!", "x"), ("y", "t3")], [*rows.labels, 1, 1])
    splits = apply(CarveQueries("train", into="dev", n=15, seed=0), {"train": rows})
    dev, train = ({text for pair in splits[name].inputs for text in pair} for name in ("dev", "train"))
    assert len({query for query, _ in splits["dev"].inputs}) == 15
    assert not {text.lower().strip("!") for text in dev} & {text.lower().strip("!") for text in train}
    assert splits["train"].inputs
    again = apply(CarveQueries("train", into="dev", n=15, seed=0), {"train": rows})
    assert again["dev"].inputs == splits["dev"].inputs
    with pytest.raises(DataError, match="cannot carve 99"):
        apply(CarveQueries("train", into="dev", n=99), {"train": rows})


def test_a_collection_in_files(tmp_path, lay):
    lay(tmp_path, "en/cranfield/cran.qry.xml", "<title>\nlift ?\n</title>\n<title>drag ?</title>")
    lay(
        tmp_path,
        "en/cranfield/cran.all.1400.xml.xz",
        "<docno>1</docno><text>on lift</text><docno>2</docno><text>x</text>",
    )
    lay(tmp_path, "en/cranfield/cranqrel.trec.txt", "1 0 1 1\n2 0 1 0\n")
    rows = datasets.load("cranfield", "dev", tmp_path)
    assert (rows.inputs, rows.labels, rows.documents) == (["lift ?"], [{"1": 1}], {"1": "on lift", "2": "x"})


def test_candidates_in_parallel_files(tmp_path, lay):
    for part, text in (("a.toks", "p\np\nq\n"), ("b.toks", "one\ntwo\none\n"), ("sim.txt", "0\n1\n0\n")):
        lay(tmp_path, f"en/wikiqa/dev.{part}", text)
    rows = datasets.load("wikiqa", "dev", tmp_path)
    assert (rows.inputs, rows.labels, rows.documents) == (["p"], [{"1": 1}], {"0": "one", "1": "two"})


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "queries", "documents"),
    [
        ("scifact", 807, 5183),
        ("cranfield", 225, 1398),
        ("wikiqa", 126, 1119),
        ("trecqa", 78, 1038),
        ("cmrc2018-passages", 1000, 256),
        ("simclue", 1000, 11993),
        ("qbqtc", 1505, 1970),
    ],
)
def test_real_splits_have_their_size(data_dir, name, queries, documents):
    rows = datasets.load(name, "dev", data_dir)
    assert (len(rows), len(rows.documents)) == (queries, documents)
    assert all(set(grades) <= set(rows.documents) and min(grades.values()) > 0 for grades in rows.labels)
