"""Our core as folders that the transformers and sentence-transformers libraries load."""

from __future__ import annotations

import json
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors.torch import save as save_tensors
from torch import nn

from slmkit import checkpoint
from slmkit.errors import InputError
from slmkit.interop import reading
from slmkit.interop.layout import TOKEN_TYPES, WEIGHTS, theirs
from slmkit.text.tokenizer import BOS, EOS, MASK, METASPACE, PAD, SPECIAL_TOKENS, UNK, clean

if TYPE_CHECKING:
    from slmkit.core import SLM

VECTORS, CARD = "vectors", "README.md"
_MODULES = (("Transformer", ""), ("Pooling", reading.POOLING), ("Normalize", "2_Normalize"))
_CARD = """---
license: {licence}
---
# The encoder of an slmkit core

Written by slmkit from the core {fingerprint}; lineage: {lineage}.

- This folder, for `AutoModel` and `AutoTokenizer`: all {layers} layers. Its pooler is untrained: take the last states.
- `{vectors}/`, for `SentenceTransformer`: {vector_layers} layers, the mean of the last states scaled to length 1. The
  prompts "query" and "passage" (or "document") announce what searches and what is searched in.
- A text has at most {positions} tokens; what is longer is cut, where slmkit reads it in overlapping windows.
- An empty text has no token here; slmkit reads a space. A text that spells a mark such as `{mark}` is read as the mark.
- {decoder}
"""


def save_pretrained(slm: SLM, folder: str | Path) -> None:
    """Write a core for the transformers library.

    ``AutoModel`` and ``AutoTokenizer`` load ``folder``, a BERT whose last states are those of ``SLM.encode``, and
    ``SentenceTransformer`` loads ``folder/vectors``, the trunk below the layers of the sentence vectors, whose vectors
    are those of ``SLM.embed``; prompts of the names "query", "passage" and "document" stand for ``kind``. Both are
    float32 and equal to the core in fp32.

    Tokens and their spans are equal but for what a tokenizer file cannot say. An empty text has no token there and one
    here, a space; the space before any text has no characters here and shares the first one there; neighbouring
    characters that are read as bytes have one span in common there and each its own here; a text that spells a mark,
    such as ``<▁s>``, is read as the mark there and as its spelling here; lone surrogates are refused there and read as
    U+FFFD here. A text of more tokens than the core has positions is cut there and read in windows here.

    The decoder is not written, since no model of that library has its layers; a warning and the folder's card say so.

    Args:
        slm: in fp32. folder: made if it is not there; files of the same names are replaced.

    Raises:
        InputError: the core runs in another precision, or came from such a folder itself.
    """
    if slm.precision != "fp32":
        raise InputError(f"this model runs in {slm.precision}; load it with precision='fp32' to write it")
    folder, tokenizer = Path(folder), _tokenizer(slm)
    if slm.decoder is not None:
        warnings.warn(f"{folder}: the encoder is written; the core's decoder has no counterpart there", stacklevel=2)
    _write_model(slm, slm.stack(), folder, tokenizer)
    _write_model(slm, slm.stack(vectors=True), folder / VECTORS, tokenizer)
    for name, content in _vector_files(slm).items():
        _write_json(folder / VECTORS / name, content)
    checkpoint.write_atomically(folder / CARD, _card(slm).encode())


def _card(slm: SLM) -> str:
    about = slm.config.about
    return _CARD.format(
        licence=str(about.get("licence", "other")).lower(),
        fingerprint=slm.fingerprint,
        lineage=about.get("lineage", "unknown"),
        layers=len(slm.stack()),
        vectors=VECTORS,
        vector_layers=len(slm.stack(vectors=True)),
        positions=slm.config.encoder.positions,
        mark=SPECIAL_TOKENS[BOS],
        decoder="The core has no decoder." if slm.decoder is None else "The core's decoder is not among these files.",
    )


def _write_model(slm: SLM, stack: Sequence[nn.Module], folder: Path, tokenizer: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.detach().contiguous() for name, value in theirs(slm.encoder, stack).items()}
    # The library refuses a file that does not say which framework's tensors it holds.
    checkpoint.write_atomically(folder / WEIGHTS[0], save_tensors(tensors, {"format": "pt"}))
    _write_json(folder / checkpoint.TOKENIZER, tokenizer)
    marks = {"pad": PAD, "cls": BOS, "sep": EOS, "unk": UNK, "mask": MASK}
    _write_json(
        folder / reading.TOKENIZER_CONFIG,
        {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": slm.config.encoder.positions,
            "model_input_names": ["input_ids", "attention_mask"],
            "clean_up_tokenization_spaces": False,
            **{f"{name}_token": SPECIAL_TOKENS[number] for name, number in marks.items()},
        },
    )
    sizes = slm.config.encoder
    _write_json(
        folder / checkpoint.CONFIG,
        {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "vocab_size": slm.config.vocabulary,
            "hidden_size": sizes.width,
            "num_hidden_layers": len(stack),
            "num_attention_heads": sizes.heads,
            "intermediate_size": sizes.ffn,
            "hidden_act": "gelu",
            "max_position_embeddings": sizes.positions,
            "type_vocab_size": TOKEN_TYPES,
            "layer_norm_eps": sizes.layer_norm_eps,
            "pad_token_id": PAD,
            "dtype": "float32",
        },
    )


def _tokenizer(slm: SLM) -> dict[str, Any]:
    """Our tokenizer with what its class does beside it: the space before a text, the escapes, the marks around it."""
    written = json.loads(slm.tokenizer.to_json())
    marks = [*SPECIAL_TOKENS, *(slm.tokenizer.token(number) for head in slm.kinds.values() for number in head)]
    numbers = {token: slm.tokenizer.token_id(token) for token in marks}
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    written["added_tokens"] = [{"id": number, "content": token, **flags} for token, number in numbers.items()]
    escaped = clean(METASPACE)
    written["normalizer"] = _sequence(
        "normalizers",
        _replace(escaped, clean(escaped)),
        _replace(METASPACE, escaped),
        {"type": "Prepend", "prepend": " "},
    )
    begin, end = ({"SpecialToken": {"id": SPECIAL_TOKENS[number], "type_id": 0}} for number in (BOS, EOS))
    first, second = ({"Sequence": {"id": name, "type_id": 0}} for name in "AB")
    written["post_processor"] = {
        "type": "TemplateProcessing",
        "single": [begin, first, end],
        "pair": [begin, first, end, second, end],
        "special_tokens": {
            SPECIAL_TOKENS[number]: {
                "id": SPECIAL_TOKENS[number],
                "ids": [number],
                "tokens": [SPECIAL_TOKENS[number]],
            }
            for number in (BOS, EOS)
        },
    }
    written["decoder"] = _sequence(
        "decoders",
        *written["decoder"]["decoders"],
        _replace(escaped, METASPACE),
        {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0},
    )
    return written


def _sequence(name: str, *parts: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "Sequence", name: list(parts)}


def _replace(old: str, new: str) -> dict[str, Any]:
    return {"type": "Replace", "pattern": {"String": old}, "content": new}


def _vector_files(slm: SLM) -> dict[str, Any]:
    """What sentence-transformers reads beside a model, by name."""
    prompts = {kind: "".join(map(slm.tokenizer.token, head)) for kind, head in slm.kinds.items() if head}
    prompts["document"] = prompts.get("passage", "")
    width = slm.config.encoder.width
    return {
        reading.MODULES: [
            {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{name}"}
            for number, (name, path) in enumerate(_MODULES)
        ],
        reading.LENGTH: {"max_seq_length": slm.config.encoder.positions, "do_lower_case": False},
        reading.ABOUT: {"prompts": prompts, "default_prompt_name": None, "similarity_fn_name": "cosine"},
        f"{reading.POOLING}/{checkpoint.CONFIG}": {
            "word_embedding_dimension": width,
            **{f"pooling_mode_{name}": name == "mean_tokens" for name in ("cls_token", "mean_tokens", "max_tokens")},
        },
    }


def _write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.write_atomically(path, (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode())
