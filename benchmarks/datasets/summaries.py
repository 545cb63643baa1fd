"""Summaries and titles of papers, dialogues and news."""

from __future__ import annotations

from slmkit.benchmarks.datasets import text_readers
from slmkit.benchmarks.datasets.base import DataFile, Dataset, Writing
from slmkit.benchmarks.datasets.splits import DropSeen, Sample
from slmkit.benchmarks.datasets.texts import Gather

_PAIR = ("text", "summary")

SUMMARIES = (
    Dataset(
        name="scitldr_a",
        version="1",
        task="summarization",
        language="en",
        licence="Apache-2.0",
        files=(
            DataFile(
                split="train",
                path="en/scitldr_a/train.jsonl.xz",
                sha256="be0143bbd4d510baf1a2eb3c80b3201922f0c6a1ae4bfe06e6355a8761da0be8",
                raw_sha256="b222771d387be585cfdf5ae957b36757138415a352e0a3e3b23f73f87c3b1119",
                repo="allenai/scitldr",
                commit="5ccad9c00a60ad75c9e04abf7f27d0f53f983b20",
                source="SciTLDR-Data/SciTLDR-A/train.jsonl",
            ),
            DataFile(
                split="dev",
                path="en/scitldr_a/dev.jsonl.xz",
                sha256="2b627a2fe60051634d1f986383c295c023d914c4d8f0f31bf948e98629d0c120",
                raw_sha256="3191fa98ccc09521332b7a1cd63b1930be4e8df125a235ccd31e40329709525e",
                repo="allenai/scitldr",
                commit="5ccad9c00a60ad75c9e04abf7f27d0f53f983b20",
                source="SciTLDR-Data/SciTLDR-A/dev.jsonl",
            ),
            DataFile(
                split="test",
                path="en/scitldr_a/test.jsonl.xz",
                sha256="f67b63ba92dfcf9379ea8a91c5a999d15c97d00593ccfc888fc1878212f499d8",
                repo="allenai/scitldr",
                commit="5ccad9c00a60ad75c9e04abf7f27d0f53f983b20",
                source="SciTLDR-Data/SciTLDR-A/test.jsonl",
            ),
        ),
        reader=text_readers.scitldr,
        columns=_PAIR,
        metric="rouge_1",
        protocols=("fitted", "shipped"),
        writing=Writing(sentences=1),
        notes="Abstracts; dev and test have several summaries a paper, of which the one with the best ROUGE-1 counts. "
        "The train rows are part of what the shipped weights learned from.",
    ),
    Dataset(
        name="csl-title",
        version="1",
        task="summarization",
        language="zh",
        licence="none stated (CLUE benchmark, research use); repository MIT",
        files=(
            DataFile(
                split="train",
                path="zh/csl-title/summarization_csl_train.tsv.xz",
                sha256="dadf5879260d6801d5d9cf01bde7d7e4799a9ac80933376cbde17ed3e43452cf",
                raw_sha256="d966931d16fbe2689ee1b4e6fc179ac46b1aea50d590075d7d990e8e0c752adb",
                repo="SunnyGJing/t5-pegasus-chinese",
                commit="f6bdc0b7effd36d80a27ede3acd8b2c08746441c",
                source="data/summarization_csl_train.tsv",
            ),
            DataFile(
                split="dev",
                path="zh/csl-title/summarization_csl_dev.tsv.xz",
                sha256="4bcbe3a0b495181edff19ef82d65dffd10c508107c318cc3e9443d6be00e4682",
                raw_sha256="a6e5909d1f038a56a1bad207e8f663c386aba00ccb7d9092648dc8d2b1672a6a",
                repo="SunnyGJing/t5-pegasus-chinese",
                commit="f6bdc0b7effd36d80a27ede3acd8b2c08746441c",
                source="data/summarization_csl_dev.tsv",
            ),
            DataFile(
                split="test",
                path="zh/csl-title/summarization_csl_test.tsv.xz",
                sha256="5759f19ff933455206e5d6a3e7fe30501d53fbdb55676ba6bef7f1704ea0f703",
                repo="SunnyGJing/t5-pegasus-chinese",
                commit="f6bdc0b7effd36d80a27ede3acd8b2c08746441c",
                source="data/summarization_csl_test.tsv",
            ),
        ),
        reader=text_readers.tab_target_source,
        columns=("abstract", "title"),
        metric="char_rouge_l",
        protocols=("fitted", "shipped"),
        writing=Writing(style="title", sentences=1),
        notes="Titles of Chinese papers from their abstracts.",
    ),
    Dataset(
        name="dialogsum",
        version="2",
        task="summarization",
        language="en",
        licence="CC-BY-NC-SA-4.0",
        files=(
            DataFile(
                split="train",
                path="en/dialogsum/dialogsum.train.jsonl.xz",
                sha256="1f7ca377b874212805323c0f7efc581b9ec1e3c84a33f36fe18836197a6e2bde",
                raw_sha256="d223076c574192da82e8e56847b255e627196e2e7def9ed2b193cfb8e4940cba",
                repo="cylnlp/dialogsum",
                commit="9a79c6b7a768020c97b44e955312dd68172c34f4",
                source="DialogSum_Data.zip!DialogSum_Data/dialogsum.train.jsonl",
                derived="lines that were Python literals are written as JSON",
            ),
            DataFile(
                split="dev",
                path="en/dialogsum/dialogsum.dev.jsonl.xz",
                sha256="12dfda7fe7d035664309c3f0377457c19f0baedf7dde6d73dbb03c1386bad703",
                raw_sha256="436721e0a3571eef7072964f80e042fb151d8c6178db1a688ce8f803bbf0a13f",
                repo="cylnlp/dialogsum",
                commit="848cc8c05e0a04def79326539de827f1b28786a0",
                source="DialogSum_Data/dialogsum.dev.jsonl",
            ),
            DataFile(
                split="test",
                path="en/dialogsum/dialogsum.test.jsonl.xz",
                sha256="7d30e72d5256cd3e3d4bc6057d26bc301ccecfd9c2f54685263d5b094f3cf48d",
                repo="cylnlp/dialogsum",
                commit="848cc8c05e0a04def79326539de827f1b28786a0",
                source="DialogSum_Data/dialogsum.test.jsonl",
            ),
        ),
        reader=text_readers.dialogsum,
        columns=_PAIR,
        metric="rouge_1",
        protocols=("fitted",),
        rules=(DropSeen("train", seen_in="dev"),),
        writing=Writing(sentences=3),
        notes="Non-commercial: fitted on and measured, no part of the shipped weights. Training dialogues that stand "
        "in dev, where 52 have one, are dropped. dev has one summary a "
        "dialogue, test three, of which the one with the best ROUGE-1 counts.",
    ),
    Dataset(
        name="samsum",
        version="1",
        task="summarization",
        language="en",
        licence="none stated (believed CC BY-NC-ND 4.0)",
        files=(
            DataFile(
                split="dev",
                path="en/samsum/val.csv.xz",
                sha256="07eabdf5bb5a3335048a4d5db0ec600af31c8bae31e130a15b80427f13628f4a",
                raw_sha256="6a7604df2c4abcac7787944a8bdbf8b249fe6ccbf22e6881daefa44fc9b9b086",
                repo="BinWang28/LA-BART",
                commit="10db0f0ca99970aefc6e547b2c3c56ab4c161e66",
                source="data/samsum/val.csv",
            ),
            DataFile(
                split="test",
                path="en/samsum/test.csv.xz",
                sha256="ca80d0ceb3ea9bb13c8eb1903957db26a1868e0cdf5baa1dbcb384329d7322c6",
                repo="BinWang28/LA-BART",
                commit="10db0f0ca99970aefc6e547b2c3c56ab4c161e66",
                source="data/samsum/test.csv",
            ),
        ),
        reader=text_readers.csv_source_target(source="dialogue", target="summary"),
        columns=_PAIR,
        metric="rouge_1",
        protocols=("fitted", "shipped"),
        fit_on="dialogsum",
        writing=Writing(sentences=3),
        notes="Transfer: nothing is trained on this set. Fitted means fitted on the training rows of dialogsum, whose "
        "speakers have numbers where these have names.",
    ),
    Dataset(
        name="bbc_news_summary",
        version="1",
        task="summarization",
        language="en",
        licence="none stated (BBC; Greene and Cunningham 2006: non-commercial research)",
        files=(
            DataFile(
                split="dev",
                path="en/bbc_news_summary/bbc_news_summary.tar.xz",
                sha256="f5a58a2ec1d6b2bfb5f266a4a46445f574011aaeb196810569d0feeb095df04b",
                raw_sha256="5566e58f1923e609186770c222500f14bff3ab8b608b4e9a81758c6410c1c24e",
                repo="DesktopCoder1407/Extractive-Summarization-of-BBC-News-Articles",
                commit="fe4f68a62c5f508639c9d276763c40b9396b5b48",
                source="Dataset/News Articles",
                derived="the two folders are packed into one tar file",
            ),
        ),
        reader=text_readers.bbc_archive,
        columns=_PAIR,
        metric="rouge_1",
        protocols=("shipped",),
        rules=(
            Gather("dev"),
            Sample("dev", n=500, stratify=False),
        ),
        writing=Writing(sentences=0.4, extractive=True),
        notes="500 of 2,127 different articles. The references are two in five of the article's own sentences (0.40 of "
        "them, standard deviation 0.03): every system that picks sentences takes that share. The articles stand in the "
        "raw text of pretraining, the summaries do not.",
    ),
)
