"""OpenVINO on the CPU: the default engine."""

import sys
from collections import OrderedDict
from typing import Any, Self

import numpy as np

from meter_infer.backends.base import DEFAULTS, BackendOptions, Model, Tensor, TensorSpec, check_images
from meter_infer.errors import BackendError, BackendUnavailable, NetworkFormatError

# On import OpenVINO reports its use to Google Analytics, from a thread of its own, unless its
# telemetry package is missing. A plant's camera service calls nobody: it goes missing.
_hidden = "openvino_telemetry" not in sys.modules
if _hidden:
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]
try:
    import openvino as ov
except ImportError as error:
    raise BackendUnavailable(
        "The backend 'openvino' is not installed; install it with: pip install openvino"
    ) from error
finally:
    if _hidden:
        del sys.modules["openvino_telemetry"]

from meter_infer.backends.openvino_int8 import fold_quantisers  # noqa: E402  (imports openvino)

_KEPT = 8  # image sizes and hints compiled at one time; a site has two or three


class OpenVinoBackend:
    """An ONNX model in OpenVINO.

    It is compiled anew for each image size, since fixed shapes run fastest. One image takes all threads
    (unless `hint` says otherwise); the images of a batch run side by side, each on a thread of its own,
    because threads that share an image wait for each other.
    """

    def __init__(self, model: Model, options: BackendOptions = DEFAULTS) -> None:
        """Read `model`; raises BackendError where OpenVINO cannot."""
        self._core = ov.Core()
        self._options = options
        self._precision = self._choose_precision(options.precision)
        try:
            self._model = self._core.read_model(model if isinstance(model, bytes) else str(model))
        except RuntimeError as error:
            raise NetworkFormatError(f"OpenVINO cannot read the model: {_last_line(error)}.") from error
        self._quantised = fold_quantisers(self._model) > 0
        self._inputs = tuple(_spec(port) for port in self._model.inputs)
        self._outputs = tuple(_spec(port) for port in self._model.outputs)
        if len(self._inputs) != 1 or len(self._inputs[0].shape) != 4:
            raise NetworkFormatError("The model must have one input, n x 3 x height x width.")
        self._compiled: OrderedDict[tuple[str, tuple[int, ...]], list[Any]] = OrderedDict()
        self._closed = False

    @property
    def name(self) -> str:
        """Engine and precision."""
        return f"openvino-{'int8' if self._quantised else self._precision}"

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
        if self._closed:
            raise BackendError("The backend is closed; make a new one.")
        check_images(images, self._inputs[0])
        images = np.ascontiguousarray(images)
        hint = self._options.hint if len(images) == 1 else "throughput"
        requests = self._requests(images.shape[1:], hint)
        results: list[tuple[Tensor, ...]] = []
        try:
            for first in range(0, len(images), len(requests)):
                running = list(zip(requests, range(first, len(images)), strict=False))
                for request, place in running:
                    request.start_async({0: images[place : place + 1]}, share_inputs=True)
                for request, _ in running:
                    request.wait()
                    results.append(tuple(np.array(out.data, np.float32) for out in request.output_tensors))
        except RuntimeError as error:
            raise BackendError(f"OpenVINO failed: {_last_line(error)}.") from error
        return tuple(np.concatenate(parts) for parts in zip(*results, strict=True))

    def close(self) -> None:
        """Free the model and all that was compiled of it."""
        self._closed = True
        self._compiled.clear()
        self._model = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def _choose_precision(self, wanted: str) -> str:
        has_bf16 = "BF16" in self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        if wanted == "auto":
            return "bf16" if has_bf16 else "f32"
        if wanted not in ("f32", "bf16"):
            raise BackendError(
                f"The backend 'openvino' has no {wanted}; use the precision f32, bf16 or auto."
            )
        if wanted == "bf16" and not has_bf16:
            raise BackendError("This CPU has no bfloat16; use the precision f32 or auto.")
        return wanted

    def _requests(self, shape: tuple[int, ...], hint: str) -> list[Any]:
        """Requests for one image of `shape` (3, height, width) that may run at one time."""
        key = hint, shape
        if key in self._compiled:
            self._compiled.move_to_end(key)
            return self._compiled[key]
        try:
            model = self._model.clone()
            model.reshape([1, *shape])
            compiled = self._core.compile_model(model, "CPU", self._properties(hint))
        except RuntimeError as error:
            size = " x ".join(map(str, shape))
            raise BackendError(f"The model cannot take images of {size}: {_last_line(error)}.") from error
        if len(self._compiled) == _KEPT:
            self._compiled.popitem(last=False)
        count = compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        self._compiled[key] = [compiled.create_infer_request() for _ in range(count)]
        return self._compiled[key]

    def _properties(self, hint: str) -> dict[str, Any]:
        properties: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": self._precision,
            "PERFORMANCE_HINT": hint.upper(),
        }
        if self._options.threads:
            properties["INFERENCE_NUM_THREADS"] = self._options.threads
        return properties


def _spec(port: Any) -> TensorSpec:
    shape = tuple(None if size.is_dynamic else size.get_length() for size in port.partial_shape)
    return TensorSpec(port.any_name, shape)


def _last_line(error: Exception) -> str:
    """The end of OpenVINO's message: what comes before are source lines and addresses."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].rstrip(".") if lines else type(error).__name__
