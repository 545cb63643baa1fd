"""Translation between English and Chinese: everyday sentences, and captions."""

from __future__ import annotations

from slmkit.benchmarks.datasets import text_readers
from slmkit.benchmarks.datasets.base import DataFile, Dataset, Writing
from slmkit.benchmarks.datasets.splits import Sample
from slmkit.benchmarks.datasets.texts import Align, CarveTatoeba, Gather

_TATOEBA_FILES = (
    DataFile(
        split="train",
        path="zh/tatoeba-en-zh/cmn.train.txt.xz",
        sha256="1a1ff1b299fb0e05a4deef1bf12cc6193e835163a02947c0710a57f254bff3ea",
        raw_sha256="6a82e1464f7a66c8d62debb0b9df9901e2cb2c10eb6d1ba5e3c48a6bdeae9860",
        repo="yingzhang123/seq2seq_attention",
        commit="8cfa1f811a21b91cbac39a8e9303e92375c65b02",
        source="data/cmn.txt",
        derived="without the pairs of 2,000 English sentences, which are the test file",
    ),
    DataFile(
        split="test",
        path="zh/tatoeba-en-zh/cmn.test.txt.xz",
        sha256="4ff245f61ff50dc27018363cd2401a8bc882d78656285f7a5a09218a71a596bd",
        repo="yingzhang123/seq2seq_attention",
        commit="8cfa1f811a21b91cbac39a8e9303e92375c65b02",
        source="data/cmn.txt",
        derived="the pairs of 2,000 English sentences",
    ),
)
_TATOEBA_NOTES = (
    "dev: 1,000 sentences of those whose English a hash of its letters holds back (5 %), each with all its "
    "translations; no sentence of theirs stays in train, and the shipped weights learned from the same train rows. The "
    "Chinese mixes simplified and traditional."
)
_CAPTION_FILES = (
    DataFile(
        split="train",
        path="zh/3am-en-zh/train.en.xz",
        sha256="1f9cf3fedadcd9c6cab8531639449c3b26909cf3dde89c5c6f207977a7bfce04",
        raw_sha256="3b839b554de9aa369a199d1f1e42779a3c9c3491a9396c5b5b1a0bbd815db175",
        repo="MaxyLee/3AM",
        commit="ce8099724d9ecc8e5c77e44f43d9b7924118f037",
        source="data/train.en",
    ),
    DataFile(
        split="train",
        path="zh/3am-en-zh/train.zh.xz",
        sha256="d70a2039acfc6f9b6c1380cccf9074172b5e890186090a182bd0401d228a86fa",
        raw_sha256="ef6664af8f0fdfef14ca55ba832b20a73fdcb2576c2de41913f2c53c2f15708d",
        repo="MaxyLee/3AM",
        commit="ce8099724d9ecc8e5c77e44f43d9b7924118f037",
        source="data/train.zh",
    ),
    DataFile(
        split="dev",
        path="zh/3am-en-zh/val.en",
        sha256="7143a3ba2e84454b72df30e7248cac15168273c0735d0483360e6b2699e9fabd",
        repo="MaxyLee/3AM",
        commit="ce8099724d9ecc8e5c77e44f43d9b7924118f037",
        source="data/val.en",
    ),
    DataFile(
        split="dev",
        path="zh/3am-en-zh/val.zh",
        sha256="4bb831d994db78b14a2a652cfc6baad264d9d16ccdc4b5650092f94e3bc6af7d",
        repo="MaxyLee/3AM",
        commit="ce8099724d9ecc8e5c77e44f43d9b7924118f037",
        source="data/val.zh",
    ),
    DataFile(
        split="test",
        path="zh/3am-en-zh/test.en",
        sha256="a9706d20793389013cbec6e9a4ee9e7b19472fea7bb48589653daae21e07ae3a",
        repo="MaxyLee/3AM",
        commit="ce8099724d9ecc8e5c77e44f43d9b7924118f037",
        source="data/test.en",
    ),
    DataFile(
        split="test",
        path="zh/3am-en-zh/test.zh",
        sha256="989e2c342f4462bbeae71430ad5d7cc557fdcc3e517fdfb3e20a6d2b35d42a53",
        repo="MaxyLee/3AM",
        commit="ce8099724d9ecc8e5c77e44f43d9b7924118f037",
        source="data/test.zh",
    ),
)
_CAPTION_NOTES = (
    "The official val serves as dev: captions, one translation each; 4 of the 1,000 English ones stand in train too. "
    "The train rows are part of what the shipped weights learned from."
)


def _tatoeba(source: str, target: str) -> Dataset:
    return Dataset(
        name=f"tatoeba-{source}-{target}",
        version="1",
        task="translation",
        language=source,
        licence="CC BY 2.0 FR",
        files=_TATOEBA_FILES,
        reader=text_readers.tatoeba(source=source),
        columns=(source, target),
        metric="bleu_zh" if target == "zh" else "bleu",
        protocols=("fitted", "shipped"),
        rules=(
            CarveTatoeba("inputs" if source == "en" else "labels"),
            *map(Gather, ("train", "dev", "test")),
            Sample("dev", n=1000, stratify=False),
        ),
        writing=Writing(target=target),
        notes=_TATOEBA_NOTES,
    )


def _captions(source: str, target: str) -> Dataset:
    return Dataset(
        name=f"3am-{source}-{target}",
        version="1",
        task="translation",
        language=source,
        licence="none stated; repository MIT",
        files=_CAPTION_FILES,
        reader=text_readers.one_side,
        columns=(source, target),
        metric="bleu_zh" if target == "zh" else "bleu",
        protocols=("fitted", "shipped"),
        rules=tuple(Align(split, source, target) for split in ("train", "dev", "test")),
        writing=Writing(target=target),
        notes=_CAPTION_NOTES,
    )


TRANSLATIONS = (
    _tatoeba("zh", "en"),
    _tatoeba("en", "zh"),
    _captions("zh", "en"),
    _captions("en", "zh"),
)
