"""Where the files that ship with the package lie: models, sample configurations, calibrations."""

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
