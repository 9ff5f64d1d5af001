"""TensorRT, or TensorRT for RTX, with device memory in and out."""

import logging

from meter_infer.backends.base import DEFAULTS, BackendOptions, Model, TensorSpec, read_model
from meter_infer.backends.device import DeviceBackend, DeviceTensor, Growing
from meter_infer.backends.engines import (
    Engine,
    EngineRequest,
    Report,
    engine_key,
    engines_dir,
    ensure_engine,
    load_engine,
)
from meter_infer.backends.trt_library import check_bytes, load_tensorrt
from meter_infer.cuda.device import Device, Stream
from meter_infer.errors import BackendError, DeviceLost

_log = logging.getLogger(__name__)

load_tensorrt()  # without it, importing this module says what to install


class TensorRtEngine:
    """A built engine on the card."""

    def __init__(self, engine: Engine, device: Device, precision: str) -> None:
        """Load an engine. Raises BackendError where it does not fit this card or this TensorRT."""
        library = load_tensorrt()
        api = library.api
        library.logger.last_error = ""
        self._runtime = api.Runtime(library.logger)
        self._engine = check_bytes(
            self._runtime.deserialize_cuda_engine(engine.content), library, "load the engine"
        )
        self._context = check_bytes(self._engine.create_execution_context(), library, "run the engine")
        self._library, self._memory = library, Growing(device)
        ports = [self._engine.get_tensor_name(k) for k in range(self._engine.num_io_tensors)]
        given = [name for name in ports if self._engine.get_tensor_mode(name) == api.TensorIOMode.INPUT]
        self.inputs = tuple(self._spec(name) for name in given)
        if sorted(engine.outputs) != sorted(name for name in ports if name not in given):
            raise BackendError("The engine's outputs are not those of its network; build it again.")
        self.outputs = tuple(self._spec(name) for name in engine.outputs)
        self.half = self._engine.get_tensor_dtype(given[0]) == api.DataType.HALF
        self.name = f"tensorrt-{precision}"

    def infer(self, images: DeviceTensor, stream: Stream) -> tuple[DeviceTensor, ...]:
        """Queue a batch on `stream`."""
        context, name = self._context, self.inputs[0].name
        self._library.logger.last_error = ""
        if not context.set_input_shape(name, images.shape) or not context.set_tensor_address(
            name, images.address
        ):
            size = " x ".join(map(str, images.shape))
            raise BackendError(f"The engine was not built for images of {size}; build it again.")
        results = []
        for output in self.outputs:
            shape = tuple(context.get_tensor_shape(output.name))
            tensor = DeviceTensor(0, shape)
            buffer = self._memory.on_card(output.name, tensor.nbytes)
            context.set_tensor_address(output.name, buffer.address)
            results.append(DeviceTensor(buffer.address, shape))
        if not context.execute_async_v3(int(stream)):
            raise DeviceLost(f"TensorRT failed on the GPU: {self._library.complaint()}.")
        return tuple(results)

    def close(self) -> None:
        """Free the engine."""
        self._context = self._engine = self._runtime = None
        self._memory.free()

    def _spec(self, name: str) -> TensorSpec:
        shape = tuple(None if size < 0 else int(size) for size in self._engine.get_tensor_shape(name))
        return TensorSpec(name, shape)


class TensorRtBackend(DeviceBackend):
    """TensorRT as a backend. The engine comes from the cache, or is built."""

    def __init__(self, model: Model, options: BackendOptions = DEFAULTS) -> None:
        """Load the engine for `model`, built first if need be and if the options let it.

        Raises BackendError, and BackendUnavailable without its packages.
        """
        from meter_infer.cuda.pycuda_device import gpu_name, open_gpu

        precision = "f16" if options.precision == "auto" else options.precision
        content = read_model(model)
        request = EngineRequest(engine_key(content, precision, gpu_name(), options.sides), content)
        super().__init__(
            open_gpu(), lambda device, _: TensorRtEngine(engine_for(request, options), device, precision)
        )


def engine_for(request: EngineRequest, options: BackendOptions) -> Engine:
    """Return the engine from the cache, or build it and say so.

    One built from afar for this card's compute capability will do as well. Raises BackendError where it is
    not there and must not be built, or where it cannot be.
    """
    key = request.key
    found = load_engine(key) or load_engine(key.for_capability())
    if found is not None:
        return found
    command = f"meter-infer export --engine --{key.precision.replace('f', 'fp')}"
    if not options.build or key.precision == "int8":
        raise BackendError(f"There is no {key.precision} engine for {key.gpu} yet; build it with: {command}")
    _log.warning(
        "There is no %s engine for %s yet. Building one takes minutes; it is kept in '%s'.",
        key.precision, key.gpu, engines_dir(),
    )  # fmt: skip
    ensure_engine(request, _logged())
    built = load_engine(key)
    if built is None:
        raise BackendError(f"The engine was removed from '{engines_dir()}' while it was built; try again.")
    return built


def _logged() -> Report:
    """Log a build's progress, every tenth of its main phase."""
    told: dict[str, int] = {}
    first: list[str] = []

    def report(phase: str, share: float) -> None:
        first.append(phase)
        if phase == first[0] and int(share * 10) > told.get(phase, 0):
            told[phase] = int(share * 10)
            _log.info("%s: %.0f %%", phase, share * 100)

    return report
