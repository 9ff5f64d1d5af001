"""A picture file as a source of one frame."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.errors import SourceError
from meter_infer.sources.base import Closing
from meter_infer.sources.orientation import exif_orientation, oriented
from meter_infer.sources.pixels import flatten_alpha, to_eight_bits
from meter_infer.types import Frame
from meter_infer.vision.color import frame_from_bgr

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pnm", ".jp2"}
)

_MAX_PIXELS = 2**28  # 16,384 x 16,384: beyond that, decoding takes gigabytes
_MAGIC = (
    b"\xff\xd8\xff",  # JPEG
    b"\x89PNG\r\n\x1a\n",
    b"BM",
    b"II*\0",  # TIFF
    b"MM\0*",
    b"\0\0\0\x0cjP  ",  # JPEG 2000
)


def looks_like_picture(head: bytes) -> bool:
    """Say whether a file beginning with `head` (12 bytes or more) is a still picture."""
    if head.startswith(_MAGIC) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"):
        return True
    return len(head) > 2 and head[0:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace()


def decode_picture(data: bytes, name: str) -> NDArray[np.uint8]:
    """Return the upright picture in an encoded file: uint8 (h, w) if grey, else BGR (h, w, 3).

    16-bit and floating-point pictures are scaled to 8 bits, transparency is laid over grey, and the
    orientation in the EXIF data is applied. Raises SourceError naming `name`.
    """
    _check_size(data, name)
    try:
        decoded: Any = cv2.imdecodeWithMetadata(np.frombuffer(data, np.uint8), flags=cv2.IMREAD_UNCHANGED)
    except (cv2.error, MemoryError) as error:
        raise SourceError(
            f"{name} is too large or too damaged to be decoded; save it again, smaller."
        ) from error
    pixels: NDArray[Any] | None = decoded[0]
    if pixels is None or pixels.size == 0:
        raise SourceError(f"{name} is damaged or no picture of a known format; save it again as PNG or JPEG.")
    eight = to_eight_bits(pixels)
    if eight.ndim == 3 and eight.shape[2] == 4:
        eight = flatten_alpha(eight)
    elif eight.ndim == 3 and eight.shape[2] != 3:
        eight = np.ascontiguousarray(eight[..., 0])
    kinds, blobs = decoded[1:]
    exif = next(
        (blob for kind, blob in zip(kinds, blobs, strict=True) if kind == cv2.IMAGE_METADATA_EXIF), None
    )
    return oriented(eight, exif_orientation(np.asarray(exif).tobytes()) if exif is not None else 1)


def _check_size(data: bytes, name: str) -> None:
    """Refuse a PNG that would decode to gigabytes: a few kilobytes of it can."""
    if data.startswith(b"\x89PNG") and len(data) >= 24:
        width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
        if width * height > _MAX_PIXELS:
            raise SourceError(
                f"{name} has {width} x {height} pixels, more than can be read; save it smaller."
            )


def read_picture(path: Path, camera: str, index: int = 0) -> Frame:
    """Return the picture in a file as a frame, dated by the file. Raises SourceError."""
    try:
        data = path.read_bytes()
        taken = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}.") from error
    if not data:
        raise SourceError(f"{path} is empty.")
    return frame_from_bgr(decode_picture(data, str(path)), camera, index, taken, time.monotonic())


class PictureSource(Closing):
    """One picture file. Raises SourceError when it is read, not when it is made."""

    fps: float | None = None
    problem: str | None = None

    def __init__(self, path: Path, camera: str) -> None:
        self.name = str(path)
        self.frame_count: int | None = 1
        self._path = path
        self._camera = camera

    def __iter__(self) -> Iterator[Frame]:
        yield read_picture(self._path, self._camera)

    def close(self) -> None:
        """Nothing is held open."""
