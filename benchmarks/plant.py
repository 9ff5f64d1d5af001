"""A small plant to measure the live service in: RTSP cameras, an MQTT broker, the service, a watcher.

Needs mosquitto and GStreamer's RTSP server (scripts/install-system-packages).
"""

import argparse
import csv
import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Self

import av
import cv2
import numpy as np
import paho.mqtt.client as paho
import yaml
from paho.mqtt.enums import CallbackAPIVersion

from meter_infer.bench.clips import repeat
from tests.real.parts import Broker, RtspServer, free_port

CAMERA_PASSWORD = "cam-s3cret/42"
BROKER_PASSWORD = "mqtt s3cret 42"
SECRETS = (CAMERA_PASSWORD, CAMERA_PASSWORD.replace("/", "%2F"), BROKER_PASSWORD)


def make_clip(
    folder: Path,
    seed: int,
    size: str,
    seconds: float,
    length_s: float,
    fps: int = 20,
    meters: tuple[int, int] = (2, 1),
) -> tuple[Path, dict[str, Any]]:
    """Render a video of gauges and repeat it up to `length_s`; return it and its meters' configuration.

    `meters` is how many pointer gauges and how many level gauges it shows.
    """
    pointers, levels = meters
    once = folder / f"plant-{seed}-{size}-{fps}fps-{pointers}-{levels}.mp4"
    if not once.exists():
        command = [
            "synth",
            "video",
            str(once),
            "--seconds",
            str(seconds),
            "--seed",
            str(seed),
            "--size",
            size,
            "--fps",
            str(fps),
            "--pointers",
            str(pointers),
            "--levels",
            str(levels),
        ]
        subprocess.run([sys.executable, "-m", "meter_infer", *command], check=True, stdout=subprocess.DEVNULL)
    site = yaml.safe_load(once.with_suffix(".yaml").read_text())
    (camera,) = site["cameras"].values()
    like = folder / f"{once.stem}-camera.mp4"
    if not like.exists():
        like_a_camera(once, like)
    long = folder / f"{once.stem}-{length_s:.0f}s.mp4"
    if not long.exists():
        repeat(like, long, length_s)
    return long, camera["meters"]


def like_a_camera(video: Path, out: Path) -> None:
    """Encode a video as cameras do: a keyframe every two seconds, no picture that waits for a later one."""
    with av.open(str(video)) as source, av.open(str(out), "w") as target:
        stream = camera_stream(target, source.streams.video[0], crf="21")
        for index, picture in enumerate(source.decode(video=0)):
            picture.pts, picture.time_base = index, Fraction(1, round(stream.average_rate or 20))
            picture.pict_type = av.video.frame.PictureType.NONE
            target.mux(stream.encode(picture))
        target.mux(stream.encode(None))


def camera_stream(
    target: av.container.OutputContainer, like: av.VideoStream, **options: str
) -> av.VideoStream:
    """Add a stream to a file that is encoded as cameras do, with the size and pace of another."""
    rate = round(float(like.average_rate or 20))
    stream = target.add_stream("libx264", rate=rate, options={"preset": "veryfast", **options})
    stream.width, stream.height, stream.pix_fmt = like.width, like.height, "yuv420p"
    stream.gop_size, stream.max_b_frames = 2 * rate, 0
    return stream


@dataclass
class Heard:
    """What a client of the broker heard, kept across the broker's restarts by a persistent session."""

    port: int
    messages: "queue.SimpleQueue[tuple[float, str, bytes]]" = field(default_factory=queue.SimpleQueue)
    states: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """By ``camera/meter``, in the order of arrival."""
    other: list[tuple[str, bytes]] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.client = paho.Client(CallbackAPIVersion.VERSION2, "watcher", clean_session=False)
        self.client.username_pw_set("plant", BROKER_PASSWORD)
        self.client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self.client.on_message = lambda _c, _d, m: self.messages.put((time.time(), m.topic, bytes(m.payload)))
        self.client.reconnect_delay_set(1, 1)
        self.client.connect("127.0.0.1", self.port)
        self.client.loop_start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def collect(self) -> None:
        """Sort what came in since the last time."""
        while not self.messages.empty():
            _, topic, payload = self.messages.get()
            match = re.fullmatch(r"meter_infer/([^/]+)/([^/]+)/state", topic)
            if match and payload:
                self.states.setdefault(f"{match[1]}/{match[2]}", []).append(json.loads(payload))
            else:
                self.other.append((topic, payload))


class Service:
    """`meter-infer run` in a process of its own, and what it says of itself."""

    def __init__(
        self, site: Path, http: int, options: list[str], program: tuple[str, ...] | None = None
    ) -> None:
        """Start it; `program` is another module to run, with its first arguments."""
        self.http = http
        self.log = site.with_name("service.log")
        environment = {**os.environ, "CAM_PASSWORD": CAMERA_PASSWORD, "MQTT_PASSWORD": BROKER_PASSWORD}
        self.began = time.monotonic()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *(program or ("meter_infer", "run")), str(site), *options],
                stdout=log,
                stderr=log,
                env=environment,
            )

    def page(self, name: str) -> str:
        """Return a page of the status server; empty while it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http}{name}", timeout=5) as answer:
                return str(answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return str(error.read().decode())
        except OSError:
            return ""

    def memory_mib(self) -> float:
        """Resident memory."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0

    def cpu_s(self) -> float:
        """Processor time so far, user and system."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def terminate(self) -> tuple[int | None, float]:
        """Send SIGTERM; return the exit code (None: killed after 15 s) and how long it took, seconds."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            code: int | None = self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = None
        return code, time.monotonic() - began


def metric(text: str, name: str, **labels: str) -> dict[tuple[str, ...], float]:
    """Return the samples of a metric, by the values of its labels in alphabetical order of their names."""
    found: dict[tuple[str, ...], float] = {}
    for match in re.finditer(rf"^meter_infer_{name}(?:\{{(.*?)\}})? (\S+)$", text, re.M):
        pairs = dict(re.findall(r'(\w+)="([^"]*)"', match[1] or ""))
        if all(pairs.get(key) == value for key, value in labels.items()):
            found[tuple(pairs[key] for key in sorted(pairs))] = float(match[2])
    return found


def good_readings(text: str) -> Counter[str]:
    """Return how many good readings each camera has given, from its metrics."""
    counts: Counter[str] = Counter()
    for (camera, _, _, _), count in metric(text, "readings_total", quality="good").items():
        counts[camera] += int(count)
    return counts


def write_site(
    folder: Path,
    cameras: dict[str, RtspServer],
    meters: dict[str, dict[str, Any]],
    broker: Broker,
    readings: Path,
    wrong: tuple[str, ...] = (),
    cadence: str = "1s",
) -> tuple[Path, int]:
    """Write the site file; the cameras in `wrong` get a password that is none."""
    http = free_port()
    content = {
        "cameras": {
            name: {
                "url": server.url.replace(
                    "rtsp://", f"rtsp://plant:${{CAM_PASSWORD}}{'x' if name in wrong else ''}@"
                ),
                "meters": meters[name],
            }
            for name, server in cameras.items()
        },
        "reading": {"cadence": cadence},
        "sinks": {
            "csv": {"directory": str(readings), "every": "frame"},
            "mqtt": {
                "host": "127.0.0.1",
                "port": broker.port,
                "username": "plant",
                "password": "${MQTT_PASSWORD}",
                "dead_band": 0,
                "outbox": {"path": str(folder / "outbox.db")},
            },
        },
        "http": {"listen": f"127.0.0.1:{http}"},
    }
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path, http


def rows_of(folder: Path) -> list[dict[str, str]]:
    """Return all rows of the CSV files in a folder."""
    rows: list[dict[str, str]] = []
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="") as file:
            rows += csv.DictReader(file)
    return rows


def leaks(*texts: str) -> list[str]:
    """Return which passwords occur in the texts."""
    return [f"secret {number}" for number, secret in enumerate(SECRETS) if any(secret in t for t in texts)]


def start_service(site: Path, http: int, options: argparse.Namespace) -> Service:
    """Start the service as the benchmark's options say."""
    if options.no_networks:
        return Service(site, http, [], ("tests.service.fake_service",))
    return Service(site, http, ["--models", str(options.models.resolve())] if options.models else [])


def add_reader_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say what reads."""
    parser.add_argument("--models", type=Path, help="folder of other models than those shipped")
    parser.add_argument(
        "--no-networks",
        action="store_true",
        help="a stand-in reads, for no time at all: measures everything around the networks",
    )


def slope_per_hour(times_s: list[float], values: list[float], skip_s: float) -> tuple[float, float]:
    """Return the slope of a line through the samples after `skip_s`, per hour, and its standard error.

    Samples that follow each other are no independent ones, so the error comes from the means of the
    line's residuals over 30 s each.
    """
    pairs = [(t, v) for t, v in zip(times_s, values, strict=True) if t >= skip_s]
    if len(pairs) < 3:
        return float("nan"), float("nan")
    times, kept = np.array(pairs).T
    slope, offset = np.polyfit(times, kept, 1)
    residuals = kept - slope * times - offset
    blocks = (times // 30).astype(int)
    means = np.array([(times[blocks == b].mean(), residuals[blocks == b].mean()) for b in np.unique(blocks)])
    if len(means) < 3:
        return float(slope * 3600), float("nan")
    spread = means[:, 0] - means[:, 0].mean()
    variance = (means[:, 1] ** 2).sum() / (len(means) - 2)
    return float(slope * 3600), float(np.sqrt(variance / (spread**2).sum()) * 3600)


def plot(path: Path, times_s: list[float], values: list[float], title: str, marks: dict[float, str]) -> None:
    """Draw a curve over time with marks at events, as a PNG; the first half minute may leave the picture."""
    width, height, left, bottom = 1000, 420, 60, 50
    image = np.full((height, width, 3), 255, np.uint8)
    top = 90
    settled = [value for second, value in zip(times_s, values, strict=True) if second > 30] or values
    low, high = 0.9 * min(settled), 1.1 * max(settled)
    span = max(times_s[-1], 1.0)

    def at(time_s: float, value: float) -> tuple[int, int]:
        x = left + (width - left - 20) * time_s / span
        y = top + (height - top - bottom) * (high - value) / (high - low)
        return round(x), round(y)

    font = cv2.FONT_HERSHEY_SIMPLEX
    for number, (second, words) in enumerate(marks.items()):
        x, y = at(second, low)[0], 40 + 13 * (number % 4)
        cv2.line(image, (x, y), (x, height - bottom), (210, 210, 210), 1)
        cv2.putText(image, words, (x + 3, y + 9), font, 0.35, (120, 120, 120), 1, cv2.LINE_AA)
    for value in np.linspace(low, high, 5):
        cv2.putText(
            image, f"{value:.0f}", (10, at(0, value)[1] + 4), font, 0.45, (60, 60, 60), 1, cv2.LINE_AA
        )
    for second in np.linspace(0, span, 6):
        place = (at(second, low)[0] - 15, height - bottom + 25)
        cv2.putText(image, f"{second / 60:.1f}", place, font, 0.45, (60, 60, 60), 1, cv2.LINE_AA)
    points = np.array([at(t, max(v, low)) for t, v in zip(times_s, values, strict=True)], np.int32)
    cv2.polylines(image, [points], False, (160, 90, 20), 1, cv2.LINE_AA)
    cv2.putText(image, title, (left, 24), font, 0.6, (30, 30, 30), 1, cv2.LINE_AA)
    cv2.imwrite(str(path), image)


def pause(seconds: float) -> None:
    """Wait."""
    threading.Event().wait(max(0.0, seconds))
