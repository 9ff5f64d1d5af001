"""Messages that wait on disk until the broker is back: SQLite, bounded, in order."""

import contextlib
import logging
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from meter_infer.errors import SinkError

logger = logging.getLogger(__name__)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS messages (
    seq INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload BLOB NOT NULL,
    qos INTEGER NOT NULL, retain INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS announced (topic TEXT PRIMARY KEY);
"""
_CACHE_KIB = 256
"""Messages are read in the order in which they were written: a larger cache, kept for good, saves nothing."""
_BROKEN = ("malformed", "not a database", "unsupported file format")


@dataclass(frozen=True, slots=True)
class Message:
    """One message to a broker."""

    topic: str
    payload: bytes
    qos: int
    retain: bool
    seq: int = 0
    """Its place in the order of all messages; 0 for one that does not wait."""


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """Where messages wait, and how many may."""

    path: Path
    max_messages: int = 200_000
    drop_oldest: bool = True
    """What gives way when it is full: the oldest, or what comes last."""


class Outbox:
    """A queue on disk, used by one thread. A damaged file is put aside and a new one begun.

    Raises SinkError where the disk cannot be written.
    """

    def __init__(self, settings: OutboxSettings) -> None:
        self._settings = settings
        self._connection: sqlite3.Connection | None = None
        self.count = 0
        """Messages that wait."""
        self.dropped = 0
        """Messages that gave way to others."""
        self.last_seq = 0
        """Highest `seq` that was ever stored here."""

    def open(self) -> None:
        """Open or make the file."""
        if self._connection is not None:
            return
        path = self._settings.path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connect(path)
            except sqlite3.DatabaseError as error:
                if not any(words in str(error) for words in _BROKEN):
                    raise
                aside = path.with_suffix(path.suffix + ".damaged")
                path.replace(aside)
                logger.warning(
                    "The outbox %s was damaged; it is kept as %s and a new one begun.", path, aside
                )
                self._connect(path)
        except (OSError, sqlite3.Error) as error:
            self.close()
            raise self._failure(error) from error

    def _connect(self, path: Path) -> None:
        self._connection = connection = sqlite3.connect(path, timeout=1.0, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        connection.executescript(_SCHEMA)
        count, last = connection.execute("SELECT COUNT(*), COALESCE(MAX(seq), 0) FROM messages").fetchone()
        self.count, self.last_seq = int(count), max(self.last_seq, int(last))

    def append(self, messages: Sequence[Message]) -> None:
        """Store messages, each with its `seq`, all or none; what exceeds the bound is dropped and counted."""
        if not messages:
            return
        limit, dropped = self._settings.max_messages, 0
        if not self._settings.drop_oldest:
            room = max(0, limit - self.count)
            dropped, messages = max(0, len(messages) - room), messages[:room]
        rows = [(m.seq, m.topic, m.payload, m.qos, m.retain) for m in messages]
        with self._transaction() as connection:
            connection.executemany("INSERT OR REPLACE INTO messages VALUES (?, ?, ?, ?, ?)", rows)
            excess = self.count + len(rows) - limit
            if excess > 0:
                connection.execute(
                    "DELETE FROM messages WHERE seq IN (SELECT seq FROM messages ORDER BY seq LIMIT ?)",
                    (excess,),
                )
        dropped += max(0, excess)
        self.count += len(rows) - max(0, excess)
        self.dropped += dropped
        self.last_seq = max([self.last_seq, *(message.seq for message in messages)])

    def after(self, seq: int, limit: int) -> list[Message]:
        """Return the next messages behind `seq`, in order."""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT topic, payload, qos, retain, seq FROM messages WHERE seq > ? ORDER BY seq LIMIT ?",
                (seq, limit),
            ).fetchall()
        return [
            Message(topic, payload, qos, bool(retain), number) for topic, payload, qos, retain, number in rows
        ]

    def delete(self, seqs: Iterable[int]) -> None:
        """Forget delivered messages."""
        rows = [(seq,) for seq in seqs]
        if not rows:
            return
        with self._transaction() as connection:
            done = connection.executemany("DELETE FROM messages WHERE seq = ?", rows).rowcount
        self.count -= done

    def announced(self) -> set[str]:
        """Return the topics on which the broker keeps something that was not taken back."""
        with self._transaction() as connection:
            return {topic for (topic,) in connection.execute("SELECT topic FROM announced")}

    def announce(self, topics: Iterable[str], gone: Iterable[str] = ()) -> None:
        """Remember topics on which the broker keeps something, and forget those that are gone."""
        with self._transaction() as connection:
            connection.executemany("INSERT OR IGNORE INTO announced VALUES (?)", [(t,) for t in topics])
            connection.executemany("DELETE FROM announced WHERE topic = ?", [(t,) for t in gone])

    def close(self) -> None:
        """Close the file."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):
                connection.close()

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self.open()
        connection = self._connection
        if connection is None:
            raise SinkError(f"The outbox {self._settings.path} is closed.")
        try:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            if any(words in str(error) for words in _BROKEN):
                self.close()
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> SinkError:
        said = getattr(error, "strerror", None) or str(error)
        return SinkError(
            f"The outbox {self._settings.path} cannot be written ({said}); "
            "free some space or check the folder."
        )
