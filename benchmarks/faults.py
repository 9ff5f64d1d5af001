"""The live service among faults: what breaks, what recovers, what is lost?

    python -m benchmarks.faults --minutes 20 --out faults_out

Eight cameras. One has a wrong password, one shows a still picture for two of every three minutes; in turn one
is killed and started again, one stalls, the broker is stopped for 3/20 of the time, the disk of the CSV files
is full for 1/20 of it (a small tmpfs; needs root), and all cameras go away for ten seconds. Prints one JSON
object, and draws the memory over time with the faults in it.
"""

import argparse
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import av
from numpy.typing import NDArray

from benchmarks.plant import (
    BROKER_PASSWORD,
    CAMERA_PASSWORD,
    Heard,
    Service,
    add_reader_options,
    camera_stream,
    good_readings,
    leaks,
    make_clip,
    pause,
    plot,
    repeat,
    rows_of,
    slope_per_hour,
    start_service,
    write_site,
)
from tests.real.parts import Broker, RtspServer

KILLED, STALLED, LOCKED, FROZEN = "cam1", "cam2", "cam3", "cam4"
_AFTERMATH_S = 15.0


@dataclass
class Notes:
    """What was seen on the way."""

    times_s: list[float] = field(default_factory=list)
    memory_mib: list[float] = field(default_factory=list)
    marks: dict[float, str] = field(default_factory=dict)
    recovered_s: dict[str, float] = field(default_factory=dict)
    back_s: dict[str, tuple[float, int]] = field(default_factory=dict)
    """Cameras that returned: when, and how many good readings they had given by then."""
    pages: list[str] = field(default_factory=list)
    frozen_said: bool = False
    began_at: float = 0.0
    """When the service was started, seconds of the epoch."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--size", default="960x540")
    parser.add_argument("--fps", type=int, default=20)
    parser.add_argument("--pointers", type=int, default=2, help="pointer gauges in view of each camera")
    parser.add_argument("--levels", type=int, default=1, help="level gauges in view of each camera")
    parser.add_argument("--seed", type=int, default=1, help="which scene")
    parser.add_argument("--cadence", default="1s", help="how often the networks look at each camera")
    parser.add_argument("--clip-seconds", type=float, default=20)
    add_reader_options(parser)
    parser.add_argument("--out", type=Path, default=Path("faults_out"))
    options = parser.parse_args()
    print(json.dumps(measure(options), indent=2))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Run the plant among faults and return what came of it."""
    folder: Path = options.out.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("outbox.db*"):
        old.unlink()
    length_s = options.minutes * 60 + 300
    for old in ("broker", "readings"):
        rmtree(folder / old, ignore_errors=True)
    shown = options.pointers, options.levels
    clip, what = make_clip(
        folder, options.seed, options.size, options.clip_seconds, length_s, options.fps, shown
    )
    still = _with_still(folder, clip, length_s)
    cameras: dict[str, RtspServer] = {}
    broker = Broker(folder / "broker", "plant", BROKER_PASSWORD, persistent=True)
    with _small_disk(folder / "disk") as full:
        try:
            for number in range(options.cameras):
                name = f"cam{number}"
                cameras[name] = RtspServer(still if name == FROZEN else clip, "plant", CAMERA_PASSWORD)
            readings = folder / "disk" / f"readings-{time.time():.0f}"
            meters = dict.fromkeys(cameras, what)
            site, http = write_site(folder, cameras, meters, broker, readings, (LOCKED,), options.cadence)
            with Heard(broker.port) as heard:
                service = start_service(site, http, options)
                try:
                    notes = _run(service, cameras, broker, full, options.minutes * 60)
                    return _report(service, heard, readings, notes, folder, options)
                finally:
                    if service.process.poll() is None:
                        service.process.kill()
                        service.process.wait()
        finally:
            broker.kill()
            for server in cameras.values():
                server.kill()


def _run(
    service: Service,
    cameras: dict[str, RtspServer],
    broker: Broker,
    full: Callable[[bool], bool],
    total_s: float,
) -> Notes:
    notes = Notes(began_at=time.time() - (time.monotonic() - service.began))

    def back(*names: str) -> None:
        good = good_readings(service.page("/metrics"))
        for name in names:
            notes.back_s[name] = time.monotonic(), good[name]

    def kill_one() -> None:
        cameras[KILLED].kill()

    def start_one() -> None:
        cameras[KILLED].start()
        back(KILLED)

    def stall() -> None:
        cameras[STALLED].pause()

    def go_on() -> None:
        cameras[STALLED].go_on()
        back(STALLED)

    def kill_all() -> None:
        for server in cameras.values():
            server.kill()

    def start_all() -> None:
        for server in cameras.values():
            server.start()
        back(*(name for name in cameras if name not in (LOCKED, FROZEN)))

    plan: list[tuple[float, str, Callable[[], object]]] = [
        (0.10, "camera killed", kill_one),
        (0.10 + 20 / total_s, "camera back", start_one),
        (0.20, "camera stalls", stall),
        (0.20 + 30 / total_s, "camera goes on", go_on),
        (0.35, "broker stopped", lambda: broker.kill(signal.SIGTERM)),
        (0.50, "broker back", broker.start),
        (0.60, "disk full", lambda: full(True)),
        (0.65, "disk has room", lambda: full(False)),
        (0.80, "all cameras gone", kill_all),
        (0.80 + 10 / total_s, "all cameras back", start_all),
    ]
    while (now := time.monotonic() - service.began) < total_s:
        if service.process.poll() is not None:
            raise SystemExit(f"The service ended by itself; see {service.log}.")
        while plan and now >= plan[0][0] * total_s:
            _, words, act = plan.pop(0)
            notes.marks[now + len(notes.marks) / 1000] = words
            act()
        text, health = service.page("/metrics"), service.page("/healthz")
        notes.pages = [*notes.pages[-200:], text, health]
        notes.frozen_said |= f'"camera/{FROZEN}": "frozen' in health
        good = good_readings(text)
        for name, (since, count) in list(notes.back_s.items()):
            if good[name] > count:
                took = time.monotonic() - since
                notes.recovered_s[name] = round(max(took, notes.recovered_s.get(name, 0.0)), 1)
                del notes.back_s[name]
        notes.times_s.append(now)
        notes.memory_mib.append(service.memory_mib())
        pause(0.5)
    return notes


def _report(
    service: Service, heard: Heard, readings: Path, notes: Notes, folder: Path, options: argparse.Namespace
) -> dict[str, Any]:
    last_page = service.page("/metrics")
    code, stop_s = service.terminate()
    pause(3.0)
    heard.collect()
    rows = rows_of(readings)
    copytree(readings, folder / "readings", dirs_exist_ok=True)  # the small disk goes away
    times = notes.times_s
    with (folder / "memory.csv").open("w") as file:
        file.writelines(
            f"{second:.1f},{mib:.2f}\n" for second, mib in zip(times, notes.memory_mib, strict=True)
        )
    plot(folder / "memory.png", times, notes.memory_mib, "resident memory, MiB, over minutes", notes.marks)
    undisturbed = [
        name for name in ("cam0", "cam5", "cam6", "cam7") if any(r["camera"] == name for r in rows)
    ]
    slope, error = slope_per_hour(times, notes.memory_mib, min(300.0, options.minutes * 20))
    everything = "".join(notes.pages) + last_page + str(heard.other) + str(heard.states)
    return {
        "minutes": options.minutes,
        "faults": {f"{second:.3f} s": words for second, words in notes.marks.items()},
        "not_recovered": sorted(notes.back_s),
        "recovered_after_s": notes.recovered_s,
        "longest_gap_of_the_others_s (at a fault, else)": {
            name: _longest_gaps(rows, name, notes) for name in undisturbed
        },
        "locked_camera_is_reported": any(LOCKED in page and "refused" in page for page in notes.pages),
        "frozen_camera_is_reported": notes.frozen_said,
        "csv_rows": len(rows),
        "csv_frames_out_of_order": _out_of_order(rows),
        "mqtt_states": sum(map(len, heard.states.values())),
        "mqtt_out_of_order": sum(_disorder(states) for states in heard.states.values()),
        "mqtt_missing": _missing(rows, heard),
        "csv_missing": _unwritten(rows, heard),
        "memory_slope_mib_per_hour": round(slope, 2),
        "memory_slope_standard_error": round(error, 2),
        "memory_mib_at_end": round(notes.memory_mib[-1], 1),
        "sigterm": {"exit_code": code, "seconds": round(stop_s, 2)},
        "secrets_found": leaks(service.log.read_text(), everything),
    }


def _longest_gaps(rows: list[dict[str, str]], camera: str, notes: Notes) -> tuple[float, float]:
    """The longest times between two frames of a camera that were read: at a fault elsewhere, and else.

    Leaves out when all cameras were gone.
    """
    moments = [
        datetime.fromisoformat(row["captured_at"]).timestamp() - notes.began_at
        for row in rows
        if row["camera"] == camera and row["reason"] not in ("no_signal", "stale")
    ]
    gone = [second for second, words in notes.marks.items() if words.startswith("all cameras")]
    at_fault, else_ = 0.0, 0.0
    for early, late in pairwise(moments):
        if gone and early < gone[-1] + 5 and late > gone[0]:
            continue
        if any(early < second + _AFTERMATH_S and late > second for second in notes.marks):
            at_fault = max(at_fault, late - early)
        else:
            else_ = max(else_, late - early)
    return round(at_fault, 2), round(else_, 2)


def _out_of_order(rows: list[dict[str, str]]) -> int:
    last: dict[tuple[str, str], int] = {}
    wrong = 0
    for row in rows:
        key = row["camera"], row["meter"]
        wrong += int(row["frame"]) < last.get(key, -1)
        last[key] = int(row["frame"])
    return wrong


def _disorder(states: list[dict[str, Any]]) -> int:
    """How often a state that was not heard before is older than one before it."""
    seen: set[str] = set()
    newest, wrong = "", 0
    for state in states:
        at = str(state["captured_at"])
        wrong += at not in seen and at < newest
        seen.add(at)
        newest = max(newest, at)
    return wrong


def _missing(rows: list[dict[str, str]], heard: Heard) -> int:
    """Readings in the CSV that differ from the one before, and that nobody heard of by MQTT."""
    known = {
        (key, state["captured_at"], state["frame"])
        for key, states in heard.states.items()
        for state in states
    }
    last: dict[str, tuple[str, ...]] = {}
    missing = 0
    for row in rows:
        key = f"{row['camera']}/{row['meter']}"
        shown = row["value"], row["quality"], row["reason"]
        if shown != last.get(key):
            missing += (key, row["captured_at"], int(row["frame"])) not in known
        last[key] = shown
    return missing


def _unwritten(rows: list[dict[str, str]], heard: Heard) -> int:
    """States heard of by MQTT that have no row in the CSV."""
    written = {(f"{row['camera']}/{row['meter']}", row["captured_at"], int(row["frame"])) for row in rows}
    return sum(
        (key, state["captured_at"], state["frame"]) not in written
        for key, states in heard.states.items()
        for state in states
    )


def _with_still(folder: Path, clip: Path, length_s: float) -> Path:
    """Return a video of a minute of `clip` and two of its last picture, again and again."""
    once, out = folder / f"{clip.stem}-still-once.mp4", folder / f"{clip.stem}-still.mp4"
    if out.exists():
        return out
    with av.open(str(clip)) as source, av.open(str(once), "w") as target:
        video = source.streams.video[0]
        # one quality throughout, so that a picture which stands still stays the same to the last bit
        stream = camera_stream(target, video, qp="24")
        rate = round(float(video.average_rate or 20))
        planes: NDArray[Any] | None = None
        for index, picture in enumerate(source.decode(video)):
            if index >= 60 * rate:
                break
            planes = picture.to_ndarray(format="yuv420p")
            target.mux(stream.encode(_fresh(planes, index, rate)))
        if planes is None:
            raise SystemExit(f"{clip} is empty.")
        for index in range(60 * rate, 180 * rate):
            target.mux(stream.encode(_fresh(planes, index, rate)))
        target.mux(stream.encode(None))
    repeat(once, out, length_s)
    return out


def _fresh(planes: NDArray[Any], index: int, rate: int) -> av.VideoFrame:
    """Return a frame of these planes with its own time."""
    frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
    frame.pts, frame.time_base = index, Fraction(1, rate)
    return frame


@contextmanager
def _small_disk(folder: Path) -> Iterator[Callable[[bool], bool]]:
    """Yield what fills a small disk (True) and makes room again (False); needs root, else it does nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=512m", "tmpfs", str(folder)]
    mounted = os.geteuid() == 0 and subprocess.run(mount, capture_output=True).returncode == 0
    ballast = folder / "ballast"

    def full(yes: bool) -> bool:
        if mounted and yes:
            with suppress(OSError), ballast.open("wb", buffering=0) as file:
                while True:
                    file.write(bytes(4096))
        ballast.unlink(missing_ok=True) if not yes else None
        return mounted

    try:
        yield full
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=False)


if __name__ == "__main__":
    main()
