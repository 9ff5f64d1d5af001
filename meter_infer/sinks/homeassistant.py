"""What Home Assistant is told so that meters appear in it by themselves (MQTT discovery).

https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery and, for which unit goes with which device
class, https://www.home-assistant.io/integrations/sensor/#device-class
"""

import json
import re
from dataclasses import dataclass
from hashlib import blake2s

import meter_infer
from meter_infer.events import MeterInfo
from meter_infer.types import MeterKind


@dataclass(frozen=True, slots=True)
class UnitClass:
    """How Home Assistant knows a unit."""

    device_class: str | None
    unit: str
    """In Home Assistant's own spelling."""
    factor: float = 1.0
    """Its unit for one of ours, where it does not know ours."""


_CLASSES: dict[str | None, tuple[str, ...]] = {
    "pressure": ("Pa", "hPa", "kPa", "bar", "cbar", "mbar", "mmHg", "inHg", "psi"),
    "temperature": ("°C", "°F", "K"),
    "current": ("A", "mA"),
    "voltage": ("V", "mV"),
    "power": ("W", "kW"),
    "apparent_power": ("VA",),
    "frequency": ("Hz", "kHz", "MHz", "GHz"),
    "distance": ("mm", "cm", "m", "km", "in", "ft", "yd", "mi"),
    "volume_storage": ("L", "mL", "m³", "gal", "ft³"),
    "volume_flow_rate": ("m³/h", "L/min", "ft³/min", "gal/min"),
    "speed": ("m/s", "km/h", "mph", "ft/s", "kn"),
    "weight": ("kg", "g", "mg", "lb", "oz"),
    None: ("%", "rpm"),
}
KNOWN_UNITS: dict[str, UnitClass] = {
    unit: UnitClass(device_class, unit) for device_class, units in _CLASSES.items() for unit in units
} | {
    "MPa": UnitClass("pressure", "kPa", 1000.0),
    "kgf/cm2": UnitClass("pressure", "kPa", 98.0665),
    "kgf/cm²": UnitClass("pressure", "kPa", 98.0665),
    "at": UnitClass("pressure", "kPa", 98.0665),
    "atm": UnitClass("pressure", "kPa", 101.325),
    "kA": UnitClass("current", "A", 1000.0),
    "kV": UnitClass("voltage", "V", 1000.0),
    "MW": UnitClass("power", "kW", 1000.0),
    "C": UnitClass("temperature", "°C"),
    "degC": UnitClass("temperature", "°C"),
    "℃": UnitClass("temperature", "°C"),
    "F": UnitClass("temperature", "°F"),
    "degF": UnitClass("temperature", "°F"),
    "PSI": UnitClass("pressure", "psi"),
    "l": UnitClass("volume_storage", "L"),
    "litre": UnitClass("volume_storage", "L"),
    "m3": UnitClass("volume_storage", "m³"),
    "m3/h": UnitClass("volume_flow_rate", "m³/h"),
    "l/min": UnitClass("volume_flow_rate", "L/min"),
}


def unit_class(unit: str | None) -> UnitClass | None:
    """Return how Home Assistant knows a unit; one that it does not know is passed on without a class."""
    if unit is None:
        return None
    return KNOWN_UNITS.get(unit) or UnitClass(None, unit)


def slug(text: str) -> str:
    """Return a text of letters, digits, `_` and `-` that no other text has."""
    plain = re.sub(r"[^A-Za-z0-9_-]", "_", text)
    return plain if plain == text else f"{plain}_{blake2s(text.encode(), digest_size=3).hexdigest()}"


def discovery(
    info: MeterInfo, prefix: str, expire_after_s: float, discovery_prefix: str = "homeassistant"
) -> tuple[str, bytes]:
    """Return the topic and the JSON payload that announce a meter's sensor.

    Without a unit what is shown is the fraction of the scale, in percent.
    """
    known = unit_class(info.unit)
    node = slug(f"{prefix}_{info.camera}")
    unique = f"{slug(prefix)}_{slug(info.camera)}_{slug(info.meter)}"
    base = f"{prefix}/{info.camera}/{info.meter}"
    key, factor = ("fraction", 100.0) if known is None else ("value", known.factor)
    config: dict[str, object] = {
        "name": info.meter,
        "unique_id": unique,
        "state_topic": f"{base}/state",
        "value_template": _template(key, factor),
        "json_attributes_topic": f"{base}/state",
        "unit_of_measurement": known.unit if known else "%",
        "state_class": "measurement",
        "expire_after": max(1, round(expire_after_s)),
        "availability_mode": "all",
        "availability": [
            {"topic": f"{prefix}/status"},
            {"topic": f"{prefix}/{info.camera}/availability"},
        ],
        "device": {
            "identifiers": [f"{slug(prefix)}_{slug(info.camera)}"],
            "name": info.camera,
            "manufacturer": "meter_infer",
            "model": "Camera",
            "sw_version": meter_infer.__version__,
        },
        "origin": {"name": "meter_infer", "sw_version": meter_infer.__version__},
    }
    if known is not None and known.device_class is not None:
        config["device_class"] = known.device_class
    else:
        config["icon"] = "mdi:gauge" if info.kind is MeterKind.POINTER else "mdi:cup-water"
    topic = f"{discovery_prefix}/sensor/{node}/{slug(info.meter)}/config"
    return topic, json.dumps(config, ensure_ascii=False).encode()


def _template(key: str, factor: float) -> str:
    field = f"value_json.{key}"
    shown = field if factor == 1 else f"({field} * {factor:g}) | round(6)"
    return f"{{{{ {shown} if {field} is not none else none }}}}"
