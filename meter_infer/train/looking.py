"""Labelled gauges as detector and segmenter see them: every fit of weights begins here."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from meter_infer.errors import ModelError
from meter_infer.evaluation.labels import GaugeLabel, load_labels
from meter_infer.evaluation.matching import match
from meter_infer.pipeline import MeterDetector, MeterSegmenter
from meter_infer.resources import write_whole
from meter_infer.sources.picture import read_picture
from meter_infer.types import Box, Frame, Segment
from meter_infer.vision.letterbox import second_box


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A labelled gauge that was detected."""

    picture: Path
    frame: Frame
    gauge: GaugeLabel
    box: Box
    """The detector's, frame pixels."""
    crops: list[list[Segment]]
    """What was found in the crop around it, and in the second opinion's where that was asked for."""


def sightings(
    labels: Iterable[Path],
    detector: MeterDetector,
    segmenter: MeterSegmenter,
    wanted: Callable[[GaugeLabel], bool],
    progress: Callable[[], None] | None = None,
    *,
    second: bool = False,
) -> Iterator[Sighting]:
    """Yield every wanted gauge of the label files that the detector finds.

    Args:
        labels: label files.
        detector, segmenter: the networks.
        wanted: whether a label can be used; pictures without such a one are not opened.
        progress: called after each picture.
        second: segment the second opinion's crop too.

    Raises LabelError and SourceError for what cannot be read.
    """
    for path in labels:
        for picture in load_labels(path):
            if any(wanted(gauge) for gauge in picture.gauges):
                frame = read_picture(picture.path, picture.name)
                matched = match(picture.gauges, detector.detect([frame])[0])
                for gauge, found in zip(picture.gauges, matched, strict=True):
                    if found is None or not wanted(gauge):
                        continue
                    boxes = [found.box, second_box(found.box)][: 1 + second]
                    crops = segmenter.segment([(frame, box) for box in boxes])
                    yield Sighting(picture.path, frame, gauge, found.box, crops)
            if progress is not None:
                progress()


def gauges_missing(found: int, gauges: int, least: int) -> int:
    """Return how many more gauges are needed until `least` things are found, `found` being on `gauges`."""
    return ceil((least - found) * gauges / found) if found else least


def write_module(path: Path, lines: Sequence[str]) -> None:
    """Write fitted weights as a module. Raises ModelError."""
    try:
        write_whole(path, ("\n".join(lines) + "\n").encode())
    except OSError as error:
        raise ModelError(f"{path} cannot be written ({error.strerror}); choose another place.") from error
