"""The port to inference engines: one image batch in, float arrays out."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from meter_infer.errors import BackendError

Tensor = NDArray[np.float32]
Model = Path | bytes
"""An ONNX model: a file, or its bytes."""
_PRECISIONS = ("f32", "bf16", "f16", "int8", "auto")


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """One input or output of a model."""

    name: str
    shape: tuple[int | None, ...]
    """None where the size is free: batch, height, width."""


@dataclass(frozen=True, slots=True)
class BackendOptions:
    """How an engine runs a model."""

    threads: int = 0
    """CPU threads; 0 takes one for each core this process may use."""
    precision: str = "f32"
    """`f32`; `bf16` where the CPU has it in hardware; `f16` and `int8` in TensorRT; `auto` takes bf16 if it
    is there and else f32, and f16 in TensorRT. `networks` gives OpenVINO the network's 8-bit twin for `int8`,
    and for `auto` where the CPU suits."""
    hint: str = "latency"
    """`latency` puts all threads on one image; `throughput` gives each thread its own images."""
    sides: tuple[int, int] = (32, 640)
    """Smallest and largest side of images; only TensorRT, whose engines are built for them, looks at it.
    `networks` gives it those of each network."""
    build: bool = True
    """Let TensorRT build an engine that is not there yet, which takes minutes; else that is an error."""

    def __post_init__(self) -> None:
        if self.threads < 0:
            raise BackendError(f"{self.threads} threads are impossible; give 0 (all cores) or more.")
        if self.precision not in _PRECISIONS:
            known = ", ".join(_PRECISIONS)
            raise BackendError(f"The precision '{self.precision}' is unknown; use one of {known}.")
        if self.hint not in ("latency", "throughput"):
            raise BackendError(f"The hint '{self.hint}' is unknown; use latency or throughput.")


DEFAULTS = BackendOptions()


@runtime_checkable
class Backend(Protocol):
    """A loaded model. One caller at a time; use it as a context manager or close it."""

    @property
    def name(self) -> str:
        """Engine and precision, such as ``openvino-f32``."""

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The model's inputs; all of this project have one, float32 (n, 3, height, width)."""

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The model's outputs, in the order in which `infer` returns them."""

    def infer(self, images: Tensor) -> tuple[Tensor, ...]:
        """Run a batch: RGB float32 (n, 3, height, width), 0 to 1; returns one array an output.

        The arrays belong to the caller. Raises BackendError where `images` does not fit the
        model, after `close`, and where the engine fails.
        """

    def close(self) -> None:
        """Free the model. Closing twice is harmless."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exc: object) -> None: ...


def read_model(model: Model) -> bytes:
    """Return an ONNX file's bytes. Raises BackendError."""
    if isinstance(model, bytes):
        return model
    try:
        return model.read_bytes()
    except OSError as error:
        raise BackendError(f"The engine cannot read the model: {error.strerror}.") from error


def check_images(images: Tensor, spec: TensorSpec) -> None:
    """Raise BackendError unless `images` is a non-empty float32 array that fits the input `spec`."""
    if images.dtype != np.float32:
        raise BackendError(f"The input '{spec.name}' takes float32 and was given {images.dtype}.")
    check_shape(images.shape, spec)


def check_shape(shape: tuple[int, ...], spec: TensorSpec) -> None:
    """Raise BackendError unless `shape` is not empty and fits the input `spec`."""
    fits = len(shape) == len(spec.shape) and all(
        actual > 0 and wanted in (None, actual) for actual, wanted in zip(shape, spec.shape, strict=True)
    )
    if not fits:
        wanted = " x ".join("any" if size is None else str(size) for size in spec.shape)
        actual = " x ".join(map(str, shape))
        raise BackendError(f"The input '{spec.name}' takes {wanted} and was given {actual}.")
