"""Relations: triples to be found in texts, and the relation of two mentions that are given."""

from __future__ import annotations

from slmkit.benchmarks.datasets import relation_readers
from slmkit.benchmarks.datasets.base import DataFile, Dataset
from slmkit.benchmarks.datasets.retrieval_readers import by_split
from slmkit.benchmarks.datasets.splits import Carve, DropSeen

_PAIR, _TRIPLES = ("text, head and tail", "relation"), ("text", "triples")
_NOT_IN_DEV = "Sentences of dev are left out of train."
_IN_TAR = "it stands in a gzipped tar, which is not unpacked"
_BY_NAME = "A triple is right where head, relation and tail are written as they are there; types do not count."


def _conll04(split: str, path: str, sha256: str, raw_sha256: str = "") -> DataFile:
    return DataFile(
        split=split,
        path=path,
        sha256=sha256,
        raw_sha256=raw_sha256,
        repo="LorrinWWW/two-are-better-than-one",
        commit="a75de25e436a02f58bc512de2f841d621be40daa",
        source=f"datasets/unified/{path.rpartition('/')[2].removesuffix('.xz')}",
    )


def _scierc(split: str, path: str, sha256: str, raw_sha256: str = "") -> DataFile:
    return DataFile(
        split=split,
        path=path,
        sha256=sha256,
        raw_sha256=raw_sha256,
        repo="allenai/scibert",
        commit="06793f77d7278898159ed50da30d173cdc8fdea9",
        source=f"data/text_classification/sciie-relation-extraction/{split}.txt",
    )


def _semeval(split: str, name: str, folder: str, sha256: str, raw_sha256: str = "") -> DataFile:
    return DataFile(
        split=split,
        path=f"en/semeval2010_task8/{name}.xz",
        sha256=sha256,
        raw_sha256=raw_sha256,
        repo="davidsbatista/Annotated-Semantic-Relationships-Datasets",
        commit="ad883cbbaf4e342326b444347cf7d035012a4f4e",
        source=f"datasets/SemEval2010_task8_all_data.tar.gz!SemEval2010_task8_all_data/{folder}/{name}",
        derived=_IN_TAR,
    )


def _chinese_nre(folder: str, name: str, split: str, file: str, sha256: str, raw_sha256: str = "") -> DataFile:
    return DataFile(
        split=split,
        path=f"zh/{folder}/{file}.txt.xz",
        sha256=sha256,
        raw_sha256=raw_sha256,
        repo="thunlp/Chinese_NRE",
        commit="2cd47e6dc1b95e8ca3e93b5b8567666c37c5d654",
        source=f"data/{name}/{file}.txt",
    )


def _duie(split: str) -> DataFile:
    return DataFile(
        split=split,
        path="zh/ske2019-duie/train_data.json.xz",
        sha256="12545bf48ad4a5731496d2566c9e80818f70a51d9cb8536a085c3fb01ede081e",
        raw_sha256="62643a0c0eb5360a997e8346aa976437adba5f87bbc2b4ad73b3aef281b72853",
        repo="yuanxiaosc/Entity-Relation-Extraction",
        commit="17bb6ef1b9b4a7b35c3d8020868801d9895a4391",
        source="raw_data/train_data.json",
    )


def _edukgs(split: str, path: str, source: str, sha256: str, raw_sha256: str = "") -> DataFile:
    return DataFile(
        split=split,
        path=path,
        sha256=sha256,
        raw_sha256=raw_sha256,
        repo="EduKgs/entity_relation",
        commit="fba4533ea2595eadbb5435e9580e56584ad25b57",
        source=source,
    )


RELATIONS = (
    Dataset(
        name="conll04",
        version="1",
        task="relations",
        language="en",
        licence="not stated in the repository",
        files=(
            _conll04(
                "train",
                "en/conll04/train.CoNLL04.json.xz",
                "f1eae7ceb56e881196a7136416774b4ff2956df0a96b3750e649f75d562aa1ec",
                "771c33e445a258bac1cc7d311fb2ca2a953dc62cb3f204c0d13680ab79df5607",
            ),
            _conll04(
                "dev",
                "en/conll04/valid.CoNLL04.json",
                "2f51f3a1ff949432b137d2e488d489c38247625f29dac6864e72fa526e9a665d",
            ),
            _conll04(
                "test",
                "en/conll04/test.CoNLL04.json",
                "caf6dc66c50545f384ffda9cdda940c522a7818314be247854229dae9924815a",
            ),
        ),
        reader=relation_readers.conll04,
        columns=("text", "entities and triples"),
        metric="strict_relation_f1",
        protocols=("fitted",),
        rules=(DropSeen("train", "dev"),),
        notes="Entities and relations are found together. A relation is right where both mentions' places and types "
        f"and the relation are (micro F1). {_NOT_IN_DEV}",
    ),
    Dataset(
        name="scierc-relations",
        version="1",
        task="relations",
        language="en",
        licence="repository Apache-2.0; SciERC is for research",
        files=(
            _scierc(
                "train",
                "en/scierc/train.txt.xz",
                "05665af5931597a222bb96dafd14f5ddb3a5b3dd4416a22cd9099f7530196aa9",
                "83d395d97de2c02dcb4898af3c6e34b5f5aa19771298fbc9f69ae435fa1258fb",
            ),
            _scierc("dev", "en/scierc/dev.txt", "9500a8e561f1ce50d972b8473525fe24ebae732bde653c381a4c65945965567a"),
            _scierc(
                "test", "en/scierc/test.txt.xz", "c66f09007864ae85df0ca45f6fad1720b6e8edaceb30df8ab955f0146ab8fad4"
            ),
        ),
        reader=relation_readers.scierc,
        columns=_PAIR,
        metric="relation_macro_f1",
        protocols=("fitted",),
        notes="As in SciBERT: both mentions are given and every pair has one of seven relations; macro F1, and beside "
        "it accuracy, which is micro F1 here.",
    ),
    Dataset(
        name="semeval2010-task8",
        version="1",
        task="relations",
        language="en",
        licence="CC-BY-3.0",
        files=(
            _semeval(
                "train",
                "TRAIN_FILE.TXT",
                "SemEval2010_task8_training",
                "063ef6ae0248fdb7d6f0a9b0e2fed92e16c0d0075f40e3721a3017bd6cea2496",
                "c22fee88957d245a4b1650c6743eb8c594dcdeffc6a2aa1fa6cced059eebf0e3",
            ),
            _semeval(
                "test",
                "TEST_FILE_FULL.TXT",
                "SemEval2010_task8_testing_keys",
                "b996502b3fe61f5664840d7c84125e7199d96b0f609a98caf070900da78c978e",
            ),
        ),
        reader=relation_readers.semeval2010,
        columns=_PAIR,
        metric="semeval_f1",
        protocols=("fitted",),
        rules=(Carve("train", into="dev", n=800, seed=0, stratify=True),),
        notes="Dev is 800 rows of train, each relation in its share. The official score: macro F1 of the nine "
        "relations, direction counted, Other left out.",
    ),
    Dataset(
        name="finre",
        version="2",
        task="relations",
        language="zh",
        licence="repository MIT",
        files=(
            _chinese_nre(
                "finre",
                "FinRE",
                "train",
                "train",
                "7c3642e592ac32fe2a06a7e82e3071de62773659f97d3e5fdd7600657a1a5b5d",
                "1dc75af255bb2da7e3c01952f1b97b20fe3f4b5f06f307d9d265843345898267",
            ),
            _chinese_nre(
                "finre",
                "FinRE",
                "dev",
                "valid",
                "212b9414a32882575f80b548b235c771ea0ff783c0305080b7b06148450ff6ac",
                "94842290437ca421cf93b544a4caf8f3e9355ffe754ac04780a072dcb984c72c",
            ),
            _chinese_nre(
                "finre",
                "FinRE",
                "test",
                "test",
                "2234edb73480f984356532def265a7848eabe372c2e3c8bc916556660cef97f9",
            ),
        ),
        reader=relation_readers.named_pairs,
        columns=_PAIR,
        metric="relation_f1",
        protocols=("fitted",),
        rules=(DropSeen("train", "dev", part=0),),
        notes="Both mentions are given; micro F1 of 43 relations, 'unknown' is no relation. A pair may stand in "
        f"several rows with different relations; each row is answered by itself. {_NOT_IN_DEV}",
    ),
    Dataset(
        name="sanwen",
        version="2",
        task="relations",
        language="zh",
        licence="repository MIT",
        files=(
            _chinese_nre(
                "sanwen",
                "SanWen",
                "train",
                "train",
                "fa6abdf2b87c565f171804e37323314df4626dd4b424241e6fcac2fdd6d924cf",
                "1b50540a3ef585956fe5006724e0e573a110863e0858fefb6e6a7a1f46369ecc",
            ),
            _chinese_nre(
                "sanwen",
                "SanWen",
                "dev",
                "valid",
                "a345b3b319ea6a2c639951dd35a469e7427f1b65a1c08430dd1ec8d5cdc24d5e",
                "64a46712fff04b8b6435d033dfb79d08bb7644289c5e9258e13d2f50d03650bc",
            ),
            _chinese_nre(
                "sanwen",
                "SanWen",
                "test",
                "test",
                "aea8142ec9ad90766e8b00b0abd23125a7b71c45bac7ab809a5b58a6feca1d82",
            ),
        ),
        reader=relation_readers.named_pairs,
        columns=_PAIR,
        metric="relation_f1",
        protocols=("fitted",),
        rules=(DropSeen("train", "dev", part=0),),
        notes=f"Essays. Both mentions are given; micro F1 of nine relations, 'unknown' is no relation. {_NOT_IN_DEV}",
    ),
    Dataset(
        name="duie-sample",
        version="1",
        task="relations",
        language="zh",
        licence="none stated (official sample of the LIC 2019 challenge)",
        files=(
            _duie("train"),
            _duie("dev"),
            DataFile(
                split="test",
                path="zh/ske2019-duie/dev_data.json.xz",
                sha256="09c7def6727ddcefb935dc533e362453bd8c959e62ed948cdfa80b6d55e03c10",
                repo="yuanxiaosc/Entity-Relation-Extraction",
                commit="17bb6ef1b9b4a7b35c3d8020868801d9895a4391",
                source="raw_data/dev_data.json",
            ),
        ),
        reader=by_split(
            {
                "train": relation_readers.duie(held_out=False),
                "dev": relation_readers.duie(held_out=True),
                "test": relation_readers.duie(),
            }
        ),
        columns=_TRIPLES,
        metric="triple_f1",
        protocols=("fitted",),
        notes="The official sample of 2,601 texts: about a fifth of them, chosen by a hash of their text, are dev, and "
        f"the shipped extractor learns from the others; the sample of the official dev set is test. {_BY_NAME}",
    ),
    Dataset(
        name="nyt-triples",
        version="1",
        task="relations",
        language="en",
        licence="none stated; New York Times text (LDC2008T19)",
        files=(
            _edukgs(
                "train",
                "en/nyt_triples/val_triples.json.xz",
                "data/NYT/val_triples.json",
                "d3523a8beb9ce898baff5ed2756ac7f5643d2a0187d18bd93f4501f4f741cb74",
                "0d0a64d4132620816826d2479623bc18c63b9cb723195cb1bdfe34e398f4b5a9",
            ),
            _edukgs(
                "test",
                "en/nyt_triples/test_triples.json.xz",
                "data/NYT/test_triples.json",
                "78112fc3da2d4020ae8a04fc38c4dd0fab8541b4a49848140bdf1469b6efbe32",
            ),
        ),
        reader=relation_readers.named_triples,
        columns=_TRIPLES,
        metric="triple_f1",
        protocols=("fitted",),
        rules=(Carve("train", into="dev", n=1000, seed=0, stratify=False),),
        notes="The official dev set alone, 5,000 texts: 1,000 of them are dev, the others are learned from. Relations "
        f"were aligned to the texts by machine. {_BY_NAME} Whole names count, not their last words.",
    ),
    Dataset(
        name="cmeie",
        version="1",
        task="relations",
        language="zh",
        licence="for research (CHIP 2020, CBLUE); none stated in the repository",
        files=(
            _edukgs(
                "train",
                "zh/cmeie/val_triples.json.xz",
                "data/CMeIE/val_triples.json",
                "de6a34d5cc934b3459a66776a186624bdaa2a92f3a78ded83537abd5e3c933a5",
                "cd17acdda862a25ba260ff8bcef551f4c86e0aaa762a990990c5de3a0d444d95",
            ),
        ),
        reader=relation_readers.cmeie,
        columns=_TRIPLES,
        metric="triple_f1",
        protocols=("fitted",),
        rules=(Carve("train", into="dev", n=720, seed=0, stratify=False),),
        notes=f"Medicine. The official dev set alone, 3,585 texts: 720 of them are dev. {_BY_NAME}",
    ),
)
