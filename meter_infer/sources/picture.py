"""A picture file as a source of one frame."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.errors import SourceError
from meter_infer.sources.base import Closing
from meter_infer.sources.exif import Exif, parse_exif
from meter_infer.sources.orientation import oriented
from meter_infer.sources.pixels import flatten_alpha, to_eight_bits
from meter_infer.types import Frame
from meter_infer.vision.color import frame_from_bgr

PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".pgm", ".ppm", ".pnm", ".jp2"}
)

_MAX_PIXELS = 2**28  # 16,384 x 16,384: beyond that, decoding takes gigabytes
_PNG = b"\x89PNG\r\n\x1a\n"
_MAGIC = (
    b"\xff\xd8\xff",  # JPEG
    _PNG,
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


def decode_picture(data: bytes, name: str) -> tuple[NDArray[np.uint8], datetime | None]:
    """Return the upright picture in an encoded file and when it was taken, if the file says so.

    The picture is uint8 (h, w) if grey, else BGR (h, w, 3). 16-bit and floating-point pictures are scaled to
    8 bits, transparency is laid over grey, and the orientation in the EXIF data is applied. Raises
    SourceError naming `name`.
    """
    if data.startswith(_PNG):
        _check_png(data, name)
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
    exif = Exif()
    for kind, blob in zip(*decoded[1:], strict=True):
        if kind == cv2.IMAGE_METADATA_EXIF:
            exif = parse_exif(np.asarray(blob).tobytes())
    return oriented(eight, exif.orientation), exif.taken_at


def _check_png(data: bytes, name: str) -> None:
    """Refuse a PNG that is cut short or damaged, and one that would fill the memory.

    The decoder would say so as well, but on the terminal; and a few kilobytes can decode to gigabytes.
    """
    at, last = len(_PNG), b""
    while at + 12 <= len(data) and last != b"IEND":
        end = at + 8 + int.from_bytes(data[at : at + 4], "big")
        last = data[at + 4 : at + 8]
        if crc32(data[at + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            raise SourceError(f"{name} is damaged or cut short; copy or save it again.")
        if last == b"IHDR":
            width, height = (int.from_bytes(data[at + 8 + i : at + 12 + i], "big") for i in (0, 4))
            if width * height > _MAX_PIXELS:
                raise SourceError(
                    f"{name} has {width} x {height} pixels, more than can be read; save it smaller."
                )
        at = end + 4
    if last != b"IEND":
        raise SourceError(f"{name} is cut short; copy or save it again.")


def read_picture(path: Path, camera: str, index: int = 0) -> Frame:
    """Return the picture in a file as a frame, dated by its EXIF data or by the file. Raises SourceError."""
    try:
        data = path.read_bytes()
        modified = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        said = getattr(error, "strerror", None) or error
        name = str(path)
        raise SourceError(f"{name if name.isprintable() else repr(name)} cannot be read: {said}.") from error
    if not data:
        raise SourceError(f"{path} is empty.")
    pixels, taken_at = decode_picture(data, str(path))
    return frame_from_bgr(pixels, camera, index, taken_at or modified, time.monotonic())


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
