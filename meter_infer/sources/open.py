"""From what somebody typed to the source it means."""

from difflib import get_close_matches
from pathlib import Path

from meter_infer.errors import SourceError
from meter_infer.sources.address import STREAM_SCHEMES, Address
from meter_infer.sources.base import Source
from meter_infer.sources.folder import FolderSource
from meter_infer.sources.picture import PICTURE_SUFFIXES, PictureSource, looks_like_picture


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
    if path.suffix.lower() in PICTURE_SUFFIXES:
        raise SourceError(f"{path} is no picture, whatever its name says; open it and see what it holds.")
    from meter_infer.sources.video import VideoSource  # FFmpeg takes a while to load

    return VideoSource(path, camera or address.name, every)


def _open_stream(address: Address, camera: str | None, every: int) -> Source:
    if address.scheme not in STREAM_SCHEMES:
        raise SourceError(
            f"{address} has a scheme that cannot be read; {address.scheme_hint}.".replace("?.", "?")
        )
    from meter_infer.sources.stream import StreamSource  # FFmpeg takes a while to load

    return StreamSource(address, camera or address.name, every)


def _head(path: Path) -> bytes:
    try:
        if not path.exists():
            raise SourceError(f"{path} does not exist{_nearby(path)}.")
        if not path.is_file():
            raise SourceError(f"{path} is neither a file nor a folder.")
        with path.open("rb") as file:
            head = file.read(16)
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be opened: {getattr(error, 'strerror', None) or error}.") from error
    if not head:
        raise SourceError(f"{path} is empty.")
    return head


def _nearby(path: Path) -> str:
    """A hint at a file whose name is almost the same."""
    try:
        names = [item.name for item in path.parent.iterdir()] if path.parent.is_dir() else []
    except OSError:
        names = []
    near = get_close_matches(path.name, names, n=1, cutoff=0.8)
    return f"; did you mean {near[0]}?" if near else ""
