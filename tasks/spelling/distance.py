"""How far a typed word is from a meant one: edits weighed by how easily each is made (Damerau 1964; Kernighan 1990)."""

from __future__ import annotations

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_SLANT = (0.0, 0.25, 0.75)  # how far each row is moved to the right
_AT = {key: (row, at + _SLANT[row]) for row, keys in enumerate(_ROWS) for at, key in enumerate(keys)}
NEIGHBOURS = {
    a: "".join(b for b in _AT if b != a and abs(_AT[a][0] - _AT[b][0]) <= 1 and abs(_AT[a][1] - _AT[b][1]) < 1.3)
    for a in _AT
}
"""The keys beside each key."""
VOWELS = "aeiouy"
ALIKE = tuple((pair[0], pair[1]) for pair in ["ck", "cs", "sz", "gj", "fv", "bp", "dt", "mn", "kq", "iy", "uw"])
"""Letters that are taken for each other since they sound alike."""
_ALIKE = {pair for a, b in ALIKE for pair in (a + b, b + a)}
_SWAPPED, _DOUBLED, _APOSTROPHE, _MISSED = 0.6, 0.5, 0.2, 0.9


def weighed(typed: str, meant: str) -> float:
    """The least cost of the edits that turn one folded word into the other; 0 where they are the same."""
    begin, shortest = 0, min(len(typed), len(meant))
    while begin < shortest and typed[begin] == meant[begin]:
        begin += 1
    end = 0
    while end < shortest - begin and typed[-1 - end] == meant[-1 - end]:
        end += 1
    # One letter of what is common stays, by which a doubled letter is known.
    begin, end = max(0, begin - 1), max(0, end - 1)
    return _least(typed[begin : len(typed) - end], meant[begin : len(meant) - end])


def _least(a: str, b: str) -> float:
    """Optimal string alignment, costs by letter."""
    before: list[float] = []
    row = [0.0]
    for j in range(len(b)):
        row.append(row[-1] + _extra(b, j))
    for i in range(len(a)):
        rows = [row[0] + _extra(a, i)]
        for j in range(len(b)):
            best = min(row[j + 1] + _extra(a, i), rows[j] + _extra(b, j), row[j] + _changed(a[i], b[j]))
            if i and j and a[i] == b[j - 1] and a[i - 1] == b[j] and a[i] != b[j]:
                best = min(best, before[j - 1] + _SWAPPED)
            rows.append(best)
        before, row = row, rows
    return row[-1]


def _extra(word: str, at: int) -> float:
    """A letter too many in ``word``, or missing in the other word."""
    letter = word[at]
    if letter in "' ":
        return _APOSTROPHE
    if at and word[at - 1] == letter:
        return _DOUBLED
    return 0.7 if letter in "eh" else _MISSED


def _changed(a: str, b: str) -> float:
    if a == b:
        return 0.0
    if a + b in _ALIKE or (a in VOWELS and b in VOWELS):
        return 0.6
    return 0.8 if b in NEIGHBOURS.get(a, "") else 1.1
