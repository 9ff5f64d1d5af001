"""What every source of frames looks like."""

from collections.abc import Iterator
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from meter_infer.types import Frame


@runtime_checkable
class Source(Protocol):
    """A picture, a folder, a recorded video or a stream: iterate it once, then close it.

    Iterating raises SourceError where nothing (more) can be read and nothing could be read at all;
    a source that broke off after some frames ends quietly and says so in `problem`.
    """

    @property
    def name(self) -> str:
        """What to call it in messages; without credentials."""

    @property
    def fps(self) -> float | None:
        """Frames a second in the source (before `every`); None where it has no rhythm."""

    @property
    def frame_count(self) -> int | None:
        """How many frames will come, as far as it is known beforehand; after `every`."""

    @property
    def problem(self) -> str | None:
        """After the last frame: one sentence on what could not be read; None when all was."""

    def __iter__(self) -> Iterator[Frame]:
        """Yield the frames, in order; `index` counts all frames of the source, skipped ones too."""

    def close(self) -> None:
        """Let go of files and decoders; may be called twice, and between two frames."""

    def __enter__(self) -> Self:
        """Return itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""


class Closing:
    """`with` for anything that has `close()`."""

    def close(self) -> None:
        """Let go of files and decoders."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
