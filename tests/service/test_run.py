"""`meter-infer run` as a process, with real cameras, a real broker, and signals."""

import contextlib
import csv
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest

from meter_infer.bench.clips import repeat
from tests.real.parts import Broker, RtspServer, free_port, write_clip
from tests.runtime.fakes import until
from tests.sinks.mqtt import listening

CAM_PASSWORD = "c4m/pass@word"
MQTT_PASSWORD = "br0ker s3cret"


PATIENCE_S = 100.0
"""Upper bound of every wait: the machine may be busy with something else."""


class Running:
    """The service in a process of its own."""

    def __init__(self, site: Path, **environment: str) -> None:
        self.log = ""
        self._began = time.monotonic()
        self._loaded_s: float | None = None
        own = {"CAM_PASSWORD": CAM_PASSWORD, "MQTT_PASSWORD": MQTT_PASSWORD, "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.service.fake_service", str(site), "--log", "debug"],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **own, **environment},
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if self._loaded_s is None:
                self._loaded_s = time.monotonic() - self._began
            self.log += line

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    @property
    def stop_limit_s(self) -> float:
        """What is allowed between SIGTERM and the end; more on a machine that loaded the program slowly."""
        assert self._loaded_s is not None
        overloaded = os.getloadavg()[0] > 2 * (os.cpu_count() or 1)
        return max(20.0 if overloaded else 5.0, 3 * self._loaded_s)

    def end(self, timeout_s: float = PATIENCE_S) -> tuple[int, float]:
        """Wait for the process; return its exit code and how long that took."""
        began = time.monotonic()
        code = self.process.wait(timeout_s)
        took = time.monotonic() - began
        self._reader.join()
        return code, took

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(60)
        self._reader.join()
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


def get(port: int, page: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{page}", timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()
    except OSError:
        return 0, ""


def rows(folder: Path) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for path in sorted((folder / "readings").glob("*.csv")):
        with path.open(newline="") as file:
            found += csv.DictReader(file)
    return found


def stored(folder: Path) -> str | None:
    """When the last state was captured that waits in the outbox."""
    with contextlib.closing(sqlite3.connect(folder / "meter_infer-outbox.db")) as outbox:
        query = "SELECT payload FROM messages WHERE topic LIKE '%/state' ORDER BY seq DESC LIMIT 1"
        return next((str(json.loads(row[0])["captured_at"]) for row in outbox.execute(query)), None)


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RtspServer]:
    folder = tmp_path_factory.mktemp("clip")
    clip = folder / "long.mp4"
    repeat(write_clip(folder / "a.mp4", 20, size=(160, 120)), clip, 600.0)  # a camera does not end
    with RtspServer(clip, "plant", CAM_PASSWORD) as server:
        yield server


def site(folder: Path, camera: RtspServer, broker: Broker | None, http: int, meters: str) -> Path:
    path = folder / "site.yaml"
    place = camera.url.removeprefix("rtsp://")
    mqtt = (
        f'  mqtt: {{host: 127.0.0.1, port: {broker.port}, username: plant, password: "${{MQTT_PASSWORD}}"}}\n'
        if broker
        else ""
    )
    path.write_text(
        "cameras:\n"
        f'  boiler: {{url: "rtsp://plant:${{CAM_PASSWORD}}@{place}", meters: {{{meters}}}}}\n'
        f'  locked: {{url: "rtsp://plant:${{CAM_PASSWORD}}x@{place}"}}\n'
        f"sinks:\n  csv: {{directory: readings, every: frame}}\n{mqtt}"
        f'http: {{listen: "127.0.0.1:{http}"}}\n'
    )
    return path


P1 = "p1: {kind: pointer, range: [0, 1.6], unit: MPa}"
P2 = "p2: {kind: pointer, range: [0, 10], unit: bar}"


def test_a_site_from_start_to_sigterm(tmp_path: Path, camera: RtspServer) -> None:
    http = free_port()
    with Broker(tmp_path / "b", "plant", MQTT_PASSWORD) as broker:
        path = site(tmp_path, camera, broker, http, P1)
        with (
            listening(broker, user="plant", password=MQTT_PASSWORD) as listener,
            Running(path) as service,
        ):
            until(lambda: len(rows(tmp_path)) > 20, PATIENCE_S)
            until(lambda: listener.states() and listener.messages("/config"), PATIENCE_S)
            until(lambda: "refused the user name" in get(http, "/healthz")[1], PATIENCE_S)
            health = json.loads(get(http, "/healthz")[1])
            assert health["status"] == "degraded"
            assert list(health["problems"]) == ["camera/locked"]
            assert get(http, "/readyz")[0] == 200
            metrics = get(http, "/metrics")[1]
            assert re.search(r'meter_infer_frames_decoded_total\{camera="boiler"\} \d\d', metrics)
            assert 'meter_infer_camera_up{camera="locked"} 0.0' in metrics
            assert 'meter_infer_value{camera="boiler",meter="p1",unit="bar"}' in metrics
            assert get(http, "/nothing")[0] == 404

            # SIGHUP: a mistake is refused, a good file is taken over
            good = path.read_text()
            path.write_text(good.replace("kind: pointer", "kind: pointr"))
            service.signal(signal.SIGHUP)
            until(lambda: "stays as it was" in service.log, PATIENCE_S)
            path.write_text(good.replace(P1, f"{P1}, {P2}"))
            service.signal(signal.SIGHUP)
            until(lambda: any(row["meter"] == "p2" for row in rows(tmp_path)), PATIENCE_S)
            until(lambda: any("p2" in topic for topic, _, _ in listener.messages("/config")))

            service.signal(signal.SIGTERM)
            code, took = service.end()
            assert (code, took < service.stop_limit_s) == (0, True)
            until(lambda: listener.messages("/status")[-1][1] == b"offline")
            last = rows(tmp_path)[-1]
            # what could not be sent within the second that there is for it waits for the next start
            until(lambda: last["captured_at"] in (listener.states()[-1]["captured_at"], stored(tmp_path)))
            everything = service.log + metrics + json.dumps(health) + str(listener.messages())
    read = [row for row in rows(tmp_path) if row["quality"] == "good"]
    frames = [int(row["frame"]) for row in read if row["meter"] == "p1"]
    assert frames == sorted(set(frames))
    for secret in (CAM_PASSWORD, "c4m%2Fpass%40word", MQTT_PASSWORD):
        assert secret not in everything
    assert "refused the user name or password" in service.log


def test_the_service_manager_hears_of_start_life_reload_and_stop(tmp_path: Path, camera: RtspServer) -> None:
    path = site(tmp_path, camera, None, free_port(), P1)
    address = str(tmp_path / "notify")
    said: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(address)
        manager.settimeout(PATIENCE_S)
        with Running(path, NOTIFY_SOCKET=address) as service:

            def hear(word: str) -> None:
                said.append("")
                while not said[-1].startswith(word):
                    said.append(manager.recv(200).decode())

            hear("READY=1")
            # the watchdog's thread may have been quicker
            assert set(said) - {"", "WATCHDOG=1"} == {"READY=1"}
            hear("WATCHDOG=1")
            hear("WATCHDOG=1")
            service.signal(signal.SIGHUP)
            hear("RELOADING=1")
            hear("READY=1")
            service.signal(signal.SIGTERM)
            hear("STOPPING=1")
            assert service.end()[0] == 0


def test_a_second_sigterm_ends_at_once(tmp_path: Path, camera: RtspServer) -> None:
    path = site(tmp_path, camera, None, free_port(), P1)
    # a camera that accepts the connection and says nothing keeps its thread for seconds
    with socket.create_server(("127.0.0.1", 0)) as silent, Running(path) as service:
        port = silent.getsockname()[1]
        path.write_text(
            path.read_text().replace("cameras:\n", f"cameras:\n  mute: {{url: rtsp://127.0.0.1:{port}/}}\n")
        )
        until(lambda: rows(tmp_path), PATIENCE_S)
        service.signal(signal.SIGHUP)
        until(
            lambda: "2 cameras" not in service.log.splitlines()[-1] and "3 cameras" in service.log, PATIENCE_S
        )
        service.signal(signal.SIGSTOP)  # both are there at once, however busy this process is
        service.signal(signal.SIGTERM)
        service.signal(signal.SIGINT)
        service.signal(signal.SIGCONT)
        code, took = service.end()
        assert code in (128 + signal.SIGINT, 128 + signal.SIGTERM)  # it would be 0 after a stop in good order
        assert took < service.stop_limit_s


def test_sigterm_with_a_silent_camera_is_in_time(tmp_path: Path, camera: RtspServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        path = site(tmp_path, camera, None, free_port(), P1)
        path.write_text(
            path.read_text().replace("cameras:\n", f"cameras:\n  mute: {{url: rtsp://127.0.0.1:{port}/}}\n")
        )
        with Running(path) as service:
            until(lambda: rows(tmp_path), PATIENCE_S)
            service.signal(signal.SIGTERM)
            code, took = service.end()
            assert (code, took < service.stop_limit_s) == (0, True), service.log


def test_what_is_wrong_at_the_start_is_said_and_ends_with_2(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("cameras: {c: {url: 'rtsp://127.0.0.1/x', metres: {}}}")
    with Running(path) as service:
        assert service.end()[0] == 2
        assert "did you mean meters" in service.log
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        path.write_text(
            f"cameras: {{c: {{url: 'rtsp://127.0.0.1/x'}}}}\nhttp: {{listen: '127.0.0.1:{port}'}}"
        )
        with Running(path) as service:
            assert service.end()[0] == 2
            assert "choose another port" in service.log
