"""Chinese spelling: pupils and learners, law and medicine, domains that nothing is trained on, clean news."""

from __future__ import annotations

from slmkit.benchmarks.datasets import spelling_readers
from slmkit.benchmarks.datasets.base import DataFile, Dataset, Reader, Rule
from slmkit.benchmarks.datasets.misspelling import CarveSentences
from slmkit.benchmarks.datasets.splits import Sample

_PAIR = ("text", "right")
_ECSPELL = "Aopolin-Lv/ECSpell"
_ECSPELL_COMMIT = "f19014cc94c65459168186955ca9618d0a55ae67"


def _entry(
    name: str, *files: DataFile, reader: Reader, licence: str, notes: str, rules: tuple[Rule, ...] = ()
) -> Dataset:
    return Dataset(
        name=name,
        version="1",
        task="spelling",
        language="zh",
        licence=licence,
        files=files,
        reader=reader,
        columns=_PAIR,
        metric="sentence_correction_f1",
        protocols=("shipped",),
        rules=rules,
        notes=notes,
    )


def _sighan(year: int, split: str, sha256: str, raw_sha256: str = "") -> Dataset:
    file = DataFile(
        split=split,
        path=f"zh/sighan-csc/test{year}.txt.xz",
        sha256=sha256,
        raw_sha256=raw_sha256,
        repo=_ECSPELL,
        commit=_ECSPELL_COMMIT,
        source=f"csc_evaluation/data/basedata/simplified/test{year}.txt",
    )
    return _entry(
        f"sighan{year - 2000}",
        file,
        reader=spelling_readers.flagged_pairs,
        licence="repository MIT; SIGHAN data for research",
        notes=f"The test set of the bake-off of {year}, made simplified"
        + (", taken as dev; nearly all of its sentences have errors." if split == "dev" else "."),
    )


def _ecspell(domain: str, train: str, raw_train: str, test: str) -> Dataset:
    return _entry(
        f"ecspell-{domain}",
        DataFile(
            split="train",
            path=f"zh/ecspell-csc/{domain}.train.xz",
            sha256=train,
            raw_sha256=raw_train,
            repo=_ECSPELL,
            commit=_ECSPELL_COMMIT,
            source=f"Data/domains_data/{domain}.train",
        ),
        DataFile(
            split="test",
            path=f"zh/ecspell-csc/{domain}.test",
            sha256=test,
            repo=_ECSPELL,
            commit=_ECSPELL_COMMIT,
            source=f"Data/domains_data/{domain}.test",
        ),
        reader=spelling_readers.flagged_pairs,
        licence="repository MIT",
        rules=(CarveSentences(),),
        notes="dev is the quarter of the train file whose right sentences are held back from training.",
    )


def _lemon(domain: str, split: str, sha256: str, raw_sha256: str = "", *, packed: bool = True) -> Dataset:
    file = DataFile(
        split=split,
        path=f"zh/lemon-csc/{domain}.txt" + ".xz" * packed,
        sha256=sha256,
        raw_sha256=raw_sha256,
        repo="gingasan/lemon",
        commit="5279eb90322806ea821cf922ad96a74b1fe761cf",
        source=f"lemon_v2/{domain}.txt",
    )
    return _entry(
        f"lemon-{domain}",
        file,
        reader=spelling_readers.spaced_pairs,
        licence="none stated",
        notes="Off-domain: nothing is trained on this set"
        + ("; its release has no dev part, so the test set stands for it." if split == "dev" else "."),
    )


CHINESE_SPELLING = (
    _sighan(
        2013,
        "dev",
        "b73b60522c963b4839a736ffcb3fc267784d793e5339bcfc95349fd789661768",
        "6580dd8b3d5a8fc702ef3458508cb47a85ee30b13cf8d173323433c049720b99",
    ),
    _sighan(2014, "test", "e5dad34fca68e5c180998ed47b6caaee723d87e817c7c24a8cf319dc9f35d807"),
    _sighan(2015, "test", "e3af60298b08af7d1f374ba7b37fc978c5295788bd40f9e67ba45eb9d59aded2"),
    _ecspell(
        "law",
        "e0e5b04c365007e822468c8e73ae4a55e3dfce7a23d6c89a6793c09fa7313455",
        "ebc76a500823c649b540ea3e74982342d02cd26c2155a4662a9c3327edfaece2",
        "2b8309bd0681b9d3f2f95425c5b5694d0bb5fbe5580f1d7ad3ef9376c54c312a",
    ),
    _ecspell(
        "med",
        "f2c1cc4812af9869c81d29e206307da23943e2547e64cdb3932a03db739ae833",
        "c6b0d3d09d826bdaed00038c388ce8990e684bb222abe4a67d3d8c5a2e63806d",
        "27e3ebb576a078439d999ba64d34209a62b6962d9954a8e0c6c48061190600a6",
    ),
    _ecspell(
        "odw",
        "20537789e2abd66f2ead2c25ad21054de0a1367010a1a54337aa9435cd5c43c5",
        "b167364d19fbaa6e61cb00eba50c36f1a3bc876dbea148863178fbbf10c33cf5",
        "293b00539d19eea891b47c705a878022469078fbb0011f587ce11c8b5858099e",
    ),
    _lemon(
        "car",
        "dev",
        "bce86442d23c3d485c78909652f05114281f8c2e3947587072dcf8d523910135",
        "9b7066f968463a837ca09bf477b0d88c21fb4a1df6167a8fbbaf274f784b5934",
    ),
    _lemon(
        "cot",
        "dev",
        "49feea65e902380bf94b62177644b2ab509857e6c4b88f0685bfaf66ad2230af",
        "a3532f4d805a382c02bfbed48cc64856d0eba74337faffd9a0606b13f5d02f39",
    ),
    _lemon("enc", "test", "92c263f455bd55bba258717b3bb54ecdcaff57b3e0694adb0408f5cd226c9923"),
    _lemon("gam", "test", "7e902c67cb6f5a26862279a2ebc80824fed766432031126088ca9653530facb0", packed=False),
    _lemon("mec", "test", "0c9059af811eab3cd4af1d3b2ca7b0fc00a2e0f8284cc94c5603853c2f3c39e6"),
    _lemon("new", "test", "b3a6e23393bbfe7774cf8f410631644ad1af1be8dd59e5fd7e2e7f591f716a3e"),
    _lemon("nov", "test", "f21f0da8de43e2fd074325c156659d4a607a40e31c5e66a75eb1cc8fb765e95b"),
    Dataset(
        name="clean-news",
        version="1",
        task="spelling",
        language="zh",
        licence="repository MIT; text of CCTV, no licence stated",
        files=(
            DataFile(
                split="dev",
                path="raw/zh_news_xwlb.jsonl.xz",
                sha256="49052f3937ca741fba5d98ad549d5425cd3ac308cdf1053dbf1f0596a1f3f6e4",
                raw_sha256="b8bf675a16f5440b6441e4c2b7c6cee5c4d7f33afb6a5ed32e817219d766c701",
                repo="china-data/xwlb",
                commit="0db698b29f1b4cf8b3809ba88c50238ab3cfcdff",
                source="assets",
                derived="days drawn at random from this folder (as it stood at 710ba229765c) are packed into one file",
            ),
        ),
        reader=spelling_readers.chinese_sentences,
        columns=_PAIR,
        metric="sentences_changed",
        protocols=("shipped",),
        rules=(Sample("dev", n=5000, stratify=False),),
        notes="5,000 sentences of broadcast news, right as they stand: every change is a false alarm. Their documents "
        "are held back from training on spelling, though not from pretraining.",
    ),
)
