"""A camera's stream as a source of frames, through PyAV."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import av
import av.error

from meter_infer.errors import SourceAuthError, SourceError, SourceTimeout
from meter_infer.sources.address import Address
from meter_infer.sources.base import Closing
from meter_infer.sources.clock import StreamClock, wallclock
from meter_infer.sources.decoded import PlaneReader
from meter_infer.sources.video import Decoder, picture_stream
from meter_infer.types import Frame

CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 10.0
UNDECODED_S = 20.0
"""Packets without a whole picture for so long are a broken stream; the next keyframe may be seconds away."""

# not `nobuffer`: it throws away what was looked at to know the stream, its first keyframe among it, and some
# cameras send the next one many seconds later
_LOW_LATENCY = {"flags": "low_delay", "analyzeduration": "1000000", "fpsprobesize": "0"}
_REFUSED = (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError)


class StreamSource(Closing):
    """A stream on the network, decoded as it comes.

    `captured_at` follows the stream's own clock: absolute where the camera tells its time (RTCP), else
    paced by the stream's time stamps and anchored at the arrivals. Raises SourceError, SourceTimeout for
    a camera that does not answer, and SourceAuthError for one that refuses; no message names the stream's
    user or password.
    """

    frame_count: int | None = None

    def __init__(
        self,
        address: Address,
        camera: str,
        every: int = 1,
        timeouts_s: tuple[float, float] = (CONNECT_TIMEOUT_S, READ_TIMEOUT_S),
        transport: str = "tcp",
    ) -> None:
        """Call the camera. `transport` is how RTSP carries the pictures, ``tcp`` or ``udp``."""
        self.name = str(address)
        self.problem: str | None = None
        self._camera = camera
        self._every = every
        self._container: av.container.InputContainer | None = self._open(address, timeouts_s, transport)
        self._stream = picture_stream(self._container, self.name)
        self._stream.thread_count = 1  # frame threads would each hold a picture back
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.fps: float | None = float(rate) if rate else None

    def _open(
        self, address: Address, timeouts_s: tuple[float, float], transport: str
    ) -> av.container.InputContainer:
        # PyAV's own time-out on reads takes Python's lock some hundred times a frame. FFmpeg's does not, but
        # only RTSP can be relied on to mind it: a playlist that ends, or datagrams that stop, are waited for.
        wait_us = str(round(timeouts_s[1] * 1e6))
        opening: tuple[float, float | None] = timeouts_s
        options = _LOW_LATENCY | {"rw_timeout": wait_us}
        if (address.scheme or "").startswith("rtsp"):
            options = _LOW_LATENCY | {"rtsp_transport": transport, "timeout": wait_us}
            opening = timeouts_s[0], None
        began = time.monotonic()
        try:
            return av.open(address.reveal(), options=options, timeout=opening, metadata_errors="replace")
        except (av.error.ExitError, av.error.TimeoutError):
            pass  # raised outside: FFmpeg's own message holds the address with its password
        except _REFUSED:
            raise SourceAuthError(
                f"{self.name} refused the user name or password; correct them in the site file."
            ) from None
        except (av.error.FFmpegError, OSError, ValueError) as error:
            # FFmpeg's RTSP calls a time-out invalid data, and looks at the clock by itself
            if time.monotonic() - began >= 0.95 * min(timeouts_s):
                raise self._timeout(timeouts_s[0]) from None
            raise SourceError(f"{self.name} cannot be opened: {_why_closed(error, address)}.") from None
        raise self._timeout(timeouts_s[0])

    def _timeout(self, seconds: float) -> SourceTimeout:
        return SourceTimeout(f"{self.name} did not answer within {seconds:g} s; check its address and power.")

    def __iter__(self) -> Iterator[Frame]:
        if self._container is None:
            return
        planes = PlaneReader(live=True)
        clock = StreamClock()
        seen_s = time.monotonic()

        def on_packet(packet: av.Packet[av.VideoStream]) -> None:
            clock.told(packet.pts, wallclock(packet))
            if time.monotonic() - seen_s > UNDECODED_S:
                raise SourceError(f"{self.name} sends no picture that can be decoded; restart the camera.")

        decoder = Decoder(self._container, self._stream, on_packet)
        index = -1
        for index, picture in enumerate(decoder.frames(lambda: self._container is not None)):
            base = picture.time_base or self._stream.time_base
            captured_at = clock.captured_at(picture.pts, base, datetime.now(UTC))
            if picture.is_corrupt:
                continue
            seen_s = time.monotonic()
            if index % self._every:
                continue
            luma, chroma, matrix = planes.planes(picture)
            yield Frame(
                camera=self._camera,
                index=index,
                captured_at=captured_at,
                luma=luma,
                chroma=chroma,
                matrix=matrix,
                received_s=time.monotonic(),
            )
            seen_s = time.monotonic()  # however long whoever took it was busy with it
            if self._container is None:
                return
        if index < 0:
            why = f": {_reason(decoder.broken_off)}" if decoder.broken_off else ""
            raise SourceError(f"{self.name} sent no picture that can be decoded{why}.")
        if decoder.broken_off:
            self.problem = f"{self.name} broke off after {index + 1} frames: {_reason(decoder.broken_off)}."

    def close(self) -> None:
        """Hang up and let go of the decoder."""
        container, self._container = self._container, None
        if container is not None:
            container.close()


def _why_closed(error: Exception, address: Address) -> str:
    """Why a stream cannot be opened, and what to look at."""
    said = _reason(error)
    if isinstance(error, av.error.HTTPNotFoundError):
        return "there is no such stream; correct the path in its URL"
    if isinstance(error, av.error.InvalidDataError):
        return "it sends no video that is known; check the path in its URL"
    if isinstance(error, ConnectionRefusedError):
        return f"{said}; check its port, and that it is on"
    if isinstance(error, OSError) and error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH):
        return f"{said}; check its address and the network"
    if isinstance(error, OSError) and error.errno == errno.EIO and not _is_known(address):
        return "nobody knows its host's name; check the name, or use the IP address"
    return said


def _is_known(address: Address) -> bool:
    """Whether the name of a stream's host has an address; FFmpeg does not tell."""
    try:
        return bool(socket.getaddrinfo(address.host, None))
    except (OSError, ValueError):  # UnicodeError, for names that cannot be, is a ValueError
        return False


def _reason(error: BaseException) -> str:
    """What went wrong, without the address that FFmpeg adds to it."""
    if isinstance(error, (av.error.ExitError, av.error.TimeoutError)):
        return "no answer in time"
    return getattr(error, "strerror", None) or type(error).__name__
