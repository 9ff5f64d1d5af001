"""TensorRT, or TensorRT for RTX, whichever is installed: the same Python API under different names."""

import ctypes
import logging
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from meter_infer.errors import BackendError, BackendUnavailable

_log = logging.getLogger(__name__)

_MODULES = ("tensorrt", "tensorrt_rtx", "tensorrt_rtx_bindings")
_LIBRARIES = ("libtensorrt_rtx.so.1", "libtensorrt_onnxparser_rtx.so.1")
_CARRIER = "onnxruntime_ep_nv_tensorrt_rtx"


@dataclass(frozen=True, slots=True, eq=False)
class TensorRt:
    """The loaded library."""

    api: Any
    """The Python module."""
    flavour: str
    """`tensorrt` or `tensorrt-rtx`."""
    version: str
    logger: "Any"
    """Its messages, which go to this module's log; `last_error` holds the newest complaint."""

    def complaint(self) -> str:
        """Return the newest error's text, and forget it."""
        text, self.logger.last_error = self.logger.last_error, ""
        return text or "it does not say why"


@cache
def load_tensorrt() -> TensorRt:
    """Import TensorRT. Raises BackendUnavailable, which says what to install."""
    for name in _MODULES:
        if find_spec(name) is None:
            continue
        if name == _MODULES[-1]:
            _preload()
        try:
            api = import_module(name)
        except (ImportError, OSError) as error:
            _log.warning("%s is installed but does not load: %s", name, error)
            continue
        flavour = "tensorrt" if name == "tensorrt" else "tensorrt-rtx"
        return TensorRt(api, flavour, str(api.__version__), _logger(api))
    raise BackendUnavailable(
        "The backend 'tensorrt' is not installed; install it with: pip install '.[gpu]' in the checkout"
    )


def _preload() -> None:
    """Load the libraries that the bindings ask for by name, from the wheel that carries them.

    Loaded under their own names they are found again without a path; importing that wheel instead would
    write links into it and change this process's environment.
    """
    spec = find_spec(_CARRIER)
    for folder in (spec.submodule_search_locations or []) if spec else []:
        for name in _LIBRARIES:
            for path in sorted(Path(folder).glob(f"{name}*"))[-1:]:
                try:
                    ctypes.CDLL(str(path), ctypes.RTLD_GLOBAL)
                except OSError as error:
                    _log.warning("%s does not load: %s", path, error)


def _logger(api: Any) -> Any:
    levels = {
        api.ILogger.Severity.INTERNAL_ERROR: logging.DEBUG,
        api.ILogger.Severity.ERROR: logging.DEBUG,  # what fails raises, with this text
        api.ILogger.Severity.WARNING: logging.DEBUG,
    }

    class Logger(api.ILogger):  # type: ignore[misc]
        last_error = ""

        def __init__(self) -> None:
            api.ILogger.__init__(self)

        def log(self, severity: Any, text: str) -> None:
            if severity not in levels:
                return
            if severity != api.ILogger.Severity.WARNING and not self.last_error:
                self.last_error = " ".join(text.split()).rstrip(".")
            _log.log(levels[severity], "%s", text)

    return Logger()


def check_bytes(result: Any, library: TensorRt, what: str) -> Any:
    """Return what the library made. Raises BackendError with its complaint where that is nothing."""
    if result is None:
        raise BackendError(f"TensorRT cannot {what}: {library.complaint()}.")
    return result
