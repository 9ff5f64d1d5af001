"""What a picture's EXIF data says: which way is up, and when it was taken.

Tags as in CIPA DC-008: 0x0112 orientation, 0x9003 time of the exposure, 0x9011 that time's offset from UTC.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

_ORIENTATION, _EXIF_BLOCK, _TAKEN, _TAKEN_OFFSET = 0x0112, 0x8769, 0x9003, 0x9011
_MOST_ENTRIES = 512


@dataclass(frozen=True, slots=True)
class Exif:
    """The two facts that matter here."""

    orientation: int = 1
    """1 to 8; 1 is upright."""
    taken_at: datetime | None = None
    """UTC. A camera that names no time zone is taken to share this computer's."""


def parse_exif(block: bytes) -> Exif:
    """Read a block of EXIF data; what is absent or damaged is left out."""
    tiff = block[6:] if block.startswith(b"Exif\0\0") else block
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return Exif()
    try:
        (first,) = struct.unpack_from(order + "I", tiff, 4)
        tags = dict(_entries(tiff, order, first))
        if _EXIF_BLOCK in tags:
            (inner,) = struct.unpack_from(order + "I", tags[_EXIF_BLOCK])
            tags |= dict(_entries(tiff, order, inner))
        (orientation,) = struct.unpack_from(order + "H", tags.get(_ORIENTATION, bytes(2)))
    except struct.error:
        return Exif()
    return Exif(orientation if 1 <= orientation <= 8 else 1, _time(tags))


def _entries(tiff: bytes, order: str, at: int) -> Iterator[tuple[int, bytes]]:
    """The tags of one directory with their raw values: text, or the four bytes of the entry."""
    (count,) = struct.unpack_from(order + "H", tiff, at)
    for entry in range(at + 2, at + 2 + 12 * min(count, _MOST_ENTRIES), 12):
        tag, kind, length = struct.unpack_from(order + "HHI", tiff, entry)
        value = tiff[entry + 8 : entry + 12]
        if kind == 2 and length > 4:
            (where,) = struct.unpack(order + "I", value)
            value = tiff[where : where + length]
        yield tag, value


def _time(tags: dict[int, bytes]) -> datetime | None:
    """The time of the exposure, written 2026:03:01 12:00:00, and its offset, written +09:00."""
    text = _text(tags.get(_TAKEN, b""))
    try:
        taken = datetime.strptime(text, "%Y:%m:%d %H:%M:%S")
        offset = _text(tags.get(_TAKEN_OFFSET, b""))
        zoned = datetime.fromisoformat(f"{taken.isoformat()}{offset}") if offset else taken.astimezone()
        return zoned.astimezone(UTC)
    except (ValueError, OverflowError, OSError):  # no date, or one beyond what calendars know
        return None


def _text(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode("ascii", "replace").strip()
