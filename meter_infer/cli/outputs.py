"""Files that commands write."""

from pathlib import Path

from meter_infer.errors import SinkError


def make_room(path: Path | None) -> None:
    """Fail before the work and not after it where an output cannot be written. Raises SinkError."""
    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.open("ab").close()
    except OSError as error:
        raise SinkError(f"{path} cannot be written ({error.strerror}); choose another place.") from error


def write_output(path: Path, data: bytes) -> None:
    """Write a file and the folders above it. Raises SinkError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise SinkError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
