"""A recorded video as a source of frames, through PyAV."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import av
import av.error

from meter_infer.errors import SourceError
from meter_infer.sources.base import Closing
from meter_infer.sources.decoded import PlaneReader
from meter_infer.types import Frame

# Demuxers that take plain text for a video, or that open other files than the one named.
_NOT_RECORDINGS = frozenset({"tty", "concat", "hls", "dash", "sdp", "imf", "webvtt", "lrc"})
_EPOCHS = frozenset({1904, 1970})  # what a camera without a clock writes
_MISSING_SHARE = 0.02
_TS_PACKETS = (188, 192)
"""Sizes of a transport stream's packets: a whole file holds whole ones."""
_MISSING_S = 1.0


class VideoSource(Closing):
    """A video file, decoded frame by frame.

    `captured_at` is when the recording began (by its creation tag, else its duration before it was last
    written to) plus the frame's own time in the video. Raises SourceError when the file is no video, and
    when not one frame of it can be decoded; a video that breaks off later ends there, and `problem` says so.
    """

    def __init__(self, path: Path, camera: str, every: int = 1) -> None:
        self.name = str(path)
        self.problem: str | None = None
        self._camera = camera
        self._every = every
        self._container: av.container.InputContainer | None = open_recording(path)
        self._stream = picture_stream(self._container, self.name)
        self._stream.thread_type = "AUTO"
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.fps: float | None = float(rate) if rate else None
        self._counted = self._stream.frames
        duration = self._container.duration
        self._duration_s = duration / 1e6 if duration else 0.0
        total = self._counted or round(self._duration_s * (self.fps or 0))
        self.frame_count: int | None = -(-total // every) if total else None
        # The decoder's own word on the last frame depends on which of its threads is done first.
        self._cut = self._container.format.name == "mpegts" and all(
            path.stat().st_size % n for n in _TS_PACKETS
        )
        written = _modification_time(path) - timedelta(seconds=self._duration_s)
        self._began = _creation_time(self._container, self._stream) or written

    def __iter__(self) -> Iterator[Frame]:
        if self._container is None:
            return
        planes = PlaneReader()
        decoder = Decoder(self._container, self._stream)
        first: float | None = None
        at = 0.0
        index = -1
        for index, picture in enumerate(decoder.frames(lambda: self._container is not None)):
            if picture.time is not None:
                first = picture.time if first is None else first
                at = max(at, picture.time - first)
            elif index and self.fps:
                at += 1 / self.fps
            if index % self._every or picture.is_corrupt:
                continue
            luma, chroma, matrix = planes.planes(picture)
            yield Frame(
                camera=self._camera,
                index=index,
                captured_at=self._began + timedelta(seconds=at),
                luma=luma,
                chroma=chroma,
                matrix=matrix,
                received_s=time.monotonic(),
            )
            if self._container is None:
                return
        self._conclude(index + 1, at, decoder)

    def _conclude(self, count: int, last_s: float, decoder: Decoder) -> None:
        """Say what was missing, after `count` frames of which the last stands at `last_s`."""
        if count == 0:
            raise SourceError(f"{self.name} holds no picture that can be decoded; record or copy it again.")
        if self._counted:
            short = self._counted - count > max(2, _MISSING_SHARE * self._counted)
        else:  # by time, since the pace of a recording without an index may vary
            short = self._duration_s - last_s > max(_MISSING_S, _MISSING_SHARE * self._duration_s)
        if decoder.broken_off or short or self._cut:
            of = f" of {self._counted}" if self._counted > count else ""
            until = "" if of else f", up to {last_s:.1f} s"
            self.problem = f"{self.name} is truncated or damaged: {count}{of} frames could be read{until}."
        elif decoder.damaged:
            self.problem = (
                f"{self.name} is damaged: {decoder.damaged} of {count} frames could not be read cleanly."
            )

    def close(self) -> None:
        """Let go of the file and the decoder."""
        container, self._container = self._container, None
        if container is not None:
            container.close()


class Decoder:
    """Decodes what it can of one stream: a damaged packet costs its own frame."""

    def __init__(
        self,
        container: av.container.InputContainer,
        stream: av.VideoStream,
        on_packet: Callable[[av.Packet[av.VideoStream]], None] | None = None,
    ) -> None:
        """`on_packet` sees each packet before it is decoded."""
        self._container = container
        self._stream = stream
        self._on_packet = on_packet
        self.damaged = 0
        """Packets that could not be decoded, and frames that came out damaged."""
        self.broken_off: av.error.FFmpegError | None = None
        """What ended the stream before its end."""

    def frames(self, is_open: Callable[[], bool]) -> Iterator[av.VideoFrame]:
        """Yield the frames until the end, or until `is_open` denies."""
        for packet in self._packets():
            if packet is not None:
                self.damaged += packet.is_corrupt
                if self._on_packet is not None:
                    self._on_packet(packet)
            try:
                pictures = self._stream.decode(packet)
            except av.error.FFmpegError:
                self.damaged += 1
                continue
            for picture in pictures:
                self.damaged += bool(picture.is_corrupt)
                yield picture
                if not is_open():
                    return

    def _packets(self) -> Iterator[av.Packet[av.VideoStream] | None]:
        try:
            yield from self._container.demux(self._stream)
        except av.error.FFmpegError as error:
            self.broken_off = error
            yield None  # what the decoder still holds


def open_recording(path: Path) -> av.container.InputContainer:
    """Open a video file, and nothing that it may point to. Raises SourceError."""
    try:
        container = av.open(str(path), options={"protocol_whitelist": "file"}, metadata_errors="replace")
    except av.error.InvalidDataError as error:
        raise SourceError(
            f"{path} is no video, or too damaged to be opened; record or copy it again."
        ) from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise SourceError(f"{path} cannot be opened: {said}.") from error
    if _NOT_RECORDINGS & set(container.format.name.split(",")):
        container.close()
        raise SourceError(f"{path} is a text file and no video; give the recording itself.")
    return container


def picture_stream(container: av.container.InputContainer, name: str) -> av.VideoStream:
    """Return the moving picture in an open file, closing the file and raising SourceError without one."""
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    container.close()
    raise SourceError(f"{name} holds no moving picture; give a video file.")


def _creation_time(container: av.container.InputContainer, stream: av.VideoStream) -> datetime | None:
    for tags in (container.metadata, stream.metadata):
        try:
            made = datetime.fromisoformat(tags.get("creation_time", ""))
        except ValueError:
            continue
        if made.year not in _EPOCHS:
            return made.replace(tzinfo=UTC) if made.tzinfo is None else made.astimezone(UTC)
    return None


def _modification_time(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
