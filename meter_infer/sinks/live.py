"""What an output of the live service looks like."""

from collections.abc import Sequence
from typing import Protocol

from meter_infer.events import Item


class LiveSink(Protocol):
    """Where readings go. All methods but `backlog` and `dropped` are called by one thread, the sink's own.

    Each method raises SinkError where the output cannot be written now. The caller keeps what it wanted
    to write and tries again; so `write` must leave nothing half written when it raises.
    """

    @property
    def name(self) -> str:
        """What to call it in messages and metrics; without credentials."""

    @property
    def backlog(self) -> int:
        """Items taken but not yet delivered; readable from any thread."""

    @property
    def dropped(self) -> int:
        """Items taken that will never be delivered; readable from any thread."""

    @property
    def problem(self) -> str | None:
        """What hinders the delivery just now, in one sentence; None when all is well. From any thread."""

    def write(self, items: Sequence[Item]) -> None:
        """Take items, in order; what is not for this sink is ignored."""

    def tick(self) -> None:
        """Do what time asks for: flush, reconnect, deliver a backlog. Called at least twice a second."""

    def close(self) -> None:
        """Deliver or store what there is, within a second or two, and let go."""
