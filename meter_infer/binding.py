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
DROP_AFTER = 1000
"""An automatic meter that was missing in so many looks in a row is known no more: what comes there is new."""
LOST_AFTER = 5
"""A configured meter without a `box`, missing in so many looks in a row, is looked for elsewhere."""


@dataclass(slots=True)
class Place:
    """A meter of one camera and where it was last seen."""

    meter: str
    kind: MeterKind
    box: Box | None
    """Where it is: from the configuration at first, then from the last detection. None: not yet seen."""
    automatic: bool = False
    missed: int = 0
    home: Box | None = None
    """Where the configuration says it is: it is looked for there too, and nowhere else."""
    born: int = 0
    """The look that it was first seen in."""


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
    gone: list[str] = field(default_factory=list)
    """Automatic meters that the last frame ended for good."""
    _made: int = 0
    _looks: int = 0

    def bind(self, detections: Sequence[Detection]) -> list[Bound]:
        """Return every known meter, seen or not, in the order of the configuration.

        A detection goes to the meter of its kind whose place it overlaps most, and else to that whose
        configured box it does; if these boxes explain more of what is seen than the places do, the camera is
        back, and they count first. Meters without a place take the clearest of what is left in reading order
        (rows from the top, then from the left), if there are as many as they are: which is which could not be
        told. So do those whose place was theirs by sight alone and that have long been missing there, if what
        has come into view since is as many as they are: the camera was moved. What is left over after that
        gets a stable id ``auto-1``, ``auto-2``, ... if `automatic`.
        """
        self._looks += 1
        self.gone = []
        free = list(detections)
        taken: dict[int, Detection] = {}
        places, homes = ([getattr(place, at) for place in self.places] for at in ("box", "home"))
        followed, back = self._overlapping(places, free), self._overlapping(homes, free)
        configured = {index for index, place in enumerate(self.places) if place.home is not None}
        orders = (back, followed) if len(back) > len(configured & followed.keys()) else (followed, back)
        for order in orders:
            for index, number in order.items():
                if index not in taken and not any(free[number] is each for each in taken.values()):
                    taken[index] = free[number]
        left = _reading_order([d for d in free if not any(d is each for each in taken.values())])
        for kind in MeterKind:
            homeless = [
                i for i, p in enumerate(self.places) if p.kind is kind and not p.box and i not in taken
            ]
            clear = sorted(
                (d for d in left if d.kind is kind and d.score >= ORDER_SCORE), key=lambda d: -d.score
            )
            if len(clear) < len(homeless):
                continue
            for index, match in zip(homeless, _reading_order(clear[: len(homeless)]), strict=True):
                taken[index] = match
                left.remove(match)
        self._relocate(taken, left)
        if self.automatic:
            for detection in (d for d in left if d.score >= FOUND_SCORE):
                taken[len(self.places)] = detection
                self._made += 1
                name = f"auto-{self._made}"
                self.places.append(Place(name, detection.kind, None, automatic=True, born=self._looks))
        bound = [self._bound(place, taken.get(index)) for index, place in enumerate(self.places)]
        ended = [place for place in self.places if place.automatic and place.missed > DROP_AFTER]
        for place in ended:
            self._end(place)
        return [each for each in bound if each is not None]

    def resize(self, x: float, y: float) -> None:
        """Take note that the camera's frames have `x` times as many pixels across, `y` times as many down."""
        for place in self.places:
            place.box = place.box and place.box.scaled(x, y)
            place.home = place.home and place.home.scaled(x, y)

    def _overlapping(self, boxes: Sequence[Box | None], free: Sequence[Detection]) -> dict[int, int]:
        """Return which place (by `boxes`) gets which detection of its kind, the best overlap first."""
        pairs = [
            (overlap, index, number)
            for index, (place, box) in enumerate(zip(self.places, boxes, strict=True))
            if box is not None
            for number, detection in enumerate(free)
            if detection.kind is place.kind and (overlap := box.iou(detection.box)) >= SAME_PLACE
        ]
        found: dict[int, int] = {}
        for _, index, number in sorted(pairs, reverse=True):
            if index not in found and number not in found.values():
                found[index] = number
        return found

    def _relocate(self, taken: dict[int, Detection], left: list[Detection]) -> None:
        """Give lost meters of the configuration what came into view after they were last seen."""
        for kind in MeterKind:
            lost = [
                index
                for index, place in enumerate(self.places)
                if place.kind is kind and index not in taken and place.box is not None
                and not place.automatic and place.home is None and place.missed >= LOST_AFTER
            ]  # fmt: skip
            if not lost:
                continue
            since = self._looks - 1 - min(self.places[index].missed for index in lost)
            newcomers = [
                index
                for index, place in enumerate(self.places)
                if place.kind is kind and place.automatic and place.born > since and index in taken
            ]
            found = [d for d in left if d.kind is kind and d.score >= FOUND_SCORE]
            found += [taken[index] for index in newcomers]
            if len(found) != len(lost):
                continue  # which is which cannot be told
            for index in newcomers:
                del taken[index]
            for index, match in zip(lost, _reading_order(found), strict=True):
                taken[index] = match
            left[:] = [d for d in left if all(d is not match for match in found)]
            # from the last, since `taken` counts the places before it
            for index in reversed(newcomers):
                self._end(self.places[index])
                for later in sorted(i for i in taken if i > index):
                    taken[later - 1] = taken.pop(later)

    def _end(self, place: Place) -> None:
        self.gone.append(place.meter)
        self.places.remove(place)

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
