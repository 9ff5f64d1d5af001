"""A decoder's frame -> the planes of a Frame, copied only where its pixel format leaves no choice."""

import time
import weakref
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from numpy.typing import NDArray

from meter_infer.sources.orientation import matrix_orientation, oriented
from meter_infer.types import ColorMatrix, Luma
from meter_infer.vision.color import frame_from_bgr

if TYPE_CHECKING:
    from av.sidedata.sidedata import SideData

Chroma = tuple[NDArray[np.uint8], NDArray[np.uint8]]

LENT = 4
"""Frames of a live decoder that are views at any time: one is read, one is looked at, two wait."""
LENT_S = 0.5
"""And all of the last so many seconds: a fast camera is not made slower by copies where the reading lags."""
_HD_ROWS = 720
_FULL_RANGE = 2  # AVCOL_RANGE_JPEG
_BT709_LIKE = frozenset({1, 9, 10})  # BT.709 and, nearest to it, BT.2020
_BT601_LIKE = frozenset({4, 5, 6, 7})


class PlaneReader:
    """Turns decoded frames into planes; keeps the scaler of unusual formats from frame to frame."""

    def __init__(self, *, live: bool = False) -> None:
        """`live`: the decoder runs for months.

        A frame that is not turned is then taken to be not mirrored either, without asking, and only `LENT`
        frames at a time, or those of `LENT_S`, are views: FFmpeg never gives back what it has once allocated
        for a decoder, and so each rare moment in which many wait would make the process larger for good.
        """
        self._reformatter = VideoReformatter()
        self._live = live
        self._lent: list[tuple[weakref.ref[NDArray[Any]], float]] = []
        """Those of the frames that were handed out as views, and when; dead once nobody holds them."""
        self._turned: tuple[int, int] | None = (0, 1) if live else None
        """PyAV's rotation and the orientation, of the last frame that was asked for its side data."""

    def planes(self, frame: av.VideoFrame) -> tuple[Luma, Chroma | None, ColorMatrix]:
        """Return Y (h, w), (U, V) or None, and the matrix, turned upright.

        Planes of 8-bit 4:2:0 frames are views that keep the decoder's buffer alive; of a live decoder copies,
        where too many frames before them are still held by somebody.
        """
        luma, chroma, matrix = self._stored_planes(frame)
        if self._live and not self._lend(luma):
            luma, chroma = _own(luma, chroma)
        orientation = self._orientation(frame)
        if orientation != 1:
            luma = oriented(luma, orientation)
            chroma = chroma and (oriented(chroma[0], orientation), oriented(chroma[1], orientation))
        return luma, chroma, matrix

    def _lend(self, luma: Luma) -> bool:
        """Take note that a frame goes out as a view; False where it must not."""
        buffer: NDArray[Any] = luma
        while isinstance(buffer.base, np.ndarray):
            buffer = buffer.base
        if buffer.flags.owndata:  # converted: the decoder has its own back already
            return True
        now = time.monotonic()
        self._lent = [(held, since) for held, since in self._lent if held() is not None]
        if len(self._lent) >= LENT and now - self._lent[0][1] > LENT_S:
            return False
        self._lent.append((weakref.ref(buffer), now))
        return True

    def _orientation(self, frame: av.VideoFrame) -> int:
        """Return the frame's orientation, looking at its side data only where its rotation is another.

        PyAV's `side_data` ties a frame into a reference cycle: it would stay, and with it its decoder's
        pictures, until the garbage collector comes by, which may be hours later.
        """
        if self._turned is None or self._turned[0] != frame.rotation:
            self._turned = frame.rotation, _orientation(frame)
        return self._turned[1]

    def _stored_planes(self, frame: av.VideoFrame) -> tuple[Luma, Chroma | None, ColorMatrix]:
        matrix = color_matrix(frame)
        width, height = frame.width, frame.height
        half = (height + 1) // 2, (width + 1) // 2
        name = frame.format.name
        if any(plane.line_size < plane.width for plane in frame.planes):  # stored upside down
            name = "bgr24"
        if name in ("yuv420p", "yuvj420p"):
            y, u, v = (_view(plane) for plane in frame.planes)
            return y[:height, :width], (u[: half[0], : half[1]], v[: half[0], : half[1]]), matrix
        if name == "nv12":
            y, uv = (_view(plane) for plane in frame.planes)
            pairs = uv[: half[0], : 2 * half[1]]
            return y[:height, :width], (pairs[:, 0::2], pairs[:, 1::2]), matrix
        if name.startswith("gray"):
            grey = frame if name == "gray" else self._reformatter.reformat(frame, format="gray")
            return _view(grey.planes[0])[:height, :width], None, ColorMatrix.BT601_FULL
        if name.startswith("yuv"):
            return (*self._subsampled(frame), matrix)
        pixels = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
        converted = frame_from_bgr(pixels, "", 0, datetime.now(UTC))
        return converted.luma, converted.chroma, converted.matrix

    def _subsampled(self, frame: av.VideoFrame) -> tuple[Luma, Chroma]:
        """Planes of a 4:2:2, 4:4:4 or deep frame; matrix and range stay what they are."""
        full = color_matrix(frame) in (ColorMatrix.BT601_FULL, ColorMatrix.BT709_FULL)
        span = ColorRange.JPEG if full else ColorRange.MPEG
        plain = self._reformatter.reformat(
            frame,
            format="yuv420p",
            src_colorspace=Colorspace.ITU601,
            dst_colorspace=Colorspace.ITU601,
            src_color_range=span,
            dst_color_range=span,
        )
        height, width = frame.height, frame.width
        half = (height + 1) // 2, (width + 1) // 2
        y, u, v = (_view(plane) for plane in plain.planes)
        return y[:height, :width], (u[: half[0], : half[1]], v[: half[0], : half[1]])


def color_matrix(frame: av.VideoFrame) -> ColorMatrix:
    """Return how the frame says its colours are coded; unsaid, HD is BT.709 and less is BT.601, limited."""
    full = int(frame.color_range) == _FULL_RANGE or frame.format.name.startswith("yuvj")
    space = int(frame.colorspace)
    bt709 = space in _BT709_LIKE or (space not in _BT601_LIKE and frame.height >= _HD_ROWS and not full)
    if bt709:
        return ColorMatrix.BT709_FULL if full else ColorMatrix.BT709_LIMITED
    return ColorMatrix.BT601_FULL if full else ColorMatrix.BT601_LIMITED


def _own(luma: Luma, chroma: Chroma | None) -> tuple[Luma, Chroma | None]:
    """Copy planes into one block: a large one goes back to the system by itself and leaves no hole."""
    planes = (luma, *(chroma or ()))
    ends = np.cumsum([plane.size for plane in planes])
    pieces = np.split(np.empty(ends[-1], np.uint8), ends[:-1])
    copies = [piece.reshape(plane.shape) for piece, plane in zip(pieces, planes, strict=True)]
    for copy, plane in zip(copies, planes, strict=True):
        copy[...] = plane
    return copies[0], (copies[1], copies[2]) if chroma else None


def _view(plane: "av.video.plane.VideoPlane") -> NDArray[np.uint8]:
    return np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)


def _orientation(frame: av.VideoFrame) -> int:
    items = cast("Sequence[SideData]", frame.side_data)  # the stubs promise a dictionary
    for index in range(len(items)):
        if items[index].type.name == "DISPLAYMATRIX":
            return matrix_orientation(bytes(items[index]))
    return 1
