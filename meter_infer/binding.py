"""Which detection is which meter: by place, by order where no place is given, else by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from meter_infer.types import Box, Detection, MeterKind

SAME_PLACE = 0.25
"""IoU from which a detection may be the meter that was seen at a place before."""
FOUND_SCORE = 0.65
"""Detection score from which something that nobody configured is taken for a meter: the working
threshold. Where a meter is configured with its place, whatever the detector reports there is enough."""
ORDER_SCORE = 0.4
"""The same for a configured meter without a place."""
FORGET_AFTER = 3
"""An automatic meter is reported missing this often, then no more until it is seen again."""


@dataclass(slots=True)
class Place:
    """A meter of one camera and where it was last seen."""

    meter: str
    kind: MeterKind
    box: Box | None
    """Where it is: from the configuration at first, then from the last detection. None: not yet seen."""
    automatic: bool = False
    missed: int = 0


@dataclass(frozen=True, slots=True)
class Bound:
    """A meter in one frame."""

    meter: str
    kind: MeterKind
    box: Box | None
    """Where to look: the detection's box, else the known place; None when neither exists."""
    score: float
    """Detection score; 0 when it was not detected in this frame."""


@dataclass(slots=True)
class Binder:
    """Binds the detections of one camera to its meters, frame after frame."""

    places: list[Place] = field(default_factory=list)
    automatic: bool = True
    """Give meters that no configuration knows an id of their own."""
    _made: int = 0

    def bind(self, detections: Sequence[Detection]) -> list[Bound]:
        """Return every known meter, seen or not, in the order of the configuration.

        A detection goes to the meter of its kind whose place it overlaps most. Meters without a
        place take the clearest of what is left, as many as they are, in reading order (rows from the top,
        then from the left). What is left over after that gets a stable id ``auto-1``, ``auto-2``, ... if
        `automatic`.
        """
        free = list(detections)
        taken: dict[int, Detection] = {}
        pairs = sorted(
            (
                (place.box.iou(detection.box), index, number)
                for index, place in enumerate(self.places)
                if place.box is not None
                for number, detection in enumerate(free)
                if detection.kind is place.kind
            ),
            reverse=True,
        )
        used: set[int] = set()
        for overlap, index, number in pairs:
            if overlap < SAME_PLACE or index in taken or number in used:
                continue
            taken[index] = free[number]
            used.add(number)
        left = _reading_order([d for number, d in enumerate(free) if number not in used])
        for kind in MeterKind:
            homeless = [
                i for i, p in enumerate(self.places) if p.kind is kind and not p.box and i not in taken
            ]
            clear = sorted(
                (d for d in left if d.kind is kind and d.score >= ORDER_SCORE), key=lambda d: -d.score
            )
            for index, match in zip(homeless, _reading_order(clear[: len(homeless)]), strict=False):
                taken[index] = match
                left.remove(match)
        if self.automatic:
            for detection in (d for d in left if d.score >= FOUND_SCORE):
                taken[len(self.places)] = detection
                self._made += 1
                self.places.append(Place(f"auto-{self._made}", detection.kind, None, automatic=True))
        return [
            bound
            for index, place in enumerate(self.places)
            if (bound := self._bound(place, taken.get(index)))
        ]

    def _bound(self, place: Place, detection: Detection | None) -> Bound | None:
        if detection is not None:
            place.box, place.missed = detection.box, 0
            return Bound(place.meter, place.kind, detection.box, detection.score)
        place.missed += 1
        if place.automatic and place.missed > FORGET_AFTER:
            return None
        return Bound(place.meter, place.kind, place.box, 0.0)


def _reading_order(detections: Sequence[Detection]) -> list[Detection]:
    """Sort into rows from the top, each from the left; a row is as high as its first box."""
    rest = sorted(detections, key=lambda d: d.box.center[1])
    ordered: list[Detection] = []
    while rest:
        limit = rest[0].box.center[1] + 0.5 * rest[0].box.height
        row = [d for d in rest if d.box.center[1] <= limit]
        ordered += sorted(row, key=lambda d: d.box.center[0])
        rest = [d for d in rest if d.box.center[1] > limit]
    return ordered
