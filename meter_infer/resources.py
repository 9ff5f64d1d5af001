"""Files: where those that ship with the package lie, which videos can be written, and writing one whole."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Literal

from meter_infer.errors import ConfigError, SinkError

VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".mkv"})
"""Endings of videos that can be written."""

_PACKAGE = Path(__file__).resolve().parent


def data_dir(name: Literal["models", "configs", "calibration"]) -> Path:
    """Return the shipped folder `name`: inside an installed package, or beside the package in a checkout.

    Raises ConfigError where neither is there.
    """
    for folder in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise ConfigError(
        f"The folder '{name}' that ships with meter-infer is missing; install the package again with pip."
    )


def require_video_name(path: Path) -> None:
    """Raise SinkError where no video can be written by its file's ending."""
    if path.suffix.lower() not in VIDEO_SUFFIXES:
        raise SinkError(f"{path} names no kind of video that can be written; let it end in .mp4.")


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all, also where two processes write it. Raises OSError."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise
