"""All cameras and their meters: where each meter is, and what is remembered of it."""

import logging
from collections.abc import Sequence

from meter_infer.binding import Binder, Bound, Place
from meter_infer.positions import Position, Positions
from meter_infer.types import Box, Detection, MeterKind
from meter_infer.valuing import MeterSetup, MeterState

MAX_PASSING = 64
"""Cameras without a configuration that are remembered."""

logger = logging.getLogger(__name__)


class Roster:
    """What is known of the meters of any number of cameras, from the configuration and from looks.

    Args:
        meters: what is configured.
        automatic: give meters that no configuration names an id of their own.
        positions: where an earlier run saw meters whose points have not changed since.
    """

    def __init__(
        self,
        meters: Sequence[MeterSetup] = (),
        *,
        automatic: bool = True,
        positions: Positions | None = None,
    ) -> None:
        self._automatic = automatic
        self._recalled = dict(positions or {})
        self._binders: dict[str, Binder] = {}
        self._states: dict[tuple[str, str], MeterState] = {}
        self._sizes: dict[str, tuple[int, int]] = {}
        self._configured: set[str] = set()
        self._said: set[tuple[str, str]] = set()
        """Meters of which it was said in the log that they may be another."""
        for setup in meters:
            self._configured.add(setup.camera)
            self._enter(setup)

    @property
    def cameras(self) -> frozenset[str]:
        """The cameras that are remembered."""
        return frozenset(self._binders)

    @property
    def states(self) -> dict[tuple[str, str], MeterState]:
        """What is remembered of each meter, by camera and meter; a copy."""
        return dict(self._states)

    @property
    def positions(self) -> dict[tuple[str, str], Position]:
        """Where the meters stand whose points are in the picture, those for which this is known for sure."""
        return {
            key: Position(state.setup.calibration_points, state.standing.home)
            for key, state in list(self._states.items())
            if state.setup.calibration_points is not None and state.standing.home is not None
        }

    def meet(self, camera: str) -> str | None:
        """Take up a camera; return the one that must be forgotten for it, if any.

        A folder of photographs is as many cameras, none of which is seen again.
        """
        if camera in self._binders:
            return None
        passing = [name for name in self._binders if name not in self._configured]
        self._binders[camera] = Binder(automatic=self._automatic)
        return passing[0] if len(passing) >= MAX_PASSING else None

    def places(self, camera: str) -> list[Place]:
        """Return where the meters of a camera are, the configured ones first and in their order."""
        return self._binder(camera).places

    def resize(self, camera: str, size: tuple[int, int]) -> bool:
        """Take note of the size (width, height) of a camera's frames; say whether it is another than before.

        Another stream of the same camera, such as its smaller one, shows the same view: where the meters are
        is converted. How they look is known no more, and points in the old picture fit only where the meter
        is where it was.
        """
        before = self._sizes.get(camera)
        self._sizes[camera] = size
        if before is None:
            self._doubt_boxes(camera, size)
        if before is None or before == size:
            return False
        self._binder(camera).resize(size[0] / before[0], size[1] / before[1])
        for key, state in self._states.items():
            if key[0] == camera:
                self._states[key] = anew = MeterState(
                    state.setup, limit=state.limit, misplaced=state.misplaced
                )
                if state.setup.calibration_points is not None:
                    anew.standing, anew.placed_on = state.standing, state.placed_on
                    anew.standing.lost = True
        return True

    def _doubt_boxes(self, camera: str, size: tuple[int, int]) -> None:
        """Trust no box of a camera, one of whose boxes lies beyond its picture: they are of another one.

        A picture that was turned, or has other pixels, may show another meter where a box is.
        """
        placed = [
            state
            for (owner, _), state in self._states.items()
            if owner == camera and state.setup.box is not None
        ]
        beyond = [state.setup.meter for state in placed if _is_beyond(state.setup.box, size)]
        for state in placed:
            state.misplaced = bool(beyond)
        if beyond:
            logger.warning(
                "Camera %s: the box of %s lies beyond its picture, which has %d x %d pixels; was the picture "
                "turned or made smaller? No reading by a box is good until all boxes are in this picture's "
                "pixels.",
                camera,
                ", ".join(beyond),
                *size,
            )

    def bind(self, camera: str, detections: Sequence[Detection]) -> list[Bound]:
        """Return a camera's meters in a frame with these detections; see `Binder.bind`."""
        binder = self._binder(camera)
        bound = binder.bind(detections)
        for meter in binder.gone:
            self._states.pop((camera, meter), None)
        for place in binder.places:
            state = self._states.get((camera, place.meter))
            if state is not None and state.contested != (place.contested > 0):
                state.contested = place.contested > 0
                if state.contested and state.setup.calibration_points is None:
                    self._say_contested(camera, place)
        return bound

    def _say_contested(self, camera: str, place: Place) -> None:
        key = camera, place.meter
        if key in self._said:
            return
        self._said.add(key)
        kind = "pointer gauge" if place.kind is MeterKind.POINTER else "level gauge"
        logger.warning(
            "Camera %s: more than one %s is in view, and nothing says which of them %s is; no reading of it "
            "is good until it has a box%s.",
            camera,
            kind,
            place.meter,
            " of its own" if place.home is not None else "",
        )

    def state(self, camera: str, meter: str, kind: MeterKind) -> MeterState:
        """Return what is remembered of a meter; one that is new has an empty memory."""
        key = camera, meter
        if key not in self._states:
            self._states[key] = MeterState(MeterSetup(camera, meter, kind))
        return self._states[key]

    def configure(self, camera: str, meters: Sequence[MeterSetup]) -> None:
        """Replace a camera's meters; those that did not change keep what is known of them.

        Of one whose points in the picture are the same it is also kept where it stood, and whether it was
        moved since: new limits do not put a camera back.
        """
        places = {place.meter: place for place in self.places(camera) if not place.automatic}
        known = {meter: state for (owner, meter), state in self._states.items() if owner == camera}
        binder = self._binders[camera]
        self.forget(camera)
        self._binders[camera] = binder
        self._configured.add(camera)
        binder.places.clear()
        for setup in meters:
            state, place = known.get(setup.meter), places.get(setup.meter)
            if state is None or place is None or state.setup != setup:
                self._enter(setup, state)
            else:
                self._states[camera, setup.meter] = state
                binder.places.append(place)

    def forget(self, camera: str) -> None:
        """Forget a camera and its meters."""
        self._configured.discard(camera)
        self._binders.pop(camera, None)
        self._sizes.pop(camera, None)
        for key in [key for key in self._states if key[0] == camera]:
            del self._states[key]
            self._said.discard(key)

    def clear(self) -> None:
        """Forget everything but which cameras are configured."""
        self._binders.clear()
        self._sizes.clear()
        self._states.clear()
        self._said.clear()

    def _enter(self, setup: MeterSetup, before: MeterState | None = None) -> None:
        self._binder(setup.camera).places.append(Place(setup.meter, setup.kind, setup.box, home=setup.box))
        state = self._states[setup.camera, setup.meter] = MeterState(setup)
        points = setup.calibration_points
        if (
            points
            and before is not None
            and (before.setup.kind, before.setup.calibration_points)
            == (
                setup.kind,
                points,
            )
        ):
            state.standing, state.placed_on = before.standing, before.placed_on
        known = self._recalled.pop((setup.camera, setup.meter), None)
        if known is not None and known.points == setup.calibration_points:
            state.standing.recall(known.geometry)

    def _binder(self, camera: str) -> Binder:
        if camera not in self._binders:
            self._binders[camera] = Binder(automatic=self._automatic)
        return self._binders[camera]


def _is_beyond(box: Box | None, size: tuple[int, int]) -> bool:
    """Say whether a box has its centre outside a picture of `size` (width, height): its edges are rough."""
    if box is None:
        return False
    x, y = box.center
    return not (0 <= x <= size[0] and 0 <= y <= size[1])
