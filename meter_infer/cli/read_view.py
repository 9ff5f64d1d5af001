"""What `meter-infer read` shows on stderr: progress, a live table, a closing summary."""

import time
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from meter_infer.cli.tally import MeterTally, Tally
from meter_infer.types import Quality

_REFRESH_S = 0.2
_MOST_ROWS = 40
_PLAIN_WIDTH = 140
_STYLE = {Quality.GOOD: "green", Quality.UNCERTAIN: "yellow", Quality.BAD: "red"}


def stderr_console() -> Console:
    """Return a console on stderr; wide where it is no terminal, so that a log holds whole lines."""
    console = Console(stderr=True, markup=False, highlight=False)
    if not console.is_terminal:
        console = Console(stderr=True, markup=False, highlight=False, width=_PLAIN_WIDTH)
    return console


class ReadView:
    """A progress bar above a table of the meters, while frames are read; nothing where nobody watches."""

    def __init__(self, console: Console, tally: Tally, name: str, total: int | None) -> None:
        self._tally = tally
        self._console = console
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            auto_refresh=False,
        )
        self._task = self._progress.add_task(name, total=total)
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._drawn_s = 0.0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def update(self) -> None:
        """Show what the tally holds now; five times a second at most."""
        now = time.monotonic()
        if not self._console.is_terminal or now - self._drawn_s < _REFRESH_S:
            return
        self._drawn_s = now
        self._progress.update(self._task, completed=self._tally.frames)
        self._live.update(Group(self._progress, meters_table(self._tally)), refresh=True)


def print_summary(console: Console, tally: Tally, elapsed_s: float) -> None:
    """Print the closing summary: one row a meter, and one line in all."""
    if tally.meters:
        console.print(meters_table(tally))
    else:
        console.print(f"No meter was found in {_count(tally.frames, 'frame')}.")
    rate = tally.frames / elapsed_s if elapsed_s > 0 else 0.0
    uncertain = tally.count - tally.good - tally.bad
    console.print(
        f"{_count(tally.frames, 'frame')}, {_count(len(tally.meters), 'meter')}, "
        f"{_count(tally.count, 'reading')}: {tally.good} good, {uncertain} uncertain, "
        f"{tally.bad} bad; {elapsed_s:.1f} s, {rate:.1f} frames/s"
    )


def meters_table(tally: Tally) -> Table:
    """Return a table with one row a meter."""
    table = Table("camera", "meter")
    for title in ("readings", "good", "min", "mean", "max", "last"):
        table.add_column(title, justify="right")
    table.add_column("unit")
    table.add_column("state")
    for (camera, meter), counted in list(tally.meters.items())[:_MOST_ROWS]:
        table.add_row(camera, meter, *_cells(counted))
    left_out = len(tally.meters) - _MOST_ROWS
    if left_out > 0:
        table.caption = f"and {_count(left_out, 'meter')} more"
    return table


def _cells(counted: MeterTally) -> tuple[str | Text, ...]:
    last = counted.last
    numbers = (counted.low, counted.mean, counted.high) if counted.numbers else (None, None, None)
    return (
        str(counted.count),
        f"{counted.good / counted.count:.0%}",
        *(_number(number) for number in numbers),
        _number(counted.number_of(last)),
        _unit(counted),
        Text(f"{last.quality} {last.reason}".replace("good ok", "good"), style=_STYLE[last.quality]),
    )


def _unit(counted: MeterTally) -> str:
    if counted.rank == 1:
        return "% of scale"
    return counted.last.unit or ""


def _number(number: float | None) -> str:
    return "-" if number is None else f"{number:.4g}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
