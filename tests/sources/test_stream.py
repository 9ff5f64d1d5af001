"""Live streams that go wrong in ways a file cannot."""

import contextlib
import io
import socket
import threading
import time
from collections.abc import Iterator

import av
import numpy as np
import pytest

from meter_infer.errors import SourceError
from meter_infer.sources import stream
from meter_infer.sources.address import Address
from meter_infer.sources.stream import StreamSource


def without_keyframe() -> bytes:
    """H.264 in MPEG-TS from its middle on, packets of 188 bytes."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mpegts") as out:
        video = out.add_stream(
            "libx264", rate=25, options={"g": "10000", "preset": "ultrafast", "tune": "zerolatency"}
        )
        video.width, video.height, video.pix_fmt = 320, 240, "yuv420p"
        rng = np.random.default_rng(0)
        for index in range(60):
            pixels = rng.integers(0, 32, (240, 320, 3), dtype=np.uint8) + np.uint8(index)
            picture = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            picture.pts = index
            out.mux(video.encode(picture))
        out.mux(video.encode())
    data = buffer.getvalue()
    return data[len(data) // 3 // 188 * 188 :]


@pytest.fixture
def blind_camera() -> Iterator[str]:
    """The address of a camera that sends and sends, and never a keyframe."""
    data, stop = without_keyframe(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)

        def serve() -> None:
            while not stop.is_set():
                with contextlib.suppress(OSError):
                    client, _ = server.accept()
                    with client:
                        while not stop.is_set():
                            for place in range(0, len(data), 1880):
                                client.sendall(data[place : place + 1880])
                                stop.wait(0.002)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        stop.set()
        thread.join(60)


def test_a_camera_that_sends_nothing_that_can_be_decoded_is_hung_up(
    blind_camera: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "UNDECODED_S", 0.5)
    source = StreamSource(Address(blind_camera), "cam")
    began = time.monotonic()
    with pytest.raises(SourceError, match="no picture that can be decoded; restart the camera"):
        list(source)
    source.close()
    assert time.monotonic() - began < 60  # it would send for ever
