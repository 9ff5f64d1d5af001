"""Recordings whose time stamps, durations or edit lists are not the plain ones."""

from collections.abc import Sequence
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.sources import open_source
from meter_infer.sources.video import Timeline

MILLISECOND = Fraction(1, 1000)
GOP = 10


def noise(index: int) -> NDArray[np.uint8]:
    return np.random.default_rng(index).integers(0, 255, (48, 64, 3), np.uint8)


def write(
    path: Path,
    stamps: Sequence[float],
    *,
    rate: Fraction = Fraction(10),
    audio_s: float = 0.0,
    unit: Fraction = MILLISECOND,
    movflags: str = "",
) -> Path:
    """Write a recording with a frame at each of `stamps`, and silence beside it."""
    with av.open(str(path), "w", options={"movflags": movflags} if movflags else {}) as out:
        stream: Any = out.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.time_base = unit
        stream.options = {"preset": "ultrafast", "bf": "0", "g": str(GOP)}
        sound: Any = out.add_stream("aac", rate=16_000, layout="mono") if audio_s else None
        packets = []
        for index, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(noise(index), format="bgr24")
            frame.pts, frame.time_base = round(stamp / unit), unit
            packets += stream.encode(frame)
        packets += stream.encode(None)
        for at in range(0, round(audio_s * 16_000), 1024):
            silence = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), "fltp", "mono")
            silence.sample_rate, silence.pts, silence.time_base = 16_000, at, Fraction(1, 16_000)
            packets += sound.encode(silence)
        packets += sound.encode(None) if sound else []
        for packet in sorted(packets, key=lambda each: float(each.pts * each.time_base)):
            out.mux(packet)
    return path


def tenths(count: int, start: float = 0.0) -> list[float]:
    return [start + index / 10 for index in range(count)]


def read(path: Path) -> tuple[list[float], str | None]:
    """Return the frames' times after the first, and what the source complains of."""
    with open_source(str(path)) as source:
        at = [frame.captured_at for frame in source]
        return [(each - at[0]).total_seconds() for each in at], source.problem


def test_time_goes_on_where_a_joined_recording_starts_its_stamps_anew(tmp_path: Path) -> None:
    parts = [write(tmp_path / name, tenths(30), unit=Fraction(1, 90_000)) for name in ("a.ts", "b.ts")]
    joined = tmp_path / "ab.ts"
    joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    seconds, _ = read(joined)
    assert seconds == pytest.approx(tenths(60), abs=1e-3)


@pytest.mark.parametrize("leap_s", [3e9, 2.0**50])
def test_a_leap_beyond_reason_is_one_frame(tmp_path: Path, leap_s: float) -> None:
    path = write(tmp_path / "v.mkv", [*tenths(20), *tenths(20, leap_s)])
    modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    with open_source(str(path)) as source:
        at = [frame.captured_at for frame in source]
        assert source.problem is None
        assert source.frame_count is None
    assert len(at) == 40
    assert abs((at[0] - modified).total_seconds()) < 60
    assert (at[20] - at[19]).total_seconds() == pytest.approx(0.1)
    assert 3.5 < (at[-1] - at[0]).total_seconds() < 4.5


def test_hours_without_motion_are_kept(tmp_path: Path) -> None:
    seconds, problem = read(write(tmp_path / "v.mkv", [*tenths(20), *tenths(20, 200_000.0)]))
    assert seconds[20] == 200_000.0
    assert problem is None


def placed(*stamps: float | None) -> list[float]:
    timeline = Timeline(10.0)
    return [timeline.place(stamp) for stamp in stamps]


def test_times_of_frames_out_of_order_wait_and_those_without_a_stamp_are_paced() -> None:
    assert placed(5.0, 5.1, 5.3, 5.2, 5.4) == pytest.approx([0, 0.1, 0.3, 0.3, 0.4])
    assert placed(None, None, 7.0, 7.1) == pytest.approx([0, 0.1, 0.2, 0.3])


def test_a_single_absurd_stamp_costs_one_interval() -> None:
    assert placed(0.0, 0.1, 0.2, 1e12, 0.4, 0.5) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5])


def test_a_stamp_that_is_repeated_for_ever_does_not_stop_the_time() -> None:
    assert placed(*[3.0] * 24)[-1] == pytest.approx(2.0)
    assert placed(*[3.0 + 1e-5 * index for index in range(24)])[-1] == pytest.approx(2.0)


def test_leaps_that_add_up_to_ages_are_no_traceback() -> None:
    at = placed(*[index * 29 * 86_400.0 for index in range(1000)])
    assert at == sorted(at)
    assert at[-1] <= 10 * 365 * 86_400


def test_a_creation_time_that_cannot_be_is_not_taken(make_video: Any) -> None:
    with open_source(str(make_video("v.nut", created="9999-12-31T23:59:59Z"))) as source:
        (first, *_) = source
    assert abs((first.captured_at - datetime.now(UTC)).total_seconds()) < 600


@pytest.mark.parametrize("every_s", [5, 3600])
@pytest.mark.parametrize("name", ["v.mkv", "v.mp4", "v.ts"])
def test_a_slow_recording_is_whole(tmp_path: Path, name: str, every_s: int) -> None:
    unit = Fraction(1, 90_000) if name.endswith("ts") else MILLISECOND
    stamps = [every_s * index for index in range(12)]
    path = write(tmp_path / name, stamps, rate=Fraction(1, every_s), unit=unit)
    seconds, problem = read(path)
    assert seconds == pytest.approx(stamps)
    assert problem is None


def without_durations(path: Path) -> Path:
    """Take away what the file says of each track's own length, as many recorders do."""
    path.write_bytes(path.read_bytes().replace(b"DURATION", b"NONSENSE"))
    return path


@pytest.mark.parametrize("start_s", [0.0, 3.0])
@pytest.mark.parametrize("name", ["v.mkv", "v.mp4", "v.flv", "untold.mkv"])
def test_sound_that_lasts_longer_or_begins_sooner_is_no_damage(
    tmp_path: Path, name: str, start_s: float
) -> None:
    path = write(tmp_path / name, tenths(40, start_s), audio_s=10)
    if name == "untold.mkv":
        without_durations(path)
    seconds, problem = read(path)
    assert len(seconds) == 40
    assert problem is None


@pytest.mark.parametrize("start_s", [0.0, 3.0])
@pytest.mark.parametrize("name", ["v.mkv", "v.mp4", "v.flv", "untold.mkv"])
def test_with_sound_too_what_is_cut_off_is_missed(tmp_path: Path, name: str, start_s: float) -> None:
    flags = "faststart" if name == "v.mp4" else ""
    path = write(tmp_path / name, tenths(40, start_s), audio_s=10, movflags=flags)
    if name == "untold.mkv":
        without_durations(path)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    seconds, problem = read(path)
    assert 5 < len(seconds) < 35
    assert problem is not None
    assert "is truncated or damaged" in problem


def trimmed(path: Path, source: Path, from_s: float) -> Path:
    """Copy a recording from a moment between two key frames on, as an editor without encoder does."""
    with av.open(str(source)) as old, av.open(str(path), "w", options={"movflags": "faststart"}) as out:
        stream = old.streams.video[0]
        copy = out.add_stream_from_template(stream)
        for packet in old.demux(stream):
            if packet.dts is None or packet.pts is None or stream.time_base is None:
                continue
            shift = round(from_s / stream.time_base)
            packet.pts, packet.dts, packet.stream = packet.pts - shift, packet.dts - shift, copy
            out.mux(packet)
    return path


def test_frames_that_an_edit_list_hides_are_not_missing(tmp_path: Path) -> None:
    whole = write(tmp_path / "v.mp4", tenths(40))
    cut = trimmed(tmp_path / "cut.mp4", whole, 0.8)
    seconds, problem = read(cut)
    assert len(seconds) == 32
    assert problem is None
    data = cut.read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    seconds, problem = read(cut)
    assert problem is not None
    assert f"{len(seconds)} of 32 frames could be read" in problem


def test_an_end_that_an_edit_list_leaves_out_is_not_missing(tmp_path: Path) -> None:
    path = write(tmp_path / "v.mp4", tenths(40), movflags="faststart")
    data = bytearray(path.read_bytes())
    place = data.index(b"elst") + 12
    whole = int.from_bytes(data[place : place + 4], "big")
    data[place : place + 4] = (whole // 2).to_bytes(4, "big")
    path.write_bytes(data)
    seconds, problem = read(path)
    assert 18 <= len(seconds) <= 22
    assert problem is None


def test_half_a_second_that_is_cut_off_is_missed_where_frames_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "v.mp4", tenths(40), movflags="faststart")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 88 // 100])
    seconds, problem = read(path)
    assert 33 < len(seconds) < 37
    assert problem is not None
    assert f"{len(seconds)} of 40 frames could be read" in problem
