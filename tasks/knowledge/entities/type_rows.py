"""Types by name: what a head has to know of a type, made from the vector of its name.

A name that means something like the names of training then finds something like what these named (the idea of
GLiNER, Zaratiana et al. 2023, arXiv:2311.08526, here with the name's vector made once and not read beside each text).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from slmkit.core import SLM
from slmkit.errors import InputError
from slmkit.tasks.knowledge.entities.inventories import ALTERNATIVES
from slmkit.tasks.knowledge.pointing import Rows

TYPE_ROWS = "type_rows."
_SPREAD = 0.0015  # so that rows begin as large as those of a fresh linear layer


class TypeRows(nn.Module):
    """A linear map from the vectors of names to the rows of pointer and tagger.

    Args:
        width: of the states that the rows read. size: of the names' vectors.
        center: mean of the vectors of many names ``(size,)``, taken off each: what all of them share says nothing.
    """

    center: Tensor

    def __init__(self, width: int, size: int, center: Tensor | None = None) -> None:
        super().__init__()
        self.width = width
        self.register_buffer("center", torch.zeros(size) if center is None else center.float())
        self.linear = nn.Linear(size, 4 * (width + 1))
        nn.init.normal_(self.linear.weight, std=_SPREAD)
        nn.init.zeros_(self.linear.bias)

    def forward(self, vectors: Tensor) -> tuple[Rows, Rows]:
        """Shape: names ``(kinds, size)`` -> rows of ``Pointer`` and of ``Tagger``, ``(2 * kinds, width)`` each."""
        own = F.normalize(vectors - self.center, dim=-1) * vectors.shape[-1] ** 0.5
        made = self.linear(own).view(-1, 4, self.width + 1)  # (kinds, begin and end, begin and inside)
        pointing = torch.cat([made[:, 0], made[:, 1]])
        tagging = made[:, 2:].flatten(0, 1)
        return (pointing[:, :-1], pointing[:, -1]), (tagging[:, :-1], tagging[:, -1])


def name_vectors(slm: SLM, names: Sequence[str]) -> Tensor:
    """The vectors of names of types, float32 ``(names, width)``; of several wordings parted by ``|`` their mean."""
    wordings = [[part.strip() for part in name.split(ALTERNATIVES) if part.strip()] for name in names]
    vectors = torch.from_numpy(slm.embed([part for parts in wordings for part in parts]))
    return torch.stack([own.mean(0) for own in vectors.split([len(parts) for parts in wordings])])


def named_types(types: Mapping[str, str] | Sequence[str]) -> dict[str, str]:
    """Type -> words about it; a list of types that speak for themselves is taken too.

    Raises:
        InputError: there are none, or not texts, or one of them twice.
    """
    if isinstance(types, str):
        raise InputError(f"types {types!r}: give a list of names, or a mapping from type to a few words about it")
    given = dict(types) if isinstance(types, Mapping) else dict(zip(types, types, strict=True))
    if not given or not all(
        isinstance(text, str) and text.replace(ALTERNATIVES, "").strip() for pair in given.items() for text in pair
    ):
        raise InputError(f"types {types!r}: give names, or a mapping from type to a few words about it; none is blank")
    if len(given) < len(types):
        raise InputError(f"types {types!r}: one of them is there twice")
    return given
