"""Discovery payloads against Home Assistant's documentation of MQTT sensors and of device classes.

The tables are from https://www.home-assistant.io/integrations/sensor.mqtt/ (configuration variables) and
https://developers.home-assistant.io/docs/core/entity/sensor/ (device classes and their units).
"""

import json
import re
from typing import Any

import pytest

from meter_infer.events import MeterInfo
from meter_infer.sinks.homeassistant import discovery, slug, unit_class
from meter_infer.types import MeterKind

# configuration variable -> type, as documented
KEYS: dict[str, type | tuple[type, ...]] = {
    "availability": list,
    "availability_mode": str,
    "device": dict,
    "device_class": str,
    "expire_after": int,
    "icon": str,
    "json_attributes_topic": str,
    "name": str,
    "origin": dict,
    "state_class": str,
    "state_topic": str,
    "unique_id": str,
    "unit_of_measurement": str,
    "value_template": str,
}
UNITS = {
    "pressure": {"mPa", "Pa", "hPa", "kPa", "bar", "cbar", "mbar", "mmHg", "inHg", "inH₂O", "psi"},
    "temperature": {"°C", "°F", "K"},
    "current": {"A", "mA"},
    "voltage": {"mV", "μV", "V", "kV", "MV"},
    "power": {"mW", "W", "kW", "MW", "GW", "TW"},
    "apparent_power": {"mVA", "VA", "kVA"},
    "frequency": {"Hz", "kHz", "MHz", "GHz"},
    "distance": {"km", "m", "cm", "mm", "mi", "nmi", "yd", "in", "ft"},
    "volume_storage": {"L", "mL", "gal", "fl. oz.", "m³", "ft³", "CCF"},
    "volume_flow_rate": {"m³/h", "m³/min", "m³/s", "ft³/min", "L/h", "L/min", "L/s", "gal/min", "mL/s"},
    "speed": {"ft/s", "in/d", "in/h", "in/s", "km/h", "kn", "m/s", "mph", "mm/d", "mm/s"},
    "weight": {"kg", "g", "mg", "µg", "oz", "lb", "st"},
}
DEVICE_KEYS = {
    "identifiers",
    "connections",
    "configuration_url",
    "hw_version",
    "manufacturer",
    "model",
    "model_id",
    "name",
    "serial_number",
    "suggested_area",
    "sw_version",
    "via_device",
}


def announce(unit: str | None, kind: MeterKind = MeterKind.POINTER, meter: str = "p1") -> tuple[str, Any]:
    info = MeterInfo("boiler", meter, kind, unit, (0, 10), 1.0)
    topic, payload = discovery(info, "plant", 130.0)
    return topic, json.loads(payload)


def check(topic: str, config: dict[str, Any]) -> None:
    assert re.fullmatch(r"homeassistant/sensor/([a-zA-Z0-9_-]+/)?[a-zA-Z0-9_-]+/config", topic)
    for key, value in config.items():
        assert isinstance(value, KEYS[key]), key
    assert config["state_class"] == "measurement"
    assert config["expire_after"] > 0
    assert config["availability_mode"] in {"all", "any", "latest"}
    for item in config["availability"]:
        assert set(item) <= {"topic", "payload_available", "payload_not_available", "value_template"}
    assert set(config["device"]) <= DEVICE_KEYS
    assert config["device"]["identifiers"]
    assert set(config["origin"]) == {"name", "sw_version"}
    assert config["origin"]["name"]
    if "device_class" in config:
        assert config["unit_of_measurement"] in UNITS[config["device_class"]]


@pytest.mark.parametrize(
    ("unit", "device_class", "shown"),
    [
        ("bar", "pressure", "bar"),
        ("MPa", "pressure", "kPa"),
        ("psi", "pressure", "psi"),
        ("kgf/cm²", "pressure", "kPa"),
        ("°C", "temperature", "°C"),
        ("°F", "temperature", "°F"),
        ("A", "current", "A"),
        ("kA", "current", "A"),
        ("V", "voltage", "V"),
        ("mm", "distance", "mm"),
        ("L", "volume_storage", "L"),
        ("m3/h", "volume_flow_rate", "m³/h"),
        ("%", None, "%"),
        ("furlong", None, "furlong"),
        (None, None, "%"),
    ],
)
def test_units_go_with_their_device_class(unit: str | None, device_class: str | None, shown: str) -> None:
    topic, config = announce(unit)
    check(topic, config)
    assert config.get("device_class") == device_class
    assert config["unit_of_measurement"] == shown


def test_every_unit_that_is_known_is_known_to_home_assistant() -> None:
    from meter_infer.sinks.homeassistant import KNOWN_UNITS

    for unit in KNOWN_UNITS:
        known = unit_class(unit)
        assert known is not None
        assert known.device_class is None or known.unit in UNITS[known.device_class], unit


def test_a_value_that_is_absent_is_unknown_and_others_are_converted() -> None:
    jinja2 = pytest.importorskip("jinja2", reason="Home Assistant's template engine is not installed")

    def shown(unit: str | None, **state: object) -> str:
        template = announce(unit)[1]["value_template"]
        return str(jinja2.Environment().from_string(template).render(value_json=state))

    assert shown("bar", value=1.25) == "1.25"
    assert shown("bar", value=None) == "None", "what Home Assistant takes for unknown"
    assert float(shown("MPa", value=1.6)) == 1600
    assert float(shown(None, value=None, fraction=0.25)) == 25


def test_a_level_and_a_pointer_are_told_apart() -> None:
    assert announce("%", MeterKind.LEVEL)[1]["icon"] != announce("%")[1]["icon"]


def test_ids_are_unique_and_fit_for_a_topic() -> None:
    names = ["p1", "p.1", "p_1", "Druck Ü", "p-1"]
    assert len({slug(name) for name in names}) == len(names)
    topics = {announce("bar", meter=name)[0] for name in names}
    assert len(topics) == len(names)
    assert len({announce("bar", meter=name)[1]["unique_id"] for name in names}) == len(names)
    for topic in topics:
        check(topic, announce("bar")[1])
