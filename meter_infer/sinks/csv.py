"""Readings as CSV: one row each, written whole or not at all."""

import contextlib
import csv
import io
import math
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from meter_infer.errors import SinkError
from meter_infer.types import Reading

COLUMNS = (
    "captured_at",
    "camera",
    "meter",
    "kind",
    "value",
    "unit",
    "raw",
    "fraction",
    "quality",
    "reason",
    "confidence",
    "frame",
    "latency_ms",
)

_DIGITS = 6
_ONE_LINE = str.maketrans("\r\n", "  ")  # so that a row is always one line


def iso_utc(moment: datetime) -> str:
    """Return a timezone-aware time as ISO 8601 in UTC with milliseconds, as in 2026-03-01T12:00:00.250Z."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def number(value: float | None, decimals: int | None = None) -> str:
    """Return plain digits: six significant ones, or `decimals` after the point; empty for None."""
    if value is None or not math.isfinite(value):
        return ""
    if decimals is None:
        magnitude = math.floor(math.log10(abs(value))) if value else 0
        decimals = min(max(_DIGITS - 1 - magnitude, 0), 15)
    text = f"{value:.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def csv_row(reading: Reading) -> bytes:
    """Return a reading as one line of UTF-8 with its line feed."""
    return _line(
        (
            iso_utc(reading.captured_at),
            reading.camera,
            reading.meter,
            reading.kind.value,
            number(reading.value),
            reading.unit or "",
            number(reading.raw),
            number(reading.fraction, 5),
            reading.quality.value,
            reading.reason.value,
            number(reading.confidence, 3),
            str(reading.frame),
            number(reading.latency_ms, 1),
        )
    )


def csv_header() -> bytes:
    """Return the line of the columns' names."""
    return _line(COLUMNS)


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerow([cell.translate(_ONE_LINE) for cell in cells])
    return text.getvalue().encode()


class CsvSink:
    """A CSV file, or an open binary stream such as standard output.

    Nothing is buffered: each row reaches the operating system in one write, so that a reader of the
    file never waits and never sees half a row. A row that the disk has no room for is taken back. What an
    earlier run wrote stays until the first rows of this one: a run that reads nothing takes nothing away.
    Raises SinkError.
    """

    def __init__(self, target: Path | BinaryIO) -> None:
        """Write to the file at the path `target`, or to an open stream, which is left open."""
        self._file: FileIO | None = None
        self._stream: BinaryIO | None = None
        self._replaces = False
        if isinstance(target, Path):
            self.name = str(target)
            try:
                self._file = FileIO(target, "ab")
                self._replaces = os.fstat(self._file.fileno()).st_size > 0
            except OSError as error:
                folder = target.parent
                said = error.strerror if folder.is_dir() else f"there is no folder {folder}; make it first"
                raise SinkError(f"The CSV file {target} cannot be written: {said}.") from error
        else:
            self.name = "standard output"
            self._stream = target
        if self._replaces:
            return
        try:
            self._put(csv_header())
        except SinkError:
            self.close()
            raise

    def write(self, readings: Sequence[Reading]) -> None:
        """Write one row for each reading."""
        if self._replaces and self._file is not None:
            self._file.truncate(0)
            self._replaces = False
            self._put(csv_header())
        for reading in readings:
            self._put(csv_row(reading))

    def flush(self) -> None:
        """Nothing waits: each row is delivered as it is written."""

    def close(self) -> None:
        """Close the file; a stream stays open."""
        file, self._file = self._file, None
        self._stream = None
        if file is not None:
            file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _put(self, row: bytes) -> None:
        try:
            if self._file is not None:
                _write_whole(self._file, row)
            elif self._stream is not None:
                self._stream.write(row)
                self._stream.flush()
            else:
                raise SinkError(f"{self.name} is closed; nothing more can be written to it.")
        except OSError as error:
            raise SinkError(f"The CSV rows cannot be written to {self.name}: {error.strerror}.") from error


def _write_whole(file: FileIO, row: bytes) -> None:
    """Write a row; where it does not fit, cut its beginning off again and raise OSError."""
    written = 0
    try:
        while written < len(row):
            written += file.write(row[written:]) or 0
    except OSError:
        if written:
            with contextlib.suppress(OSError):  # a pipe cannot be cut
                file.truncate(file.seek(-written, os.SEEK_CUR))
        raise
