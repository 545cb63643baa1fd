"""Which Cypher only reads: a transaction that only reads still could read and write files, and load extensions."""

from __future__ import annotations

import re

from slmkit.errors import InputError

_SKIP = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`]|``)*`|/\*.*?\*/|//[^\n]*""", re.DOTALL
)  # texts, quoted names, remarks
_WORD = re.compile(r"(?<![\w.$:])[A-Za-z_]\w*")
# The database reads 1LOAD and $1LOAD as a number and a keyword. Of 2.5E-3 the E is part of the number.
_NUMBER = r"(?<!\w)(?:\d+\.?\d*|\.\d+)"
_GLUED = re.compile(rf"{_NUMBER}(?:(?![eE][+-]?\d)|[eE][+-]?\d+)[^\W\d]\w*")
_STARTS = frozenset(["MATCH", "OPTIONAL", "UNWIND", "WITH", "RETURN", "CALL", "EXPLAIN", "PROFILE"])
_FORBIDDEN = frozenset(
    [
        *("ALTER", "CREATE", "DELETE", "DETACH", "DROP", "MERGE", "REMOVE", "SET", "UPDATE", "COMMENT", "MACRO"),
        *("COPY", "EXPORT", "IMPORT", "LOAD", "ATTACH", "USE", "INSTALL", "UNINSTALL", "EXTENSION", "FORCE", "PROJECT"),
        *("BEGIN", "COMMIT", "ROLLBACK", "CHECKPOINT"),
    ]
)
_CALLS = frozenset(["show_tables", "table_info", "show_connection", "db_version", "show_functions"])
_CALL = re.compile(r"\bCALL\s+(\w*)\s*(\(?)", re.IGNORECASE)


def check_reads(cypher: str) -> None:
    """Refuse all but one statement that reads the graph.

    Raises:
        InputError: the statement changes something, touches files or extensions, or there are several.
    """
    bare = _SKIP.sub(lambda match: " " if match[0][0] == "/" else " _quoted ", cypher).strip().rstrip(";")
    if re.search(r"['\"`]|/\*", bare):
        raise InputError("the query has a text, a quoted name or a remark without an end")
    found = [word.upper() for word in _WORD.findall(bare)]
    if not found:
        raise InputError("the query is empty")
    if ";" in bare:
        raise InputError("one statement at a time")
    glued = _GLUED.search(bare)
    if glued is not None:
        raise InputError(f"{glued[0]}: a number and a word need white space between them")
    if found[0] not in _STARTS:
        raise InputError(f"a query that reads begins with MATCH, UNWIND, WITH, RETURN or CALL, not {found[0]}")
    wrong = next((word for word in found if word in _FORBIDDEN), None)
    if wrong is not None:
        raise InputError(
            f"{wrong} is not for a query that reads; query(…, write=True) allows it "
            f"(a name that is so called goes in backquotes: `{wrong.lower()}`)"
        )
    for name, bracket in _CALL.findall(bare):
        if name.casefold() not in _CALLS or not bracket:
            raise InputError(f"CALL {name}: a query that reads may call {', '.join(sorted(_CALLS))}")
