"""Readings of the live service as CSV files, one a day, resumed after a restart."""

import contextlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from pathlib import Path

from meter_infer.errors import SinkError
from meter_infer.events import Item
from meter_infer.sinks.csv import csv_header, csv_row
from meter_infer.sinks.pace import Marks, Pace, mark_of
from meter_infer.types import Reading

_SYNC_S = 1.0
_ONE_DAY = timedelta(days=1)
"""What one camera sends late, after another began a new day, goes into the new day's file. What is older
says that the clock was set back."""
_TAIL = 4096


@dataclass(frozen=True, slots=True)
class DailyCsvSettings:
    """Where the files go and how much goes into them."""

    directory: Path
    every_s: float = 1.0
    """At most one row a meter in this time, and one at each change of quality; 0: every reading."""
    max_bytes: int = 0
    """A file that reaches this size is followed by another of the same day; 0: any size."""


class DailyCsvSink:
    """Files ``2026-11-22.csv``, by the UTC date of capture; ``2026-11-22_1.csv`` where one is not enough.

    Rows reach the operating system in one write, whole or not at all, and the disk within a second. A
    row that a crash cut short is removed when the file is opened again. Raises SinkError, after which
    the same rows can be written again.
    """

    name = "csv"
    backlog = 0
    dropped = 0
    problem: str | None = None

    def __init__(self, settings: DailyCsvSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._file: int | None = None
        self._path: Path | None = None
        self._day: date | None = None
        self._size = 0
        self._pace = Pace(settings.every_s)
        self._dirty = False
        self._synced_s = 0.0
        self._stored: list[Reading] = []
        """What is on the disk of the items that could not all be written, and will come again."""

    def write(self, items: Sequence[Item]) -> None:
        """Append the rows that are due."""
        marks: Marks = {}
        known = {id(reading) for reading in self._stored}
        readings = [item for item in items if isinstance(item, Reading) and id(item) not in known]
        due = [reading for reading in readings if self._pace.is_due(reading, marks)]
        rows: list[bytes] = []
        marks = {}
        stored = self._stored
        for number, reading in enumerate(due):
            date_of = reading.captured_at.astimezone(UTC).date()
            day = self._day if self._day and date_of == self._day - _ONE_DAY else date_of
            if self._file is None or day != self._day or self._is_full(rows):
                self._append(rows, marks)
                rows, marks = [], {}
                self._stored = [*stored, *due[:number]]
                self._open(day)
            rows.append(csv_row(reading))
            marks[reading.camera, reading.meter] = mark_of(reading)
        self._append(rows, marks)
        self._stored = []

    def tick(self) -> None:
        """Bring what was written to the disk, and notice a file that somebody took away."""
        now = self._clock()
        if self._file is None or now - self._synced_s < _SYNC_S:
            return
        self._synced_s = now
        try:
            self._sync()
        except OSError as error:
            raise self._failure(error) from error
        if self._path is not None and not _same_file(self._file, self._path):
            self._let_go()

    def close(self) -> None:
        """Bring everything to the disk and close the file."""
        try:
            self._sync()
        except OSError as error:
            raise self._failure(error) from error
        finally:
            self._let_go()

    def _is_full(self, rows: list[bytes]) -> bool:
        limit = self._settings.max_bytes
        return bool(limit) and self._size + sum(map(len, rows)) >= limit

    def _append(self, rows: list[bytes], marks: Marks) -> None:
        if rows:
            self._put(b"".join(rows))
        self._pace.written(marks)

    def _put(self, data: bytes) -> None:
        if self._file is None:
            raise SinkError("The CSV file is closed.")
        try:
            done = os.write(self._file, data)
            if done < len(data):
                os.ftruncate(self._file, self._size)
                raise OSError(28, "No space left on device")
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, self._size)
            raise self._failure(error) from error
        self._size += len(data)
        self._dirty = True

    def _failure(self, error: OSError) -> SinkError:
        return SinkError(
            f"The CSV files in {self._settings.directory} cannot be written ({error.strerror}); "
            "free some space or check the folder."
        )

    def _open(self, day: date) -> None:
        """Open the day's last file that has room; make it where there is none."""
        self._let_go()
        folder = self._settings.directory
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for number in range(100_000):
                path = folder / (f"{day.isoformat()}_{number}.csv" if number else f"{day.isoformat()}.csv")
                if self._resume(path):
                    break
        except OSError as error:
            self._let_go()
            raise self._failure(error) from error
        self._day = day

    def _resume(self, path: Path) -> bool:
        """Open a file to append to; False where it is full or has other columns."""
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._file, self._path = file, path
        self._size = _whole_lines(file)
        header = csv_header()
        if self._size == 0:
            try:
                self._put(header)
            except SinkError:
                self._let_go()  # rows must not follow where no header is
                raise
            return True
        limit = self._settings.max_bytes
        if os.pread(file, len(header), 0) != header or (limit and self._size >= limit):
            self._let_go()
            return False
        return True

    def _let_go(self) -> None:
        with contextlib.suppress(OSError):
            self._sync()
        file, self._file, self._dirty = self._file, None, False
        if file is not None:
            os.close(file)

    def _sync(self) -> None:
        """Bring what was written to the disk."""
        if self._file is not None and self._dirty:
            os.fdatasync(self._file)
            self._dirty = False


def _whole_lines(file: int) -> int:
    """Cut off a last line without its end; return the size that remains."""
    size = os.fstat(file).st_size
    end = size
    while end > 0:
        start = max(0, end - _TAIL)
        at = os.pread(file, end - start, start).rfind(b"\n")
        if at >= 0:
            end = start + at + 1
            break
        end = start
    if end < size:
        os.ftruncate(file, end)
    return end


def _same_file(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except OSError:
        return False
