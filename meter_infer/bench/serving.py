"""Cameras for the benchmark: recordings over RTSP in real time, or paced from their files."""

import json
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Protocol

from meter_infer.errors import SourceError
from meter_infer.runtime.settings import CameraSettings
from meter_infer.sources.base import Closing, Source
from meter_infer.sources.open import open_source
from meter_infer.types import Frame

SYSTEM_PYTHON = "/usr/bin/python3"
SERVER = Path(__file__).with_name("rtsp_server.py")


@cache
def why_no_rtsp() -> str | None:
    """Say what GStreamer's RTSP server lacks on this machine; None where it is there."""
    code = (
        "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import Gst, GstRtspServer;"
        "Gst.init(None); assert Gst.ElementFactory.find('h264parse')"
    )
    try:
        done = subprocess.run([SYSTEM_PYTHON, "-c", code], capture_output=True, timeout=120, check=False)
    except OSError:
        return "there is no system Python for GStreamer's RTSP server"
    except subprocess.TimeoutExpired:
        return "GStreamer's RTSP server cannot be loaded in time"
    return None if done.returncode == 0 else "run scripts/install-system-packages for GStreamer's RTSP server"


class Cameras(Protocol):
    """Recordings that play as cameras, by id."""

    kind: str
    """``rtsp``, or ``file`` where they are paced from their files."""

    def url(self, camera: str) -> str:
        """Return the address for the site file."""

    def sent(self) -> dict[str, int]:
        """Return how many frames each camera has sent so far."""

    @property
    def process(self) -> int | None:
        """The server's process; None where there is none."""

    def open_feed(self, settings: CameraSettings) -> Source | None:
        """Open a camera; None where the service can do that itself."""

    def close(self) -> None:
        """End the server."""


class RtspCameras:
    """One GStreamer process that serves all recordings. Raises SourceError where it does not start."""

    kind = "rtsp"

    def __init__(self, files: Mapping[str, Path]) -> None:
        mounts = [f"/{camera}={path}" for camera, path in files.items()]
        self._server = subprocess.Popen(
            [SYSTEM_PYTHON, str(SERVER), "0", "--tied", *mounts],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        said, _, self._port = self._line().partition(" ")
        if said != "ready":
            self.close()
            raise SourceError("GStreamer's RTSP server did not start; run scripts/install-system-packages.")

    def url(self, camera: str) -> str:
        """Return the address for the site file."""
        return f"rtsp://127.0.0.1:{self._port}/{camera}"

    def sent(self) -> dict[str, int]:
        """Return how many frames each camera has sent so far. Raises SourceError where the server died."""
        try:
            assert self._server.stdin is not None  # noqa: S101  # it was opened as a pipe
            self._server.stdin.write("sent\n")
            self._server.stdin.flush()
            counts = json.loads(self._line())
        except (OSError, ValueError) as error:
            raise SourceError("GStreamer's RTSP server died during the run; try again.") from error
        return {path.lstrip("/"): int(count) for path, count in counts.items()}

    @property
    def process(self) -> int | None:
        """The server's process."""
        return self._server.pid

    def open_feed(self, settings: CameraSettings) -> Source | None:
        """Leave it to the service."""
        return None

    def close(self) -> None:
        """End the server."""
        self._server.kill()
        self._server.wait()
        for pipe in (self._server.stdin, self._server.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()

    def _line(self) -> str:
        assert self._server.stdout is not None  # noqa: S101  # it was opened as a pipe
        return self._server.stdout.readline().strip()


class PacedCameras:
    """Recordings that the service decodes itself, each frame at its time."""

    kind = "file"

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = dict(files)
        self._sources: dict[str, _Paced] = {}

    def url(self, camera: str) -> str:
        """Return an address that stands for a live camera."""
        return f"rtsp://paced.invalid/{camera}"

    def sent(self) -> dict[str, int]:
        """Return how many frames were due so far."""
        return {camera: source.due() for camera, source in self._sources.items()}

    @property
    def process(self) -> int | None:
        """None: there is no server."""
        return None

    def open_feed(self, settings: CameraSettings) -> Source | None:
        """Open the camera's recording."""
        source = _Paced(open_source(str(self._files[settings.camera]), settings.camera))
        self._sources[settings.camera] = source
        return source

    def close(self) -> None:
        """Do nothing: the service closes what it opened."""


class _Paced(Closing):
    """A recording whose frames come at their time, as a camera's do."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.name, self.fps, self.frame_count = source.name, source.fps, source.frame_count
        self._rate = source.fps or 20.0
        self._began: float | None = None
        self._closed = threading.Event()

    @property
    def problem(self) -> str | None:
        """What could not be read."""
        return self._source.problem

    def due(self) -> int:
        """Frames whose time has come."""
        if self._began is None:
            return 0
        return min(int((time.monotonic() - self._began) * self._rate) + 1, self.frame_count or 0)

    def __iter__(self) -> Iterator[Frame]:
        self._began = time.monotonic()
        for number, frame in enumerate(self._source):
            if self._closed.wait(max(0.0, self._began + number / self._rate - time.monotonic())):
                return
            yield replace(frame, received_s=time.monotonic(), captured_at=datetime.now(UTC))

    def close(self) -> None:
        """Let go of the recording."""
        self._closed.set()
        self._source.close()


def play(files: Mapping[str, Path]) -> Cameras:
    """Let recordings play as cameras: over RTSP where that is possible."""
    return PacedCameras(files) if why_no_rtsp() else RtspCameras(files)
