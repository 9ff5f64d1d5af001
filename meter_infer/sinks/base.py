"""What every output of readings looks like."""

from collections.abc import Sequence
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from meter_infer.types import Reading


@runtime_checkable
class Sink(Protocol):
    """Takes readings in the order of their frames. Raises SinkError where they cannot be kept."""

    def write(self, readings: Sequence[Reading]) -> None:
        """Take readings; they may be delivered later, at `flush` at the latest."""

    def flush(self) -> None:
        """Deliver what was taken."""

    def close(self) -> None:
        """Flush and let go of files and connections; may be called twice."""

    def __enter__(self) -> Self:
        """Return itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
