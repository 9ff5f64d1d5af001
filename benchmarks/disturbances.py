"""A camera that is pushed, turned, dimmed and shaded: how good are the readings, and how soon again?

    python -m benchmarks.disturbances [--kind level] [--networks shipped] [--points] [--seeds 1,2] [--plot P]

Renders one instrument a seed, with its truth, as 5 s of H.264 video at 20 frames a second, and disturbs it at
2.35 s: between two looks of the networks, which look once a second. The networks are the truth of each frame
(what is measured is the frame-rate path) or the shipped ones. The row `calm` is read twice: by the two rates,
and, as `calm, every frame`, by the networks at every frame: what the frame-rate path publishes must be as
good. Prints a table and the time a meter and frame of the frame-rate path; draws the errors on request.
"""

import argparse
import io
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from meter_infer.calibration import Calibration
from meter_infer.networks import load_detector, load_segmenter, load_strips
from meter_infer.pipeline import MeterDetector, MeterReader, MeterSegmenter, MeterSetup
from meter_infer.reading.fast_dial import FastDial
from meter_infer.reading.fast_tube import FastTube
from meter_infer.reading.strip import MeterStrips
from meter_infer.render.disturb import STILL, Push, Stage, StagedScene, steps
from meter_infer.render.truth import SceneObject
from meter_infer.types import Luma, MeterKind, Quality, Reading, SegmentClass
from tests.scenes import TrueNetworks, frame

FPS = 20
FRAMES = 100
EVENT = 47
WRONG = 2.0
"""Error in % of the span from which a good reading is wrong."""


@dataclass(frozen=True, slots=True)
class Case:
    """A disturbance."""

    pushes: list[Push]
    sweep: bool = False
    event: int = EVENT
    cadence_s: float = 1.0


def cases() -> dict[str, Case]:
    """Return all disturbances by name."""
    swing = [Push((3 * np.sin(k / 3.2), 1.5 * np.sin(k / 4.0))) for k in range(FRAMES)]
    shadow = [Push(shadow=(k - EVENT) / 40) if EVENT <= k < EVENT + 40 else STILL for k in range(FRAMES)]
    still = [STILL] * FRAMES
    return {
        "calm": Case(still),
        "calm, every frame": Case(still, cadence_s=0.0),
        "pushed by 3 px": Case(steps([(EVENT, Push((2.4, -1.8)))], FRAMES)),
        "swings by 3 px": Case(swing, event=0),
        "pushed by 40 px": Case(steps([(EVENT, Push((32.0, 24.0)))], FRAMES)),
        "turned by 5 degrees": Case(steps([(EVENT, Push(turn_deg=5.0))], FRAMES)),
        "light halved": Case(steps([(EVENT, Push(gain=0.5))], FRAMES)),
        "shadow crosses in 2 s": Case(shadow),
        "sweeps its span in 1 s": Case(still, sweep=True),
    }


@dataclass(slots=True)
class Outcome:
    """What came of one disturbance over all seeds."""

    errors: list[NDArray[np.float64]] = field(default_factory=list)
    """In % of the span, a row a seed; NaN without a reading."""
    good: list[NDArray[np.bool_]] = field(default_factory=list)
    recovery_ms: list[float] = field(default_factory=list)
    looks: list[int] = field(default_factory=list)

    def row(self) -> str:
        """Return the figures as a row of the table."""
        errors, good = np.concatenate(self.errors), np.concatenate(self.good)
        trusted = np.abs(errors[good])
        if not len(trusted):
            return "no good reading"
        wrong = 100 * (trusted > WRONG).mean()
        quick, slow = statistics.median(self.recovery_ms), max(self.recovery_ms)
        return (
            f"{trusted.mean():6.2f} {np.quantile(trusted, 0.95):6.2f} {100 * good.mean():8.1f} {wrong:8.2f}"
            f" {quick:8.0f} {slow:8.0f} {statistics.mean(self.looks):7.1f}"
        )


def course(seed: int, case: Case) -> NDArray[np.float64]:
    """Return how the value moves, as fractions of the scale."""
    if case.sweep:
        return np.interp(np.arange(FRAMES), [EVENT, EVENT + FPS], [0.06, 0.94])
    rng = np.random.default_rng(seed)
    phase, period = rng.uniform(0, 2 * np.pi), rng.uniform(4, 9)
    return 0.5 + 0.32 * np.sin(phase + np.arange(FRAMES) / FPS * 2 * np.pi / period)


def compressed(frames: Sequence[Luma], crf: int) -> list[Luma]:
    """Return the frames as they come out of an H.264 stream."""
    buffer, (height, width) = io.BytesIO(), frames[0].shape
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": str(crf)})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for luma in frames:
            picture = av.VideoFrame.from_ndarray(luma, format="gray").reformat(format="yuv420p")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    buffer.seek(0)
    with av.open(buffer) as container:
        return [
            np.asarray(f.reformat(format="gray").to_ndarray(), dtype=np.uint8)
            for f in container.decode(container.streams.video[0])
        ]


class Stopwatch:
    """Times every reading of the frame-rate path, in seconds of its thread."""

    def __init__(self) -> None:
        self.took: list[float] = []
        for reader in (FastDial, FastTube):
            reader.read = self._timed(reader.read)  # type: ignore[method-assign, assignment]

    def _timed(self, read: Callable[..., object]) -> Callable[..., object]:
        def timed(*arguments: object, **named: object) -> object:
            began = time.thread_time()
            try:
                return read(*arguments, **named)
            finally:
                self.took.append(time.thread_time() - began)

        return timed


class Counted:
    """Networks that count their looks."""

    def __init__(self, detector: MeterDetector, segmenter: MeterSegmenter) -> None:
        self._detector = detector
        self.segment = segmenter.segment
        self.looked: list[int] = []

    def detect(self, frames):  # type: ignore[no-untyped-def]
        """Detect."""
        self.looked += [f.index for f in frames]
        return self._detector.detect(frames)


def run(
    seed: int,
    options: argparse.Namespace,
    case: Case,
    shipped: tuple[MeterDetector, MeterSegmenter, MeterStrips] | None,
) -> tuple[list[Reading], list[SceneObject], int]:
    """Return the readings of one disturbed instrument, the truth, and how often the networks looked."""
    px = float(np.random.default_rng(seed + 9).uniform(150, 330))
    kind = options.kind
    scene = StagedScene(seed, course(seed, case), Stage(kind=kind, meter_px=px))
    frames, truth = zip(*(scene.frame(k, push) for k, push in enumerate(case.pushes)), strict=True)
    networks = TrueNetworks(truth) if shipped is None else Counted(*shipped[:2])
    strips = None if shipped is None else shipped[2]
    # the place on the scale, whatever values stand there: `range` would mean the linear part of a dial's
    setup = MeterSetup("cam", "m1", kind, truth[0].box, Calibration(((0.0, 0.0), (1.0, 1.0))))
    if options.points:
        ends = enumerate(truth[0].landmarks[name] for name in (SegmentClass.START, SegmentClass.END))
        setup = replace(setup, calibration_points=tuple((float(value), point) for value, point in ends))
    meters = MeterReader(
        networks, networks, [setup], cadence_s=case.cadence_s, automatic=False, strips=strips
    )
    pictures = compressed(frames, options.crf)
    readings = [meters.read([frame(luma, k, fps=FPS)])[0] for k, luma in enumerate(pictures)]
    return readings, list(truth), len(networks.looked)


def gather(name: str, case: Case, options: argparse.Namespace, shipped: object) -> Outcome:
    """Run one disturbance on all seeds."""
    outcome = Outcome()
    for seed in options.seeds:
        readings, truth, looks = run(seed, options, case, shipped)
        errors = [
            np.nan if r.raw is None else 100 * (r.raw - t.fraction)
            for r, t in zip(readings, truth, strict=True)
        ]
        good = np.array([r.quality is Quality.GOOD for r in readings])
        doubtful = np.flatnonzero(~good[case.event :])
        outcome.errors.append(np.array(errors))
        outcome.good.append(good)
        outcome.recovery_ms.append(1000 / FPS * (doubtful[-1] + 1) if len(doubtful) else 0.0)
        outcome.looks.append(looks)
        if options.verbose:
            each = Outcome([outcome.errors[-1]], [good], outcome.recovery_ms[-1:], [looks])
            print(f"    {name:24} seed {seed:3} {each.row()}", flush=True)
    return outcome


def draw(outcomes: dict[str, Outcome], path: Path) -> None:
    """Draw each disturbance's errors over time, good ones black, others red."""
    width, height, top = 900, 110, 24
    canvas = np.full((len(outcomes) * (height + top), width + 20, 3), 255, np.uint8)
    for number, (name, outcome) in enumerate(outcomes.items()):
        y0 = number * (height + top) + top
        cv2.putText(canvas, f"{name}: error, +-4 % of the span", (10, y0 - 8), 0, 0.42, (60, 60, 60), 1, 16)
        cv2.rectangle(canvas, (10, y0), (10 + width, y0 + height - 6), (200, 200, 200), 1)
        for level in (-WRONG, 0, WRONG):
            y = round(y0 + (height - 6) * (0.5 - level / 8))
            cv2.line(canvas, (10, y), (10 + width, y), (225, 225, 225), 1)
        for errors, good in zip(outcome.errors, outcome.good, strict=True):
            for k, (error, trusted) in enumerate(zip(errors, good, strict=True)):
                x = 10 + round(width * (k + 0.5) / FRAMES)
                shown = 0.0 if np.isnan(error) else float(np.clip(error, -4, 4))
                y = round(y0 + (height - 6) * (0.5 - shown / 8))
                cv2.circle(canvas, (x, y), 2, (0, 0, 0) if trusted else (60, 60, 230), -1, cv2.LINE_AA)
    cv2.imwrite(str(path), canvas)


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--kind", type=MeterKind, default=MeterKind.POINTER, choices=list(MeterKind))
    parser.add_argument("--networks", choices=("truth", "shipped"), default="truth")
    parser.add_argument("--seeds", type=lambda s: [int(v) for v in s.split(",")], default=[1, 2, 3, 5, 8, 13])
    parser.add_argument("--points", action="store_true", help="calibrate by points in the first picture")
    parser.add_argument("--only", default="", help="cases whose name holds this")
    parser.add_argument("--crf", type=int, default=23, help="H.264 quality; more is worse")
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--verbose", action="store_true", help="a row for each seed as well")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    shipped = (load_detector(), load_segmenter(), load_strips()) if options.networks == "shipped" else None
    watch = Stopwatch()
    outcomes = {}
    print(
        f"{options.kind.value}, networks: {options.networks}, seeds {options.seeds}, H.264 crf {options.crf}"
    )
    head = "MAE %  p95 % coverage  wrong %  rec. ms  max. ms   looks"
    print(f"{'':24} {head}")
    for name, case in cases().items():
        if options.only in name:
            outcomes[name] = gather(name, case, options, shipped)
            print(f"{name:24} {outcomes[name].row()}", flush=True)
    if watch.took:
        took = np.array(watch.took) * 1e3
        print(f"frame-rate path: {np.median(took):.3f} ms a meter and frame (median), p95 "
              f"{np.quantile(took, 0.95):.3f} ms, {len(took)} frames")  # fmt: skip
    if options.plot:
        draw(outcomes, options.plot)


if __name__ == "__main__":
    main()
