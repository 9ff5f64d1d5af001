"""A recorded video as a source of frames, through PyAV."""

from __future__ import annotations

import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

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
_NO_HEADER = frozenset({"mpegts", "mpeg"})
"""Formats that do not say how long they are; FFmpeg takes the difference of their first and last stamp."""
_STILL_BRANDS = frozenset({"heic", "heix", "heim", "heis", "mif1", "avif"})
"""What MP4 files call themselves that hold a still picture."""
_PACE_FRAMES = 101
_BACK_FRAMES = 3
"""Stamps this far back are disorder, and time waits for them, this long; else they have started anew."""
_STILL_S = 0.0005
"""Frames this close have one time: no camera makes a thousand a second."""
_LEAP_S = 30 * 86_400.0
"""A longer pause between two frames is a fault of the stamps. Nobody's motion detection is quiet for a month,
while a counter of milliseconds wraps after 50 days, and a clock set while it records leaps by years."""
_LONGEST_S = 10 * 365 * 86_400.0
"""No recording lasts longer, whatever its stamps add up to."""
_LAST_YEAR = 2099
"""A clock that says more was never set."""


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
        whole_s = _sane((self._container.duration or 0) / 1e6)
        own_s = _own_duration(self._stream)
        self._others = [each for each in self._container.streams if each is not self._stream and not own_s]
        self._end_s = _announced_end(self._container, self._stream, own_s, whole_s)
        total = self._counted or round((own_s or whole_s) * (self.fps or 0))
        self.frame_count: int | None = -(-total // every) if total else None
        # The decoder's own word on the last frame depends on which of its threads is done first.
        self._cut = self._container.format.name == "mpegts" and all(
            path.stat().st_size % n for n in _TS_PACKETS
        )
        written = _modification_time(path) - timedelta(seconds=whole_s)
        self._began = _creation_time(self._container, self._stream) or written

    def __iter__(self) -> Iterator[Frame]:
        if self._container is None:
            return
        planes = PlaneReader()
        decoder = Decoder(self._container, self._stream, beside=self._others)
        timeline = Timeline(self.fps)
        index, sound, due = -1, 0, 0
        for index, picture in enumerate(decoder.frames(lambda: self._container is not None)):
            at_s = timeline.place(picture.time)
            sound += not picture.is_corrupt
            if index < due or picture.is_corrupt:  # a damaged frame's turn passes to the next sound one
                continue
            due = index - index % self._every + self._every
            luma, chroma, matrix = planes.planes(picture)
            yield Frame(
                camera=self._camera,
                index=index,
                captured_at=self._began + timedelta(seconds=at_s),
                luma=luma,
                chroma=chroma,
                matrix=matrix,
                received_s=time.monotonic(),
            )
            if self._container is None:
                return
        # of frames that are all damaged nothing was read
        self._conclude(index + 1 if sound else 0, timeline, decoder)

    def _conclude(self, count: int, timeline: Timeline, decoder: Decoder) -> None:
        """Say what was missing, after `count` frames."""
        if count == 0:
            raise SourceError(f"{self.name} holds no picture that can be decoded; record or copy it again.")
        expected = self._counted - decoder.hidden
        spare = max(2, _MISSING_SHARE * self._counted)
        missing_s = 0.0
        if self._end_s is not None:
            missing_s = self._end_s - max(timeline.reach_s, decoder.beside_s)
        if self._counted:
            # an edit list leaves out frames that are counted; what it shows is all decoded, up to its end
            edited = missing_s <= spare * timeline.interval_s and decoder.shown - count <= spare
            short = expected - count > spare and not (self._end_s is not None and edited)
        else:  # by time, since the pace of a recording without an index may vary
            short = missing_s > max(_MISSING_S, _MISSING_SHARE * (self._end_s or 0.0))
        last_s = timeline.at_s
        if decoder.broken_off or short or self._cut:
            of = f" of {expected}" if expected > count else ""
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


class Timeline:
    """Times of frames, from stamps that may start anew in a joined file, or leap; never backwards."""

    def __init__(self, fps: float | None) -> None:
        self.at_s = 0.0
        """The last frame's time after the first."""
        self._fps = fps
        self._anchor: tuple[float, float] | None = None
        """A frame's stamp and its time, from which the others are counted."""
        self._begun = False
        self._held = 0
        """Frames in a row for which time stood still."""
        self._farthest_s = float("-inf")
        self._steps: deque[float] = deque(maxlen=_PACE_FRAMES)

    @property
    def reach_s(self) -> float:
        """How far the last frame lasts, by the stamps themselves."""
        return self._farthest_s + self.interval_s

    def place(self, stamp_s: float | None) -> float:
        """Return the time of the next frame, of which the file says `stamp_s`."""
        if stamp_s is None:
            self.at_s = self._next()
        else:
            self._farthest_s = max(self._farthest_s, stamp_s)
            self._follow(stamp_s)
        self._begun = True
        return self.at_s

    def _follow(self, stamp_s: float) -> None:
        if self._anchor is not None:
            anchor_stamp_s, anchor_s = self._anchor
            there_s = anchor_s + (stamp_s - anchor_stamp_s)
            step_s = there_s - self.at_s
            if _STILL_S < step_s <= _LEAP_S and there_s <= _LONGEST_S:
                self.at_s = there_s
                self._steps.append(step_s)
                self._held = 0
                return
            self._held += 1
            if step_s <= _STILL_S and self._held <= _BACK_FRAMES and not self._is_far_back(step_s):
                return
        self.at_s = self._next()
        self._anchor = stamp_s, self.at_s

    def _is_far_back(self, step_s: float) -> bool:
        return step_s < -_BACK_FRAMES * self.interval_s

    def _next(self) -> float:
        return min(self.at_s + self.interval_s, _LONGEST_S) if self._begun else 0.0

    @property
    def interval_s(self) -> float:
        """How far frames lie apart lately."""
        if self._steps:
            return statistics.median(self._steps)
        return 1 / self._fps if self._fps else 0.0


class Decoder:
    """Decodes what it can of one stream: a damaged packet costs its own frame."""

    def __init__(
        self,
        container: av.container.InputContainer,
        stream: av.VideoStream,
        on_packet: Callable[[av.Packet[av.VideoStream]], None] | None = None,
        beside: Sequence[av.stream.Stream] = (),
    ) -> None:
        """`on_packet` sees each packet before it is decoded; of the streams `beside` the end is noted."""
        self._container = container
        self._stream = stream
        self._on_packet = on_packet
        self._beside = beside
        self.beside_s = float("-inf")
        """How far the other streams reach."""
        self.shown = 0
        """Packets of pictures that are to be shown."""
        self.hidden = 0
        """Packets of pictures that an edit list hides, though others build upon them."""
        self.damaged = 0
        """Packets that could not be decoded, and frames that came out damaged."""
        self.broken_off: av.error.FFmpegError | None = None
        """What ended the stream before its end."""

    def frames(self, is_open: Callable[[], bool]) -> Iterator[av.VideoFrame]:
        """Yield the frames until the end, or until `is_open` denies."""
        for packet in self._packets():
            if packet is not None:
                self.damaged += packet.is_corrupt
                self.hidden += packet.is_discard
                self.shown += packet.size > 0 and not packet.is_discard
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
            for packet in self._container.demux(self._stream, *self._beside):
                if packet.stream.index == self._stream.index:
                    yield cast("av.Packet[av.VideoStream]", packet)
                elif packet.pts is not None:
                    self.beside_s = max(
                        self.beside_s, float((packet.pts + (packet.duration or 0)) * packet.time_base)
                    )
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
    if container.metadata.get("major_brand") in _STILL_BRANDS and len(container.streams.video) > 1:
        container.close()  # a phone's picture is in tiles, and each would be taken for the whole
        raise SourceError(f"{name} is a picture in tiles, as phones make them; save it as JPEG.")
    for stream in container.streams.video:
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    container.close()
    raise SourceError(f"{name} holds no moving picture; give a video file.")


def _sane(seconds: float) -> float:
    """Return a duration, 0 where it is none that a recording can have."""
    return seconds if 0 < seconds < _LONGEST_S else 0.0


def _own_duration(stream: av.VideoStream) -> float:
    """Return how long the pictures alone last, in seconds; 0 where the file does not say."""
    if stream.duration and stream.time_base:
        return _sane(float(stream.duration * stream.time_base))
    try:  # what Matroska keeps of each track
        hours, minutes, seconds = stream.metadata.get("DURATION", "").split(":")
        return _sane(int(hours) * 3600 + int(minutes) * 60 + float(seconds))
    except ValueError:
        return 0.0


def _announced_end(
    container: av.container.InputContainer, stream: av.VideoStream, own_s: float, whole_s: float
) -> float | None:
    """Return the stamp at which the pictures end, else that of the whole file; None where it says neither."""
    names = set(container.format.name.split(","))
    if names & _NO_HEADER or not (own_s or whole_s):
        return None
    if "matroska" in names:  # its durations are ends, counted from nought
        return own_s or whole_s
    if own_s:
        return own_s + float((stream.start_time or 0) * (stream.time_base or 0))
    return whole_s + (container.start_time or 0) / 1e6


def _creation_time(container: av.container.InputContainer, stream: av.VideoStream) -> datetime | None:
    for tags in (container.metadata, stream.metadata):
        try:
            made = datetime.fromisoformat(tags.get("creation_time", ""))
            made = made.replace(tzinfo=UTC) if made.tzinfo is None else made.astimezone(UTC)
        except (ValueError, OverflowError):
            continue
        if made.year not in _EPOCHS and made.year <= _LAST_YEAR:
            return made
    return None


def _modification_time(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
