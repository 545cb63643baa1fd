"""How English words sound, by a few rules of its spelling: words of one key are said alike, or nearly so."""

from __future__ import annotations

import re

# In this order, on a word in lower case without apostrophes. Capitals and digits are sounds of several letters.
_RULES = [
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"^(?:kn|gn|pn)", "n"),
        (r"^ps", "s"),
        (r"^wr", "r"),
        (r"^x", "s"),
        (r"^wh", "w"),
        (r"^y(?=[aeiou])", "Y"),
        (r"mb$", "m"),
        (r"mn$", "m"),
        (r"gh", ""),
        (r"ph", "f"),
        (r"sch", "sk"),
        (r"tch", "C"),
        (r"ch", "C"),
        (r"sh", "X"),
        (r"th", "0"),
        (r"(?:ti|ci|ssi|si|ce)(?=[ao])", "X"),
        (r"dg(?=[eiy])", "j"),
        (r"ck", "k"),
        (r"sc(?=[eiy])", "s"),
        (r"c(?=[eiy])", "s"),
        (r"[cq]u(?=[aeiou])", "kw"),
        (r"[cq]", "k"),
        (r"x", "ks"),
        (r"z", "s"),
        (r"g(?=[eiy])", "j"),
        (r"(?<=.[^aeiou])e$", ""),
        (r"(?<=.)[hw]", ""),
        (r"([a-zA-Z0])\1+", r"\1"),
    )
]
_VOWELS = re.compile(r"[aeiouy]+")
_CLASSES = {"a": "A", "e": "I", "i": "I", "y": "I", "o": "O", "u": "U"}


def sound(word: str, *, vowels: bool = False) -> str:
    """The key of a word, empty where it has no letter.

    Args:
        word: folded.
        vowels: tell vowels apart by their first letter, so that few words share a key; else only one at the beginning
            is kept, without telling which.
    """
    key = word.replace("'", "")
    for pattern, sounds in _RULES:
        key = pattern.sub(sounds, key)
    if vowels:
        return _VOWELS.sub(lambda match: _CLASSES[match[0][0]], key)
    return key[:1].translate({ord(letter): "A" for letter in "aeiou"}) + _VOWELS.sub("", key[1:]) if key else ""
