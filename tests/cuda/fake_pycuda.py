"""pycuda's driver API without a card: the stack of contexts, and failures as told."""

import sys
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import pytest


class CudaError(Exception):
    """pycuda's base of all errors."""


class CudaMemoryError(CudaError):
    """Out of memory."""


@dataclass
class FakeDriver:
    """What happened to contexts; `fails` maps what is called to what it raises."""

    fails: dict[str, Exception] = field(default_factory=dict)
    stack: list["FakeContext"] = field(default_factory=list)
    held: int = 0
    """How often the primary context is retained."""

    def happen(self, what: str) -> None:
        if what in self.fails:
            raise self.fails[what]

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Put it in pycuda's place."""
        package, driver = ModuleType("pycuda"), ModuleType("pycuda.driver")
        facts: dict[str, Any] = {
            "Error": CudaError,
            "MemoryError": CudaMemoryError,
            "init": lambda: self.happen("init"),
            "Device": type("Device", (FakeCard,), {"driver": self}),
            "module_from_buffer": self._module,
        }
        for name, value in facts.items():
            setattr(driver, name, value)
        package.driver = driver  # type: ignore[attr-defined]  # a package has its modules as attributes
        monkeypatch.setitem(sys.modules, "pycuda", package)
        monkeypatch.setitem(sys.modules, "pycuda.driver", driver)

    def _module(self, code: bytes) -> "FakeModule":
        self.happen("module")
        return FakeModule(self)


@dataclass
class FakeModule:
    driver: FakeDriver

    def get_function(self, name: str) -> str:
        self.driver.happen("function")
        return name


class FakeCard:
    driver: FakeDriver

    def __init__(self, number: int) -> None:
        self.driver.happen("device")

    @staticmethod
    def count() -> int:
        return 1

    def compute_capability(self) -> tuple[int, int]:
        return 8, 6

    def name(self) -> str:
        return "fake"

    def retain_primary_context(self) -> "FakeContext":
        self.driver.happen("retain")
        self.driver.held += 1
        return FakeContext(self.driver)


@dataclass(eq=False)
class FakeContext:
    """As pycuda's: `pop` takes off what is on top, `detach` also what is still there."""

    driver: FakeDriver
    valid: bool = True

    def push(self) -> None:
        self.driver.happen("push")
        self.driver.stack.append(self)

    def pop(self) -> None:
        self.driver.happen("pop")
        if not self.driver.stack:
            raise CudaError("context::pop failed: invalid device context - cannot pop non-current context")
        self.driver.stack.pop()

    def detach(self) -> None:
        assert self.valid, "cannot detach from invalid context"
        self.valid = False
        self.driver.held -= 1
        if self in self.driver.stack:
            self.driver.stack.remove(self)
