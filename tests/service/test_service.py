"""A service in this process: how it starts and ends, and what its pages say."""

import csv
import os
import socket
import threading
import time
import urllib.request
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from meter_infer.app import ReaderOptions
from meter_infer.config import load_site
from meter_infer.errors import ConfigError, ModelError
from meter_infer.runtime.redact import Secrets
from meter_infer.runtime.settings import LiveSettings
from meter_infer.runtime.timing import Observe
from meter_infer.service import LiveReader, Service, ServiceOptions
from tests.real.parts import free_port, write_clip
from tests.runtime.fakes import START, until
from tests.service.fake_service import build


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    clip = write_clip(tmp_path / "clip.mp4", 2, size=(160, 120))
    os.utime(clip, (START.timestamp(),) * 2)  # noon: its frames are all of one day
    return tmp_path


@pytest.fixture(autouse=True)
def patience_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait longer for threads than the service does: on a busy machine they only come late."""
    monkeypatch.setattr("meter_infer.service.LiveSettings", partial(LiveSettings, stop_within_s=60.0))
    monkeypatch.setattr("meter_infer.runtime.live._FEEDS_S", 30.0)


def site(folder: Path, more: str = "") -> Path:
    path = folder / "site.yaml"
    path.write_text(
        "cameras: {hall: {url: clip.mp4, meters: {p1: {kind: pointer, range: [0, 10], unit: bar}}}}\n"
        "sinks: {csv: {directory: readings, every: frame}}\n" + more
    )
    return path


def has_ipv6() -> bool:
    """Say whether this machine answers on its IPv6 address."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def test_a_recording_is_read_frame_by_frame_to_its_end(folder: Path) -> None:
    service = Service(load_site(site(folder)), ServiceOptions(build_reader=build))
    service.start()
    until(lambda: service.live.feeds()[0].state.status.state.value == "ended")
    until(lambda: service.live.feeds()[0].gives_none)
    assert service.health().problems == {"camera/hall": "ended: The recording was read to its end."}
    assert service.health().alive
    assert service.stop() == []
    (path,) = (folder / "readings").glob("*.csv")
    with path.open(newline="") as file:
        frames = [int(row["frame"]) for row in csv.DictReader(file) if row["reason"] == "ok"]
    assert frames == list(range(40))


def test_the_cameras_are_called_while_the_networks_are_loaded(folder: Path) -> None:
    opened = threading.Event()

    def slow(options: ReaderOptions, cadence_s: float, observe: Observe) -> LiveReader:
        until(lambda: service.live.intake_depth == 1)
        opened.set()
        return build(options, cadence_s, observe)

    service = Service(load_site(site(folder)), ServiceOptions(build_reader=slow))
    service.start()
    assert opened.is_set()
    assert service.stop() == []


def test_a_model_that_is_missing_ends_the_start_and_leaves_no_thread(folder: Path) -> None:
    def broken(options: ReaderOptions, cadence_s: float, observe: Observe) -> LiveReader:
        raise ModelError("The model is missing; restore it.")

    service = Service(load_site(site(folder)), ServiceOptions(build_reader=broken))
    began = time.monotonic()
    with pytest.raises(ModelError, match="missing"):
        service.start()
    assert time.monotonic() - began < 30  # who hangs is waited for as long as that


def test_a_port_that_is_taken_is_said_before_anything_starts(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"{port}"):
            Service(
                load_site(site(folder, f'http: {{listen: "127.0.0.1:{port}"}}')),
                ServiceOptions(build_reader=build),
            )


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_the_status_page_on_an_ipv6_address(folder: Path) -> None:
    port = free_port()
    text = f'http: {{listen: "[::1]:{port}"}}'
    service = Service(load_site(site(folder, text)), ServiceOptions(build_reader=build))
    service.start()
    with urllib.request.urlopen(f"http://[::1]:{port}/metrics", timeout=60) as answer:
        assert b"meter_infer_stage_seconds" in answer.read()
    assert service.stop() == []


def test_a_client_that_says_nothing_holds_up_no_other(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meter_infer.runtime.http._Handler.timeout", 200.0)
    port = free_port()
    service = Service(
        load_site(site(folder, f'http: {{listen: "127.0.0.1:{port}"}}')), ServiceOptions(build_reader=build)
    )
    service.start()
    with socket.create_connection(("127.0.0.1", port)) as silent:
        silent.sendall(b"GET /metr")
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
            assert b"meter_infer_stage_seconds" in answer.read()
    assert service.stop() == []


@pytest.mark.allow_error_log
def test_a_reload_with_a_mistake_changes_nothing(folder: Path) -> None:
    path = site(folder)
    service = Service(load_site(path), ServiceOptions(build_reader=build))
    service.start()
    feeds = service.live.feeds()
    for bad in ("cameras: {", "cameras: {hall: {url: clip.mp4, nonsense: 1}}", ""):
        path.write_text(bad)
        assert not service.reload()
    path.unlink()
    assert not service.reload()
    assert service.live.feeds() == feeds
    assert service.stop() == []


def test_a_reload_keeps_the_cadence_that_the_service_was_started_with(folder: Path) -> None:
    service = Service(load_site(site(folder, "reading: {cadence: 1s}")), ServiceOptions(build_reader=build))
    service.start()
    before = service.live.loop.limits
    site(folder, "reading: {cadence: frame, staleness: 4s}")
    assert service.reload()
    assert service.live.loop.limits == replace(before, staleness_s=4.0)
    assert service.stop() == []


def test_the_health_page_hides_passwords(folder: Path) -> None:
    secrets = Secrets(["s3cret"])
    service = Service(load_site(site(folder)), ServiceOptions(build_reader=build), secrets)
    service.start()
    until(lambda: service.live.feeds()[0].gives_none)  # a batch that is read would be no failure
    service.live.loop.failing, service.live.loop.last_failure = 3, "no answer from srt://hall?x=s3cret"
    assert service.health().problems["reading"].endswith("srt://hall?x=***")
    assert service.stop() == []


def test_positions_are_kept_beside_the_site_file(folder: Path) -> None:
    asked: list[Path | None] = []

    def noting(options: ReaderOptions, cadence_s: float, observe: Observe) -> LiveReader:
        asked.append(options.positions)
        return build(options, cadence_s, observe)

    for text in ("", "reading: {positions: state/where.json}"):
        service = Service(load_site(site(folder, text)), ServiceOptions(build_reader=noting))
        service.start()
        service.stop()
    assert asked == [folder / "meter_infer-positions.json", folder / "state" / "where.json"]
