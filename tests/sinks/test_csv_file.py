"""The CSV file: what a row looks like, and that it is whole or not there."""

import csv
import io
import math
import os
import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meter_infer.errors import SinkError
from meter_infer.sinks import COLUMNS, CsvSink, Sink
from meter_infer.sinks.csv import csv_row, number
from meter_infer.types import MeterKind, Quality, Reading, Reason

READING = Reading(
    captured_at=datetime(2026, 3, 1, 12, 0, 0, 250_900, UTC),
    camera="boiler",
    meter="p1",
    kind=MeterKind.POINTER,
    value=0.6512345678,
    unit="MPa",
    raw=0.65,
    fraction=0.406521937,
    quality=Quality.GOOD,
    reason=Reason.OK,
    confidence=0.98765,
    frame=17,
    latency_ms=12.345,
)
HEADER = "captured_at,camera,meter,kind,value,unit,raw,fraction,quality,reason,confidence,frame,latency_ms"


def test_the_columns_and_a_row(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with CsvSink(path) as sink:
        assert isinstance(sink, Sink)
        sink.write([READING])
    assert path.read_bytes().decode() == (
        HEADER
        + "\n2026-03-01T12:00:00.250Z,boiler,p1,pointer,0.651235,MPa,0.65,0.40652,good,ok,0.988,17,12.3\n"
    )


def test_what_there_is_none_of_is_empty() -> None:
    reading = replace(
        READING, value=None, unit=None, raw=None, fraction=None, quality=Quality.BAD, reason=Reason.NO_METER
    )
    assert (
        csv_row(reading).decode()
        == "2026-03-01T12:00:00.250Z,boiler,p1,pointer,,,,,bad,no_meter,0.988,17,12.3\n"
    )


def test_times_are_utc() -> None:
    local = replace(READING, captured_at=READING.captured_at.astimezone(timezone(timedelta(hours=9))))
    assert csv_row(local) == csv_row(READING)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.0, "0"),
        (-1e-12, "-0.000000000001"),
        (5.0, "5"),
        (123456.789, "123457"),
        (1234567.0, "1234567"),
        (-0.1234567, "-0.123457"),
        (99.99999999, "100"),
        (1e-300, "0"),
        (math.nan, ""),
        (math.inf, ""),
        (None, ""),
    ],
)
def test_numbers_are_plain_digits(value: float | None, text: str) -> None:
    assert number(value) == text


@given(st.floats(-1e12, 1e12, allow_subnormal=False).filter(lambda value: value == 0 or abs(value) > 1e-9))
def test_six_digits_are_kept(value: float) -> None:
    assert float(number(value)) == pytest.approx(value, rel=5.1e-6)
    assert "e" not in number(value)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20))
def test_any_text_comes_back_on_one_line(unit: str) -> None:
    row = csv_row(replace(READING, unit=unit)).decode()
    assert row.count("\n") == 1
    (cells,) = csv.reader(io.StringIO(row, newline=""))
    assert dict(zip(COLUMNS, cells, strict=True))["unit"] == unit.replace("\r", " ").replace("\n", " ")


def test_each_row_is_there_at_once_and_whole(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with CsvSink(path) as sink:
        assert path.read_text() == HEADER + "\n"
        for count in range(1, 4):
            sink.write([READING])
            lines = path.read_text().splitlines()
            assert len(lines) == 1 + count
            assert lines[-1].endswith(",12.3")


def test_an_earlier_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("something else, and longer than a header" * 100)
    with CsvSink(path) as sink:
        sink.write([])
    assert path.read_text() == HEADER + "\n"


def test_an_earlier_file_stays_where_nothing_is_read(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("an hour of readings")
    CsvSink(path).close()
    assert path.read_text() == "an hour of readings"


@pytest.mark.parametrize("name", ["missing/out.csv", ".", "out.csv/x"])
def test_a_path_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "out.csv").touch()
    with pytest.raises(SinkError, match="cannot be written"):
        CsvSink(tmp_path / name)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said() -> None:
    with pytest.raises(SinkError, match="No space left"):
        CsvSink(Path("/dev/full"))


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """The kernel writes what fits, then fails, as a full disk does."""
    previous = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, previous[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, previous)
        signal.signal(signal.SIGXFSZ, handler)


def test_a_row_that_does_not_fit_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    row = len(csv_row(READING))
    with CsvSink(path) as sink:
        with (
            largest_file(len(HEADER) + 1 + 2 * row + row // 2),
            pytest.raises(SinkError, match="File too large"),
        ):
            sink.write([READING] * 5)
        assert path.read_text().splitlines()[1:] == [csv_row(READING).decode().strip()] * 2
        sink.write([READING])
    assert path.read_text().count("\n") == 4
    assert path.read_text().endswith(csv_row(READING).decode())


def test_a_stream_is_written_and_left_open() -> None:
    stream = io.BytesIO()
    with CsvSink(stream) as sink:
        sink.write([READING])
    assert stream.getvalue().decode().splitlines()[0] == HEADER
    assert len(stream.getvalue().splitlines()) == 2


def test_a_reader_that_has_gone_away_is_said() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "wb") as stream:
        sink = CsvSink(stream)
        os.close(read_end)
        with pytest.raises(SinkError) as caught:
            sink.write([READING])
        assert isinstance(caught.value.__cause__, BrokenPipeError)
        with pytest.raises(BrokenPipeError):
            stream.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def test_a_closed_sink_says_so(tmp_path: Path) -> None:
    sink = CsvSink(tmp_path / "out.csv")
    sink.close()
    sink.close()
    with pytest.raises(SinkError, match="is closed"):
        sink.write([READING])


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "nodir"
    with pytest.raises(SinkError, match=f"cannot be written: there is no folder {folder}; make it first"):
        CsvSink(folder / "x.csv")
