"""ONNX Runtime on the CPU: the second engine, and the check on the first."""

from typing import Any, Self

import numpy as np

from meter_infer.backends.base import DEFAULTS, BackendOptions, Model, Tensor, TensorSpec, check_images
from meter_infer.errors import BackendError, BackendUnavailable, NetworkFormatError

try:
    import onnxruntime as ort
    from onnxruntime.capi import onnxruntime_pybind11_state as _state
except ImportError as error:
    raise BackendUnavailable(
        "The backend 'onnxruntime' is not installed; install it with: pip install '.[onnx]' in the checkout"
    ) from error

ERRORS = tuple(
    value for value in vars(_state).values() if isinstance(value, type) and issubclass(value, Exception)
)
"""What ONNX Runtime raises; they share no base but Exception."""
_ONLY_FATAL = 4


class OnnxRuntimeBackend:
    """An ONNX model in ONNX Runtime, which takes any batch and image size as it comes."""

    def __init__(self, model: Model, options: BackendOptions = DEFAULTS) -> None:
        """Load `model`; raises BackendError where ONNX Runtime cannot.

        bfloat16 is not among what it does on CPUs: `precision` must be `f32` or `auto`. `hint`
        makes no difference.
        """
        if options.precision not in ("f32", "auto"):
            raise BackendError(
                f"The backend 'onnxruntime' has no {options.precision}; use the precision f32 or auto."
            )
        settings = ort.SessionOptions()
        settings.log_severity_level = _ONLY_FATAL
        settings.intra_op_num_threads = options.threads
        # Threads that spin between two images would take the cores from the rest of the service.
        settings.add_session_config_entry("session.intra_op.allow_spinning", "0")
        source = model if isinstance(model, bytes) else str(model)
        try:
            self._session: Any = ort.InferenceSession(source, settings, providers=["CPUExecutionProvider"])
        except ERRORS as error:
            raise NetworkFormatError(f"ONNX Runtime cannot read the model: {message_of(error)}.") from error
        self._inputs = tuple(spec_of(port) for port in self._session.get_inputs())
        self._outputs = tuple(spec_of(port) for port in self._session.get_outputs())
        if len(self._inputs) != 1 or len(self._inputs[0].shape) != 4:
            raise NetworkFormatError("The model must have one input, n x 3 x height x width.")

    @property
    def name(self) -> str:
        """Engine and precision."""
        return "onnxruntime-f32"

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The model's one input."""
        return self._inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The model's outputs."""
        return self._outputs

    def infer(self, images: Tensor) -> tuple[Tensor, ...]:
        """Run a batch; see `Backend.infer`."""
        if self._session is None:
            raise BackendError("The backend is closed; make a new one.")
        check_images(images, self._inputs[0])
        feed = {self._inputs[0].name: np.ascontiguousarray(images)}
        try:
            results = self._session.run(None, feed)
        except ERRORS as error:
            size = " x ".join(map(str, images.shape[1:]))
            raise BackendError(f"The model cannot take images of {size}: {message_of(error)}.") from error
        return tuple(np.asarray(result, np.float32) for result in results)

    def close(self) -> None:
        """Free the model."""
        self._session = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def spec_of(port: Any) -> TensorSpec:
    """Return a port's name and sizes; ONNX Runtime names free sizes, or gives None."""
    return TensorSpec(port.name, tuple(size if isinstance(size, int) else None for size in port.shape))


def message_of(error: Exception) -> str:
    """Return the last part of ``[ONNXRuntimeError] : 7 : INVALID_PROTOBUF : what happened``."""
    return str(error).splitlines()[0].split(" : ")[-1].rstrip(".") if str(error) else type(error).__name__
