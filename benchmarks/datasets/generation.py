"""Text from data, and text that goes on."""

from __future__ import annotations

from slmkit.benchmarks.datasets import text_readers
from slmkit.benchmarks.datasets.base import DataFile, Dataset, Writing
from slmkit.benchmarks.datasets.entities_shipped import PEOPLES_DAILY
from slmkit.benchmarks.datasets.splits import Sample
from slmkit.benchmarks.datasets.texts import Gather

GENERATION = (
    Dataset(
        name="e2e_nlg",
        version="1",
        task="generation",
        language="en",
        licence="CC-BY-SA-4.0",
        files=(
            DataFile(
                split="train",
                path="en/e2e_nlg/trainset.csv.xz",
                sha256="68f1f0065cb41ae29d2bb9b86d34644658a9cf64d75093183863bce6e1fa99b7",
                raw_sha256="f27d48df45815288ab15619d47a79028c300fbb7f42e373668aba0b98c1d57c6",
                repo="stefan-codes/TransformersNLG",
                commit="ac97c7059df211131a5766ec43ac9522d6b0551e",
                source="data/e2e-dataset.zip!e2e-dataset/trainset.csv",
            ),
            DataFile(
                split="dev",
                path="en/e2e_nlg/devset.csv.xz",
                sha256="f3446c720a8dc3fe857a966d16334b181dd0196047ea82ad6be928208d499f01",
                raw_sha256="fc26b78cdb849c80545f513b223d1e051138b43882eeb79e3eb153e689c864f9",
                repo="stefan-codes/TransformersNLG",
                commit="ac97c7059df211131a5766ec43ac9522d6b0551e",
                source="data/e2e-dataset.zip!e2e-dataset/devset.csv",
            ),
            DataFile(
                split="test",
                path="en/e2e_nlg/testset_w_refs.csv.xz",
                sha256="20d530cd6cc0be756246dc08c43997196b7f6b33a5ed057ab9a8712b87380c0f",
                repo="stefan-codes/TransformersNLG",
                commit="ac97c7059df211131a5766ec43ac9522d6b0551e",
                source="data/e2e-dataset.zip!e2e-dataset/testset_w_refs.csv",
            ),
        ),
        reader=text_readers.csv_source_target(source="mr", target="ref"),
        columns=("meaning", "text"),
        metric="bleu",
        protocols=("fitted", "shipped"),
        rules=(*map(Gather, ("train", "dev", "test")),),
        writing=Writing(start="describe"),
        notes="A row is a meaning representation with all its texts: 547 in dev, 4,862 in train. The train rows are "
        "part of what the shipped weights learned from.",
    ),
    Dataset(
        name="wikitext2",
        version="1",
        task="continuation",
        language="en",
        licence="CC-BY-SA-3.0",
        files=(
            DataFile(
                split="dev",
                path="en/wikitext2/valid.txt.xz",
                sha256="abef5d52146e55534f5bf3dbd976091780771a25be5553aaea57bf834146708c",
                raw_sha256="f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8",
                repo="pytorch/examples",
                commit="77f55b912142e11fcfdf5b530231fb9c52f181e8",
                source="word_language_model/data/wikitext-2/valid.txt",
            ),
            DataFile(
                split="test",
                path="en/wikitext2/test.txt.xz",
                sha256="368c561ea5ee496f371cd1086520dc54c22f17f0d6bf0ceb3d25a0a000ec4632",
                repo="pytorch/examples",
                commit="77f55b912142e11fcfdf5b530231fb9c52f181e8",
                source="word_language_model/data/wikitext-2/test.txt",
            ),
        ),
        reader=text_readers.wiki_paragraphs,
        columns=("beginning", "rest"),
        metric="bits_per_byte",
        protocols=("shipped",),
        rules=(
            Sample("dev", n=500, stratify=False),
            Sample("test", n=500, stratify=False),
        ),
        notes="500 paragraphs of the release in words and <unk>: the first half is read, the second is what is "
        "predicted. The spaces that its tokenizer put round marks are taken out.",
    ),
    Dataset(
        name="peoplesdaily-text",
        version="1",
        task="continuation",
        language="zh",
        licence="corpus for research use",
        files=(PEOPLES_DAILY,),
        reader=text_readers.column_sentences,
        columns=("beginning", "rest"),
        metric="bits_per_byte",
        protocols=("shipped",),
        rules=(Sample("dev", n=500, stratify=False),),
        notes="500 sentences of newspaper text without their tags: the first half is read, the second is what is "
        "predicted. The decoder learned from none of them; half stand in msra-ner, whose tags the encoder learned.",
    ),
)
