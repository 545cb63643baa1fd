"""Self-contained pages from templates: escaped, strict, the style inside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from slmkit.benchmarks.report import numbers
from slmkit.errors import MissingExtraError


def fill(name: str, filters: Mapping[str, Callable[..., Any]], values: Mapping[str, Any]) -> str:
    """The template called ``name`` with ``values``; all text in them is escaped."""
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError as error:
        raise MissingExtraError(error.name or "jinja2", "bench") from error

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters.update(
        {
            "count": numbers.count_text,
            "size": numbers.bytes_text,
            "rate": numbers.rate_text,
            "seconds": numbers.seconds_text,
            "points": numbers.points_text,
            **filters,
        }
    )
    environment.globals["style"] = markup(_text("style.css"))
    return environment.from_string(_text(name)).render(**values)


def markup(text: str) -> Any:
    """Text that is HTML already, of our own making."""
    try:
        from markupsafe import Markup
    except ImportError as error:
        raise MissingExtraError("markupsafe", "bench") from error
    return Markup(text)


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
