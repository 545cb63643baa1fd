"""slmkit where spelling is corrected: ``SpellCorrector`` as shipped, or fitted on a set's own sentences."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import slmkit
from slmkit.benchmarks.datasets import Dataset
from slmkit.benchmarks.systems.base import Size, bytes_in, identity, pairs
from slmkit.benchmarks.systems.ours import CORE, NAME, core_size, digest, saved_parameters
from slmkit.errors import DataError, InputError

_CODE = (*CORE, "training/*.py", "tasks/spelling/*.py")


class Spelling:
    """``SpellCorrector`` with its defaults; fitted, it goes on from what ships.

    Args:
        dataset, protocol: what is measured. slm: the core; None takes the shipped one.
        speller: folder of what is measured as shipped; None takes the one that ships with the package.
    """

    name = NAME
    version = slmkit.__version__

    def __init__(self, dataset: Dataset, protocol: str, *, slm: Any = None, speller: Path | None = None) -> None:
        self._fitted, self._slm, self._folder = protocol != "shipped", slm, speller
        self._model: Any = None

    def fingerprint(self) -> str:
        """The core's fingerprint, the speller's, and the code that fits and corrects.

        Raises:
            DataError: no speller ships with this package.
        """
        from slmkit.tasks.spelling import SpellingModel

        core = self._slm or slmkit.load()
        own = SpellingModel.load(shipped(self._folder), slm=core).fingerprint
        return identity(NAME, "speller", core.fingerprint, own, digest(*_CODE))

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Go on from the shipped speller with these sentences."""
        if not self._fitted:
            raise InputError("the speller is measured as shipped here; it is not fitted")
        self._model = self._corrector(seed).fit(*pairs(inputs, labels))

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """The corrected texts."""
        if self._model is None:
            if self._fitted:
                raise InputError("this system is measured fitted; fit it first")
            self._model = self._corrector(0)
        return [made["target"] for made in self._model.predict(list(inputs))]

    def size(self) -> Size:
        """The core, and branch, scorer and lists as saved; what is in the lists is not counted as parameters."""
        if not self._fitted:
            return _size(shipped(self._folder))
        with tempfile.TemporaryDirectory() as place:
            target = Path(place) / "model"
            self._model.save(target)
            return _size(target)

    def _corrector(self, seed: int) -> Any:
        from slmkit.tasks.spelling import SpellCorrector

        return SpellCorrector(model=str(shipped(self._folder)), slm=self._slm, random_state=seed)


def _size(folder: Path) -> Size:
    from safetensors import safe_open

    from slmkit.tasks.spelling.spelling_model import LISTS

    parameters, core_bytes = core_size()
    with safe_open(folder / "model.safetensors", framework="np") as tensors:
        packed = int(tensors.get_slice(LISTS).get_shape()[0])
    return Size(parameters + saved_parameters(folder) - packed, core_bytes + bytes_in(folder))


def shipped(folder: Path | None = None) -> Path:
    """The folder of the speller that ships with this package, or the one that is given.

    Raises:
        DataError: there is none.
    """
    from slmkit.tasks.spelling.corrector import shipped_speller

    found = folder if folder is not None else shipped_speller()
    if not (found / "config.json").is_file():
        raise DataError(f"no speller ships with this package ({found} is not there), so it cannot be measured")
    return found


class Polishing:
    """``Polisher`` with its defaults, as shipped: grammar by the decoder, spelling by the speller if one ships."""

    name = "slmkit-polisher"
    version = slmkit.__version__

    def __init__(self, dataset: Dataset, protocol: str, *, slm: Any = None) -> None:
        self._dataset, self._slm = dataset, slm

    def fingerprint(self) -> str:
        """The core's fingerprint with its decoder's, and the code that writes and judges.

        Raises:
            DataError: the core was not taught to polish.
        """
        core = self._core()
        own = digest(*_CODE, "writing.py", "tasks/generation/*.py")
        speller = Spelling(self._dataset, "shipped", slm=core).fingerprint() if _speller_ships() else ""
        return identity(self.name, core.writing_fingerprint, own, speller)

    def fit(self, inputs: Sequence[Any], labels: Sequence[Any], *, seed: int) -> None:
        """Refused: it is measured as shipped."""
        raise InputError(f"{self.name} is measured as shipped; it is not fitted")

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        """The polished texts."""
        from slmkit.tasks.spelling import Polisher

        return [made["target"] for made in Polisher(slm=self._core()).predict(list(inputs))]

    def size(self) -> Size:
        """The core, and the speller if one ships."""
        if _speller_ships():
            return _size(shipped())
        return Size(*core_size())

    def _core(self) -> Any:
        core = self._slm or slmkit.load()
        decoder = core.config.decoder
        if decoder is None or "clean" not in decoder.starts:
            raise DataError("the core that ships was not taught to polish, so it cannot be measured")
        return core


def _speller_ships() -> bool:
    from slmkit.tasks.spelling.corrector import has_shipped

    return has_shipped()
