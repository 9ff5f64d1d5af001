"""Pictures and videos whose every pixel is known."""

import http.server
import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray


@pytest.fixture
def make_video(tmp_path: Path) -> Callable[..., Path]:
    """Write a video; frame i is grey level 20 + 10 i with a bright upper left corner."""

    def make(
        name: str,
        count: int = 10,
        *,
        size: tuple[int, int] = (66, 50),
        codec: str = "libx264",
        pix_fmt: str = "yuv420p",
        fps: int = 10,
        rotation: int = 0,
        flip: bool = False,
        created: str | None = None,
        modified: datetime | None = None,
        container: str | None = None,
        options: dict[str, str] | None = None,
        picture: Callable[[int], NDArray[np.uint8]] | None = None,
    ) -> Path:
        path = tmp_path / name
        with av.open(str(path), "w", format=container, options=options or {}) as out:
            if created:
                out.metadata["creation_time"] = created
            stream: Any = out.add_stream(codec, rate=fps)
            stream.width, stream.height = size
            stream.pix_fmt = pix_fmt
            stream.gop_size = 5
            if rotation or flip:
                stream.set_display_rotation(rotation, hflip=flip)
            for index in range(count):
                image = picture(index) if picture else corner_picture(size, 20 + 10 * index)
                frame = av.VideoFrame.from_ndarray(image, format="bgr24")
                frame.pts = index
                frame.time_base = Fraction(1, fps)
                out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        if modified:
            os.utime(path, (modified.timestamp(),) * 2)
        return path

    return make


def corner_picture(size: tuple[int, int], level: int) -> NDArray[np.uint8]:
    """Grey, with a white upper left quarter."""
    width, height = size
    image = np.full((height, width, 3), level, np.uint8)
    image[: height // 2, : width // 2] = 255
    return image


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[[int], Path]:
    """Write a folder of so many PNG pictures of 66 x 50, picture i grey level 20 + 10 i."""

    def make(count: int) -> Path:
        folder = tmp_path / "pictures"
        folder.mkdir()
        for index in range(count):
            cv2.imwrite(str(folder / f"view{index}.png"), np.full((50, 66, 3), 20 + 10 * index, np.uint8))
        return folder

    return make


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[Path], str]]:
    """Serve files over HTTP from this process; give the URL of one."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, directory=str(tmp_path), **kwargs)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        server.daemon_threads = False
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield lambda path: f"http://127.0.0.1:{server.server_port}/{path.relative_to(tmp_path)}"
        server.shutdown()
        thread.join()


@pytest.fixture
def is_held() -> Callable[[Path], bool]:
    """Say whether this process holds a file open."""
    descriptors = Path("/proc/self/fd")
    if not descriptors.is_dir():
        pytest.skip("needs /proc")

    def held(path: Path) -> bool:
        """The server of these tests is a thread of this process, and may close its file a little later."""
        end = time.monotonic() + 30
        while is_open(path):
            if time.monotonic() > end:
                return True
            threading.Event().wait(0.02)
        return False

    def is_open(path: Path) -> bool:
        for entry in descriptors.iterdir():
            try:
                if entry.resolve() == path.resolve():
                    return True
            except OSError:
                continue
        return False

    return held
