"""Daily CSV files: rotation, resumption, a disk that is really full."""

import contextlib
import csv
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from meter_infer.errors import SinkError
from meter_infer.sinks.csv import COLUMNS
from meter_infer.sinks.daily_csv import DailyCsvSettings, DailyCsvSink
from meter_infer.types import Quality
from tests.runtime.fakes import START, reading


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def every_frame(folder: Path, max_bytes: int = 0) -> DailyCsvSink:
    return DailyCsvSink(DailyCsvSettings(folder, 0.0, max_bytes))


def test_the_columns_are_those_of_read(tmp_path: Path) -> None:
    sink = every_frame(tmp_path / "made" / "here")
    sink.write([reading(value=1.25)])
    path = tmp_path / "made" / "here" / "2026-03-01.csv"
    assert path.read_text().splitlines()[0] == ",".join(COLUMNS)
    assert rows(path)[0]["value"] == "1.25"
    sink.close()


def test_a_day_has_a_file(tmp_path: Path) -> None:
    sink = every_frame(tmp_path)
    late = [replace(reading(), captured_at=START + timedelta(hours=hours)) for hours in (0, 11, 12, 13, 36)]
    sink.write(late)
    sink.close()
    counts = {path.name: len(rows(path)) for path in sorted(tmp_path.iterdir())}
    assert counts == {"2026-03-01.csv": 2, "2026-03-02.csv": 2, "2026-03-03.csv": 1}


def test_a_disk_that_fills_up_between_two_files_doubles_no_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_full = [False]
    write = os.write

    def no_room_for_new_files(file: int, data: bytes) -> int:
        if is_full[0] and os.fstat(file).st_size == 0:
            raise OSError(28, "No space left on device")
        return write(file, data)

    monkeypatch.setattr("meter_infer.sinks.daily_csv.os.write", no_room_for_new_files)
    sink = every_frame(tmp_path, max_bytes=1000)
    sink.write([reading(at_s=step, index=step) for step in range(5)])
    batch = [reading(at_s=step, index=step) for step in range(5, 17)]
    is_full[0] = True
    for _ in range(3):
        with pytest.raises(SinkError, match="No space left"):
            sink.write(batch)
    is_full[0] = False
    sink.write(batch)
    sink.close()
    paths = sorted(tmp_path.iterdir(), key=lambda path: (len(path.name), path.name))
    assert len(paths) > 1
    assert [int(row["frame"]) for path in paths for row in rows(path)] == list(range(17))


def test_a_clock_that_was_wrong_and_is_set_back_costs_no_day(tmp_path: Path) -> None:
    sink = every_frame(tmp_path)
    hours = (0, 24, 23.9, 24 * 400, 1)  # the third is a camera that lags behind at midnight
    sink.write([replace(reading(), captured_at=START + timedelta(hours=each)) for each in hours])
    sink.close()
    counts = {path.name: len(rows(path)) for path in sorted(tmp_path.iterdir())}
    assert counts == {"2026-03-01.csv": 2, "2026-03-02.csv": 2, "2027-04-05.csv": 1}


def test_one_row_a_second_and_one_at_each_change_of_quality(tmp_path: Path) -> None:
    sink = DailyCsvSink(DailyCsvSettings(tmp_path, 1.0))
    for step in range(40):
        quality = Quality.BAD if step == 13 else Quality.GOOD
        sink.write([reading(at_s=step / 20, index=step, quality=quality)])
    sink.close()
    frames = [int(row["frame"]) for row in rows(tmp_path / "2026-03-01.csv")]
    assert frames == [0, 13, 14, 20]


def test_a_restart_goes_on_and_removes_half_a_row(tmp_path: Path) -> None:
    sink = every_frame(tmp_path)
    sink.write([reading(index=1)])
    sink.close()
    path = tmp_path / "2026-03-01.csv"
    with path.open("ab") as file:
        file.write(b"2026-03-01T12:00:00.000Z,cam,m,poi")
    sink = every_frame(tmp_path)
    sink.write([reading(index=2)])
    sink.close()
    assert [row["frame"] for row in rows(path)] == ["1", "2"]
    assert path.read_text().count("captured_at") == 1


def test_a_file_with_other_columns_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "2026-03-01.csv").write_text("a,b\n1,2\n")
    sink = every_frame(tmp_path)
    sink.write([reading()])
    sink.close()
    assert (tmp_path / "2026-03-01.csv").read_text() == "a,b\n1,2\n"
    assert len(rows(tmp_path / "2026-03-01_1.csv")) == 1


def test_a_full_file_is_followed_by_another(tmp_path: Path) -> None:
    sink = every_frame(tmp_path, max_bytes=1000)
    for step in range(60):
        sink.write([reading(index=step)])
    sink.close()
    numbered = [tmp_path / f"2026-03-01_{number}.csv" for number in range(1, len(list(tmp_path.iterdir())))]
    files = [tmp_path / "2026-03-01.csv", *numbered]
    assert sorted(tmp_path.iterdir()) == sorted(files)
    assert len(files) > 3
    assert all(path.stat().st_size < 1200 for path in files)
    frames = [int(row["frame"]) for path in files for row in rows(path)]
    assert frames == list(range(60))


def test_a_file_that_was_taken_away_is_made_again(tmp_path: Path) -> None:
    now = [0.0]
    sink = DailyCsvSink(DailyCsvSettings(tmp_path, 0.0), lambda: now[0])
    sink.write([reading(index=1)])
    (tmp_path / "2026-03-01.csv").rename(tmp_path / "moved.csv")
    now[0] = 5.0
    sink.tick()
    sink.write([reading(index=2)])
    sink.close()
    assert [row["frame"] for row in rows(tmp_path / "2026-03-01.csv")] == ["2"]
    assert [row["frame"] for row in rows(tmp_path / "moved.csv")] == ["1"]


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    sink = every_frame(tmp_path / "file")
    with pytest.raises(SinkError, match="cannot be written"):
        sink.write([reading()])
    sink.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_loses_nothing_once_it_has_room(small_disk: Path) -> None:
    sink = every_frame(small_disk / "csv")
    sink.write([reading(index=0)])
    ballast = small_disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 1024)
    waiting = [reading(index=index) for index in range(1, 200)]
    for _ in range(3):
        with pytest.raises(SinkError, match="No space left"):
            sink.write(waiting)
    path = small_disk / "csv" / "2026-03-01.csv"
    assert path.read_bytes().endswith(b"\n"), "no half row is left behind"
    ballast.unlink()
    sink.write(waiting)
    sink.close()
    assert [int(row["frame"]) for row in rows(path)] == list(range(200))
