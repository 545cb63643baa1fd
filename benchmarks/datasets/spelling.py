"""English spelling: single words, sentences with real misspellings put in, learners' sentences."""

from __future__ import annotations

from slmkit.benchmarks.datasets import spelling_readers, text_readers
from slmkit.benchmarks.datasets.base import DataFile, Dataset
from slmkit.benchmarks.datasets.misspelling import Misspell, References

_PER_SOURCE = 500
# Not 0, by which a limited run draws: of sentences drawn by one seed it would take those first that are unchanged.
_SEED = 1
_MISSPELT = (
    DataFile(
        split="errors",
        path="en/codespell/dictionary.txt.xz",
        sha256="8ab7d507e5b98c3b6a4b69b28a9201e1bf301852ab54fd5f5cca12b57af702cf",
        raw_sha256="7be732661e4058e2565886bebe1085a4bc85cd21fd9b04c53a42734a2411550e",
        repo="codespell-project/codespell",
        commit="b69d26d50765ba513dbd009fce882d4de338037c",
        source="codespell_lib/data/dictionary.txt",
    ),
    DataFile(
        split="clean",
        path="raw/en_wikipedia.jsonl.xz",
        sha256="c9c9adb633ddc6497539fecc97953045ddfdb174d309fb88ccd1ef3ec5d218b2",
        raw_sha256="cbcfc17d68224a5711406a40950970225e2ff6cdf639ef29522bbb237bb0c511",
        repo="Vibhas-hs-edu/WikiTasks",
        commit="ae83861477aa8469ccc5780edcdae5352cdffc43",
        source="text/AA",
        derived="articles drawn at random from this folder (as it stood at 52b1f163137b) and from "
        "ZhouYii/PatchedDistro at 961716d8a5a0 are packed into one file",
    ),
    DataFile(
        split="clean",
        path="raw/en_imdb_train_unsup.jsonl.xz",
        sha256="a4b5874c41e662f9df79c49512394a4b4bd6bb5070c500122b21d5427bfc57ea",
        raw_sha256="eb5c838ba0973f63ac3ab9d74d6d06ddda3cab3b953147835e43763be2b679b2",
        repo="PVidyadhar/Detection-of-Fraud-apps-using-Sentiment-Analysis",
        commit="81406d56e9c006de30f9d50737fd66177a4a1434",
        source="aclImdb/train",
        derived="reviews drawn at random from this folder are packed into one file",
    ),
)


def _misspelt(percent: int) -> Dataset:
    return Dataset(
        name=f"misspelt-{percent}",
        version="1",
        task="spelling",
        language="en",
        licence="Wikipedia CC BY-SA, codespell's dictionary CC-BY-SA-3.0; reviews: none stated (Maas et al. 2011)",
        files=_MISSPELT,
        reader=spelling_readers.sentences_and_misspellings,
        columns=("text", "right"),
        metric="fixed" if percent else "words_changed",
        protocols=("shipped",),
        rules=(Misspell(percent / 100, per_source=_PER_SOURCE, seed=_SEED, careless=("imdb",)),),
        notes=f"500 sentences of Wikipedia and 500 of film reviews, {percent} % of their words misspelt"
        + (
            " as codespell's dictionary has it, of which half the right words are held back for this."
            if percent
            else "."
        ),
    )


def _jfleg(split: str, sums: dict[str, str]) -> tuple[DataFile, ...]:
    return tuple(
        DataFile(
            split=split,
            path=f"en/jfleg/{split}.{side}",
            sha256=sha256,
            repo="keisks/jfleg",
            commit="ee06ff806a208aba815ac45313f4e750a48330a5",
            source=f"{split}/{split}.{side}",
        )
        for side, sha256 in sums.items()
    )


ENGLISH_SPELLING = (
    Dataset(
        name="norvig-words",
        version="1",
        task="spelling",
        language="en",
        licence="none stated (norvig.com; derived from Birkbeck corpus by Roger Mitton, code MIT)",
        files=(
            DataFile(
                split="dev",
                path="en/norvig_spell/spell-testset1.txt",
                sha256="e05159409368d3b10a7852b17e4e2b3a0ac82977fb911b3ac1f69961fffaada7",
                repo="JuventinoLVH/Corrector-ortogr-fico-de-P.-Norvig",
                commit="180043aab5c0d1c85480cea1d8de9ba60eba3495",
                source="spell-testset1.txt",
            ),
            DataFile(
                split="test",
                path="en/norvig_spell/spell-testset2.txt",
                sha256="be36afd409e58473d3f862b189bc2b81d1acd12b05f252641768a9fd6fe42782",
                repo="crj1998/spelling-correction",
                commit="112ea1c4b9d12e2da2c8766d633685330d7604d5",
                source="spell-testset2.txt",
            ),
        ),
        reader=spelling_readers.words_of_test,
        columns=("word", "right"),
        metric="right_word",
        protocols=("shipped",),
        notes="Single wrong words without a sentence round them.",
    ),
    _misspelt(0),
    _misspelt(5),
    _misspelt(10),
    Dataset(
        name="jfleg",
        version="1",
        task="spelling",
        language="en",
        licence="CC-BY-NC-SA-4.0",
        files=(
            *_jfleg(
                "dev",
                {
                    "src": "4a0e8b86d18a1058460ff0a592dac1ba68986d135256efbd27e997ac43f295f8",
                    "ref0": "adea6287c6e2240b7777e63cd56f8e228e742bbfb42c5152bc0bd2bc91f4e53e",
                    "ref1": "d40d56ec7468ddab03fdcca97065ab3f9d391d749dbc7097b7c777a19ce4242e",
                    "ref2": "b070691d633e0c4143d96ba21299ae71cb126086517d2970df47420842067793",
                    "ref3": "9187fd834693fa77d07957991282d32d61ff84a207c25cbfab318c871bacdbc4",
                },
            ),
            *_jfleg(
                "test",
                {
                    "src": "893db119162487aa7f956b65978453576919e6797cd6c1955f93b7a8b9f4bbd8",
                    "ref0": "875953280a3ea1dea2827337b1778c0105f0c0aa79f2517a6e0e42db5e5e170c",
                    "ref1": "190d3398f2765f54a39b5489d1e96c483412a656086c731f8712ad0591087d80",
                    "ref2": "0e3c6abe934ccd16c9dffb2fd889d6f55afc3ad13a63c1e148c720bb4e99046b",
                    "ref3": "19f49de6eff813b26505ecf756c20dc301aeb80696696b01ca950298f6e58441",
                },
            ),
        ),
        reader=text_readers.one_side,
        columns=("text", "right"),
        metric="gleu",
        protocols=("shipped",),
        rules=(References("dev"), References("test")),
        notes="Non-commercial: measured, no part of the shipped weights. Learners' sentences, four fluent rewritings "
        "each; spelling is a part of what is wrong with them.",
    ),
)
