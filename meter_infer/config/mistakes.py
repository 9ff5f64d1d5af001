"""What is wrong with a site file, all of it at once, with line and key."""

from dataclasses import dataclass
from pathlib import Path

from meter_infer.errors import ConfigError


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing to mend in a file."""

    line: int
    """Counted from 1."""
    key: str
    """Where in the data, as in ``cameras.boiler.meters.p1.range``; empty for the file as a whole."""
    text: str
    """What is wrong and what to do; never holds a secret."""

    def __str__(self) -> str:
        return f"line {self.line}: {self.key}: {self.text}" if self.key else f"line {self.line}: {self.text}"


class SiteError(ConfigError):
    """A site file with mistakes; `mistakes` holds each of them, in the order of the file."""

    def __init__(self, path: Path, mistakes: list[Mistake]) -> None:
        self.path = path
        self.mistakes = sorted(set(mistakes))
        count = len(self.mistakes)
        head = "a mistake" if count == 1 else f"{count} mistakes"
        lines = "".join(f"\n  {mistake}" for mistake in self.mistakes)
        super().__init__(f"{path} has {head}:{lines}")
