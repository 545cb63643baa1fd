"""What is fitted on a core and saved without it: a folder of settings and tensors, bound to the core's fingerprint."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from torch import Tensor

from slmkit import checkpoint
from slmkit.core import load as load_core
from slmkit.errors import CheckpointError
from slmkit.tasks.model_card import NAME, model_card

if TYPE_CHECKING:
    from slmkit.core import SLM

_Part = TypeVar("_Part", bound="SavedPart")
# What reading a config, or a model refusing what it says, raises.
_MISFIT = (AttributeError, KeyError, TypeError, ValueError, RuntimeError)


class SavedPart:
    """A model that stands on a core. Subclasses say what is kept of them and how they are made from it again.

    Attributes:
        kind, format: of the folder. slm: the core it was fitted on. tensors: as they are stored.
        about: how it was made, as plain data; saved along.
    """

    kind: ClassVar[str]
    format: ClassVar[int] = 1
    slm: SLM
    tensors: dict[str, Tensor]
    about: dict[str, Any]

    def settings(self) -> dict[str, Any]:
        """What the folder's config holds, besides the core's fingerprint and ``about``."""
        raise NotImplementedError

    def stored(self) -> Mapping[str, Tensor]:
        """The tensors that are written."""
        return self.tensors

    @classmethod
    def restored(
        cls: type[_Part], slm: SLM, config: Mapping[str, Any], tensors: dict[str, Tensor], folder: Path
    ) -> _Part:
        """The model that ``settings`` and ``stored`` were taken from; ``folder`` serves messages."""
        raise NotImplementedError

    @staticmethod
    def shipped_core() -> SLM:
        """What such a model stands on unless the caller says otherwise."""
        return load_core()

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hex digits that change with the core, the settings or any weight."""
        return checkpoint.fingerprint(*self._contents())

    def _contents(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        config = {"format": self.format, "core": self.slm.fingerprint, **self.settings(), "about": self.about}
        return config, {checkpoint.MODEL: checkpoint.tensors_to_bytes(self.stored())}

    def save(self, folder: str | Path, **about: Any) -> None:
        """Write what was fitted, and a README that says so; the core is named by its fingerprint and not written.

        Args:
            folder: made if it is not there. **about: plain data that is added to the model's ``about`` in the file.
        """
        config, files = self._contents()
        config = {"kind": self.kind, **config, "about": {**self.about, **about}}
        checkpoint.write_folder(Path(folder), config, files)
        ngrams = any(name.startswith("ngrams.") for name in self.stored())
        card = model_card(config, Path(folder).name, ngrams=ngrams)
        checkpoint.write_atomically(Path(folder) / NAME, card.encode("utf-8", "surrogatepass"))

    @classmethod
    def load(cls: type[_Part], folder: str | Path, *, slm: SLM | None = None) -> _Part:
        """Read what ``save`` wrote.

        Args:
            folder: the folder. slm: the core; None takes the one that ships with the package.

        Raises:
            CheckpointError: the folder is missing, damaged, newer than this package, or belongs to another core.
        """
        folder = Path(folder)
        slm = slm if slm is not None else cls.shipped_core()
        config, tensors = checkpoint.read_part(folder, cls.kind, newest=cls.format, core=slm.fingerprint)
        try:
            return cls.restored(slm, config, tensors, folder)
        except _MISFIT as error:
            raise CheckpointError(f"{folder / checkpoint.MODEL} does not fit its config: {error!r}") from error
