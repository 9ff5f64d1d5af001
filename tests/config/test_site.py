"""What is read from a site file, and what its schema knows."""

import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from meter_infer.calibration import Calibration
from meter_infer.config import load_site, site_json_schema
from meter_infer.resources import data_dir
from meter_infer.types import Box, MeterKind
from tests.config.sites import site

VALID = """\
cameras:
  boiler:
    url: "rtsp://plant:${CAM_PASSWORD}@camera.example/stream"
    meters:
      p1: {kind: pointer, range: [0, 1.6], unit: MPa, box: [10, 20, 110, 120], max_rate: 0.5}
      a1:
        kind: pointer
        unit: A
        calibration:
          - {fraction: 0, value: 0}
          - [0.25, 50]
          - [1.0, 300]
      l1:
        kind: level
        calibration:
          - {at: [100, 900], value: 0}
          - {at: [104, 100], value: 80}
  yard: {url: recordings/yard.mp4}
sinks:
  csv: {directory: readings, every: 1s}
  mqtt: {host: 127.0.0.1, port: 1883, prefix: plant, username: plant, password: "${MQTT_PASSWORD}"}
http: {listen: "127.0.0.1:9464"}
"""

ENVIRONMENT = {"CAM_PASSWORD": "s3cr/t@1", "MQTT_PASSWORD": "m0squitto"}


def test_every_key_is_read() -> None:
    plant = site(VALID, **ENVIRONMENT)
    boiler = plant.cameras["boiler"]
    assert boiler.url.reveal() == "rtsp://plant:s3cr%2Ft%401@camera.example/stream"
    p1, a1, l1 = boiler.meters["p1"], boiler.meters["a1"], boiler.meters["l1"]
    assert p1.kind is MeterKind.POINTER
    assert p1.scale == Calibration.from_range((0, 1.6))
    assert (p1.unit, p1.place, p1.max_rate) == ("MPa", Box(10, 20, 110, 120), 0.5)
    assert a1.scale == Calibration(((0, 0), (0.25, 50), (1, 300)))
    assert l1.kind is MeterKind.LEVEL
    assert l1.scale is None
    assert l1.pixel_points == ((0, (100, 900)), (80, (104, 100)))
    assert plant.cameras["yard"].meters == {}
    assert plant.resolve(plant.cameras["yard"].url.path) == Path("/plant/recordings/yard.mp4")
    assert plant.sinks.csv is not None
    assert plant.sinks.csv.every == 1.0
    assert plant.sinks.mqtt is not None
    assert plant.sinks.mqtt.password is not None
    assert plant.sinks.mqtt.password.get_secret_value() == "m0squitto"
    assert plant.http is not None
    assert plant.http.listen == "127.0.0.1:9464"


def test_a_calibration_overrules_the_range() -> None:
    meter = site(
        "cameras: {c: {url: x, meters: {m: {kind: level, range: [0, 9], calibration: [[0, 1], [1, 5]]}}}}"
    )
    assert meter.cameras["c"].meters["m"].scale == Calibration(((0, 1), (1, 5)))


def test_clicked_points_leave_the_range_as_the_second_best() -> None:
    text = "{kind: level, range: [0, 9], calibration: [{at: [1, 1], value: 0}, {at: [1, 9], value: 5}]}"
    meter = site(f"cameras: {{c: {{url: x, meters: {{m: {text}}}}}}}").cameras["c"].meters["m"]
    assert meter.scale == Calibration.from_range((0, 9))
    assert meter.pixel_points is not None


def test_the_representation_hides_every_secret() -> None:
    shown = repr(site(VALID, **ENVIRONMENT))
    assert "rtsp://***@camera.example/stream" in shown
    for secret in ("s3cr", "m0squitto"):
        assert secret not in shown


@pytest.mark.parametrize("name", sorted(path.name for path in data_dir("configs").glob("*.yaml")))
def test_shipped_samples_are_valid(name: str) -> None:
    names = ("CAMERA_USER", "CAMERA_PASSWORD", "CAM_PASSWORD", "MQTT_PASSWORD")
    assert load_site(data_dir("configs") / name, dict.fromkeys(names, "x")).cameras


def test_anchors_and_merge_keys_work() -> None:
    text = """\
cameras:
  a: {url: x, meters: {m: &bar {kind: pointer, range: [0, 16], unit: bar}}}
  b: {url: y, meters: {m: {<<: *bar, range: [0, 4]}, n: *bar}}
"""
    meters = site(text).cameras["b"].meters
    assert (meters["m"].range, meters["m"].unit) == ((0, 4), "bar")
    assert meters["n"].range == (0, 16)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_bytes("\ufeffcameras: {c: {url: x}}".encode())
    assert load_site(path, {}).path == path


@pytest.mark.parametrize("name", sorted(path.name for path in data_dir("configs").glob("*.yaml")))
def test_the_schema_takes_what_the_program_takes(name: str) -> None:
    data = yaml.safe_load((data_dir("configs") / name).read_text(encoding="utf-8"))
    jsonschema.validate(data, site_json_schema())
    meter: dict[str, object] = {"kind": "level", "calibration": [[0, 1], [1, 2]]}
    pairs = {"cameras": {"c": {"url": "x", "meters": {"m": meter}}}}
    jsonschema.validate(pairs, site_json_schema())
    meter["calibration"] = [[0, 1], [1, "2"]]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(pairs, site_json_schema())


def test_the_schema_knows_every_key() -> None:
    schema = site_json_schema()
    assert json.loads(json.dumps(schema)) == schema
    assert set(schema["properties"]) == {"cameras", "reading", "sinks", "evidence", "http"}
    meter = schema["$defs"]["MeterConfig"]
    assert {"kind", "range", "unit", "box", "calibration", "max_rate"} <= set(meter["properties"])
    assert meter["additionalProperties"] is False
    assert meter["required"] == ["kind"]
