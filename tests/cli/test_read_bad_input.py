"""`meter-infer read` and what it cannot use: one clear sentence, and what was read so far is kept."""

import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from meter_infer.sinks.pictures import VideoFile
from tests.cli.fakes import FakeReader, Run, rows, said

ROOT = Path(__file__).parents[2]


def text_video(folder: Path) -> Path:
    path = folder / "notes.mp4"
    path.write_text("pressure was high on monday\n" * 20)
    return path


def empty(folder: Path) -> Path:
    path = folder / "empty.mp4"
    path.touch()
    return path


def no_folder(folder: Path) -> Path:
    path = folder / "pictures"
    path.mkdir()
    return path


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: folder / "gone.mp4", "does not exist"),
        (empty, "is empty"),
        (text_video, "is no video"),
        (no_folder, "holds no pictures"),
        (lambda folder: "rtsp://u:s3cret@127.0.0.1:1/x", "cannot be opened"),
    ],
)
def test_a_source_that_cannot_be_read(
    run: Run, reader: FakeReader, tmp_path: Path, make: Callable[[Path], object], says: str
) -> None:
    csv = tmp_path / "out.csv"
    csv.write_text("of yesterday")
    sentence = said(run("read", make(tmp_path), "--csv", csv))
    assert says in sentence
    assert "s3cret" not in sentence
    assert csv.read_text() == "of yesterday"
    assert reader.options is None, "no network is loaded for it"


def test_a_truncated_video_is_read_as_far_as_it_goes(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "cut.mkv"
    out = VideoFile(path, 10)
    for index in range(40):
        noise = np.random.default_rng(index).integers(0, 255, (48, 64, 3), np.uint8)
        out.write(noise, datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=index / 10), index)
    out.close()
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    result = run("read", path, "--csv", tmp_path / "out.csv")
    count = len(rows((tmp_path / "out.csv").read_text()))
    assert 10 < count < 30
    assert result.exit_code == 0
    assert f"warning: {path} is truncated or damaged: {count} frames could be read" in result.stderr
    assert run("read", path, "--strict").exit_code == 1


@pytest.mark.parametrize(
    "image",
    [
        np.full((1, 1, 3), 9, np.uint8),
        np.full((30, 40), 9, np.uint8),
        np.full((30, 40, 3), 40_000, np.uint16),
        np.full((30, 40, 4), 90, np.uint8),
        np.full((300, 12_000), 90, np.uint8),
    ],
    ids=["1x1", "grey", "16-bit", "transparent", "12,000 px"],
)
def test_unusual_pictures_are_read(run: Run, tmp_path: Path, image: Any) -> None:
    path = tmp_path / "odd.png"
    cv2.imwrite(str(path), image)
    result = run("read", path, "--csv", "-", "--annotate", tmp_path / "seen.png")
    assert result.exit_code == 0
    assert len(rows(result.stdout)) == 1


@pytest.mark.parametrize("target", ["missing/out.csv", "."])
def test_an_unwritable_csv(run: Run, reader: FakeReader, video: Path, tmp_path: Path, target: str) -> None:
    assert "cannot be written" in said(run("read", video, "--csv", tmp_path / target))
    assert reader.frames == []
    assert reader.closed == 1


@pytest.mark.parametrize("name", ["", " "])
def test_a_csv_without_a_name(run: Run, reader: FakeReader, video: Path, name: str) -> None:
    assert "--csv is empty; give it the name of a file, or -" in said(run("read", video, "--csv", name))
    assert reader.options is None, "no network is loaded for it"


def test_standard_output_that_is_closed(video: Path) -> None:
    command = f'"{sys.executable}" -m meter_infer read "{video}" --csv - >&-'
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert done.stderr == "error: Standard output is closed; give --csv the name of a file.\n"


def test_a_disk_that_fills_up_leaves_whole_rows(
    run: Run, reader: FakeReader, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # half a .pyc would break every test after this one
    run("read", video, "--csv", tmp_path / "whole.csv")
    lines = (tmp_path / "whole.csv").read_bytes().splitlines(keepends=True)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(b"".join(lines[:4])) + 10, limits[1]))
        result = run("read", video, "--csv", tmp_path / "out.csv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert "The CSV rows cannot be written" in said(result)
    assert len(rows((tmp_path / "out.csv").read_text())) == 3
    assert reader.closed == 2


def test_a_site_file_with_mistakes(run: Run, video: Path, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("cameras:\n  c: {url: x, meters: {m: {kind: level, range: [3, 3], rnage: 4}}}\n")
    result = run("read", video, "--config", path)
    assert "has 2 mistakes:" in said(result)
    assert result.stderr.count("line 2: cameras.c.meters.m") == 2


def test_a_model_with_a_wrong_hash(picture: Path, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.mkdir()
    (models / "detect.onnx").write_bytes(b"no network")
    (models / "manifest.yaml").write_text(
        "models: {detect: {file: detect.onnx, sha256: " + "a" * 64 + ", architecture: yolov8n, "
        "classes: [pointer_gauge, level_gauge], input_size: 640}}"
    )
    command = [sys.executable, "-m", "meter_infer", "read", str(picture), "--models", str(models)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "error: " in done.stderr
    assert "SHA-256 differs" in done.stderr
    assert "Traceback" not in done.stderr


def test_of_a_damaged_picture_nothing_is_said_but_that(run: Run, picture: Path) -> None:
    picture.write_bytes(picture.read_bytes()[:60])
    result = run("read", picture)
    assert "gauge.png is damaged" in said(result)
    assert "0 frames" not in result.stderr
