"""ONNX Runtime on an NVIDIA GPU, with device memory in and out: for cards where TensorRT is not to be had."""

from typing import Any

import numpy as np

from meter_infer.backends.base import DEFAULTS, BackendOptions, Model, TensorSpec
from meter_infer.backends.device import DeviceBackend, DeviceTensor
from meter_infer.backends.precision import half_network
from meter_infer.cuda.device import Device, Stream
from meter_infer.errors import BackendError, BackendUnavailable, DeviceLost

try:
    import onnxruntime as ort

    from meter_infer.backends.onnxruntime import ERRORS, message_of, spec_of
except (ImportError, BackendUnavailable) as error:
    raise BackendUnavailable(
        "The backend 'cuda' is not installed; install it with: pip install 'meter-infer[gpu,cuda]'"
    ) from error

PROVIDER = "CUDAExecutionProvider"


class OnnxRuntimeEngine:
    """A model in ONNX Runtime whose inputs and outputs stay where they are."""

    def __init__(self, model: bytes, stream: Stream, provider: str = PROVIDER) -> None:
        """Load `model` for work on `stream`. Raises BackendError.

        `provider` may be the CPU's: then device pointers are host pointers.
        """
        if provider not in ort.get_available_providers():
            raise BackendUnavailable(
                f"This ONNX Runtime has no {provider}; put onnxruntime-gpu in its place: "
                "pip uninstall onnxruntime && pip install 'meter-infer[gpu,cuda]'"
            )
        self._where = "cuda" if provider == PROVIDER else "cpu"
        settings = ort.SessionOptions()
        settings.log_severity_level = 4
        on_card = {"device_id": "0", "user_compute_stream": str(int(stream)), "use_tf32": "0"}
        choice = (provider, on_card) if self._where == "cuda" else provider
        try:
            self._session: Any = ort.InferenceSession(model, settings, providers=[choice])
        except ERRORS as error:
            raise BackendError(f"ONNX Runtime cannot read the model: {message_of(error)}.") from error
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
        """Queue a batch on the stream that the engine was made with."""
        binding = self._session.io_binding()
        kind = np.float16 if self.half else np.float32
        binding.bind_input(self.inputs[0].name, self._where, 0, kind, list(images.shape), images.address)
        for output in self.outputs:
            binding.bind_output(output.name, self._where, 0)
        try:
            self._session.run_with_iobinding(binding, self._settings)
        except ERRORS as error:
            text = message_of(error)
            if "CUDA" in text or "memory" in text:
                raise DeviceLost(f"ONNX Runtime failed on the GPU: {text}.") from error
            size = " x ".join(map(str, images.shape[1:]))
            raise BackendError(f"The model cannot take images of {size}: {text}.") from error
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
        super().__init__(open_gpu(), lambda device: self._load(device, content))

    @staticmethod
    def _load(device: Device, model: bytes) -> OnnxRuntimeEngine:
        return OnnxRuntimeEngine(model, device.stream())


def network_for(model: bytes, options: BackendOptions) -> bytes:
    """Return the network in the precision that the options want; `auto` is f16. Raises BackendError."""
    if options.precision in ("f16", "auto"):
        return half_network(model)
    if options.precision != "f32":
        raise BackendError(
            f"The backend 'cuda' has no {options.precision}; use the precision f32, f16 or auto."
        )
    return model


def read_model(model: Model) -> bytes:
    """Return an ONNX file's bytes. Raises BackendError."""
    if isinstance(model, bytes):
        return model
    try:
        return model.read_bytes()
    except OSError as error:
        raise BackendError(f"ONNX Runtime cannot read the model: {error.strerror}.") from error
