"""Spans: entities and extractive reading comprehension."""

from __future__ import annotations

from slmkit.benchmarks.datasets import readers
from slmkit.benchmarks.datasets.base import DataFile, Dataset
from slmkit.benchmarks.datasets.splits import Carve

SPANS = (
    Dataset(
        name="cluener2020",
        version="1",
        task="entities",
        language="zh",
        licence="none stated (CLUE benchmark, research use)",
        files=(
            DataFile(
                split="train",
                path="zh/cluener2020/train.json.xz",
                sha256="78beb9dd6ca1531e7319657c989ef9dfc670b2a3e495a94bcaa3d56e5f962b34",
                raw_sha256="b7e9f0802e86943c8af76f8375ae5ed00f15703484092e81579f241db4d0664a",
                repo="hemingkx/CLUENER2020",
                commit="4bfd0b5fdd1537558f0c32dd28339af1f337afc9",
                source="BERT-CRF/data/clue/train.json",
            ),
            DataFile(
                split="test",
                path="zh/cluener2020/dev.json.xz",
                sha256="257d8f79d1413a27fa61e7bb4b1d5e540bbad83a47aed36f840d4283635a44f4",
                repo="hemingkx/CLUENER2020",
                commit="4bfd0b5fdd1537558f0c32dd28339af1f337afc9",
                source="BERT-CRF/data/clue/test.json",
            ),
        ),
        reader=readers.cluener,
        columns=("text", "entities"),
        metric="entity_f1",
        protocols=("fitted",),
        rules=(Carve("train", into="dev", n=1343, seed=0, stratify=False),),
        notes="Labels of the official test are not public: the official dev serves as test, and dev is 1,343 rows of "
        "train.",
    ),
    Dataset(
        name="cmrc2018",
        version="2",
        task="reading",
        language="zh",
        licence="CC-BY-SA-4.0",
        files=(
            DataFile(
                split="dev",
                path="zh/cmrc2018/cmrc2018_trial.json.xz",
                sha256="c829568e271f27564d62520a4ee18c5bb7233572d4222325be285db4365878fb",
                raw_sha256="f3fae95b57da8e03afb2b57467dd221417060ef4d82db13bf22fc88589f3a6f3",
                repo="ymcui/cmrc2018",
                commit="c0eb1b6ba219847457e6af3180da722bbeb656af",
                source="squad-style-data/cmrc2018_trial.json",
            ),
            DataFile(
                split="train",
                path="zh/cmrc2018/train-pseudo-cmrc2018.json.xz",
                sha256="5caa6532dad42d12dd3fda26634652dde67910ac5aa689ea61f26623c20e4a06",
                raw_sha256="23ac5ce2d7b3ecc0edee5a677734556c78ff726639366523ff89dd7c81d47867",
                repo="ymcui/expmrc",
                commit="9827fed6466f295252f9054c56ec7b233d46e636",
                source="pseudo_training_data/train-pseudo-cmrc2018.zip",
            ),
            DataFile(
                split="test",
                path="zh/cmrc2018/cmrc2018_dev.json.xz",
                sha256="f833a4d3d6a005103ea60d197c9206a61008817a9fcb6e94e78724c4f15239f8",
                repo="ymcui/cmrc2018",
                commit="c0eb1b6ba219847457e6af3180da722bbeb656af",
                source="squad-style-data/cmrc2018_dev.json",
            ),
        ),
        reader=readers.squad,
        columns=("context", "question", "answers"),
        metric="cmrc_f1",
        protocols=("fitted", "shipped"),
        notes="The official trial set serves as dev and the official dev set as test. Every question has an answer: "
        "systems give the one that they find likeliest.",
    ),
)
