"""English correctors that work out of the box, word by word, and the line of no change.

A text is cut into words, each is corrected on its own, and what was corrected is put back: marks, layout and all that a
corrector leaves alone stay as they were. Words with digits are left alone, and a correction gets the capitals of the
word that it stands for. That is the same for all of them, and so is that a word is asked for once: answers are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import Size, code_digest, identity, package_folder, package_version, peer
from slmkit.benchmarks.words import WORD, in_case_of
from slmkit.errors import InputError

_DISTANCE = 2  # of edits, the default of those that have one


class NoChange:
    """Gives every text back as it is: the zero line."""

    name = "no-change"
    version = "1"

    def __init__(self, dataset: Dataset, protocol: str) -> None:
        pass

    def fingerprint(self) -> str:
        """Constant for a version."""
        return identity(self.name, self.version)

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Learns nothing."""

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """The inputs."""
        return list(inputs)

    def size(self) -> Size:
        """Nothing is kept."""
        return Size(parameters=0, bytes=0)


class Speller:
    """A corrector as it ships. Adapters add ``_load``, which answers what corrects a text."""

    name = ""
    version = "1"
    _distribution = ""
    _module = ""
    _data: tuple[str, ...] = ()

    def __init__(self, dataset: Dataset, protocol: str) -> None:
        self._correct: Callable[[str], str] | None = None

    def fingerprint(self) -> str:
        """The package's version and this adapter's code."""
        return identity(self.name, self.version, package_version(self._distribution), code_digest([Path(__file__)]))

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Refused: these are measured as shipped."""
        raise InputError(f"{self.name} is measured as shipped; it is not fitted")

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """Each text, corrected."""
        if self._correct is None:
            self._correct = self._load()
        return [self._correct(text) for text in inputs]

    def size(self) -> Size:
        """Bytes of the dictionaries; their entries are not counted as parameters."""
        folder = package_folder(self._module, self._distribution)
        return Size(None, sum(Path(folder, name).stat().st_size for name in self._data))

    def _load(self) -> Callable[[str], str]:
        raise NotImplementedError


def word_by_word(correct: Callable[[str], str], *, lower: bool = True) -> Callable[[str], str]:
    """What corrects a text, from what corrects a word; with ``lower`` it is asked for words in lower case."""
    known: dict[str, str] = {}

    def of_word(word: str) -> str:
        asked = (word.lower() if lower else word).replace("’", "'")
        if len(word) == 1 or any(c.isdigit() for c in word):
            return word
        if asked not in known:
            known[asked] = correct(asked)
        found = known[asked]
        # What differs in case only, or was shown with another apostrophe, was not corrected.
        return word if found.lower() == asked.lower() else in_case_of(word, found)

    return lambda text: WORD.sub(lambda match: of_word(match[0]), text)


class SymSpell(Speller):
    """symspellpy's best look-up of each word, with the frequency list of 82,765 words that it ships."""

    name = "symspell"
    _distribution, _module = "symspellpy", "symspellpy"
    _data: tuple[str, ...] = ("frequency_dictionary_en_82_765.txt",)

    def _load(self) -> Callable[[str], str]:
        speller, best = self._speller(), peer("symspellpy", "symspellpy").Verbosity.TOP

        def correct(word: str) -> str:
            return speller.lookup(word, best, max_edit_distance=_DISTANCE, include_unknown=True)[0].term

        return word_by_word(correct)

    def _speller(self) -> Any:
        speller = peer("symspellpy", "symspellpy").SymSpell(max_dictionary_edit_distance=_DISTANCE)
        folder = package_folder(self._module, self._distribution)
        speller.load_dictionary(folder / self._data[0], term_index=0, count_index=1)
        for pairs in self._data[1:]:
            speller.load_bigram_dictionary(folder / pairs, term_index=0, count_index=2)
        return speller


class SymSpellCompound(SymSpell):
    """symspellpy's ``lookup_compound`` with its pairs of words, over each run of words with spaces between them."""

    name = "symspell-compound"
    _data = (*SymSpell._data, "frequency_bigramdictionary_en_243_342.txt")
    _run = re.compile(rf"{WORD.pattern}(?: {WORD.pattern})*")

    def _load(self) -> Callable[[str], str]:
        speller = self._speller()

        def correct(match: re.Match[str]) -> str:
            found = speller.lookup_compound(match[0], _DISTANCE, ignore_non_words=True, transfer_casing=True)
            return found[0].term

        return lambda text: self._run.sub(correct, text)


class PySpellChecker(Speller):
    """pyspellchecker's likeliest correction."""

    name = "pyspellchecker"
    _distribution, _module = "pyspellchecker", "spellchecker"
    _data = ("resources/en.json.gz",)

    def _load(self) -> Callable[[str], str]:
        speller = peer("spellchecker", "pyspellchecker").SpellChecker()
        return word_by_word(lambda word: speller.correction(word) or word)


class Spylls(Speller):
    """Hunspell by spylls: the first suggestion of its American dictionary for a word that is not in it."""

    name = "spylls"
    _distribution, _module = "spylls", "spylls"
    _data = ("hunspell/data/en/en_US.aff", "hunspell/data/en/en_US.dic")

    def _load(self) -> Callable[[str], str]:
        files = package_folder(self._module, self._distribution) / "hunspell" / "data" / "en" / "en_US"
        dictionary = peer("spylls.hunspell", "spylls").Dictionary.from_files(str(files))

        def correct(word: str) -> str:
            return word if dictionary.lookup(word) else next(iter(dictionary.suggest(word)), word)

        return word_by_word(correct, lower=False)


class TextBlobSpelling(Speller):
    """TextBlob's ``Word.correct``; its dictionary has no capitals."""

    name = "textblob-spelling"
    _distribution, _module = "textblob", "textblob"
    _data = ("en/en-spelling.txt",)

    def _load(self) -> Callable[[str], str]:
        word_of = peer("textblob", "textblob").Word
        return word_by_word(lambda word: str(word_of(word).correct()))


class PyCorrector(Speller):
    """The correctors of pycorrector that need no download.

    English: ``EnSpellCorrector``, word by word. Chinese: ``ProperCorrector``, which knows idioms and terms. The others
    are left out: ``ConfusionCorrector`` ships no entries, ``Corrector`` and the neural ones need files from elsewhere.
    """

    name = "pycorrector"
    _distribution, _module = "pycorrector", "pycorrector"

    def __init__(self, dataset: Dataset, protocol: str) -> None:
        super().__init__(dataset, protocol)
        self._english = dataset.language == "en"
        files = ("en.json.gz",) if self._english else ("proper_name.txt", "stroke.txt")
        self._data = tuple(f"data/{name}" for name in files)

    def _load(self) -> Callable[[str], str]:
        peer("loguru", "loguru").logger.disable("pycorrector")
        if self._english:
            return word_by_word(peer("pycorrector.en_spell_corrector", "pycorrector").EnSpellCorrector().correct_word)
        corrector = peer("pycorrector.proper_corrector", "pycorrector").ProperCorrector()
        return lambda text: corrector.correct(text)["target"]
