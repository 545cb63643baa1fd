"""The truth of an index: one SQLite file, changed in transactions, each with a number and a token of its own.

A reader sees the state of the last commit. What is derived from the file (vectors in FAISS) says from which change it
was made; the token tells that change from another one of the same number, such as after a backup was put back.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from slmkit.errors import IndexDamagedError, InputError
from slmkit.tasks.question_answering import forking
from slmkit.tasks.question_answering.locking import writer_lock
from slmkit.tasks.question_answering.terms import TOKENIZE

DATABASE, LOCK = "index.sqlite", "lock"
FORMAT = 1
_BUSY_SECONDS = 60.0
# Ids of passages are never given out twice, so that one id stands for one text and one vector for all time.
# Texts and vectors have tables of their own: filters and counts then read little.
_SCHEMA = f"""
CREATE TABLE meta (name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE changes (
    number INTEGER PRIMARY KEY, token TEXT NOT NULL, kind TEXT NOT NULL, removed INTEGER NOT NULL);
CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key NOT NULL UNIQUE, metadata TEXT NOT NULL, digest BLOB NOT NULL,
    change INTEGER NOT NULL);
CREATE TABLE texts (
    id INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE, text NOT NULL);
CREATE TABLE passages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    start INTEGER NOT NULL, stop INTEGER NOT NULL);
CREATE INDEX passages_of ON passages (document);
CREATE TABLE vectors (
    id INTEGER PRIMARY KEY REFERENCES passages (id) ON DELETE CASCADE, vector BLOB NOT NULL);
CREATE VIRTUAL TABLE words USING fts5 (terms, tokenize = '{TOKENIZE}');
"""


class Store:
    """The SQLite file of an index; safe to use from several threads, and after a fork from both processes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._guard, self._one_writer = threading.RLock(), threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._file: _File | None = None
        self.facts: dict[str, str | int | float] = {}
        forking.watch(self)
        with self.read() as connection:
            self.facts = _read_facts(connection, folder)

    @classmethod
    def create(cls, folder: Path, facts: Mapping[str, str | int | float]) -> Store:
        """Make an empty index; the folder appears whole or not at all.

        Raises:
            InputError: there is something in the folder, or it cannot be made.
        """
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(f"{folder} is there already; open it with DocumentIndex.open, or choose another place")
        whole = folder.resolve()  # "." has no name
        new = whole.with_name(f".{whole.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            new.mkdir()
        except OSError as error:
            raise InputError(f"cannot make {folder}: {error.strerror or error}") from None
        try:
            with _mapped(new):
                _write_schema(new / DATABASE, facts)
            if folder.exists():  # empty; it may be where the caller works, so it stays
                os.replace(new / DATABASE, folder / DATABASE)
            else:
                os.replace(new, folder)
        except OSError as error:
            raise InputError(f"cannot make {folder}: {error.strerror or error}") from None
        finally:
            for path in new.glob("*"):
                path.unlink()
            with suppress(OSError):
                new.rmdir()
        return cls(folder)

    def close(self) -> None:
        """Let go of the file; the next use opens it again."""
        with self._guard:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """One state of the index, whatever a writer does meanwhile.

        Raises:
            IndexDamagedError: the file is damaged, or no index.
        """
        with self._guard, _mapped(self.folder):
            connection = self._open()
            if connection.in_transaction:  # inside a change: its own state
                yield connection
                return
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.rollback()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the one writer for some changes.

        Raises:
            InputError: another process is.
        """
        # Not the guard of the connection: other threads go on searching between the changes.
        with self._one_writer, writer_lock(self.folder / LOCK):
            yield

    @contextmanager
    def change(self, kind: str) -> Iterator[Change]:
        """One transaction: all of it is committed at the end of the block, or, after an error, none of it."""
        with self._guard, _mapped(self.folder):
            connection = self._open()
            connection.execute("BEGIN IMMEDIATE")
            try:
                number = read_stamp(connection)[0] + 1
                change = Change(connection, number)
                yield change
                connection.execute(
                    "INSERT INTO changes VALUES (?, ?, ?, ?)", (number, secrets.token_hex(8), kind, change.removed)
                )
                connection.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.rollback()
                raise

    def vacuum(self) -> None:
        """Give free space back to the disk and merge the parts of the word index."""
        with self._guard, _mapped(self.folder):
            connection = self._open()
            connection.execute("INSERT INTO words (words) VALUES ('optimize')")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def words_problem(self) -> str | None:
        """What is wrong with the word index; None too while another process keeps it from being looked at."""
        try:
            with self.writing(), self._guard:
                self._open().execute("INSERT INTO words (words) VALUES ('integrity-check')")
        except (InputError, sqlite3.OperationalError):  # nobody may write here, or somebody else does
            return None
        except sqlite3.DatabaseError as error:
            return f"word index: {error}"
        return None

    def _open(self) -> sqlite3.Connection:
        held, path = self._connection, self.folder / DATABASE
        if held is not None and (held.in_transaction or self._file == _File.at(path, frozen=self._frozen)):
            return held
        self.close()  # the file is another one, or may have changed unseen
        file = _File.at(path, frozen=_is_frozen(path))
        connection = _connect(self.folder, frozen=file is not None and file.state is not None)
        if self.facts and _read_facts(connection, self.folder) != self.facts:
            connection.close()
            raise InputError(f"{self.folder} now holds an index of another core; open it again with DocumentIndex.open")
        self._connection, self._file = connection, file
        return connection

    @property
    def _frozen(self) -> bool:
        return self._file is not None and self._file.state is not None

    def before_fork(self) -> None:
        """Nothing of SQLite may be carried into another process, not even an idle connection."""
        self._guard.acquire()
        if self._connection is not None and not self._connection.in_transaction:
            self.close()

    def after_fork(self, *, child: bool) -> None:
        """Go on, in the parent as if nothing had been, in the child with nothing of the parent's."""
        if not child:
            self._guard.release()
            return
        if self._connection is not None:  # the fork came out of a transaction, which goes on in the parent
            forking.abandon(self._connection)
            self._connection = None
        self._guard, self._one_writer = threading.RLock(), threading.Lock()


@dataclass(frozen=True)
class _File:
    """Which file stands at the database's place.

    Attributes:
        device, number: of the file. state: of a file that is read without locks, what a change would change.
    """

    device: int
    number: int
    state: tuple[int, int, bool] | None

    @classmethod
    def at(cls, path: Path, *, frozen: bool) -> _File | None:
        try:
            facts = path.stat()
        except OSError:
            return None
        state = (facts.st_mtime_ns, facts.st_size, _log(path).exists()) if frozen else None
        return cls(facts.st_dev, facts.st_ino, state)


class Change:
    """A transaction that is being made.

    Attributes:
        connection: where. number: of the change. removed: passages that it has taken away so far.
    """

    def __init__(self, connection: sqlite3.Connection, number: int) -> None:
        self.connection, self.number, self.removed = connection, number, 0


def read_stamp(connection: sqlite3.Connection) -> tuple[int, str]:
    """Number and token of the last change."""
    return connection.execute("SELECT number, token FROM changes ORDER BY number DESC LIMIT 1").fetchone()


def is_past(connection: sqlite3.Connection, stamp: tuple[int, str]) -> bool:
    """Whether the index once was in the state that ``stamp`` names."""
    row = connection.execute("SELECT token FROM changes WHERE number = ?", (stamp[0],)).fetchone()
    return row is not None and row[0] == stamp[1]


def _log(path: Path) -> Path:
    return path.with_name(path.name + "-wal")


def _is_frozen(path: Path) -> bool:
    """Whether nothing can be written there, not even a lock, so that the file must be taken as it stands."""
    return not os.access(path.parent, os.W_OK) and not _log(path).exists()


def _connect(folder: Path, *, frozen: bool) -> sqlite3.Connection:
    path = folder / DATABASE
    if not path.is_file():
        raise InputError(f"{folder} is no document index: it has no {DATABASE}; DocumentIndex.create makes one")
    mode = "ro&immutable=1" if frozen else "rw"  # rw never makes a file
    connection = sqlite3.connect(
        f"file:{quote(str(path.resolve()))}?mode={mode}",
        uri=True,
        timeout=_BUSY_SECONDS,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cache_size = -32768")
    return connection


def _write_schema(path: Path, facts: Mapping[str, str | int | float]) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(f"BEGIN; {_SCHEMA}")
        connection.executemany("INSERT INTO meta VALUES (?, ?)", {**facts, "format": FORMAT}.items())
        connection.execute("INSERT INTO changes VALUES (0, ?, 'create', 0)", (secrets.token_hex(8),))
        connection.execute("COMMIT")
    finally:
        connection.close()


def _read_facts(connection: sqlite3.Connection, folder: Path) -> dict[str, str | int | float]:
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    missing = {"meta", "changes", "documents", "texts", "passages", "vectors", "words"} - tables
    if missing:
        raise IndexDamagedError(
            f"{folder / DATABASE} is damaged or not slmkit's (no table {sorted(missing)[0]!r}); nothing was changed"
        )
    facts = dict(connection.execute("SELECT name, value FROM meta"))
    version = facts.get("format")
    if not isinstance(version, int) or not {"core", "width", "exact_up_to", "spread"} <= facts.keys():
        raise IndexDamagedError(
            f"{folder / DATABASE} is damaged: its table 'meta' lacks something; nothing was changed"
        )
    if version > FORMAT:
        raise IndexDamagedError(
            f"{folder}: format {version} is newer than this slmkit reads (up to {FORMAT}); upgrade slmkit"
        )
    return facts


@contextmanager
def _mapped(folder: Path) -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        text = str(error)
        if "locked" in text or "busy" in text:
            raise InputError(f"{folder} is held by another process ({text}); try again") from error
        if "full" in text or "readonly" in text or "disk" in text or "unable to open" in text:
            raise InputError(f"cannot read or write {folder / DATABASE}: {text}") from error
        raise _damage(folder, error) from error
    except sqlite3.DatabaseError as error:
        if isinstance(error, (sqlite3.IntegrityError, sqlite3.ProgrammingError)):
            raise
        raise _damage(folder, error) from error


def _damage(folder: Path, error: Exception) -> IndexDamagedError:
    return IndexDamagedError(
        f"{folder / DATABASE} is damaged ({str(error)[:60]}); nothing was changed: put a backup in its place, "
        "or index the documents anew in another folder"
    )
