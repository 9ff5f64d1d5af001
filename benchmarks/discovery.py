"""Check the announcements to Home Assistant against Home Assistant's own schema.

    python -m benchmarks.discovery dump > announcements.json          in this project's environment
    python3.11 -m venv ha && ha/bin/pip install homeassistant==2024.3.3 paho-mqtt==1.6.1
    ha/bin/python benchmarks/discovery.py check announcements.json    in Home Assistant's

Every unit that the program knows is announced for both kinds of meter. The check runs Home Assistant's
discovery schema, its topic pattern, and its table of units by device class.
"""

import json
import sys
from pathlib import Path


def dump() -> None:
    """Print all announcements."""
    from meter_infer.events import MeterInfo
    from meter_infer.sinks.homeassistant import KNOWN_UNITS, discovery
    from meter_infer.types import MeterKind

    out = []
    for unit in (None, "furlong", *KNOWN_UNITS):
        for kind in MeterKind:
            info = MeterInfo("boiler", "p.1", kind, unit, (0.0, 10.0), 1.0)
            topic, payload = discovery(info, "meter_infer", 130.0)
            out.append({"topic": topic, "payload": json.loads(payload)})
    print(json.dumps(out, ensure_ascii=False))


def check(path: Path) -> int:
    """Return how many announcements Home Assistant would refuse, and print why."""
    from homeassistant.components.mqtt.discovery import MQTT_ORIGIN_INFO_SCHEMA, TOPIC_MATCHER
    from homeassistant.components.mqtt.sensor import DISCOVERY_SCHEMA
    from homeassistant.components.sensor.const import DEVICE_CLASS_STATE_CLASSES, DEVICE_CLASS_UNITS
    from homeassistant.const import __version__
    from voluptuous import Invalid

    announcements = json.loads(path.read_text(encoding="utf-8"))
    refused = 0
    for item in announcements:
        config = item["payload"]
        unit = config["unit_of_measurement"]
        try:
            if not TOPIC_MATCHER.match(item["topic"].partition("/")[2]):
                raise Invalid(f"no topic of a discovery: {item['topic']}")
            MQTT_ORIGIN_INFO_SCHEMA(config.pop("origin"))
            known = DISCOVERY_SCHEMA(config)
            kind = known.get("device_class")
            if kind is not None and unit not in {str(each) for each in DEVICE_CLASS_UNITS[kind]}:
                raise Invalid(f"unit {unit} does not go with {kind}")
            if kind is not None and known["state_class"] not in DEVICE_CLASS_STATE_CLASSES[kind]:
                raise Invalid(f"{kind} is not measured")
        except Invalid as error:
            refused += 1
            print(f"{unit}: {error}")
    print(f"Home Assistant {__version__}: {len(announcements)} announcements, {refused} refused")
    return refused


if __name__ == "__main__":
    if sys.argv[1:2] == ["check"]:
        sys.exit(bool(check(Path(sys.argv[2]))))
    dump()
