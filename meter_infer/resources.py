"""Files: where those that ship with the package lie, and writing one whole."""

import os
from pathlib import Path
from typing import Literal

from meter_infer.errors import ConfigError

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


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all. Raises OSError."""
    part = path.with_suffix(".part")
    try:
        part.write_bytes(data)
        os.replace(part, path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
