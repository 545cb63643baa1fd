"""What is told of a candidate beside its embedding: one number each, most of them 0 or 1."""

from __future__ import annotations

FEATURES = (
    # Of what stands there, the candidate that changes nothing.
    "kept",
    "kept_known",
    "kept_frequency",
    "kept_short",
    "kept_chinese",
    "kept_capital",  # a capital within a sentence: a name, most of the time
    "kept_capitals",
    # Of what could stand there instead.
    "frequency",
    "distance",
    "distance_share",
    "first_letter",
    "sound",
    "tone",
    "near",
    "shape",
    "split",
    "join",
    "apostrophe",
    "confusion",
    "rare",
    "taught",
    # Of all.
    "left",
    "right",
)
AT = {name: number for number, name in enumerate(FEATURES)}
"""The column of each."""
START = {"kept": 2.0, "frequency": 2.0, "distance": -1.0, "left": 1.0, "right": 1.0, "taught": 1.0}
"""Weights that a network begins with; all others begin with 0."""
REASONS = {
    "taught": "taught by your pairs",
    "apostrophe": "another apostrophe",
    "split": "two words",
    "join": "one word",
    "tone": "the same sound",
    "sound": "sounds alike",
    "near": "sounds nearly alike",
    "shape": "looks alike",
    "confusion": "often confused",
    "distance": "spelled nearly alike",
}
"""What is said of a candidate, by its first feature that is not 0."""


def reason_of(features: dict[str, float]) -> str:
    """Why a candidate was thought of."""
    return next((said for name, said in REASONS.items() if features.get(name)), "spelled nearly alike")
