"""Run the networks over labelled pictures and collect what came of it."""

from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from meter_infer.annotate import Image, annotate
from meter_infer.calibration import Calibration
from meter_infer.cli.errors import Terminated
from meter_infer.errors import SourceError
from meter_infer.evaluation.conditions import conditions_of
from meter_infer.evaluation.detection import PictureResult
from meter_infer.evaluation.labels import GaugeLabel, PictureLabel, Scale, ScaleUse
from meter_infer.evaluation.matching import match
from meter_infer.evaluation.scoring import Outcome, outcome
from meter_infer.overlay import shapes_of
from meter_infer.pipeline import MeterDetector, MeterReader, MeterSegmenter, MeterSetup
from meter_infer.reading.strip import MeterStrips
from meter_infer.sources.folder import damage_told, flat_names
from meter_infer.sources.picture import read_picture
from meter_infer.types import Box, Detection, Frame, MeterKind, Quality, Reading, Reason
from meter_infer.vision.color import frame_bgr

_MOST_FAR = 10


@dataclass(slots=True)
class Damaged:
    """The pictures that could not be read, and how many were tried."""

    tried: int = 0
    errors: list[tuple[str, SourceError]] = field(default_factory=list)
    """Name and error of each."""

    def add(self, label: PictureLabel, error: SourceError) -> None:
        """Take note of a picture."""
        self.errors.append((label.name, error))

    def require_any(self) -> None:
        """Raise the first error where not one picture could be read."""
        if self.errors and len(self.errors) == self.tried:
            raise self.errors[0][1]

    def told(self) -> str | None:
        """Say which could not be read; None where all could."""
        if not self.errors:
            return None
        return (
            f"{len(self.errors)} of {self.tried} pictures could not be read; "
            f"their gauges count as not detected. {damage_told(self.errors)}"
        )


@dataclass(slots=True)
class Evaluation:
    """With what the pictures are looked at, and how far that came."""

    backend: str
    models: Path | None
    console: Console
    damaged: Damaged = field(default_factory=Damaged)
    total: int = 0
    """Pictures to look at."""
    stopped: BaseException | None = None
    """What ended it before the last picture."""

    @contextmanager
    def keeping(self, found: Sequence[object]) -> Iterator[None]:
        """Let Ctrl-C and SIGTERM wait until what was `found` before is written."""
        try:
            yield
        except (KeyboardInterrupt, Terminated) as error:
            if not found:
                raise
            self.stopped = error

    def progress(self, pictures: Sequence[PictureLabel]) -> Generator[PictureLabel]:
        """Yield the pictures, count those that are done, and show how far it is."""
        self.total = len(pictures)
        columns = (TextColumn("evaluating"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self.console, transient=True) as progress:
            for label in progress.track(pictures):
                yield label
                self.damaged.tried += 1

    def marked(self, content: dict[str, Any]) -> dict[str, Any]:
        """Return the content of a file, with a mark where pictures are missing."""
        return content | {"interrupted": True} if self.stopped else content

    def told(self) -> str | None:
        """Say of how many pictures the figures are; None where of all."""
        if self.stopped is None:
            return None
        return f"interrupted: these are the figures of {self.damaged.tried} of {self.total} pictures alone."

    def conclude(self) -> None:
        """Let an interruption go on."""
        if self.stopped is not None:
            raise self.stopped


@dataclass(frozen=True, slots=True)
class Given:
    """A detector that answers with what was found before: the meters to read are settled."""

    found: tuple[Detection, ...]

    def detect(self, frames: Sequence[Frame]) -> list[list[Detection]]:
        """Return the same detections for every frame."""
        return [list(self.found) for _ in frames]


@dataclass(frozen=True, slots=True, eq=False)
class PictureOutcome:
    """What came of one labelled picture."""

    label: PictureLabel
    outcomes: tuple[Outcome, ...]
    """Of its scored gauges."""
    annotated: Image | None
    """BGR uint8 (height, width, 3), where it was asked for."""


def setup_of(name: str, frame: Frame, label: GaugeLabel, found: Detection, use: ScaleUse) -> MeterSetup:
    """Turn a label into what a user would configure.

    That is the `range` or the places of the printed numbers, by `use`; and never where the gauge
    is: the place comes from the detection.
    """
    numbers = label.scale_for(use) is Scale.NUMBERS
    ends = None if numbers else label.end_values
    in_range = None if ends is None else Calibration.from_range(ends)
    return MeterSetup(
        camera=frame.camera,
        meter=name,
        kind=label.kind,
        box=found.box,
        calibration=in_range,
        calibration_points=label.scale_points if numbers else None,
        unit=label.unit,
    )


def evaluate_picture(
    label: PictureLabel,
    detector: MeterDetector,
    segmenter: MeterSegmenter,
    *,
    strips: MeterStrips | None = None,
    use: ScaleUse = ScaleUse.RANGE,
    draw: bool = False,
) -> PictureOutcome:
    """Detect in the full picture, read the scored gauges that were found, and score them all.

    Raises SourceError where the picture cannot be read.
    """
    frame = read_picture(label.path, label.name)
    matched = match(label.gauges, detector.detect([frame])[0])
    scored = [
        (gauge, found) for gauge, found in zip(label.gauges, matched, strict=True) if gauge.scale_for(use)
    ]
    names = {gauge.index: f"gauge-{gauge.index}" for gauge, _ in scored}
    given = tuple(found for _, found in scored if found is not None)
    setups = [
        setup_of(names[gauge.index], frame, gauge, found, use) for gauge, found in scored if found is not None
    ]
    # a reader of its own for each picture: what one shows must not help with the next
    reader = MeterReader(Given(given), segmenter, setups, automatic=False, strips=strips)
    readings = {reading.meter: reading for reading in reader.read([frame])} if setups else {}
    outcomes = tuple(
        outcome(label.name, gauge, readings.get(names[gauge.index]), conditions_of(gauge, frame.luma))
        for gauge, _ in scored
    )
    picture = None
    if draw:
        signs = [
            _sign(frame, gauge, item, readings.get(names[gauge.index]))
            for (gauge, _), item in zip(scored, outcomes, strict=True)
        ]
        shapes = [shape for seen in reader.shapes.values() for shape in shapes_of(seen)]
        picture = annotate(frame_bgr(frame), signs, shapes)
    reader.close()
    return PictureOutcome(label, outcomes, picture)


def missed_outcomes(label: PictureLabel, use: ScaleUse) -> list[Outcome]:
    """Score the gauges of a picture that cannot be read: none is detected."""
    return [
        outcome(label.name, gauge, None, (gauge.kind.value, *(gauge.conditions or ())))
        for gauge in label.gauges
        if gauge.scale_for(use)
    ]


def far_outside(outcomes: Sequence[Outcome]) -> str | None:
    """Say which labelled readings lie more than a span beyond their scale; None where none does."""
    far = [
        f"{item.file} [{item.index}] ({item.truth:g} on {item.low:g} to {item.low + item.span:g})"
        for item in outcomes
        if not item.low - item.span <= item.truth <= item.low + 2 * item.span
    ]
    if not far:
        return None
    more = f" and {len(far) - _MOST_FAR} more" if len(far) > _MOST_FAR else ""
    return (
        f"labelled readings lie far outside their scales: {', '.join(far[:_MOST_FAR])}{more}; "
        "correct these labels, for the figures take them as they stand."
    )


def annotated_names(labels: Sequence[PictureLabel]) -> list[str]:
    """Return the names under which drawings of the pictures lie in one folder, no two alike."""
    return [f"{name}.jpg" for name in flat_names([Path(label.name) for label in labels])]


def _sign(frame: Frame, label: GaugeLabel, item: Outcome, reading: Reading | None) -> Reading:
    """Return a reading to draw: under its own name the truth, and how far off it is."""
    truth = f"truth {item.truth:g}" + (f" {item.unit}" if item.unit else "")
    if item.error_pct is not None:
        truth += f" · off {item.error_pct:.1f} %"
    if reading is not None:
        return replace(reading, meter=truth)
    return Reading(
        captured_at=frame.captured_at,
        camera=frame.camera,
        meter=truth,
        kind=label.kind,
        value=None,
        unit=label.unit,
        raw=None,
        fraction=None,
        quality=Quality.BAD,
        reason=Reason.NO_METER,
        confidence=0.0,
        frame=frame.index,
        latency_ms=0.0,
        box=label.box,
    )


def detection_result(label: PictureLabel, detector: MeterDetector) -> PictureResult | None:
    """Detect in one picture; None where a gauge in it has no box, so that a find may be right or wrong."""
    truth = _truth(label)
    if truth is None:
        return None
    found = detector.detect([read_picture(label.path, label.name)])[0]
    return PictureResult(truth, tuple(found))


def missed_detections(label: PictureLabel) -> PictureResult | None:
    """Return what a picture that cannot be read says about detection; nothing if it should show no gauge."""
    truth = _truth(label)
    return PictureResult(truth, ()) if truth else None


def _truth(label: PictureLabel) -> tuple[tuple[MeterKind, Box], ...] | None:
    """Return kind and box of each gauge; None where one has no box."""
    truth = tuple((gauge.kind, gauge.box) for gauge in label.gauges if gauge.box is not None)
    return truth if len(truth) == len(label.gauges) else None


def negatives_in(folder: Path, suffixes: frozenset[str]) -> Iterator[PictureLabel]:
    """List the pictures below a folder as labels without gauges, in the order of their names."""
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in suffixes and path.is_file():
            yield PictureLabel(path, str(path.relative_to(folder)), ())
