"""A TensorRT that computes nothing: what its Python API says of an engine, and which calls it takes."""

import sys
from enum import Enum, auto
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import pytest

from meter_infer.backends import engines, trt_library

PORTS = {"images": (-1, 3, -1, -1), "maps": (-1, 8, -1, -1), "rows": (-1, 8, -1)}
"""In the order in which the engine names them: not that of the network, whose first output is `rows`."""


class _Kind(Enum):
    INPUT = auto()
    OUTPUT = auto()
    HALF = auto()
    FLOAT = auto()
    INTERNAL_ERROR = auto()
    ERROR = auto()
    WARNING = auto()


class _Logger:
    Severity = _Kind


class _Context:
    def __init__(self) -> None:
        self._shape: tuple[int, ...] = ()

    def set_input_shape(self, name: str, shape: tuple[int, ...]) -> bool:
        self._shape = shape
        return shape[2] >= 32

    def set_tensor_address(self, name: str, address: int) -> bool:
        return address > 0

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        count, _, height, width = self._shape
        small = (height // 2, width // 2)
        return (count, 8, *small) if name == "maps" else (count, 8, small[0] * small[1])

    def execute_async_v3(self, stream: int) -> bool:
        return True


class _Engine:
    num_io_tensors = len(PORTS)

    def get_tensor_name(self, place: int) -> str:
        return list(PORTS)[place]

    def get_tensor_mode(self, name: str) -> _Kind:
        return _Kind.INPUT if name == "images" else _Kind.OUTPUT

    def get_tensor_dtype(self, name: str) -> _Kind:
        return _Kind.FLOAT

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return PORTS[name]

    def create_execution_context(self) -> _Context:
        return _Context()


class _Runtime:
    def __init__(self, logger: _Logger) -> None:
        assert isinstance(logger, _Logger)

    def deserialize_cuda_engine(self, content: bytes) -> _Engine:
        assert content
        return _Engine()


def fake_tensorrt(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Put it in TensorRT's place and return the module `meter_infer.backends.tensorrt` on top of it."""
    api = ModuleType("tensorrt")
    api.__spec__ = ModuleSpec("tensorrt", None)
    facts = {"__version__": "10.9.0", "ILogger": _Logger, "Runtime": _Runtime}
    for name, value in {**facts, "TensorIOMode": _Kind, "DataType": _Kind}.items():
        setattr(api, name, value)
    monkeypatch.setitem(sys.modules, "tensorrt", api)
    # what was loaded before is found again after the test
    load = trt_library.load_tensorrt.__wrapped__
    monkeypatch.setattr(trt_library, "load_tensorrt", load)
    monkeypatch.setattr(engines, "load_tensorrt", load)
    monkeypatch.delitem(sys.modules, "meter_infer.backends.tensorrt", raising=False)
    return import_module("meter_infer.backends.tensorrt")
