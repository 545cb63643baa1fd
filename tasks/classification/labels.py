"""Labels: what the caller calls the classes, their numbers inside the model, and their form in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from slmkit.errors import CheckpointError, InputError
from slmkit.tasks.inputs import as_rows, is_missing, rows_named

Label = str | int | float | bool
Form = Literal["single", "lists", "indicator"]
_TYPES: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}
FORMS = ("single", "lists", "indicator")


@dataclass(frozen=True)
class Labels:
    """The classes of a model.

    Attributes:
        values: the labels as the caller wrote them, sorted. form: how ``y`` came, and so how predictions go out: one
            label a text ("single"), a collection of labels a text ("lists"), or a matrix of 0 and 1 ("indicator").
    """

    values: tuple[Label, ...]
    form: Form = "single"

    def __len__(self) -> int:
        return len(self.values)

    @property
    def multi(self) -> bool:
        """Whether a text may have several labels, or none."""
        return self.form != "single"

    @property
    def kind(self) -> type:
        """The Python type of the labels."""
        return type(self.values[0])

    @property
    def array(self) -> np.ndarray:
        """The labels as scikit-learn's ``classes_``."""
        # numpy's fixed-width strings drop trailing NUL characters.
        if self.kind is str and any(str(value).endswith("\0") for value in self.values):
            return np.array(self.values, dtype=object)
        return np.array(self.values)

    def number(self, label: Any) -> int:
        """The number of a label.

        Raises:
            InputError: not one of the classes.
        """
        plain = label.item() if isinstance(label, np.generic) else label
        if plain not in self.values:
            raise InputError(f"label {label!r} is not known; the labels are {shown(self.values)}")
        return self.values.index(plain)

    def to_json(self) -> dict[str, Any]:
        """Plain data that keeps the type of the labels."""
        return {"type": self.kind.__name__, "form": self.form, "values": list(self.values)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], source: object) -> Labels:
        """Read what ``to_json`` gave.

        Raises:
            CheckpointError: it is not that; the message names ``source``.
        """
        try:
            kind, form = _TYPES[data["type"]], data["form"]
            values = tuple(kind(value) for value in data["values"])
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"{source}: its labels cannot be read ({error!r})") from error
        if form not in FORMS or not values or len(set(values)) != len(values):
            raise CheckpointError(f"{source}: its labels are not usable (form {form!r}, {len(values)} values)")
        return cls(values, form)


def read_single(y: Any, extra: Sequence[Any] = ()) -> tuple[Labels, np.ndarray]:
    """One label a text.

    Args:
        y: the labels. extra: labels that are classes too, although ``y`` may lack them.

    Returns:
        The classes and the number of each row's class, int64 ``(n,)``.

    Raises:
        InputError: rows without a label, labels of mixed or unusable types, fewer than two classes.
    """
    rows = plain_labels(y)
    values = _classes([*rows, *_plain(list(extra), "the descriptions")])
    if len(values) < 2:
        raise InputError(f"y has {len(values)} class ({shown(values)}), at least two are needed")
    numbers = {value: number for number, value in enumerate(values)}
    return Labels(values), np.array([numbers[row] for row in rows], dtype=np.int64)


def plain_labels(y: Any) -> list[Label]:
    """One label a text, as Python's own values.

    Raises:
        InputError: rows without a label, or labels of mixed or unusable types.
    """
    shape: Sequence[int] = getattr(y, "shape", ())
    if len(shape) == 2 and shape[1] != 1:
        raise InputError(f"y has shape {tuple(shape)}; for several labels a text give multi_label=True")
    return _plain(as_rows(y, "y"), "y")


def label_rows(y: Any) -> list[list[Label]]:
    """Collections of labels, one a text, as Python's own values.

    Raises:
        InputError: rows that are no collection, or labels of mixed or unusable types in one of them.
    """
    rows = as_rows(y, "y")
    bad = [i for i, row in enumerate(rows) if isinstance(row, (str, bytes)) or not hasattr(row, "__iter__")]
    if bad:
        raise InputError(f"{rows_named(bad)} of y: with multi_label=True each row is a list or set of labels")
    return [_plain(list(row), f"row {i} of y") for i, row in enumerate(rows)]


def read_multi(y: Any) -> tuple[Labels, np.ndarray]:
    """Several labels a text, or none: collections of labels, or a matrix of 0 and 1.

    Returns:
        The classes and float32 ``(n, k)`` of 0 and 1.

    Raises:
        InputError: neither of the two, or rows that cannot be read.
    """
    if hasattr(y, "toarray"):
        y = y.toarray()
    if len(getattr(y, "shape", ())) == 2:
        return _read_indicator(y)
    plain = label_rows(y)
    values = _classes([label for row in plain for label in row])
    if not values:
        raise InputError("y has no label at all")
    numbers = {value: number for number, value in enumerate(values)}
    matrix = np.zeros((len(plain), len(values)), dtype=np.float32)
    for i, row in enumerate(plain):
        matrix[i, [numbers[label] for label in row]] = 1
    return Labels(values, "lists"), matrix


def _read_indicator(y: Any) -> tuple[Labels, np.ndarray]:
    names = [str(name) for name in y.columns] if hasattr(y, "columns") else range(y.shape[1])
    try:
        matrix = np.asarray(y, dtype=np.float32)
    except (TypeError, ValueError):
        raise InputError(
            "y: a matrix of labels holds 0 and 1 only; labels by name are given as a list of lists"
        ) from None
    bad = np.flatnonzero(~np.isin(matrix, (0.0, 1.0)).all(axis=1)).tolist()
    if bad:
        raise InputError(f"{rows_named(bad)} of y: an indicator matrix holds 0 and 1 only")
    if len(set(names)) != len(names) or not matrix.shape[1]:
        raise InputError("y: its columns are the labels, so they need different names")
    return Labels(tuple(names), "indicator"), matrix


def _plain(values: list[Any], what: str) -> list[Label]:
    """Numpy scalars as Python's own; every label of one usable type."""
    values = [value.item() if isinstance(value, np.generic) else value for value in values]
    missing = [row for row, value in enumerate(values) if is_missing(value)]
    if missing:
        raise InputError(f"{rows_named(missing)} of {what}: the label is missing")
    kinds = {next((t for t in (bool, int, float, str) if isinstance(value, t)), type(value)) for value in values}
    if kinds == {int, float}:
        kinds, values = {float}, [float(value) for value in values]
    if len(kinds) > 1 or not kinds <= {bool, int, float, str}:
        names = sorted(kind.__name__ for kind in kinds)
        raise InputError(f"{what}: labels are all str, all int, all float or all bool; got {', '.join(names)}")
    kind = kinds.pop() if kinds else str
    if kind is str:
        values = [_storable(value, what) for value in values]
    return [kind(value) for value in values]


def _storable(label: str, what: str) -> str:
    try:
        label.encode()
    except UnicodeEncodeError:
        raise InputError(f"{what}: label {label!r} is no valid text (lone surrogates)") from None
    return label


def _classes(values: list[Label]) -> tuple[Label, ...]:
    try:
        return tuple(sorted(set(values)))
    except TypeError:
        raise InputError("the labels of y and of the descriptions are of different types") from None


def shown(values: Sequence[Label]) -> str:
    """The first labels, for a message."""
    return ", ".join(repr(value) for value in values[:12]) + (", …" if len(values) > 12 else "")
