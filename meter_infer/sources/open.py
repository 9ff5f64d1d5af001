"""From what somebody typed to the source it means."""

from difflib import get_close_matches
from pathlib import Path

from meter_infer.errors import SourceError
from meter_infer.sources.address import STREAM_SCHEMES, Address
from meter_infer.sources.base import Source
from meter_infer.sources.folder import FolderSource
from meter_infer.sources.picture import PICTURE_SUFFIXES, PictureSource, looks_like_picture

_VIDEO_SUFFIXES = frozenset({
    ".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".vob", ".wmv",
    ".asf", ".flv", ".ogv", ".3gp", ".dav", ".mjpeg", ".mjpg", ".h264", ".264",
    ".h265", ".265", ".hevc", ".gif",
})  # fmt: skip
"""Endings of what may be meant; what a file holds is told by its content."""
_VIDEO_MAGIC = (
    b"\x1aE\xdf\xa3",  # Matroska, WebM
    b"FLV\1",
    b"0&\xb2u\x8ef\xcf\x11",  # ASF, WMV
    b"\0\0\1\xba",  # MPEG program stream
)
_STILL_BRANDS = frozenset({b"mif1", b"msf1", b"heic", b"heix", b"heim", b"heis", b"avif", b"avis", b"crx "})
_HEAD = 200


def open_source(address: Address | str, camera: str | None = None, every: int = 1) -> Source:
    """Open a picture, a folder of pictures, a video, or a stream's URL.

    `camera` is the id that its frames carry; without one it is made from the source's name. Of every
    `every` frames one is delivered, and the others cost no more than decoding needs. Raises SourceError.
    """
    address = Address(address) if isinstance(address, str) else address
    if every < 1:
        raise SourceError(f"Every {every}th frame cannot be read; give 1 or more.")
    if address.is_stream:
        return _open_stream(address, camera, every)
    path = address.path
    if path.is_dir():
        return FolderSource(path, camera, every)
    head = _head(path)
    # a stream of JPEGs begins like a single one
    if looks_like_picture(head) and path.suffix.lower() not in (".mjpeg", ".mjpg"):
        return PictureSource(path, camera or address.name)
    if path.suffix.lower() in PICTURE_SUFFIXES and not _looks_like_video(head):
        raise SourceError(
            f"{path} is no picture of a known kind, whatever its name says; save it again as PNG or JPEG."
        )
    from meter_infer.sources.video import VideoSource  # FFmpeg takes a while to load

    return VideoSource(path, camera or address.name, every)


def _open_stream(address: Address, camera: str | None, every: int) -> Source:
    if address.scheme not in STREAM_SCHEMES:
        raise SourceError(
            f"{address} has a scheme that cannot be read; {address.scheme_hint}.".replace("?.", "?")
        )
    from meter_infer.sources.stream import StreamSource  # FFmpeg takes a while to load

    return StreamSource(address, camera or address.name, every)


def _looks_like_video(head: bytes) -> bool:
    """Say whether a file that begins with `head` is a recording, whatever it is called."""
    if head[4:8] == b"ftyp":
        return head[8:12] not in _STILL_BRANDS
    if head[4:8] in (b"moov", b"mdat", b"wide") or (head[:4] == b"RIFF" and head[8:12] == b"AVI "):
        return True
    # transport streams: packets of 188 bytes, or of 192 with a time before each
    in_step = head[0:1] == head[188:189] == b"G" or head[4:5] == head[196:197] == b"G"
    return in_step or head.startswith(_VIDEO_MAGIC)


def _head(path: Path) -> bytes:
    try:
        if not path.exists():
            raise SourceError(f"{path} does not exist{_nearby(path)}")
        if not path.is_file():
            raise SourceError(f"{path} is neither a file nor a folder.")
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be opened: {getattr(error, 'strerror', None) or error}.") from error
    if not head:
        raise SourceError(f"{path} is empty.")
    return head


def _nearby(path: Path) -> str:
    """The end of the sentence: a hint at something readable whose name is almost the same."""
    readable = PICTURE_SUFFIXES | _VIDEO_SUFFIXES
    try:
        items = list(path.parent.iterdir()) if path.parent.is_dir() else []
        names = [item.name for item in items if item.suffix.lower() in readable or item.is_dir()]
    except OSError:
        names = []
    near = get_close_matches(path.name, names, n=1, cutoff=0.8)
    return f"; did you mean {near[0]}?" if near else "."
