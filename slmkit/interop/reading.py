"""How a checkpoint wants its texts read: the files that sentence-transformers lays beside the weights."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from slmkit.errors import CheckpointError

MODULES, ABOUT, LENGTH, TOKENIZER_CONFIG = (
    "modules.json",
    "config_sentence_transformers.json",
    "sentence_bert_config.json",
    "tokenizer_config.json",
)
FILES = (MODULES, ABOUT, LENGTH, TOKENIZER_CONFIG, "special_tokens_map.json")
POOLING = "1_Pooling"  # where the folder of the pooling stands unless MODULES says otherwise

# Families whose model cards ask for words before a text that none of their files name.
_QUERY = "query: "
_KNOWN: tuple[tuple[re.Pattern[str], Mapping[str, str]], ...] = (
    (
        re.compile(r"(?:multilingual-)?e5-(?:small|base|large)(?:-v2)?"),
        {"text": _QUERY, "query": _QUERY, "passage": "passage: "},
    ),
    (
        re.compile(r"bge-(?:small|base|large)-en(?:-v1\.5)?"),
        {"query": "Represent this sentence for searching relevant passages: "},
    ),
    (re.compile(r"bge-(?:small|base|large)-zh(?:-v1\.5)?"), {"query": "为这个句子生成表示以用于检索相关文章："}),
)


@dataclass(frozen=True)
class Reading:
    """What is said of a checkpoint beside its weights.

    Attributes:
        pooling: how token states become a sentence vector. prompts: what stands before a text of each kind; kinds
            without one are not named. limit: most tokens of a row, or None. marks: "pad", "unk", "mask" and the like ->
            the token that stands for it.
    """

    pooling: Literal["mean", "cls"] = "mean"
    prompts: Mapping[str, str] = field(default_factory=dict)
    limit: int | None = None
    marks: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> Reading:
        """Read a folder; what is not there is taken as sentence-transformers takes it.

        Raises:
            CheckpointError: a damaged file, or sentence vectors that are made otherwise than by mean or first token.
        """
        about, tokens = read_json(folder / ABOUT), read_json(folder / TOKENIZER_CONFIG)
        limits = (read_json(folder / LENGTH).get("max_seq_length"), tokens.get("model_max_length"))
        named = {**read_json(folder / "special_tokens_map.json"), **tokens}
        prompts = _prompts(about) or _known_prompts(_name(folder))
        return cls(
            pooling=_pooling(folder, prompted=bool(prompts)),
            prompts=prompts,
            limit=min((int(limit) for limit in limits if limit), default=None),
            marks={
                name.removesuffix("_token"): value["content"] if isinstance(value, dict) else value
                for name, value in named.items()
                if name.endswith("_token") and value
            },
        )


def read_json(path: Path, default: Any = None) -> Any:
    """What a JSON file holds; where there is no such file, ``default`` or an empty mapping.

    Raises:
        CheckpointError: it is not JSON, or not of the default's type.
    """
    default = {} if default is None else default
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return default
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged: it is no JSON ({error})") from error
    if not isinstance(found, type(default)):
        raise CheckpointError(f"{path} is damaged: it holds a {type(found).__name__}")
    return found


def pooling_folder(folder: Path) -> str:
    """Where the pooling is described, from the folder.

    Raises:
        CheckpointError: there are modules that slmkit does not have.
    """
    found = POOLING
    for module in read_json(folder / MODULES, []):
        kind = str(module.get("type", "")).rpartition(".")[2] if isinstance(module, dict) else ""
        if kind not in ("Transformer", "Pooling", "Normalize"):
            raise CheckpointError(
                f"{folder / MODULES}: its sentence vectors go through {kind or 'something unnamed'}; "
                "slmkit has Transformer, Pooling and Normalize"
            )
        if kind == "Pooling":
            found = str(module.get("path", POOLING))
    return found


def _pooling(folder: Path, *, prompted: bool) -> Literal["mean", "cls"]:
    path = folder / pooling_folder(folder) / "config.json"
    config = read_json(path)
    modes = config.get("pooling_mode") or [
        name.removeprefix("pooling_mode_").removesuffix("_token").removesuffix("_tokens")
        for name, chosen in config.items()
        if name.startswith("pooling_mode_") and chosen
    ]
    modes = [modes] if isinstance(modes, str) else modes
    if prompted and config.get("include_prompt") is False:
        raise CheckpointError(f"{path}: it leaves the prompt out of the sentence vector, which slmkit does not")
    if modes in (["cls"], ["mean"], []):
        return "cls" if modes == ["cls"] else "mean"
    raise CheckpointError(f"{path}: sentence vectors by {', '.join(map(str, modes))}; slmkit makes them by mean or cls")


def _prompts(about: Mapping[str, Any]) -> dict[str, str]:
    named = about.get("prompts") or {}
    usual = named.get(about.get("default_prompt_name"))
    by_kind = {
        "text": usual,
        "query": named.get("query", usual),
        "passage": named.get("passage", named.get("document", usual)),
    }
    return {kind: prompt for kind, prompt in by_kind.items() if prompt}


def _known_prompts(name: str) -> Mapping[str, str]:
    return next((prompts for pattern, prompts in _KNOWN if pattern.fullmatch(name)), {})


def _name(folder: Path) -> str:
    """Of the model: that of its folder, or of its place in the hub's cache (``models--org--name/snapshots/commit``)."""
    folder = folder.resolve()
    return folder.parents[1].name.rpartition("--")[2] if folder.parent.name == "snapshots" else folder.name
