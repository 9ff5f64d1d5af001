"""Inference engines behind one protocol. An engine's package is imported when it is asked for."""

import logging
from importlib import import_module

from meter_infer.backends.base import DEFAULTS, Backend, BackendOptions, Model, TensorSpec
from meter_infer.errors import BackendError, BackendUnavailable

__all__ = [
    "BACKENDS",
    "DEFAULTS",
    "ON_GPU",
    "Backend",
    "BackendOptions",
    "Model",
    "TensorSpec",
    "create_backend",
    "options_for",
]

_log = logging.getLogger(__name__)

_CLASSES = {
    "openvino": "OpenVinoBackend",
    "onnxruntime": "OnnxRuntimeBackend",
    "tensorrt": "TensorRtBackend",
    "cuda": "CudaBackend",
}
BACKENDS = tuple(_CLASSES)
"""Names for `create_backend`."""
ON_GPU = ("tensorrt", "cuda")
"""Those that need an NVIDIA GPU."""


def options_for(backend: str, precision: str | None, *, build: bool = True) -> BackendOptions:
    """Return options with the precision that suits `backend` where none is named: f16 on a GPU, else auto.

    Raises BackendError where the precision is unknown.
    """
    return BackendOptions(precision=precision or ("f16" if backend in ON_GPU else "auto"), build=build)


def create_backend(name: str, model: Model, options: BackendOptions = DEFAULTS) -> Backend:
    """Load `model` into the engine `name`, or into the best one installed for CPUs for ``auto``.

    Raises BackendUnavailable, which says what to install, where the engine is not installed, and
    BackendError where the name is unknown or the engine cannot use the model or the options.
    """
    if name == "auto":
        return _best(model, options)
    if name not in _CLASSES:
        known = ", ".join(("auto", *BACKENDS))
        raise BackendError(f"The backend '{name}' is unknown; use one of {known}.")
    module = import_module(f"meter_infer.backends.{name}")
    backend: Backend = getattr(module, _CLASSES[name])(model, options)
    return backend


def _best(model: Model, options: BackendOptions) -> Backend:
    for name in (name for name in BACKENDS if name not in ON_GPU):
        try:
            backend = create_backend(name, model, options)
        except BackendUnavailable as error:
            _log.debug("%s", error)
            continue
        _log.info("backend auto: %s", backend.name)
        return backend
    raise BackendUnavailable("No inference engine is installed; install one with: pip install openvino")
