"""Annotated pictures and videos: what is written can be read again."""

import resource
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.errors import SinkError
from meter_infer.sinks.pictures import PictureFile, PictureFolder, VideoFile, write_picture
from meter_infer.sources import open_source

BEGAN = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def grey(level: int, size: tuple[int, int] = (64, 48)) -> NDArray[np.uint8]:
    return np.full((size[1], size[0], 3), level, np.uint8)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_a_video_has_the_frames_at_their_times(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    video = VideoFile(path, fps=25)
    seconds = [0.0, 0.04, 0.08, 0.5, 0.54]
    for index, second in enumerate(seconds):
        video.write(grey(40 * index), BEGAN + timedelta(seconds=second), index)
    video.close()
    video.close()
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
    with open_source(str(path)) as source:
        frames = list(source)
        assert source.problem is None
    assert [(f.captured_at - frames[0].captured_at).total_seconds() for f in frames] == pytest.approx(
        seconds, abs=2e-3
    )
    assert [int(frame.luma[20, 20]) for frame in frames] == pytest.approx(
        [16 + 40 * i * 219 / 255 for i in range(5)], abs=3
    )


def test_times_that_do_not_advance_are_paced(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    video = VideoFile(path, fps=10)
    for index, second in enumerate([0.0, 0.0, -5.0, 0.25]):
        video.write(grey(90), BEGAN + timedelta(seconds=second), index)
    video.close()
    with open_source(str(path)) as source:
        frames = list(source)
    seconds = [(frame.captured_at - frames[0].captured_at).total_seconds() for frame in frames]
    assert seconds == pytest.approx([0, 0.1, 0.2, 0.25], abs=2e-3)


@pytest.mark.parametrize("size", [(65, 49), (1, 1), (64, 49), (1920, 1080)])
def test_any_size_can_be_written(tmp_path: Path, size: tuple[int, int]) -> None:
    path = tmp_path / "out.mp4"
    video = VideoFile(path)
    video.write(grey(90, size), BEGAN, 0)
    video.close()
    with open_source(str(path)) as source:
        (frame,) = source
    assert (frame.width, frame.height) == tuple(side + side % 2 for side in size)
    assert abs(int(frame.luma[-1, -1]) - 93) <= 3


def test_a_frame_of_another_size_is_scaled(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    video = VideoFile(path, 10)
    video.write(grey(90), BEGAN, 0)
    video.write(grey(90, (32, 24)), BEGAN + timedelta(seconds=1), 1)
    video.close()
    with open_source(str(path)) as source:
        assert {(frame.width, frame.height) for frame in source} == {(64, 48)}


def test_a_video_without_a_frame_is_none(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    VideoFile(path).close()
    assert not path.exists()
    path.write_bytes(b"of an earlier run")
    VideoFile(path).close()
    assert path.read_bytes() == b"of an earlier run"


@pytest.mark.parametrize("kind", [VideoFile, PictureFile])
def test_a_place_that_cannot_be_written_is_known_before_the_work(
    tmp_path: Path, kind: type[VideoFile | PictureFile]
) -> None:
    path = tmp_path / ("out.mp4" if kind is VideoFile else "out.png")
    path.mkdir()
    with pytest.raises(SinkError, match="cannot be written: Is a directory"):
        kind(path)


def test_a_closed_video_says_so(tmp_path: Path) -> None:
    video = VideoFile(tmp_path / "out.mp4")
    video.close()
    with pytest.raises(SinkError, match="is closed"):
        video.write(grey(1), BEGAN, 0)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp"])
def test_a_picture(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    PictureFile(path).write(grey(77), BEGAN, 0)
    read = cv2.imread(str(path))
    assert read is not None
    assert abs(int(read[5, 5, 1]) - 77) <= 2


def test_a_folder_keeps_the_names_of_the_pictures(tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path / "a" / "b", ["x.png", "y.jpg"])
    for index in range(3):
        folder.write(grey(77), BEGAN, index)
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == ["000002.jpg", "x.png", "y.jpg"]


@pytest.mark.parametrize(
    ("name", "says"), [("out.txt", "kind of video"), ("missing/out.mp4", "there is no folder")]
)
def test_a_video_that_cannot_be_written(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(SinkError, match=says):
        VideoFile(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("out.mp4", "kind of picture"),
        ("out", "kind of picture"),
        ("o.pgm", "kind of picture"),
        ("missing/o.png", "no folder"),
    ],
)
def test_a_picture_that_cannot_be_written(tmp_path: Path, name: str, says: str) -> None:
    with pytest.raises(SinkError, match=says):
        PictureFile(tmp_path / name)


def test_half_a_picture_is_none(tmp_path: Path) -> None:
    """As on a full disk: what could be written of it would be taken for a picture."""
    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(SinkError, match="cannot be written: File too large"):
            PictureFile(tmp_path / "o.png").write(image, BEGAN, 0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    with pytest.raises(SinkError, match="cannot be made"):
        PictureFolder(tmp_path / "out")


def test_what_holds_no_colour_becomes_a_png(tmp_path: Path) -> None:
    folder = PictureFolder(tmp_path, ["a.pgm", "b.pgm", "b.png"])
    for index in range(3):
        folder.write(grey(77), BEGAN, index)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.pgm.png", "b.png"]
    with pytest.raises(SinkError, match="cannot be encoded"):
        write_picture(tmp_path / "c.pgm", grey(77))
    assert not (tmp_path / "c.pgm").exists()
