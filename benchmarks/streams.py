"""Eight RTSP cameras on this machine: is every one served, how soon, at what cost?

    python -m benchmarks.streams --cameras 8 --seconds 120 --out streams_out

Prints one JSON object: frames decoded and read a second, frames read by camera (and fewest over most), good
readings by camera and the time to the first of each, processor and memory, and how SIGTERM under load went.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

from benchmarks.plant import (
    BROKER_PASSWORD,
    CAMERA_PASSWORD,
    Heard,
    Service,
    add_reader_options,
    good_readings,
    leaks,
    make_clip,
    metric,
    pause,
    plot,
    rows_of,
    slope_per_hour,
    start_service,
    write_site,
)
from meter_infer.sinks.csv import number
from tests.real.parts import Broker, RtspServer


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--clips", type=int, default=2, help="different videos; the cameras share them")
    parser.add_argument("--clip-seconds", type=float, default=20)
    add_reader_options(parser)
    parser.add_argument("--out", type=Path, default=Path("streams_out"))
    options = parser.parse_args()
    print(json.dumps(measure(options), indent=2))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Run the plant for a while and return the figures."""
    folder: Path = options.out.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    length_s = options.seconds + 120
    clips = [make_clip(folder, n, options.size, options.clip_seconds, length_s) for n in range(options.clips)]
    cameras: dict[str, RtspServer] = {}
    meters: dict[str, dict[str, Any]] = {}
    broker = Broker(folder / "broker", "plant", BROKER_PASSWORD, persistent=True)
    try:
        for number in range(options.cameras):
            clip, what = clips[number % len(clips)]
            cameras[f"cam{number}"] = RtspServer(clip, "plant", CAMERA_PASSWORD)
            meters[f"cam{number}"] = what
        readings = folder / f"readings-{time.time():.0f}"
        site, http = write_site(folder, cameras, meters, broker, readings)
        with Heard(broker.port) as heard:
            service = start_service(site, http, options)
            try:
                return _watch(service, heard, readings, folder, options)
            finally:
                if service.process.poll() is None:
                    service.process.kill()
                    service.process.wait()
    finally:
        broker.kill()
        for server in cameras.values():
            server.kill()


def _watch(
    service: Service, heard: Heard, readings: Path, folder: Path, options: argparse.Namespace
) -> dict[str, Any]:
    first: dict[str, float] = {}
    times: list[float] = []
    memory: list[float] = []
    warm: tuple[float, float, str] | None = None
    text = ""
    while (now := time.monotonic() - service.began) < options.seconds:
        pause(0.5)
        text = service.page("/metrics")
        for camera, count in good_readings(text).items():
            if count:
                first.setdefault(camera, now)
        times.append(now)
        memory.append(service.memory_mib())
        if warm is None and now > min(20.0, options.seconds / 3):
            warm = now, service.cpu_s(), text
    if warm is None:
        raise SystemExit("The run was too short.")
    elapsed, cpu = now - warm[0], service.cpu_s() - warm[1]
    before, after = good_readings(warm[2]), good_readings(text)
    good = {camera: after[camera] - before[camera] for camera in after}
    read_before, read_after = (metric(page, "frames_processed_total") for page in (warm[2], text))
    read = {key[0]: round(count - read_before.get(key, 0.0)) for key, count in read_after.items()}
    health = service.page("/healthz")
    code, stop_s = service.terminate()
    pause(1.0)
    heard.collect()
    rows = rows_of(readings)
    last_csv = {
        f"{row['camera']}/{row['meter']}": (row["value"], row["quality"], row["reason"]) for row in rows
    }
    # a state that says the same as the one before is not published again
    last_mqtt = {
        key: (number(states[-1]["value"]), states[-1]["quality"], states[-1]["reason"])
        for key, states in heard.states.items()
    }
    plot(folder / "memory.png", times, memory, "resident memory, MiB, over minutes", {})

    def rate(name: str) -> float:
        delta = sum(metric(text, name).values()) - sum(metric(warm[2], name).values())
        return round(delta / elapsed, 1)

    return {
        "cameras": options.cameras,
        "size": options.size,
        "measured_s": round(elapsed, 1),
        "decoded_per_s": rate("frames_decoded_total"),
        "read_per_s": rate("frames_processed_total"),
        "dropped_per_s": {key[1]: round(v, 1) for key, v in _drops(warm[2], text, elapsed).items()},
        "frames_read": read,
        "fewest_over_most": round(min(read.values()) / max(read.values()), 3) if read else 0,
        "good_readings": good,
        "cameras_served": sum(count > 0 for count in good.values()),
        "first_good_reading_s": {camera: round(seconds, 1) for camera, seconds in sorted(first.items())},
        "cpu_cores": round(cpu / elapsed, 2),
        "memory_mib": round(memory[-1], 1),
        "memory_slope_mib_per_hour": [
            round(figure, 1) for figure in slope_per_hour(times, memory, options.seconds / 3)
        ],
        "sigterm": {
            "exit_code": code,
            "seconds": round(stop_s, 2),
            "last_reading_in_both": sum(last_mqtt.get(key) == said for key, said in last_csv.items()),
            "meters": len(last_csv),
        },
        "secrets_found": leaks(service.log.read_text(), text, health),
    }


def _drops(before: str, after: str, elapsed: float) -> dict[tuple[str, str], float]:
    """Frames dropped a second, by cause, over all cameras."""
    out: dict[tuple[str, str], float] = {}
    earlier = metric(before, "frames_dropped_total")
    for (camera, cause), count in metric(after, "frames_dropped_total").items():
        key = ("all", cause)
        out[key] = out.get(key, 0.0) + (count - earlier.get((camera, cause), 0.0)) / elapsed
    return out


if __name__ == "__main__":
    main()
