"""Which detection is which meter: by place, by order where no place is given, else by itself."""

from collections.abc import Iterable, Sequence
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
CHOOSING = 5
"""Looks after the one that gave a meter without a `box` its place in which another meter in view casts doubt
on that: the detector may not have seen it at first. What comes into view later does not."""
CONTESTED_FOR = 20
"""Looks without the other meter in view after which such a doubt is over."""
RIVAL_AREA = 0.25
"""Area, as a share of that of the meter's own box, from which another meter may have been meant."""
RIVAL_SHARE = 0.5
"""The same for two meters in a configured box: overlap with it, as a share of that of its own."""


@dataclass(slots=True, eq=False)
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
    """The look that it was first seen in; of a configured meter without a `box`, that gave it its place."""
    contested: int = 0
    """Looks until it is beyond doubt that this is the meter that is meant, and not another one in view."""


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
        taken: dict[Place, Detection] = {}
        followed = self._overlapping(detections, {p: p.box for p in self.places if p.box is not None})
        back = self._overlapping(detections, {p: p.home for p in self.places if p.home is not None})
        orders = (
            (back, followed) if len(back) > sum(p.home is not None for p in followed) else (followed, back)
        )
        for place, match in (pair for order in orders for pair in order.items()):
            if place not in taken and not _is_among(match, taken.values()):
                taken[place] = match
        left = [d for d in detections if not _is_among(d, taken.values())]
        for kind in MeterKind:
            own = [p for p in self.places if p.kind is kind and not p.automatic and p not in taken]
            homeless = [p for p in own if p.box is None]
            self._give(homeless, ORDER_SCORE, -1, taken, left)
            lost = [p for p in own if p.box and p.home is None and p.missed >= LOST_AFTER]
            since = self._looks - 1 - min((p.missed for p in lost), default=0)
            self._give(lost, FOUND_SCORE, since, taken, left, exactly=True)
        if self.automatic:
            for match in _reading_order([d for d in left if d.score >= FOUND_SCORE]):
                self._made += 1
                place = Place(f"auto-{self._made}", match.kind, None, automatic=True, born=self._looks)
                self.places.append(place)
                taken[place] = match
        self._contest(detections, taken)
        bound = [self._bound(place, taken.get(place)) for place in self.places]
        self._end([p for p in self.places if p.automatic and p.missed > DROP_AFTER])
        return [each for each in bound if each is not None]

    def resize(self, x: float, y: float) -> None:
        """Take note that the camera's frames have `x` times as many pixels across, `y` times as many down."""
        for place in self.places:
            place.box = place.box and place.box.scaled(x, y)
            place.home = place.home and place.home.scaled(x, y)

    def _overlapping(
        self, detections: Sequence[Detection], boxes: dict[Place, Box]
    ) -> dict[Place, Detection]:
        """Return which place (by `boxes`) gets which detection of its kind, the best overlap first."""
        pairs = [
            (overlap, place, detection)
            for place, box in boxes.items()
            for detection in detections
            if detection.kind is place.kind and (overlap := box.iou(detection.box)) >= SAME_PLACE
        ]
        found: dict[Place, Detection] = {}
        for _, place, detection in sorted(pairs, key=lambda pair: -pair[0]):
            if place not in found and not _is_among(detection, found.values()):
                found[place] = detection
        return found

    def _give(
        self,
        wanting: Sequence[Place],
        score: float,
        since: int,
        taken: dict[Place, Detection],
        left: list[Detection],
        *,
        exactly: bool = False,
    ) -> None:
        """Give places of the configuration, all of one kind, what nobody has or automatic meters do.

        Only if there is enough for all of them: else it cannot be told which is which.

        Args:
            wanting: these places.
            score: least score of what they may get.
            since: look after which an automatic meter must have been born for its detection to be had.
            taken, left: what is given to whom, and to nobody; changed.
            exactly: only if there is no more than they need either.
        """
        if not wanting:
            return
        kind = wanting[0].kind
        own = [p for p in taken if p.automatic and p.kind is kind and p.born > since]
        clear = [d for d in (*left, *(taken[p] for p in own)) if d.kind is kind and d.score >= score]
        if len(clear) < len(wanting) or (exactly and len(clear) > len(wanting)):
            return
        chosen = sorted(clear, key=lambda d: -d.score)[: len(wanting)]
        ended = [p for p in own if _is_among(taken[p], chosen)]
        for place in ended:
            del taken[place]
        self._end(ended)
        taken.update(zip(wanting, _reading_order(chosen), strict=True))
        for place in wanting:
            place.born, place.contested = self._looks, 0
        left[:] = [d for d in left if not _is_among(d, chosen)]

    def _contest(self, detections: Sequence[Detection], taken: dict[Place, Detection]) -> None:
        """Note which configured meters may be another one of what is in view.

        Those are in doubt that took one of several meters for want of a `box`, and those whose box holds two.
        """
        owned = [detection for place, detection in taken.items() if not place.automatic]
        free = [d for d in detections if d.score >= FOUND_SCORE and not _is_among(d, owned)]
        for place, own in taken.items():
            if place.automatic:
                continue
            rivals = [d for d in free if d.kind is place.kind and _is_rival(d.box, own.box)]
            if place.home is not None:
                least = max(SAME_PLACE, RIVAL_SHARE * place.home.iou(own.box))
                contested = place.home.iou(own.box) >= SAME_PLACE and any(
                    place.home.iou(d.box) >= least for d in rivals
                )
            else:
                choosing = place.contested > 0 or self._looks - place.born <= CHOOSING
                contested = choosing and bool(rivals)
            place.contested = CONTESTED_FOR if contested else max(0, place.contested - 1)

    def _end(self, places: Sequence[Place]) -> None:
        self.gone += [place.meter for place in places]
        self.places[:] = [place for place in self.places if place not in places]

    def _bound(self, place: Place, detection: Detection | None) -> Bound | None:
        if detection is not None:
            place.box, place.missed = detection.box, 0
            return Bound(place.meter, place.kind, detection.box, detection.score)
        place.missed += 1
        if place.automatic and place.missed > FORGET_AFTER:
            return None
        return Bound(place.meter, place.kind, place.box, 0.0)


def _is_among(detection: Detection, others: Iterable[Detection]) -> bool:
    """Say whether it is one of them, not just equal to one."""
    return any(detection is each for each in others)


def _is_rival(other: Box, own: Box) -> bool:
    """Say whether one who meant the meter in the first box could have got that in the second.

    A small dial on the face of another is no meter beside it.
    """
    apart = not other.contains(own.center) and not own.contains(other.center)
    return apart and other.area >= RIVAL_AREA * own.area


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
