"""Entities: sets that recognizers are fitted on."""

from __future__ import annotations

from slmkit.benchmarks.datasets.base import DataFile, Dataset
from slmkit.benchmarks.datasets.entity_readers import EveryTenth, column_entities
from slmkit.benchmarks.datasets.splits import DropSeen

_COLUMNS = ("text", "entities")
_NO_TRAIN = "The official train file is not at hand: of the official dev file every tenth sentence is dev here."
_CARVED = (
    "Dev is every tenth sentence; the other nine were read, with their labels, when the core was made, and dev "
    "sentences that also stand among them are left out."
)
_NOT_IN_DEV = "Sentences of dev are left out of train."


def _conll2003(split: str, name: str, sha256: str, raw_sha256: str = "") -> DataFile:
    return DataFile(
        split=split,
        path=f"en/conll2003/{name}.xz",
        sha256=sha256,
        raw_sha256=raw_sha256,
        repo="synalp/NER",
        commit="c0ea07c81ec3512b5047dcd804b0ac2b10a3bdfc",
        source=f"corpus/CoNLL-2003/{name}",
    )


def _wnut17(split: str, name: str, sha256: str, raw_sha256: str = "") -> DataFile:
    return DataFile(
        split=split,
        path=f"en/wnut17/{name}",
        sha256=sha256,
        raw_sha256=raw_sha256,
        repo="leondz/emerging_entities_17",
        commit="e52a2d2a71ac1a051ca2d532eef28653c5c02603",
        source=name.removesuffix(".xz"),
    )


def _resume(split: str, sha256: str, *, packed: bool = False, raw_sha256: str = "") -> DataFile:
    return DataFile(
        split=split,
        path=f"zh/resume-ner/{split}.char.bmes{'.xz' if packed else ''}",
        sha256=sha256,
        raw_sha256=raw_sha256,
        repo="jiesutd/LatticeLSTM",
        commit="24d17f4270f11d2f75046789d8b67eaa2b907dce",
        source=f"ResumeNER/{split}.char.bmes",
    )


def _weibo(split: str, sha256: str, *, packed: bool = False, raw_sha256: str = "") -> DataFile:
    return DataFile(
        split=split,
        path=f"zh/weibo-ner/weiboNER_2nd_conll.{split}{'.xz' if packed else ''}",
        sha256=sha256,
        raw_sha256=raw_sha256,
        repo="OYE93/Chinese-NLP-Corpus",
        commit="e9bb5b5f262466af5d45bcf7ee3380f2cb994907",
        source=f"NER/Weibo/weiboNER_2nd_conll.{split}",
    )


def _aishell(split: str, name: str, sha256: str, raw_sha256: str = "") -> DataFile:
    return DataFile(
        split=split,
        path=f"zh/aishell_ner/{name}.bio.txt.xz",
        sha256=sha256,
        raw_sha256=raw_sha256,
        repo="Alibaba-NLP/AISHELL-NER",
        commit="fb11b6495281bc9bbc2bea7b8bde9eb3c19a4605",
        source=f"data/{name}.bio.txt",
    )


def _fewnerd(split: str, name: str, sha256: str, raw_sha256: str = "") -> DataFile:
    return DataFile(
        split=split,
        path=f"en/fewnerd_structshot/{name}.txt.xz",
        sha256=sha256,
        raw_sha256=raw_sha256,
        repo="antonioloison/structshot",
        commit="e5549d081eee8bc7d452074228e038135aa86f5f",
        source=f"data/fewnerd/{name}.txt",
    )


FITTED_ENTITIES = (
    Dataset(
        name="conll2003",
        version="1",
        task="entities",
        language="en",
        licence="Reuters text: research only (NIST agreement)",
        files=(
            _conll2003(
                "train",
                "eng.train",
                "e80eecf5a7b4a4231b3598c265b2725ce78b6425caad36396c874620de2485ff",
                "eac0822f501353f265383ddf1edb0dcd42a1b6eefd3e383d7074db98c38eb41c",
            ),
            _conll2003(
                "dev",
                "eng.testa",
                "144d1b01cc704f14c53276b7a85696bd1b6003b6c3b148b620435974e13efa5b",
                "aedc4ccbd1ae9795feaa0e86fe72d195b0258abed9d705b630d1c889276fac1e",
            ),
            _conll2003("test", "eng.testb", "ac967da51034a73cf93f98e9c8e99490d4679fc3d5b21996eb55f59ce70bb36e"),
        ),
        reader=column_entities(),
        columns=_COLUMNS,
        metric="entity_f1",
        protocols=("fitted",),
        notes="Sentences are read one by one, without the rest of their document.",
    ),
    Dataset(
        name="wnut17",
        version="1",
        task="entities",
        language="en",
        licence="CC BY 4.0",
        files=(
            _wnut17(
                "train",
                "wnut17train.conll.xz",
                "092a4cf67ab4e98f1678e3a3e87e870f36f3a447d879e754abd69e70d78dcce5",
                "731820e13f71af324c6b55a1575ec2ce59fbaa2a0806f8f0400b98d56cd6a7a5",
            ),
            _wnut17("dev", "emerging.dev.conll", "e053b752b8155113ca66e7db08af5f2f5f43ab993694e4774f1ec5bad42312d8"),
            _wnut17(
                "test", "emerging.test.annotated", "2aa79b764e56ec9264a1b30fdd9b70195bd00ff400b62edd8f399d5f13c178f0"
            ),
        ),
        reader=column_entities(),
        columns=_COLUMNS,
        metric="entity_f1",
        protocols=("fitted",),
        notes="The core read the training file with its labels when it was made.",
    ),
    Dataset(
        name="few-nerd",
        version="1",
        task="entities",
        language="en",
        licence="CC BY-SA 4.0 (unverified)",
        files=(
            _fewnerd(
                "train",
                "dev",
                "4f3342f004f7b6500c14650d071ebdf1744bd3a9e1ac571a31bc4e70bdf42410",
                "79c5e0f708ea4fd8ca70caed0504c7b49e02f82f9c2dd5ebb4a5f701f6681767",
            ),
            _fewnerd("test", "test", "9b5df273832abcf69538f8771d06457a30d1e39f6e5717c474d6018d535c1770"),
        ),
        reader=column_entities(),
        columns=_COLUMNS,
        metric="entity_f1",
        protocols=("fitted",),
        rules=(EveryTenth(), DropSeen("test", seen_in="train")),
        notes=f"Fine types, 36 of the 66; what is of another type is unmarked. {_NO_TRAIN} {_CARVED}",
    ),
    Dataset(
        name="msra-ner",
        version="1",
        task="entities",
        language="zh",
        licence="none stated",
        files=(
            DataFile(
                split="train",
                path="zh/msra-ner/dh_msra.txt.xz",
                sha256="b221c5bfa6732922be674ae66235f0c23eef8645ce7bb762be4f7309c82456ac",
                raw_sha256="89ed9a4292219b9a364b7a6fdbb1285455bd3e4f0a12c9385606266436b8dc44",
                repo="SophonPlus/ChineseNlpCorpus",
                commit="a0b781d72158bde242c0626c9e354d2b328865ff",
                source="datasets/dh_msra/dh_msra.zip",
                derived="2,377 sentences that also stand in the test split were removed",
            ),
            DataFile(
                split="test",
                path="zh/msra-ner/msra_test_bio.txt.xz",
                sha256="99007ffd11e3c8305dd92bd5c235e17950b74a961bf428e9b9d9835fdbba9fc0",
                repo="OYE93/Chinese-NLP-Corpus",
                commit="e9bb5b5f262466af5d45bcf7ee3380f2cb994907",
                source="NER/MSRA/msra_test_bio.txt",
            ),
        ),
        reader=column_entities(),
        columns=_COLUMNS,
        metric="entity_f1",
        protocols=("fitted",),
        rules=(EveryTenth(),),
        notes=_CARVED,
    ),
    Dataset(
        name="resume-ner",
        version="2",
        task="entities",
        language="zh",
        licence="none stated; research use",
        files=(
            _resume(
                "train",
                "dece788c414f6efb72c7e6cb4ea8971b696eb065b071e0165424ad64018c93f2",
                packed=True,
                raw_sha256="93b9bb0be5dd4730121587f9dc1378de3fbbe55cba1c575edec271f822c27be7",
            ),
            _resume("dev", "1b0d67153e6e8543e9444936ed1b107bd843078c282533898085e1a9aa293952"),
            _resume("test", "c4a9f42622819a4b59f66e184d446ebfa89b2f1dbba06e11d70675e59fe7e79b"),
        ),
        reader=column_entities(),
        columns=_COLUMNS,
        metric="entity_f1",
        protocols=("fitted",),
        rules=(DropSeen("train", seen_in="dev"),),
        notes=_NOT_IN_DEV,
    ),
    Dataset(
        name="weibo-ner",
        version="2",
        task="entities",
        language="zh",
        licence="CC BY-SA 3.0 (unverified)",
        files=(
            _weibo(
                "train",
                "40b14695823d3fc78532a9e948709aad510fa4fb94e406fd36096261190d1c42",
                packed=True,
                raw_sha256="4e8954c54ab33b0afc9a8abb85715c47422645cc6d1b49fdb24540f4a427e997",
            ),
            _weibo("dev", "e72730d83aac680505280b6301c879b3ba470d29ac308979d48cdc58ee4907cc"),
            _weibo("test", "faaf6c0ebde5348b935cfd5c89f0f22c9e0779d60667d8b5efbc647b6707d50e"),
        ),
        reader=column_entities(first_character=True),
        columns=_COLUMNS,
        metric="entity_f1",
        protocols=("fitted",),
        rules=(DropSeen("train", seen_in="dev"),),
        notes=f"All eight types, named and nominal mentions together. {_NOT_IN_DEV}",
    ),
    Dataset(
        name="aishell-ner",
        version="1",
        task="entities",
        language="zh",
        licence="Apache-2.0",
        files=(
            _aishell(
                "train",
                "dev",
                "ee2cc06c286bdd1ef0f681108548b1942ecee96a54f101157c786a72fe25148e",
                "e043c2d6af4f19e52505fe3db70f8422c1c752336b8bde4e7c370a292c0cbb95",
            ),
            _aishell("test", "test", "96df30c9e2a6f8ae30672b8ec48b0750063aaa8a0227da2942ce06c4463635ea"),
        ),
        reader=column_entities(),
        columns=_COLUMNS,
        metric="entity_f1",
        protocols=("fitted",),
        rules=(EveryTenth(),),
        notes=f"{_NO_TRAIN} The core read the whole of that file, dev too, with its labels when it was made: its dev "
        "figure flatters, its test figure does not.",
    ),
)
