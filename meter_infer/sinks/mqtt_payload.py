"""What the MQTT messages about a meter say, as JSON."""

import json

from meter_infer.events import AlarmEvent
from meter_infer.plausibility import Spread
from meter_infer.sinks.csv import iso_utc
from meter_infer.types import Reading


def state_payload(reading: Reading, spread: Spread | None = None) -> bytes:
    """Return a reading for `.../state`; numbers have six significant digits, and null where there is none.

    `spread` is that of the meter's last seconds: what a pointer that vibrates does between two messages.
    """
    return _json(
        {
            "value": _rounded(reading.value),
            "raw": _rounded(reading.raw),
            "unit": reading.unit,
            "fraction": _rounded(reading.fraction),
            "quality": reading.quality.value,
            "reason": reading.reason.value,
            "confidence": round(reading.confidence, 3),
            "captured_at": iso_utc(reading.captured_at),
            "frame": reading.frame,
            "min": _rounded(spread.lowest if spread else None),
            "max": _rounded(spread.highest if spread else None),
            "stddev": _rounded(spread.deviation if spread else None),
        }
    )


def alarm_payload(event: AlarmEvent) -> bytes:
    """Return an alarm for `.../alarm`."""
    return _json(
        {
            "level": event.level.name.lower(),
            "side": event.side,
            "limit": event.limit,
            "value": _rounded(event.value),
            "unit": event.unit,
            "at": iso_utc(event.at),
        }
    )


def _json(content: dict[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False, allow_nan=False).encode()


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
