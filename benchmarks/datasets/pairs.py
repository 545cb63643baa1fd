"""Sentence pairs: graded similarity and matching."""

from __future__ import annotations

from slmkit.benchmarks.datasets import readers
from slmkit.benchmarks.datasets.base import DataFile, Dataset

PAIRS = (
    Dataset(
        name="stsb",
        version="1",
        task="similarity",
        language="en",
        licence="scores CC-BY-SA-4.0, sentences as their sources",
        files=(
            DataFile(
                split="dev",
                path="en/stsb/stsb-en-dev.csv",
                sha256="d29586e96558c4eb52cf5ea5d14e9c24d3bf0e44f111b017caba43a5adc33226",
                repo="PhilipMay/stsb-multi-mt",
                commit="30de0dec4ee199b7f42351d3f1a0b19592955385",
                source="data/stsb-en-dev.csv",
            ),
            DataFile(
                split="train",
                path="en/stsb/stsb-en-train.csv.xz",
                sha256="4b498b213086f7df9dd9fcfad3b2ab522a335f1789dc7d89aad98b9189c2d3e4",
                raw_sha256="e1e84fec60bbb598735552f54a35f4949904a484750fd2cb11e2720e49f63da6",
                repo="PhilipMay/stsb-multi-mt",
                commit="30de0dec4ee199b7f42351d3f1a0b19592955385",
                source="data/stsb-en-train.csv",
            ),
            DataFile(
                split="test",
                path="en/stsb/stsb-en-test.csv",
                sha256="11523b625219e94e9ca05d2816b5f02cac1614c5894fe657376fa0806378d053",
                repo="PhilipMay/stsb-multi-mt",
                commit="30de0dec4ee199b7f42351d3f1a0b19592955385",
                source="data/stsb-en-test.csv",
            ),
        ),
        reader=readers.csv_pairs,
        columns=("text_a", "text_b", "score"),
        metric="spearman",
        protocols=("shipped",),
    ),
    Dataset(
        name="sts-b-zh",
        version="1",
        task="similarity",
        language="zh",
        licence="none stated",
        files=(
            DataFile(
                split="dev",
                path="zh/sts-b-zh/sts-b-dev.txt",
                sha256="5d3297cb522b763970631790508c567a141be4d3b729669ae2a19743383340c6",
                repo="zejunwang1/CSTS",
                commit="2e7eeedf505c78bf39d34f836773081cfc98af0c",
                source="Chinese-STS-B/sts-b-dev.txt",
            ),
            DataFile(
                split="train",
                path="zh/sts-b-zh/sts-b-train.txt.xz",
                sha256="3c519ed35cd50ee2703e5198c256f7a26eee4da608ca345abf1d8c0068d7a94c",
                raw_sha256="456904474b184025fc620fa62d887bdcd6c0de28bc94888602fc8112b8d0719c",
                repo="zejunwang1/CSTS",
                commit="2e7eeedf505c78bf39d34f836773081cfc98af0c",
                source="Chinese-STS-B/sts-b-train.txt",
            ),
            DataFile(
                split="test",
                path="zh/sts-b-zh/sts-b-test.txt",
                sha256="a22c0e4dba5d589b8f68feca2c11329031fdaee084c37c30ebea7feea12a3545",
                repo="zejunwang1/CSTS",
                commit="2e7eeedf505c78bf39d34f836773081cfc98af0c",
                source="Chinese-STS-B/sts-b-test.txt",
            ),
        ),
        reader=readers.tab_pairs,
        columns=("text_a", "text_b", "score"),
        metric="spearman",
        protocols=("shipped",),
        notes="Translated STS-B; scores are whole numbers 0 to 5.",
    ),
    Dataset(
        name="lcqmc",
        version="1",
        task="similarity",
        language="zh",
        licence="none stated",
        files=(
            DataFile(
                split="dev",
                path="zh/lcqmc/dev.txt.xz",
                sha256="01f17eda074119741476a01e697e3bed4d238c087c42b6aef610c3bb7cdd4020",
                raw_sha256="d3cd41ed89b8f6196a76ebff2aa03d5ecf42edcd12942aa865d34f7e570af7c2",
                repo="zejunwang1/CSTS",
                commit="2e7eeedf505c78bf39d34f836773081cfc98af0c",
                source="LCQMC/dev.txt",
            ),
            DataFile(
                split="test",
                path="zh/lcqmc/test.txt.xz",
                sha256="f222aa6c944fb2226264a1473b167f2d8ec39a66a2c09a3e510b07b61f8a0ab2",
                repo="zejunwang1/CSTS",
                commit="2e7eeedf505c78bf39d34f836773081cfc98af0c",
                source="LCQMC/test.txt",
            ),
        ),
        reader=readers.tab_pairs,
        columns=("text_a", "text_b", "same"),
        metric="threshold_accuracy",
        protocols=("shipped",),
        notes="Accuracy of 'cosine above a threshold'. The threshold is the best one on dev: on dev the figure is "
        "therefore an upper bound, on test it is not.",
    ),
)
