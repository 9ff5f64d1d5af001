"""TensorRT engines: built from ONNX networks, kept in files, and never taken for what they are not."""

import hashlib
import json
import logging
import re
import struct
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meter_infer.backends.precision import activation_ranges, half_network, int8_network, output_names
from meter_infer.backends.trt_library import TensorRt, check_bytes, load_tensorrt
from meter_infer.cuda.compiler import cache_dir
from meter_infer.errors import BackendError
from meter_infer.resources import write_whole

_log = logging.getLogger(__name__)

PRECISIONS = ("f32", "f16", "int8")
MAX_BATCH = 16
RECIPE = 1
"""Counts the ways to build: to be raised with every change of `build_engine`'s settings or of `precision`."""
Report = Callable[[str, float], None]
"""Is told the phase of a build and its progress, 0 to 1."""

_MAGIC = b"meter-infer engine 2\n"
_WORKSPACE = 1 << 30


@dataclass(frozen=True, slots=True)
class EngineKey:
    """What an engine depends on: any other value needs another engine."""

    model: str
    """SHA-256 of the ONNX file."""
    precision: str
    """One of `PRECISIONS`."""
    gpu: str
    """The card's name and compute capability, or ``sm_86`` where it was built for a card elsewhere."""
    library: str
    """Flavour and version of TensorRT."""
    shapes: tuple[tuple[int, int], ...]
    """(height, width) of the smallest, the usual and the largest images."""
    max_batch: int = MAX_BATCH
    recipe: int = RECIPE
    """How it is built, beyond all that: `RECIPE`."""

    def for_capability(self) -> "EngineKey":
        """Return the key of the same engine built from afar for the card's compute capability."""
        return replace(self, gpu=self.gpu.rpartition(" ")[2])

    def path(self, folder: Path) -> Path:
        """Return the engine's file in `folder`."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()
        gpu = re.sub(r"[^A-Za-z0-9]+", "-", self.gpu).strip("-").lower()
        return folder / f"{self.model[:12]}-{self.precision}-{gpu}-{digest[:12]}.engine"


@dataclass(frozen=True, slots=True)
class Engine:
    """A built engine."""

    content: bytes
    """As TensorRT wrote it."""
    outputs: tuple[str, ...]
    """Names of the outputs in the order of the ONNX file, which TensorRT does not keep."""

    @property
    def sha256(self) -> str:
        """Checksum of all of it."""
        return hashlib.sha256(json.dumps(self.outputs).encode() + b"\0" + self.content).hexdigest()


@dataclass(frozen=True, slots=True, eq=False)
class EngineRequest:
    """An engine that is wanted."""

    key: EngineKey
    model: bytes
    """The ONNX file's content."""
    calibration: Callable[[], Iterable[NDArray[np.float32]]] = tuple
    """For int8: gives batches of network inputs, float32 (n, 3, height, width)."""


def engines_dir() -> Path:
    """Return the folder where engines are kept."""
    return cache_dir() / "engines"


def engine_key(
    model: bytes, precision: str, gpu: str, sides: tuple[int, int], library: TensorRt | None = None
) -> EngineKey:
    """Return the key of an engine for `model` on `gpu`, for image sides from ``sides[0]`` to ``sides[1]``.

    Raises BackendError where the precision is unknown.
    """
    if precision not in PRECISIONS:
        raise BackendError(f"The precision '{precision}' is unknown; use {', '.join(PRECISIONS)}.")
    library = library or load_tensorrt()
    small, large = sides
    return EngineKey(
        model=hashlib.sha256(model).hexdigest(),
        precision=precision,
        gpu=gpu,
        library=f"{library.flavour} {library.version}",
        shapes=((small, small), (small, large), (large, large)),
    )


def load_engine(key: EngineKey, folder: Path | None = None) -> Engine | None:
    """Return the engine, or None where there is none.

    Raises BackendError where the file is damaged or is another engine than its name says.
    """
    path = key.path(folder or engines_dir())
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BackendError(f"The engine '{path}' cannot be read ({error.strerror}); remove it.") from error
    begin = len(_MAGIC) + 4
    if not content.startswith(_MAGIC) or len(content) < begin:
        raise BackendError(f"'{path}' is no engine of this version; remove it and build it again.")
    (length,) = struct.unpack("<I", content[len(_MAGIC) : begin])
    try:
        header = json.loads(content[begin : begin + length])
        engine = Engine(content[begin + length :], tuple(header["outputs"]))
        whole = header["sha256"] == engine.sha256
    except (ValueError, KeyError, TypeError):
        whole = False
    if not whole:
        raise BackendError(f"The engine '{path}' is damaged; remove it and build it again.")
    if header.get("key") != json.loads(json.dumps(asdict(key))):
        raise BackendError(f"The engine '{path}' was built for something else; remove it and build it again.")
    return engine


def save_engine(key: EngineKey, engine: Engine, folder: Path | None = None) -> Path:
    """Write an engine to its file. Raises BackendError where that cannot be done."""
    facts = {"key": asdict(key), "outputs": engine.outputs, "sha256": engine.sha256}
    header = json.dumps(facts).encode()
    path = key.path(folder or engines_dir())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, _MAGIC + struct.pack("<I", len(header)) + header + engine.content)
    except OSError as error:
        raise BackendError(
            f"The engine cannot be written to '{path.parent}'; free some space or set METER_INFER_CACHE."
        ) from error
    return path


def check_folder(folder: Path) -> None:
    """Make the folder of engines. Raises BackendError where no file can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BackendError(
            f"Engines cannot be written to '{folder}' ({error.strerror}); make it writable or set "
            "METER_INFER_CACHE to another folder."
        ) from error


def ensure_engine(
    request: EngineRequest,
    report: Report | None = None,
    *,
    capability: int | None = None,
    rebuild: bool = False,
    folder: Path | None = None,
) -> tuple[Path, bool]:
    """Return the engine's file, built and written if it is not there, and whether it was.

    A damaged file is built anew. Raises BackendError, where the folder cannot be written before building.
    """
    folder = folder or engines_dir()
    if not rebuild:
        try:
            if load_engine(request.key, folder) is not None:
                return request.key.path(folder), False
        except BackendError as error:
            _log.warning("%s It is built anew.", error)
    check_folder(folder)
    return save_engine(request.key, build_engine(request, report, capability=capability), folder), True


def build_engine(
    request: EngineRequest, report: Report | None = None, *, capability: int | None = None
) -> Engine:
    """Build an engine, which takes seconds to minutes.

    Args:
        request: what to build.
        report: is told how far it is.
        capability: build for ``sm_<capability>``, with or without a card here; only TensorRT for RTX can.

    Raises BackendError with the library's own words where it fails.
    """
    library = load_tensorrt()
    api = library.api
    library.logger.last_error = ""
    content, outputs = _network_of(request), output_names(request.model)
    builder = check_bytes(_constructed(api.Builder, library), library, "start")
    flags = api.NetworkDefinitionCreationFlag
    typed = getattr(flags, "STRONGLY_TYPED", None)
    network = builder.create_network(0 if typed is None else 1 << int(typed))
    parser = api.OnnxParser(network, library.logger)
    if not parser.parse(content):
        errors = "; ".join(parser.get_error(i).desc() for i in range(parser.num_errors))
        raise BackendError(f"TensorRT cannot read the model: {errors or library.complaint()}.")
    if network.num_inputs != 1 or len(network.get_input(0).shape) != 4:
        raise BackendError("The model must have one input, n x 3 x height x width.")
    config = builder.create_builder_config()
    config.set_memory_pool_limit(api.MemoryPoolType.WORKSPACE, _WORKSPACE)
    if request.key.precision == "f32":
        config.clear_flag(api.BuilderFlag.TF32)
    if capability is not None:
        _target(config, api, capability)
    profile = builder.create_optimization_profile()
    batches = (1, min(8, request.key.max_batch), request.key.max_batch)
    shapes = [(n, 3, *side) for n, side in zip(batches, request.key.shapes, strict=True)]
    profile.set_shape(network.get_input(0).name, *shapes)
    config.add_optimization_profile(profile)
    monitor = None if report is None else _monitor(api, report)
    if monitor is not None:
        config.progress_monitor = monitor
    engine = check_bytes(builder.build_serialized_network(network, config), library, "build the engine")
    return Engine(bytes(engine), outputs)


def _network_of(request: EngineRequest) -> bytes:
    if request.key.precision == "f16":
        return half_network(request.model)
    if request.key.precision == "int8":
        return int8_network(request.model, activation_ranges(request.model, request.calibration()))
    return request.model


def _constructed(kind: Any, library: TensorRt) -> Any:
    try:
        return kind(library.logger)
    except (RuntimeError, TypeError):
        return None  # no driver, or none that fits; the log has the reason


def _target(config: Any, api: Any, capability: int) -> None:
    known = getattr(getattr(api, "ComputeCapability", None), "__members__", {})
    if f"SM{capability}" not in known:
        offered = ", ".join(name.lower() for name in known if name.startswith("SM"))
        raise BackendError(
            f"This TensorRT builds for no sm{capability} from afar; "
            + (f"it knows {offered}." if offered else "build on the card itself.")
        )
    config.num_compute_capabilities = 1
    config.set_compute_capability(known[f"SM{capability}"], 0)


def _monitor(api: Any, report: Report) -> Any:
    """A progress monitor; TensorRT calls it from threads of its own."""

    class Monitor(api.IProgressMonitor):  # type: ignore[misc]
        def __init__(self) -> None:
            api.IProgressMonitor.__init__(self)
            self._steps: dict[str, int] = {}

        def phase_start(self, phase: str, parent: str | None, steps: int) -> None:
            self._steps[phase] = max(1, steps)
            report(phase, 0.0)

        def step_complete(self, phase: str, step: int) -> bool:
            report(phase, min(1.0, (step + 1) / self._steps.get(phase, 1)))
            return True

        def phase_finish(self, phase: str) -> None:
            report(phase, 1.0)

    return Monitor()
