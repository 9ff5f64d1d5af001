"""What reads need of networks, wherever these run."""

from collections.abc import Sequence
from typing import Protocol

from meter_infer.types import Box, Detection, Frame, Segment


class Networks(Protocol):
    """A detector and a segmenter."""

    @property
    def name(self) -> str:
        """Engine and precision."""

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        """Return the meters of each frame."""

    def segment(self, items: Sequence[tuple[Frame, Box]]) -> list[list[Segment]]:
        """Return the parts of each meter."""

    def close(self) -> None:
        """Free the networks."""
