"""Annotated frames to a video, a picture, or a folder of pictures."""

import contextlib
import os
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.errors import SinkError
from meter_infer.resources import require_video_name

if TYPE_CHECKING:
    import av

Image = NDArray[np.uint8]
"""BGR uint8 (height, width, 3)."""

_CLOCK = 90_000
_QUALITY_CRF = "20"


class PictureSink(Protocol):
    """Takes pictures in the order of their frames. Raises SinkError."""

    def write(self, image: Image, captured_at: datetime, index: int) -> None:
        """Take the picture of frame `index`: BGR uint8 (height, width, 3)."""

    def close(self) -> None:
        """Finish the file; may be called twice."""


class PictureFile:
    """Writes one picture; a later one replaces it."""

    def __init__(self, path: Path) -> None:
        require_picture_name(path)
        _require_place(path)
        self._path = path

    def write(self, image: Image, captured_at: datetime, index: int) -> None:
        """Encode and write the picture."""
        write_picture(self._path, image)

    def close(self) -> None:
        """Nothing is held open."""


class PictureFolder:
    """Writes each picture to a folder, under its source's name if it has one.

    What cannot hold it in colour, such as a .pgm, becomes a .png.
    """

    def __init__(self, folder: Path, names: list[str] | None = None) -> None:
        """`names`: file names by the frame's index."""
        self._folder = folder
        self._names = names or []
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkError(f"The folder {folder} cannot be made: {error.strerror}.") from error

    def write(self, image: Image, captured_at: datetime, index: int) -> None:
        """Encode and write the picture of frame `index`."""
        name = self._names[index] if index < len(self._names) else f"{index:06d}.jpg"
        path = self._folder / name
        if _encoded(path.suffix, image) is None:
            other = path.with_suffix(".png")
            path = path.with_name(f"{name}.png") if other.name in self._names else other
        write_picture(path, image)

    def close(self) -> None:
        """Nothing is held open."""


class VideoFile:
    """Writes an H.264 video at the pace of the frames' own times. All frames get the first one's size.

    The file is begun with the first frame: where none comes, what was there before stays.
    """

    def __init__(self, path: Path, fps: float | None = None) -> None:
        """`fps` paces frames whose times do not advance; 10 if it is not known."""
        require_video_name(path)
        _require_place(path)
        self._path = path
        self._fps = fps if fps and fps > 0 else 10.0
        self._output: tuple[av.container.OutputContainer, av.VideoStream] | None = None
        self._closed = False
        self._first: datetime | None = None
        self._last_pts = -1

    def write(self, image: Image, captured_at: datetime, index: int) -> None:
        """Encode one frame."""
        import av  # FFmpeg takes a while to load

        if self._closed:
            raise SinkError(f"{self._path} is closed; nothing more can be written to it.")
        try:
            self._output = self._output or self._begin(image)
            container, stream = self._output
            frame = av.VideoFrame.from_ndarray(_sized(image, stream.width, stream.height), "bgr24")
            frame.pts = self._pts(captured_at)
            frame.time_base = Fraction(1, _CLOCK)
            container.mux(stream.encode(frame))
        except (av.error.FFmpegError, OSError) as error:
            raise SinkError(f"{self._path} cannot be written: {error.strerror}.") from error

    def close(self) -> None:
        """Write what the encoder still holds, and the index that makes the file playable."""
        self._closed = True
        if self._output is None:
            return
        import av

        (container, stream), self._output = self._output, None
        try:
            with contextlib.closing(container):
                container.mux(stream.encode(None))
        except (av.error.FFmpegError, OSError) as error:
            raise SinkError(f"{self._path} cannot be finished: {error.strerror}.") from error

    def _begin(self, image: Image) -> "tuple[av.container.OutputContainer, av.VideoStream]":
        import av

        container = av.open(str(self._path), "w")
        try:
            rate = Fraction(self._fps).limit_denominator(1001)
            stream = container.add_stream(
                "libx264", rate=rate, options={"crf": _QUALITY_CRF, "preset": "veryfast"}
            )
            stream.width, stream.height = (
                max(2, side + side % 2) for side in (image.shape[1], image.shape[0])
            )
            stream.pix_fmt = "yuv420p"
            stream.codec_context.time_base = Fraction(1, _CLOCK)
        except BaseException:
            container.close()
            raise
        return container, stream

    def _pts(self, captured_at: datetime) -> int:
        """The frame's time in the video; strictly ascending whatever the clock does."""
        self._first = self._first or captured_at
        pts = round((captured_at - self._first).total_seconds() * _CLOCK)
        if pts <= self._last_pts:
            pts = self._last_pts + round(_CLOCK / self._fps)
        self._last_pts = pts
        return pts


def require_picture_name(path: Path) -> None:
    """Raise SinkError where no picture in colour can be encoded by its file's ending."""
    if _encoded(path.suffix, np.zeros((64, 64, 3), np.uint8)) is None:
        raise SinkError(f"{path} names no kind of picture that can be written; let it end in .png or .jpg.")


def write_picture(path: Path, image: Image) -> None:
    """Encode a picture by its file's ending and write it. Raises SinkError."""
    encoded = _encoded(path.suffix, image)
    if encoded is None:
        raise SinkError(f"{path} cannot be encoded; let it end in .png or .jpg.")
    begun = False
    try:
        with path.open("wb") as file:
            begun = True
            file.write(encoded)
    except OSError as error:
        if begun and path.is_file():
            path.unlink(missing_ok=True)  # half a picture is none
        raise SinkError(f"{path} cannot be written: {error.strerror}.") from error


def _encoded(suffix: str, image: Image) -> bytes | None:
    """Encode a picture; None where its kind cannot hold it."""
    try:
        done, data = cv2.imencode(suffix, image)
    except cv2.error:
        return None
    return data.tobytes() if done else None


def _require_place(path: Path) -> None:
    """Raise SinkError where a file cannot be written; what is there already stays as it is."""
    if not path.parent.is_dir():
        raise SinkError(f"{path} cannot be written: there is no folder {path.parent}.")
    try:
        is_new = not os.path.lexists(path)
        path.open("ab").close()
        if is_new:
            path.unlink()
    except OSError as error:
        raise SinkError(f"{path} cannot be written: {error.strerror}.") from error


def _sized(image: Image, width: int, height: int) -> Image:
    """The picture at an even size: one more row or column where it is odd, scaled where it is another."""
    rows, columns = image.shape[:2]
    if (columns, rows) == (width, height):
        return image
    if 0 <= width - columns <= 1 and 0 <= height - rows <= 1:
        return np.pad(image, ((0, height - rows), (0, width - columns), (0, 0)), mode="edge")
    return np.asarray(cv2.resize(image, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
