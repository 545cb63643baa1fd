"""Reading comprehension beside CMRC 2018, and questions asked of a whole corpus."""

from __future__ import annotations

from slmkit.benchmarks.datasets import readers, reading_readers
from slmkit.benchmarks.datasets.base import DataFile, Dataset
from slmkit.benchmarks.datasets.corpora import Corpus
from slmkit.benchmarks.datasets.retrieval_readers import by_split

_ANSWERED = "Every question has an answer: systems give the one that they find likeliest."
_CARVED = (
    "About a fifth of the articles, chosen by a hash of their titles, are dev with all their questions, and the "
    "shipped reader learns from the others. "
)


def _new_wiki(split: str) -> DataFile:
    return DataFile(
        split=split,
        path="en/squadshifts/new_wiki_v1.0.json.xz",
        sha256="fb0143cd47e474cbfede4c4b0d9a401a94cedc21684d0a9ff69e07227f392192",
        raw_sha256="1d50a0ca4cdab88d038b52ea8a2d0510af6038d7f41a0a256b9659237769d0ee",
        repo="modestyachts/squadshifts-website",
        commit="b7cc4d50af791c36c49417fb94dd739d6a9e7bef",
        source="datasets/new_wiki_v1.0.json",
    )


def _drcd(split: str) -> DataFile:
    return DataFile(
        split=split,
        path="zh/drcd/DRCD_dev.json.xz",
        sha256="f90caefe1f317ea4f0a669332adccec49f6e4ef6d71f2cb08ae0568eccfa4d51",
        raw_sha256="e236df03861ba241bd7b29628cd48b3b8e339c60137e041a4358b5320ed61928",
        repo="DRCKnowledgeTeam/DRCD",
        commit="b944790de5af02c5fbb7cd9cb1473d27d169eebf",
        source="DRCD_dev.json",
    )


def _cail(split: str) -> DataFile:
    return DataFile(
        split=split,
        path="zh/cail2019_rc/dev_ground_truth.json.xz",
        sha256="bb2ee3e2eba9b0524da7c5038bad8b137b4c255760304a962e2f5ef0632cd928",
        raw_sha256="5b93979df9085fcf1b3f72481aa19e6625c4b2da175925d4c9a90f6494c4ef8b",
        repo="china-ai-law-challenge/CAIL2019",
        commit="010ebcedb4a1faf0ae25576254d134fa518e4830",
        source="阅读理解/data/dev_ground_truth.json",
    )


_DRCD_TEST = DataFile(
    split="test",
    path="zh/drcd/DRCD_test.json.xz",
    sha256="ff9c7bdc7ab49a08e01f50181fa67284d86b98122423b3ff5840d8cdee6a1367",
    repo="DRCKnowledgeTeam/DRCD",
    commit="b944790de5af02c5fbb7cd9cb1473d27d169eebf",
    source="DRCD_test.json",
)
_CMRC_DEV = DataFile(
    split="dev",
    path="zh/cmrc2018/cmrc2018_trial.json.xz",
    sha256="c829568e271f27564d62520a4ee18c5bb7233572d4222325be285db4365878fb",
    raw_sha256="f3fae95b57da8e03afb2b57467dd221417060ef4d82db13bf22fc88589f3a6f3",
    repo="ymcui/cmrc2018",
    commit="c0eb1b6ba219847457e6af3180da722bbeb656af",
    source="squad-style-data/cmrc2018_trial.json",
)
_CMRC_TEST = DataFile(
    split="test",
    path="zh/cmrc2018/cmrc2018_dev.json.xz",
    sha256="f833a4d3d6a005103ea60d197c9206a61008817a9fcb6e94e78724c4f15239f8",
    repo="ymcui/cmrc2018",
    commit="c0eb1b6ba219847457e6af3180da722bbeb656af",
    source="squad-style-data/cmrc2018_dev.json",
)
_CMRC_TRAIN = DataFile(
    split="corpus",
    path="zh/cmrc2018/train-pseudo-cmrc2018.json.xz",
    sha256="5caa6532dad42d12dd3fda26634652dde67910ac5aa689ea61f26623c20e4a06",
    raw_sha256="23ac5ce2d7b3ecc0edee5a677734556c78ff726639366523ff89dd7c81d47867",
    repo="ymcui/expmrc",
    commit="9827fed6466f295252f9054c56ec7b233d46e636",
    source="pseudo_training_data/train-pseudo-cmrc2018.zip",
)
_TRAIN = reading_readers.carved_squad(held_out=False)
_DEV = reading_readers.carved_squad(held_out=True)
_PAIRS = reading_readers.questions_of(readers.squad)

READING = (
    Dataset(
        name="squadshifts-new-wiki",
        version="1",
        task="reading",
        language="en",
        licence="none stated in the repository (believed CC-BY-4.0)",
        files=(_new_wiki("train"), _new_wiki("dev")),
        reader=by_split({"train": _TRAIN, "dev": _DEV}),
        columns=("context", "question", "answers"),
        metric="squad_f1",
        protocols=("fitted", "shipped"),
        notes=f"The new Wikipedia articles of SQuADShifts. {_CARVED}{_ANSWERED}",
    ),
    Dataset(
        name="drcd",
        version="1",
        task="reading",
        language="zh",
        licence="CC-BY-SA-3.0",
        files=(_drcd("train"), _drcd("dev"), _DRCD_TEST),
        reader=by_split({"train": _TRAIN, "dev": _DEV, "test": readers.squad}),
        columns=("context", "question", "answers"),
        metric="cmrc_f1",
        protocols=("fitted", "shipped"),
        notes=f"Traditional Chinese, given as it is; the dev file serves as train and dev. {_CARVED}{_ANSWERED}",
    ),
    Dataset(
        name="cail2019",
        version="1",
        task="reading",
        language="zh",
        licence="none stated (CAIL 2019 challenge data)",
        files=(
            _cail("train"),
            _cail("dev"),
            DataFile(
                split="test",
                path="zh/cail2019_rc/test_ground_truth.json.xz",
                sha256="9df25afa89e9616d64b9188dc7bf96ce38bb7d6c9ec1d0402ce49b8032bf98bc",
                repo="china-ai-law-challenge/CAIL2019",
                commit="010ebcedb4a1faf0ae25576254d134fa518e4830",
                source="阅读理解/data/test_ground_truth.json",
            ),
        ),
        reader=by_split(
            {
                "train": reading_readers.carved_cases(held_out=False),
                "dev": reading_readers.carved_cases(held_out=True),
                "test": reading_readers.whole_cases,
            }
        ),
        columns=("context", "question", "answers"),
        metric="cail_f1",
        protocols=("fitted", "shipped"),
        notes="Legal cases; of some questions the case does not tell the answer. The dev file serves as train and dev: "
        "about a fifth of the cases, chosen by a hash of their text, are dev, and the shipped reader learns from the "
        "others. Questions that an annotator answered by yes or no are left out.",
    ),
    Dataset(
        name="cmrc2018-qa",
        version="1",
        task="qa",
        language="zh",
        licence="CC-BY-SA-4.0",
        files=(_CMRC_DEV, _CMRC_TRAIN, _CMRC_TEST),
        reader=_PAIRS,
        columns=("question", "answers and documents"),
        metric="qa_f1",
        protocols=("shipped",),
        rules=(Corpus("dev", more="corpus"), Corpus("test", more="corpus")),
        notes="Questions alone, over the paragraphs of their own file and of the training file: which answer, and from "
        "which paragraph. The official trial set serves as dev and the official dev set as test.",
    ),
    Dataset(
        name="drcd-qa",
        version="1",
        task="qa",
        language="zh",
        licence="CC-BY-SA-3.0",
        files=(_drcd("dev"), _drcd("corpus"), _DRCD_TEST),
        reader=by_split({"dev": reading_readers.questions_of(_DEV), "corpus": _PAIRS, "test": _PAIRS}),
        columns=("question", "answers and documents"),
        metric="qa_f1",
        protocols=("shipped",),
        rules=(Corpus("dev", more="corpus"), Corpus("test", more="corpus")),
        notes="Traditional Chinese, given as it is. Questions alone, over all paragraphs of the dev file (for test, of "
        f"the test file too): which answer, and from which paragraph. {_CARVED.strip()}",
    ),
)
