"""Retrieval: which documents answer an English query. Chinese sets stand in ``retrieval_zh``."""

from __future__ import annotations

from slmkit.benchmarks.datasets import retrieval_readers
from slmkit.benchmarks.datasets.base import DataFile, Dataset, Rule
from slmkit.benchmarks.datasets.pools import Judged, Parallel, Pool


def _parallel(split: str) -> tuple[Rule, ...]:
    return Parallel(split, f"{split}-queries", f"{split}-texts", f"{split}-grades"), Pool(split)


ENGLISH_RETRIEVAL = (
    Dataset(
        name="scifact",
        version="1",
        task="retrieval",
        language="en",
        licence="claims CC-BY-4.0, abstracts ODC-By-1.0, judgements CC-BY-SA-4.0",
        files=(
            DataFile(
                split="corpus",
                path="en/scifact/corpus_train.csv.xz",
                sha256="535984eda2805d4e4773052b8b1e4549bfc6c7f56a0f0b64d8cc90e8a1df5626",
                raw_sha256="f4a79c38ef6abf2ebb23612d155e77b4add75cc94f218e9a5d70a454fe3190b4",
                repo="sumithra-p-v/claimverifier",
                commit="b42f1c3444b28884ddcfadffafbfe223646c6c37",
                source="data/scifact.zip!corpus_train.csv",
            ),
            DataFile(
                split="dev-queries",
                path="en/scifact/claims_train.csv",
                sha256="e700ebf087eb3f64eca99e983ab6bc08ae66c9ae06c3073ce514ee8c08fdeab0",
                repo="sumithra-p-v/claimverifier",
                commit="b42f1c3444b28884ddcfadffafbfe223646c6c37",
                source="data/scifact.zip!claims_train.csv",
            ),
            DataFile(
                split="dev",
                path="en/scifact/beir_qrels_train.tsv",
                sha256="a53f2114831916c096b6c37d9e54da68cef4efdcdbd5ed46533601af972acf1d",
                repo="moorateeahtashil/Information-Retrieval",
                commit="00b74e83a48f52e6588946861a3bd6cfe9f7fede",
                source="scifact/qrels/train.tsv",
            ),
            DataFile(
                split="test-queries",
                path="en/scifact/claims_validation.csv",
                sha256="801dbb1bc00b65ce768f8f78ca207c8fd5ff5ef87aaf7c1330f883eb395e8d76",
                repo="sumithra-p-v/claimverifier",
                commit="b42f1c3444b28884ddcfadffafbfe223646c6c37",
                source="data/scifact.zip!claims_validation.csv",
            ),
            DataFile(
                split="test",
                path="en/scifact/beir_qrels_test.tsv",
                sha256="0864bb985e0ca2367ba217977e72004d549054b2b06666ed9d4825ac7c21284c",
                repo="moorateeahtashil/Information-Retrieval",
                commit="00b74e83a48f52e6588946861a3bd6cfe9f7fede",
                source="scifact/qrels/test.tsv",
            ),
        ),
        reader=retrieval_readers.by_split(
            {
                "corpus": retrieval_readers.scifact_documents,
                "dev-queries": retrieval_readers.scifact_claims,
                "test-queries": retrieval_readers.scifact_claims,
                "dev": retrieval_readers.beir_judgements,
                "test": retrieval_readers.beir_judgements,
            }
        ),
        columns=("query", "relevant documents"),
        metric="ndcg_10",
        protocols=("shipped",),
        rules=(Judged("dev", queries="dev-queries"), Judged("test", queries="test-queries")),
        notes="Claims against all 5,183 abstracts, each with its title; judgements of BEIR. BEIR's train claims "
        "serve as dev and its test claims, which are SciFact's own dev, as test.",
    ),
    Dataset(
        name="cranfield",
        version="1",
        task="retrieval",
        language="en",
        licence="none stated (classic collection)",
        files=(
            DataFile(
                split="corpus",
                path="en/cranfield/cran.all.1400.xml.xz",
                sha256="78bfc030ad80c1b3eb264cf2b35e02beb26a4811a60114bccb6847da84a17433",
                raw_sha256="369eb64e59d855b62463832f1338f471cede578571ee7fb33e3592a2a138ff47",
                repo="oussbenk/cranfield-trec-dataset",
                commit="1208e6edfb6cb2527b2c44398d3d8fefd3249144",
                source="cran.all.1400.xml",
            ),
            DataFile(
                split="queries",
                path="en/cranfield/cran.qry.xml",
                sha256="b609a59e980857ba59d098f33433822a5c200bcf6836a320babf2b1a5e7545eb",
                repo="oussbenk/cranfield-trec-dataset",
                commit="1208e6edfb6cb2527b2c44398d3d8fefd3249144",
                source="cran.qry.xml",
            ),
            DataFile(
                split="dev",
                path="en/cranfield/cranqrel.trec.txt",
                sha256="98a13b4913d61a02690725aee7ac4f6a1979c13fc9088ad9b4a81be58b1a6f11",
                repo="oussbenk/cranfield-trec-dataset",
                commit="1208e6edfb6cb2527b2c44398d3d8fefd3249144",
                source="cranqrel.trec.txt",
            ),
        ),
        reader=retrieval_readers.by_split(
            {
                "corpus": retrieval_readers.trec_documents,
                "queries": retrieval_readers.trec_topics,
                "dev": retrieval_readers.trec_judgements,
            }
        ),
        columns=("query", "relevant documents"),
        metric="ndcg_10",
        protocols=("shipped",),
        rules=(Judged("dev", queries="queries"),),
        notes="225 questions against the abstracts, 2 blank ones left out. Judgements number the questions by "
        "their order, not by their <num>; a grade above 0 is relevant. Each question has one abstract that "
        "the file grades 0, often the nearest to it: it counts as not relevant, as the file has it. There "
        "is no test split: all questions are dev.",
    ),
    Dataset(
        name="wikiqa",
        version="1",
        task="retrieval",
        language="en",
        licence="Microsoft Research Data License (research)",
        files=(
            DataFile(
                split="dev-queries",
                path="en/wikiqa/dev.a.toks",
                sha256="428082fde4c5fcc8e17c7e0b12a05fd414d99396674c9c0e53c64178ff925a4b",
                repo="castorini/data",
                commit="056cbbcbf997cc0b35032430110c5e5e5525700a",
                source="WikiQA/dev/a.toks",
            ),
            DataFile(
                split="dev-texts",
                path="en/wikiqa/dev.b.toks",
                sha256="19609980bc1fe2e1ae82662f77c42ce2ba4265cf07c90b81e3d0d15a08fc4e58",
                repo="castorini/data",
                commit="056cbbcbf997cc0b35032430110c5e5e5525700a",
                source="WikiQA/dev/b.toks",
            ),
            DataFile(
                split="dev-grades",
                path="en/wikiqa/dev.sim.txt",
                sha256="0986e5b75578db43056ff0770443e1d40e789735958f0abf3054bca7cef550e3",
                repo="castorini/data",
                commit="056cbbcbf997cc0b35032430110c5e5e5525700a",
                source="WikiQA/dev/sim.txt",
            ),
            DataFile(
                split="test-queries",
                path="en/wikiqa/test.a.toks",
                sha256="4e0eadef8b14d2e7ec65522220752ba41fa368c558c691ef379534d6796beef8",
                repo="castorini/data",
                commit="056cbbcbf997cc0b35032430110c5e5e5525700a",
                source="WikiQA/test/a.toks",
            ),
            DataFile(
                split="test-texts",
                path="en/wikiqa/test.b.toks.xz",
                sha256="4816aae1c7d8ddbc46d1e3f654f7acf17ff34d868870894b8e3afc6d884c9af0",
                repo="castorini/data",
                commit="056cbbcbf997cc0b35032430110c5e5e5525700a",
                source="WikiQA/test/b.toks",
            ),
            DataFile(
                split="test-grades",
                path="en/wikiqa/test.sim.txt",
                sha256="ff957f92f255fe5075e808dadbde64d9855cda218b9db75d2ba3eb73571fad4a",
                repo="castorini/data",
                commit="056cbbcbf997cc0b35032430110c5e5e5525700a",
                source="WikiQA/test/sim.txt",
            ),
        ),
        reader=retrieval_readers.parallel_lines,
        columns=("query", "relevant documents"),
        metric="ndcg_10",
        protocols=("shipped",),
        rules=(*_parallel("dev"), *_parallel("test")),
        notes="Questions against the candidate sentences of all questions of the split, pooled; equal sentences "
        "are one. Lower-cased and tokenized, as the files have it. Only questions with an answer among "
        "the candidates.",
    ),
    Dataset(
        name="trecqa",
        version="1",
        task="retrieval",
        language="en",
        licence="none stated (TREC QA, research)",
        files=(
            DataFile(
                split="dev",
                path="en/trecqa/dev.csv.xz",
                sha256="083444ecd247c5fe3f1fdba5b8ef86e57cdb89e42c1bda651a3580599b35d11a",
                raw_sha256="3c266ccaa633e929515bc8643a0615c05f64d2fb62b3a687d85ff7fabdf79a6a",
                repo="brmson/dataset-sts",
                commit="e1d3375f5b3bc24f21aa4e46f96eb379e9fc1081",
                source="data/anssel/wang/dev.csv",
            ),
            DataFile(
                split="test",
                path="en/trecqa/test.csv.xz",
                sha256="940dde9d6241ce028a97f9867a91341b29e67f9a1641d7f15d9eb16367ac8aba",
                repo="brmson/dataset-sts",
                commit="e1d3375f5b3bc24f21aa4e46f96eb379e9fc1081",
                source="data/anssel/wang/test.csv",
            ),
        ),
        reader=retrieval_readers.csv_judged(query="qtext", text="atext", label="label"),
        columns=("query", "relevant documents"),
        metric="ndcg_10",
        protocols=("shipped",),
        rules=(Pool("dev"), Pool("test")),
        notes="Questions against the candidate sentences of all questions of the split, pooled; equal sentences "
        "are one. Questions without an answer among the candidates are left out, their candidates stay.",
    ),
)
