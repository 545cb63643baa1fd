"""A README beside what was fitted: what it is, what it stands on, what it was made from; no text of the training."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import slmkit
from slmkit.tasks.base import SAVED

NAME = "README.md"
_KEPT = {
    "n-grams": "; words and phrases that stood in several of its texts are in the n-grams",
    "speller": "; the words that it counted there, and the pairs of wrong and right, are kept",
    "writer": ", but it may write out wording that it was taught",
}
_LEFT_OUT = ("kind", "format", "core", "about", "files")
_LONGEST, _LOOKS = 200, 12


def model_card(config: Mapping[str, Any], folder: str, *, ngrams: bool = False) -> str:
    """The card of a folder that ``SavedPart.save`` writes, as Markdown; the same for the same config.

    Args:
        config: the folder's. folder: its name. ngrams: whether n-grams of the training texts are among the weights.
    """
    about, kind = dict(config.get("about") or {}), str(config["kind"])
    recipe, history = about.pop("recipe", {}), about.pop("history", [])
    settings = about.pop("settings", {})
    parts = [
        f"# {folder}",
        f"A {kind.replace('-', ' ')}, fitted with slmkit {slmkit.__version__} on the core `{config['core']}`, which it "
        "needs to run and which is not in this folder.",
        f"```python\n{_loading(kind, folder)}\n```",
        _table("What it is", {k: v for k, v in config.items() if k not in _LEFT_OUT}),
        _table("What it was made from", about),
        _table("How it was fitted", recipe if isinstance(recipe, Mapping) else {"recipe": recipe}),
        _table("Settings", settings if isinstance(settings, Mapping) else {"settings": settings}),
        _looks(history),
        "## Limits\n\nScores on texts unlike those it was fitted on may be lower: measure it on yours "
        "(`evaluate`, or `slmkit bench card`). The weights hold no text of the training"
        + (_KEPT["n-grams" if ngrams else kind] if ngrams or kind in _KEPT else "")
        + ".",
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _loading(kind: str, folder: str) -> str:
    """The lines that load it."""
    if kind not in SAVED:  # a writer: load_model reads in the folder which task it is of
        return f"from slmkit.tasks.base import load_model\n\nmodel = load_model({folder!r})"
    module, _, name = SAVED[kind].partition(":")
    return f"from {module} import {name}\n\nmodel = {name}.load({folder!r})"


def _table(title: str, values: Mapping[str, Any]) -> str:
    rows = [(name, _told(value)) for name, value in values.items() if value not in (None, [], {}, "")]
    if not rows:
        return ""
    lines = [f"| {name.replace('_', ' ')} | {told} |" for name, told in rows]
    return "\n".join([f"## {title}\n", "| | |", "|---|---|", *lines])


def _told(value: Any) -> str:
    """A value on one line of a table."""
    if isinstance(value, float):
        return f"{value:.5g}"
    if isinstance(value, str):
        told = value
    elif isinstance(value, Sequence) and all(isinstance(each, (str, int, float, bool)) for each in value):
        told = ", ".join(map(str, value))
    else:
        told = json.dumps(value, ensure_ascii=False)
    told = " ".join(told.replace("|", "\\|").split())
    return told if len(told) <= _LONGEST else told[: _LONGEST - 1] + "…"


def _looks(history: Sequence[Mapping[str, Any]]) -> str:
    """The looks at the held-back part, evenly thinned."""
    if not history:
        return ""
    shown = history[:: -(-len(history) // _LOOKS)]
    names = list(dict.fromkeys(name for look in shown for name in look))
    lines = ["| " + " | ".join(_told(look.get(name, "")) for name in names) + " |" for look in shown]
    header = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return "\n".join(["## Looks at the held-back part\n", *header, *lines])
