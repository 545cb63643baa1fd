"""Entities: sets for the recognizer as shipped, of its own types, and of types that it never saw, by their names."""

from __future__ import annotations

from dataclasses import replace

from slmkit.benchmarks.datasets.base import DataFile, Dataset
from slmkit.benchmarks.datasets.entities import FITTED_ENTITIES
from slmkit.benchmarks.datasets.entity_readers import column_entities, token_entities
from slmkit.benchmarks.datasets.spans import SPANS
from slmkit.benchmarks.datasets.splits import DropSeen

PEOPLES_DAILY = DataFile(
    split="dev",
    path="zh/peoplesdaily-ner/dev.txt.xz",
    sha256="9b9b9cc2aaf8d932b4c135623f3c7a1e9c9d086dcf1d351d57f89654f7b0d143",
    raw_sha256="a0a24b68e1c3b9123d78660775d9fbedeb38f221263154c07a8811a64f2fc06d",
    repo="ymcui/Chinese-BERT-wwm",
    commit="f6410cbd89c49dee8a42a7f7d94d9cca87b431aa",
    source="data/peopledaily/peopledaily.zip",
    derived="it stands in a zip archive under a name that was not kept",
)
_COLUMNS = ("text", "entities")
_UNSEEN = "Types by their names (slmkit.tasks.knowledge.entities.inventories); no text of this set was trained on."


def _wikiann(split: str, sha256: str, raw_sha256: str = "") -> DataFile:
    return DataFile(
        split=split,
        path=f"en/wikiann_en/{split}.xz",
        sha256=sha256,
        raw_sha256=raw_sha256,
        repo="davidsbatista/NER-datasets",
        commit="db7ff3ca4ba1df39907f8bdc036a556fed5ecde7",
        source=f"WikiANN/en/{split}",
    )


def _ade(split: str, name: str, sha256: str) -> DataFile:
    return DataFile(
        split=split,
        path=f"en/ade/{name}.ADE0.json",
        sha256=sha256,
        repo="LorrinWWW/two-are-better-than-one",
        commit="a75de25e436a02f58bc512de2f841d621be40daa",
        source=f"datasets/unified/{name}.ADE0.json",
    )


def _scierc(split: str, name: str, sha256: str) -> DataFile:
    return DataFile(
        split=split,
        path=f"en/scierc/ner.{name}",
        sha256=sha256,
        repo="allenai/scibert",
        commit="06793f77d7278898159ed50da30d173cdc8fdea9",
        source=f"data/ner/sciie/{name.removesuffix('.xz')}",
    )


SHIPPED_ENTITIES = (
    Dataset(
        name="wikiann-en",
        version="2",
        task="entities",
        language="en",
        licence="ODC-BY",
        files=(
            _wikiann(
                "train",
                "4b2f22115fcb946d89d54aa748e7e0a629328575bfaa0db8538ed78e1fb2deb1",
                "ca569a937f536cfc7e94291fbf631d394ce0c171af4523d96f366a50bd18b388",
            ),
            _wikiann(
                "dev",
                "33c89d49fecbdc722115314edc30ab84d7c0eb4e31f8a7223f12e9b89b222468",
                "e9e42f79be5eba498ac86b7b81612da5ec5ad3d194df25c2e474514434957cf4",
            ),
            _wikiann("test", "5ca65ef106b736fbe26235d970f79c7d5e8fa2122424a031949573624f6e112e"),
        ),
        reader=column_entities(prefix="en:"),
        columns=_COLUMNS,
        metric="entity_f1",
        protocols=("shipped",),
        rules=(DropSeen("dev", seen_in="train"), DropSeen("test", seen_in="train")),
        notes="Systems' types stand for the set's where they are the same thing; what else they find is left out. The "
        "training file of the set was read with its labels when core and recognizer were made: sentences that stand in "
        "it are left out.",
    ),
    Dataset(
        name="peoplesdaily-ner",
        version="1",
        task="entities",
        language="zh",
        licence="corpus for research use",
        files=(PEOPLES_DAILY,),
        reader=column_entities(),
        columns=_COLUMNS,
        metric="entity_f1",
        protocols=("shipped",),
        rules=(DropSeen("dev", seen_in="msra-ner:train"), DropSeen("dev", seen_in="msra-ner:dev")),
        notes="Half of its sentences stand in msra-ner, which core and recognizer were trained on: they are left out. "
        "Systems' types stand for the set's where they are the same thing.",
    ),
)

_OF = {entry.name: entry for entry in (*SPANS, *FITTED_ENTITIES)}
TYPES_BY_NAME = (
    *(
        replace(_OF[name], name=f"{name}-types", task="types", protocols=("shipped",), notes=_UNSEEN)
        for name in ("cluener2020", "resume-ner", "weibo-ner")
    ),
    Dataset(
        name="ade-types",
        version="1",
        task="types",
        language="en",
        licence="none stated",
        files=(
            _ade("dev", "valid", "c0cdc9ee4026351eee3167f3a3e09a884644683c98e39f1448dc441e9467eaf0"),
            _ade("test", "test", "2f0a7a427ef94b18c187d665e8737ad061f98a9f0b59bf962836bf3b782b931e"),
        ),
        reader=token_entities,
        columns=_COLUMNS,
        metric="entity_f1",
        protocols=("shipped",),
        notes=_UNSEEN,
    ),
    Dataset(
        name="scierc-types",
        version="1",
        task="types",
        language="en",
        licence="research use",
        files=(
            _scierc("dev", "dev.txt", "ed010d9f0f43c59d2a5b9a01aae96ab75bc2427d97327c3083b86708c554ee9c"),
            _scierc("test", "test.txt.xz", "e99cd0773b5ace62d05e01cce4f40b444be42b658200b1d1d4c4bf389dc8cfed"),
        ),
        reader=column_entities(),
        columns=_COLUMNS,
        metric="entity_f1",
        protocols=("shipped",),
        notes=_UNSEEN,
    ),
)
