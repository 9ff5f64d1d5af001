"""ONNX Runtime on an NVIDIA GPU, with device memory in and out: for cards where TensorRT is not to be had."""

import io
import logging
import re
from contextlib import redirect_stdout
from typing import Any

import numpy as np

from meter_infer.backends.base import DEFAULTS, BackendOptions, Model, TensorSpec, check_shape, read_model
from meter_infer.backends.device import DeviceBackend, DeviceTensor
from meter_infer.backends.precision import half_network
from meter_infer.cuda.device import Stream
from meter_infer.errors import BackendError, BackendUnavailable, DeviceLost

try:
    import onnxruntime as ort

    from meter_infer.backends.onnxruntime import ERRORS, message_of, spec_of
except (ImportError, BackendUnavailable) as error:
    raise BackendUnavailable(
        "The backend 'cuda' is not installed; install it with: pip install '.[gpu,cuda]' in the checkout"
    ) from error

_log = logging.getLogger(__name__)

PROVIDER = "CUDAExecutionProvider"
_FAILURES: tuple[type[Exception], ...] = (*ERRORS, RuntimeError)
_OF_THE_CARD = re.compile(r"CUDA(?!Exec)|CUDNN|CUBLAS|CUFFT|memory|alloc")
"""As failures spell it; the paths of the library's sources, which messages repeat, have small letters."""
_OF_SHAPES = re.compile(r"shape|dimension|axis|axes|broadcast", re.IGNORECASE)


class OnnxRuntimeEngine:
    """A model in ONNX Runtime whose inputs and outputs stay where they are."""

    def __init__(self, model: bytes, stream: Stream, provider: str = PROVIDER) -> None:
        """Load `model` for work on `stream`. Raises BackendError.

        `provider` may be the CPU's: then device pointers are host pointers.
        """
        if provider not in ort.get_available_providers():
            raise BackendUnavailable(
                f"This ONNX Runtime has no {provider}; put onnxruntime-gpu in its place: "
                "pip uninstall onnxruntime && pip install '.[gpu,cuda]' in the checkout"
            )
        self._where = "cuda" if provider == PROVIDER else "cpu"
        settings = ort.SessionOptions()
        settings.log_severity_level = 4
        on_card = {
            "device_id": "0",
            "user_compute_stream": str(int(stream)),
            "use_tf32": "0",
            # the default tries every algorithm at each new shape, which may look like a card that hangs
            "cudnn_conv_algo_search": "HEURISTIC",
        }
        choice = (provider, on_card) if self._where == "cuda" else provider
        complaint = _preload() if self._where == "cuda" else ""
        try:
            self._session: Any = ort.InferenceSession(model, settings, providers=[choice])
        except _FAILURES as error:
            if _OF_THE_CARD.search(str(error)):
                raise DeviceLost(f"ONNX Runtime failed on the GPU: {message_of(error)}.") from error
            raise BackendError(f"ONNX Runtime cannot read the model: {message_of(error)}.") from error
        if provider not in self._session.get_providers():  # it takes the CPU then, and says so in its log
            raise BackendUnavailable(
                f"ONNX Runtime cannot load its {provider} ({complaint or 'it does not say why'}); install "
                "CUDA's and cuDNN's libraries: pip install '.[gpu,cuda]' in the checkout"
            )
        self.inputs: tuple[TensorSpec, ...] = tuple(spec_of(port) for port in self._session.get_inputs())
        self.outputs: tuple[TensorSpec, ...] = tuple(spec_of(port) for port in self._session.get_outputs())
        self.half = bool(self.inputs) and self._session.get_inputs()[0].type == "tensor(float16)"
        if len(self.inputs) != 1 or len(self.inputs[0].shape) != 4:
            raise BackendError("The model must have one input, n x 3 x height x width.")
        self._settings = ort.RunOptions()
        self._settings.add_run_config_entry("disable_synchronize_execution_providers", "1")
        self._kept: Any = None

    @property
    def name(self) -> str:
        """Engine and precision."""
        return "cuda-f16" if self.half else "cuda-f32"

    def infer(self, images: DeviceTensor, stream: Stream) -> tuple[DeviceTensor, ...]:
        """Queue a batch on the stream that the engine was made with.

        Raises BackendError where the network cannot take the images' size, DeviceLost for all else.
        """
        check_shape(images.shape, self.inputs[0])
        try:
            return self._run(images)
        except _FAILURES as error:
            text = message_of(error)
            if _OF_SHAPES.search(str(error)) and not _OF_THE_CARD.search(str(error)):
                size = " x ".join(map(str, images.shape[1:]))
                raise BackendError(f"The model cannot take images of {size}: {text}.") from error
            raise DeviceLost(f"ONNX Runtime failed on the GPU: {text}.") from error

    def _run(self, images: DeviceTensor) -> tuple[DeviceTensor, ...]:
        binding = self._session.io_binding()
        kind = np.float16 if self.half else np.float32
        binding.bind_input(self.inputs[0].name, self._where, 0, kind, list(images.shape), images.address)
        for output in self.outputs:
            binding.bind_output(output.name, self._where, 0)
        self._session.run_with_iobinding(binding, self._settings)
        self._kept = binding.get_outputs()  # they own the memory
        return tuple(DeviceTensor(each.data_ptr(), tuple(each.shape())) for each in self._kept)

    def close(self) -> None:
        """Free the model."""
        self._kept = self._session = None


class CudaBackend(DeviceBackend):
    """ONNX Runtime's CUDA provider as a backend."""

    def __init__(self, model: Model, options: BackendOptions = DEFAULTS) -> None:
        """Load `model` on the first card. Raises BackendError; BackendUnavailable without its packages."""
        from meter_infer.cuda.pycuda_device import open_gpu

        content = network_for(read_model(model), options)
        super().__init__(open_gpu(), lambda _, stream: OnnxRuntimeEngine(content, stream))


def _preload() -> str:
    """Load the libraries of CUDA and cuDNN from their wheels, and return the first complaint.

    Where the system has them in its own places they are found without that. ONNX Runtime prints complaints.
    """
    if not hasattr(ort, "preload_dlls"):  # before 1.21
        return ""
    said = io.StringIO()
    try:
        with redirect_stdout(said):
            ort.preload_dlls()
    except (OSError, RuntimeError) as error:
        said.write(str(error))
    lines = [line.strip().rstrip(".") for line in said.getvalue().splitlines() if line.strip()]
    for line in lines:
        _log.debug("%s", line)
    return lines[0] if lines else ""


def network_for(model: bytes, options: BackendOptions) -> bytes:
    """Return the network in the precision that the options want; `auto` is f16. Raises BackendError."""
    if options.precision in ("f16", "auto"):
        return half_network(model)
    if options.precision != "f32":
        raise BackendError(
            f"The backend 'cuda' has no {options.precision}; use the precision f32, f16 or auto."
        )
    return model
