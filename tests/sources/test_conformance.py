"""What holds for every kind of source."""

import gc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from meter_infer.sources import Source, open_source
from meter_infer.types import Frame

KINDS = ("picture", "folder", "video", "stream")
Given = tuple[str, Path, int]


@pytest.fixture(params=KINDS)
def given(
    request: pytest.FixtureRequest,
    make_video: Any,
    make_folder: Callable[[int], Path],
    serve: Callable[[Path], str],
) -> Given:
    """An address, the file or folder behind it, and how many frames it has."""
    if request.param == "picture":
        path = make_folder(1) / "view0.png"
        return str(path), path, 1
    if request.param == "folder":
        path = make_folder(7)
        return str(path), path, 7
    path = make_video("video.mp4", 7)
    return (str(path), path, 7) if request.param == "video" else (serve(path), path, 7)


def read(address: str, **options: Any) -> tuple[list[Frame], Source]:
    with open_source(address, **options) as source:
        return list(source), source


def test_it_is_a_source(given: Given) -> None:
    with open_source(given[0]) as source:
        assert isinstance(source, Source)
        assert source.name


def test_frames_are_numbered_and_dated_in_order(given: Given) -> None:
    frames, source = read(given[0], camera="boiler")
    assert [frame.index for frame in frames] == list(range(given[2]))
    assert {frame.camera for frame in frames} == {"boiler"}
    assert all(frame.captured_at.utcoffset() == timedelta(0) for frame in frames)
    assert all(a.captured_at <= b.captured_at for a, b in pairwise(frames))
    assert abs(frames[0].captured_at - datetime.now(UTC)) < timedelta(minutes=5)
    assert source.problem is None


def test_the_planes_fit_together(given: Given) -> None:
    frames, _ = read(given[0])
    for frame in frames:
        assert (frame.width, frame.height) == (66, 50)
        assert frame.luma.dtype == np.uint8
        assert frame.luma.strides[1] == 1
        assert frame.chroma is not None
        assert [plane.shape for plane in frame.chroma] == [(25, 33), (25, 33)]


def test_frames_outlive_their_source(given: Given) -> None:
    frames, _ = read(given[0])
    gc.collect()
    levels = [int(frame.luma[40, 60]) for frame in frames]
    assert levels == sorted(set(levels)), "each frame keeps its own, brighter, pixels"


@pytest.mark.parametrize("every", [1, 2, 3, 100])
def test_every_so_many_frames(given: Given, every: int) -> None:
    address, _, count = given
    frames, source = read(address, every=every)
    assert [frame.index for frame in frames] == list(range(0, count, every))
    assert source.frame_count in (None, len(frames))


def test_it_is_closed_between_two_frames(given: Given, is_held: Callable[[Path], bool]) -> None:
    address, path, _ = given
    source = open_source(address)
    frames = iter(source)
    next(frames)
    source.close()
    assert list(frames) == []
    source.close()
    assert not is_held(path)


def test_nothing_is_held_after_reading(given: Given, is_held: Callable[[Path], bool]) -> None:
    address, path, _ = given
    read(address)
    assert not is_held(path)


def test_nothing_is_held_after_an_error_of_the_reader(given: Given, is_held: Callable[[Path], bool]) -> None:
    address, path, _ = given
    with pytest.raises(ZeroDivisionError), open_source(address) as source:
        _ = next(iter(source)).index / 0
    assert not is_held(path)
