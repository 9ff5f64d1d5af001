"""Cameras of the live service against a real RTSP server."""

import gc
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import av
import pytest

from meter_infer.bench.clips import repeat
from meter_infer.errors import SourceAuthError, SourceError, SourceTimeout
from meter_infer.events import CameraState, CameraStatus
from meter_infer.pipeline import MeterSetup
from meter_infer.runtime.live import Live, Parts
from meter_infer.runtime.settings import BatchLimits, CameraSettings, LiveSettings
from meter_infer.sources.address import Address
from meter_infer.sources.base import Source
from meter_infer.sources.stream import StreamSource
from meter_infer.types import MeterKind, Reason
from tests.real.parts import RtspServer, free_port, write_clip
from tests.runtime.fakes import FakeReader, ListSink, until

PASSWORD = "pl4nt-s3cret"
PATIENCE_S = (60.0, 60.0)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    repeat(write_clip(folder / "once.mp4"), folder / "h264.mp4", 120.0)  # a camera does not end
    return folder / "h264.mp4"


def open_feed(settings: CameraSettings) -> Source:
    timeouts = settings.connect_timeout_s, settings.read_timeout_s
    return StreamSource(settings.address, settings.camera, timeouts_s=timeouts, transport=settings.transport)


Seen = tuple[int, datetime, float]


def first_frames(
    url: str, count: int = 30, transport: str = "tcp", enough: Callable[[list[Seen]], object] = bool
) -> list[Seen]:
    """Index, capture time and delay of the first frames, until there are so many and they are `enough`."""
    seen: list[Seen] = []
    with StreamSource(Address(url), "cam", timeouts_s=PATIENCE_S, transport=transport) as source:
        for frame in source:
            assert (frame.width, frame.height) == (320, 240)
            delay = (datetime.now(UTC) - frame.captured_at).total_seconds()
            seen.append((frame.index, frame.captured_at, delay))
            if len(seen) >= count and enough(seen):
                break
    return seen


def undisturbed(seen: list[Seen]) -> bool:
    """Whether the last second of frames came as they were sent; a busy machine holds some up."""
    last = seen[-21:]
    took_s = (last[-1][1] - last[0][1]).total_seconds()
    return all(delay < 0.5 for _, _, delay in last) and 0.9 < took_s < 1.1


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_frames_carry_the_cameras_time(clip: Path, transport: str) -> None:
    with RtspServer(clip) as server:
        seen = first_frames(server.url, 40, transport, undisturbed)
    times = [at for _, at, _ in seen]
    assert times == sorted(times)
    assert all(delay >= 0 for _, _, delay in seen)
    assert undisturbed(seen)
    indices = [index for index, _, _ in seen]
    # the system throws packets away that nobody fetches in time, and with them a frame
    assert indices == (sorted(set(indices)) if transport == "udp" else list(range(len(seen))))


def test_h265(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "h265.mp4", 3, codec="libx265")
    with RtspServer(clip, codec="h265") as server:
        assert len(first_frames(server.url, 10)) == 10


def test_a_password_opens_the_camera_and_a_wrong_one_is_said_to_be_wrong(clip: Path) -> None:
    with RtspServer(clip, "plant", PASSWORD) as server:
        place = server.url.removeprefix("rtsp://")
        assert len(first_frames(f"rtsp://plant:{PASSWORD}@{place}", 3)) == 3
        with pytest.raises(SourceAuthError, match="user name or password") as refused:
            first_frames(f"rtsp://plant:{PASSWORD}-wrong@{place}")
    assert PASSWORD not in str(refused.value)


def test_a_camera_that_is_not_there(clip: Path) -> None:
    with pytest.raises(SourceError, match="cannot be opened") as refused:
        StreamSource(Address(f"rtsp://plant:{PASSWORD}@127.0.0.1:{free_port()}/cam"), "cam")
    assert PASSWORD not in str(refused.value)


def test_the_first_keyframe_is_used_where_the_next_is_far(tmp_path: Path) -> None:
    # the next never comes: who misses the first gives up after `UNDECODED_S`
    clip = write_clip(tmp_path / "rare.mp4", 60, rate=5, keyframe_s=60)
    with RtspServer(clip) as server:
        assert len(first_frames(server.url, 3)) == 3


def test_what_is_wrong_with_an_address_is_said(clip: Path) -> None:
    def said(url: str) -> str:
        with pytest.raises(SourceError) as failed:
            StreamSource(Address(url), "cam", timeouts_s=PATIENCE_S)  # a name server may be slow, too
        assert PASSWORD not in str(failed.value)
        return str(failed.value)

    with RtspServer(clip, "plant", PASSWORD) as server:
        place = server.url.removeprefix("rtsp://").removesuffix("/cam")
        assert "correct the path" in said(f"rtsp://plant:{PASSWORD}@{place}/other")
    assert "check its port" in said(f"rtsp://plant:{PASSWORD}@127.0.0.1:{free_port()}/cam")
    assert "check the name" in said(f"rtsp://plant:{PASSWORD}@camera.invalid/cam")


def test_a_connection_that_ended_leaves_no_picture_behind(clip: Path) -> None:
    """A camera that comes and goes must not fill the memory until the garbage collector comes by."""
    with RtspServer(clip) as server:
        gc.collect()
        gc.disable()
        try:
            before = pictures()
            for _ in range(3):
                first_frames(server.url, 3)
            left = pictures() - before
        finally:
            gc.enable()
    assert left == 0


def pictures() -> int:
    """How many there are, those of other tests among them."""
    return sum(type(item) is av.VideoFrame for item in gc.get_objects())


def test_a_silent_camera_times_out(clip: Path) -> None:
    with RtspServer(clip) as server:
        server.pause()
        began = time.monotonic()
        with pytest.raises(SourceTimeout, match="did not answer within 1 s"):
            StreamSource(Address(server.url), "cam", timeouts_s=(1.0, 1.0))
        assert time.monotonic() - began < 9  # what it waits where nobody says how long is more


def test_a_camera_that_dies_comes_back(clip: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sink = ListSink()

    def count(name: str) -> int:
        return len([r for r in sink.readings if r.camera == name and r.reason is Reason.OK])

    with RtspServer(clip, "plant", PASSWORD) as server, RtspServer(clip) as other:
        address = f"rtsp://plant:{PASSWORD}@{server.url.removeprefix('rtsp://')}"
        cameras = tuple(
            CameraSettings(
                name,
                Address(url),
                (MeterSetup(name, "m", MeterKind.POINTER),),
                cadence_s=0.1,
                silent_after_s=silent_after_s,
                connect_timeout_s=30.0,
                read_timeout_s=1.0 if name == "a" else 30.0,
            )
            for name, url, silent_after_s in (("a", address, 1.0), ("b", other.url, 10.0))
        )
        live = Live(LiveSettings(cameras, BatchLimits(), stop_within_s=30.0), Parts(open_feed, [sink]))
        live.start(FakeReader())
        try:
            until(lambda: count("a") and count("b"))
            server.pause()
            gone = len(sink.readings)
            until(lambda: any(r.camera == "a" and r.reason is Reason.NO_SIGNAL for r in sink.readings[gone:]))
            meanwhile = count("b")
            until(lambda: count("b") > meanwhile + 20)  # however long that takes, the first stays away
            server.kill()
            before = count("a")
            server.start()
            until(lambda: count("a") > before, 30)
            text = live.metrics.render().decode()
        finally:
            assert live.stop() == []
    states = [item.state for item in sink.items if isinstance(item, CameraStatus) and item.camera == "a"]
    # it may break off more often where this machine holds the camera up
    away = states.index(CameraState.OFFLINE, states.index(CameraState.ONLINE))
    assert CameraState.ONLINE in states[away:]
    times = [r.captured_at for r in sink.readings if r.camera == "b" and r.reason is Reason.OK]
    gaps = [(late - early).total_seconds() for early, late in pairwise(times)]
    assert max(gaps) < 10.0, "the other camera was disturbed"
    assert not any(r.camera == "b" and r.reason is not Reason.OK for r in sink.readings)
    assert 'meter_infer_reconnects_total{camera="a"}' in text
    assert PASSWORD not in text + caplog.text + str(sink.items)
