"""Files that commands write."""

import os
from collections.abc import Iterable
from pathlib import Path

from meter_infer.errors import SinkError
from meter_infer.resources import VIDEO_SUFFIXES
from meter_infer.sources.picture import PICTURE_SUFFIXES


def keep(needed: Iterable[Path | None], what: str, outputs: Iterable[str | Path | None]) -> None:
    """Refuse to write over what is needed, whatever the ways to it are called. Raises SinkError."""
    kept = {_identity(path) for path in needed if path is not None}
    for output in outputs:
        if output is not None and _identity(Path(output)) in kept:
            raise SinkError(f"{output} {what}; choose another name for the output.")


def require_distinct(outputs: Iterable[str | Path | None]) -> None:
    """Refuse two outputs in one file, of which one would destroy the other. Raises SinkError."""
    seen: set[tuple[int, int] | str] = set()
    for output in outputs:
        if output is None or (identity := _identity(Path(output))) == _identity(Path(os.devnull)):
            continue
        if identity in seen:
            raise SinkError(f"{output} is given for two outputs; choose another name for one of them.")
        seen.add(identity)


def _identity(path: Path) -> tuple[int, int] | str:
    """Return the same for all names of a file."""
    try:
        stat = path.stat()
    except OSError:
        return os.path.realpath(path)  # what is not there has no number, and may lie in a folder of two names
    except ValueError:
        return str(path)  # no file can have this name
    return stat.st_dev, stat.st_ino


def require_folder_name(path: Path, source: str) -> None:
    """Refuse to make a folder that is called like a picture or a video. Raises SinkError."""
    if path.suffix.lower() in PICTURE_SUFFIXES | VIDEO_SUFFIXES and not path.is_dir():
        raise SinkError(f"{path} is named like a file; for {source} --annotate names a folder.")


def make_folder(path: Path) -> None:
    """Make a folder and those above it, before the work. Raises SinkError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"The folder {path} cannot be made: {error.strerror}.") from error


def make_room(path: Path | None) -> None:
    """Fail before the work and not after it where an output cannot be written. Raises SinkError."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not os.path.lexists(path)
        path.open("ab").close()
        if is_new:
            path.unlink()  # work that fails leaves no empty file
    except OSError as error:
        raise SinkError(f"{path} cannot be written ({error.strerror}); choose another place.") from error


def write_output(path: Path, data: bytes) -> None:
    """Write a file and the folders above it. Raises SinkError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise SinkError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
