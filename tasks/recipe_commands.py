"""What the recipes of the shipped weights have in common on the command line."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from slmkit.errors import SLMKitError


def recipe_parser(
    name: str, about: str | None, sets: Sequence[str], *, depth: int | None = None, batch_tokens: int | None = None
) -> argparse.ArgumentParser:
    """A parser with the options of every recipe.

    Args:
        name: of the command. about: what it does. sets: that may be left out.
        depth, batch_tokens: the defaults; None for a recipe that has no such option.
    """
    parser = argparse.ArgumentParser(prog=name, description=about)
    parser.add_argument("--data-dir", type=Path, required=True, help="folder with en/, zh/ and raw/")
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights")
    parser.add_argument("--core", type=Path, default=None, help="folder of the core; default: the shipped one")
    parser.add_argument("--minutes", type=float, default=None, help="shorten the training to what fits")
    parser.add_argument("--run", type=Path, default=None, help="folder for the state, to go on from after a kill")
    if depth is not None:
        parser.add_argument("--depth", type=int, default=depth, help="layers of the branch")
    parser.add_argument("--learning-rate", type=float, default=3e-4)
    if batch_tokens is not None:
        parser.add_argument("--batch-tokens", type=int, default=batch_tokens, help="tokens of a step")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--without", choices=sets, nargs="*", default=[], metavar="SET", help=", ".join(sets))
    return parser


def run_recipe(recipe: Callable[[], Any]) -> int:
    """Run a recipe, say what came of it, and give the exit code; an error of ours is one line."""
    try:
        found = recipe()
    except SLMKitError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stderr.write(json.dumps(found, ensure_ascii=False) + "\n")
    return 0
