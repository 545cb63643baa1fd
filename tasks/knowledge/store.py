"""The truth of a graph: one Ladybug database file, changed in transactions.

Users see ``(:Entity)-[:RELATED]->(:Entity)``. The other tables say where that comes from: every mention and every
piece of evidence with its document, the names that were written and how they were joined, what was settled by hand.
"""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from slmkit.errors import IndexDamagedError, InputError, MissingExtraError
from slmkit.tasks.knowledge.locking import SUFFIX, hold

FORMAT = 1
WAL = ".wal"
_MEMORY = 512 * 2**20  # at most, of the database's pages; what is not in its file yet takes a dozen times its log
_CHECKPOINT = 2 * 2**20  # so long may the log be before it goes into the file
_THREADS = min(4, os.cpu_count() or 1)
_PLANS = 500  # statements of users after which their plans are let go
_MAGIC = b"LBUG"
SCHEMA = """
CREATE NODE TABLE Entity (id INT64 PRIMARY KEY, name STRING, type STRING, aliases STRING[], seen INT64, names STRING)
CREATE NODE TABLE Document (key STRING PRIMARY KEY, number INT64, digest STRING, mentions INT64, triples INT64, content STRING, vectors BLOB)
CREATE NODE TABLE Name (key STRING PRIMARY KEY, surface STRING, family STRING, types STRING, seen INT64, entity INT64, bound BOOL, aliases STRING, links STRING, via STRING, vector BLOB)
CREATE NODE TABLE Block (key STRING PRIMARY KEY, names STRING)
CREATE NODE TABLE Ruling (key STRING PRIMARY KEY, about STRING)
CREATE NODE TABLE Meta (name STRING PRIMARY KEY, value STRING)
CREATE REL TABLE RELATED (FROM Entity TO Entity, relation STRING, score DOUBLE, seen INT64, documents INT64)
CREATE REL TABLE EVIDENCE (FROM Entity TO Entity, number INT64, relation STRING, score DOUBLE, document STRING, sentence STRING, start_at INT64, end_at INT64, head STRING, head_text STRING, head_start INT64, head_end INT64, tail STRING, tail_text STRING, tail_start INT64, tail_end INT64)
CREATE REL TABLE MENTIONS (FROM Document TO Name, text STRING, rule STRING, score DOUBLE, meant STRING, places STRING)
"""  # noqa: E501
TABLES = ("Entity", "Document", "Name", "Block", "Ruling", "Meta", "RELATED", "EVIDENCE", "MENTIONS")

Row = list[Any]


class Store:
    """The database of a graph, for one process; safe to use from several threads."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path, self.read_only = path, read_only
        self._guard = threading.RLock()
        self._lock: IO[str] | None = None
        self._database: Any = None
        self._connection: Any = None
        self._pid, self._depth, self._asked = 0, 0, 0
        self.facts = self._read_facts()

    @classmethod
    def create(cls, path: Path, facts: Mapping[str, str]) -> Store:
        """Make an empty graph; its file appears whole or not at all.

        Raises:
            InputError: there is something at ``path``, or the log of what was there, or it cannot be written.
        """
        if path.exists():
            raise InputError(f"{path} is there already; open it with KnowledgeGraph.open, or choose another place")
        log = path.with_name(path.name + WAL)
        if log.exists():  # the database would read it into the new graph
            raise InputError(f"{log} is left of a graph that was at {path}; move it away, or choose another place")
        new = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with mapped(path):
                _write_schema(new, facts)
            os.replace(new, path)
        except OSError as error:
            raise InputError(f"cannot make {path}: {error.strerror or error}") from None
        finally:
            with suppress(OSError):
                for left in new.parent.glob(new.name + "*"):
                    left.unlink()
        return cls(path)

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        with self._guard:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
                self._database.close()
            self._connection = self._database = None
            if self._lock is not None:
                self._lock.close()
                self._lock = None

    def run(self, cypher: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
        """All rows of a statement of ours.

        Whole numbers are handed over as text, to be cast, and those of rows as lists of one, ``r.name[1]``: the
        database keeps a plan for each statement and each width of its numbers, for all time.
        """
        steady = {name: _steady(value) for name, value in (parameters or {}).items()}
        with self._guard, mapped(self.path):
            return self.fetch(cypher, steady)[1]

    def ask(self, cypher: str, parameters: Mapping[str, Any] | None, *, write: bool) -> tuple[list[str], list[Row]]:
        """Columns and rows of a user's statement; from time to time the plans of all of them are let go."""
        with self._guard:
            self._asked += 1
            if self._asked % _PLANS == 0 and not self._depth and self._connection is not None:
                self._connection.close()
                self._connection = type(self._connection)(self._database, num_threads=_THREADS)
            with self.change() if write else self.read():
                return self.fetch(cypher, parameters)

    def fetch(self, cypher: str, parameters: Mapping[str, Any] | None = None) -> tuple[list[str], list[Row]]:
        """Columns and rows of a statement; the database's errors are not mapped."""
        with self._guard:
            result = self._open().execute(cypher, dict(parameters or {}))
            if isinstance(result, list):
                raise InputError("one statement at a time")
            try:
                return result.get_column_names(), result.get_all()
            finally:
                result.close()

    @contextmanager
    def change(self) -> Iterator[None]:
        """One transaction: all of it is committed at the end of the block, or, after an error, none of it."""
        if self.read_only:
            raise InputError(f"{self.path} was opened with read_only=True; open it without, to change it")
        with self._transaction("BEGIN TRANSACTION"):
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Other threads wait: for what takes several transactions, between which nobody else may change anything."""
        with self._guard:
            yield

    @contextmanager
    def read(self) -> Iterator[None]:
        """One state of the graph, in which nothing can be changed."""
        with self._transaction("BEGIN TRANSACTION READ ONLY"):
            yield

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        with self._guard:
            if self._depth:  # inside another one: part of it
                yield
                return
            with mapped(self.path):
                self.fetch(begin)
            self._depth = 1
            try:
                yield
                with mapped(self.path):
                    self.fetch("COMMIT")
            except BaseException:
                with suppress(Exception):  # the database itself has rolled back after some errors
                    self.fetch("ROLLBACK")
                raise
            finally:
                self._depth = 0

    def _open(self) -> Any:
        if self._connection is not None and self._pid == os.getpid():
            return self._connection
        if self._connection is not None:
            raise InputError(f"{self.path} was opened before this process was forked; open it in the process itself")
        _check_file(self.path)
        self._lock = hold(self.path, shared=self.read_only)
        try:
            self._database, self._connection = _connect(self.path, read_only=self.read_only)
        except BaseException:
            self.close()
            raise
        self._pid = os.getpid()
        return self._connection

    def _read_facts(self) -> dict[str, str]:
        try:
            with mapped(self.path):
                tables = {row[1] for row in self.fetch("CALL show_tables() RETURN *")[1]}
                missing = sorted(set(TABLES) - tables)
                if missing:
                    raise IndexDamagedError(
                        f"{self.path} is damaged or not slmkit's (no table {missing[0]!r}); nothing was changed"
                    )
                facts = dict(self.fetch("MATCH (m:Meta) RETURN m.name, m.value")[1])
            version = facts.get("format", "")
            if not version.isdecimal():
                raise IndexDamagedError(f"{self.path} is damaged: its table 'Meta' has no format; nothing was changed")
            if int(version) > FORMAT:
                raise IndexDamagedError(
                    f"{self.path}: format {version} is newer than this slmkit reads (up to {FORMAT}); upgrade slmkit"
                )
        except BaseException:
            self.close()
            raise
        return facts


def _steady(value: Any) -> Any:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return [{name: [each] if type(each) is int else each for name, each in row.items()} for row in value]
    return value


def _connect(path: Path, *, read_only: bool) -> tuple[Any, Any]:
    try:
        import ladybug
    except ImportError as error:
        raise MissingExtraError("ladybug", "graph") from error
    # A log that ends in the middle of a transaction is what a killed process leaves: that transaction did not happen.
    database = ladybug.Database(
        str(path),
        buffer_pool_size=_MEMORY,
        max_num_threads=_THREADS,
        read_only=read_only,
        checkpoint_threshold=_CHECKPOINT,
        throw_on_wal_replay_failure=False,
    )
    return database, ladybug.Connection(database, num_threads=_THREADS)


def _write_schema(path: Path, facts: Mapping[str, str]) -> None:
    database, connection = _connect(path, read_only=False)
    try:
        for statement in filter(None, SCHEMA.splitlines()):
            connection.execute(statement).close()
        for name, value in {**facts, "format": str(FORMAT)}.items():
            connection.execute("CREATE (:Meta {name: $name, value: $value})", {"name": name, "value": value}).close()
    finally:
        connection.close()
        database.close()


def _check_file(path: Path) -> None:
    """The database would take a file that is not there, or is empty, for a new database."""
    try:
        with path.open("rb") as file:
            start = file.read(len(_MAGIC))
    except OSError as error:
        what = "there is no graph" if isinstance(error, FileNotFoundError) else "cannot read"
        raise InputError(f"{what} at {path} ({error.strerror}); KnowledgeGraph.create makes one") from None
    if start != _MAGIC:
        raise IndexDamagedError(f"{path} is damaged or no graph of slmkit's; nothing was changed")


@contextmanager
def mapped(path: Path) -> Iterator[None]:
    """The database's errors, which all are RuntimeError, as ours."""
    try:
        yield
    except (InputError, IndexDamagedError, MissingExtraError):
        raise
    except RuntimeError as error:
        text = " ".join(str(error).split())[:200]
        if "lock on file" in text:
            raise InputError(f"{path} is held by another process; try again") from error
        if "Buffer manager" in text:
            raise InputError(f"{path}: the database ran out of memory ({text}); close it and open it again") from error
        if "orrupt" in text or "not a valid" in text or "hecksum" in text or "version" in text or "WAL" in text:
            raise IndexDamagedError(f"{path} is damaged ({text}); put a backup in its place") from error
        if text.startswith("IO exception"):
            raise InputError(f"cannot read or write {path}: {text}") from error
        raise


__all__ = ["FORMAT", "SCHEMA", "SUFFIX", "TABLES", "WAL", "Row", "Store", "mapped"]
