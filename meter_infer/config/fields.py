"""Field types of a site file whose errors say how to write it instead."""

import re
from typing import Annotated

from pydantic import BeforeValidator, Field, WithJsonSchema

from meter_infer.calibration import GREATEST
from meter_infer.sources.address import STREAM_SCHEMES, Address

_DURATION = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*(ms|s|m|min|h|d)?\s*")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, None: 1.0}
_WITH_HOST = ("rtsp", "rtmp", "http")
_LISTEN = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\s]*):([0-9]{1,5})")


def _number(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("must be a number")
    if isinstance(value, str) and re.fullmatch(r"\s*[-+]?[0-9]+,[0-9]+\s*", value):
        raise ValueError(f"must be a number with a decimal point: {value.strip().replace(',', '.')}")
    return value


def _text(value: object) -> object:
    if isinstance(value, bool) or value is None:
        raise ValueError("must be text; put it between quotes")
    return str(value) if isinstance(value, (int, float)) else value


def _range(value: object) -> object:
    if isinstance(value, str):
        raise ValueError("must be two numbers in brackets, as in [0, 1.6]")
    if isinstance(value, list) and len(value) != 2:
        comma = "; a decimal comma? Write 1.6" if len(value) in (3, 4) else ""
        raise ValueError(
            f"must be two numbers, the values at the first and the last mark, as in [0, 1.6]{comma}"
        )
    return value


def _box(value: object) -> object:
    if not isinstance(value, list) or len(value) != 4:
        raise ValueError("must be four numbers in brackets: [x1, y1, x2, y2], pixels")
    return value


def _pixel(value: object) -> object:
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("must be two numbers in brackets: [x, y], pixels of the picture")
    return value


def _address(value: object) -> Address:
    if isinstance(value, Address):
        return value
    if not isinstance(value, str) or not value.strip():
        raise ValueError("must be the text of a URL or a path, as in rtsp://camera.example/stream")
    address = Address(value.strip())
    if address.is_stream and address.scheme not in STREAM_SCHEMES:
        raise ValueError(f"begins with {address.scheme}://, which cannot be read; {address.scheme_hint}")
    if (address.scheme or "").startswith(_WITH_HOST) and not address.host:
        raise ValueError("names no host, as in rtsp://camera.example/stream")
    return address


def _every(value: object) -> object:
    seconds = 0.0 if value == "frame" else _seconds(value)
    if seconds is None:
        raise ValueError("must be a duration as in 1s, 500ms or 2m, or the word frame")
    return seconds


def _duration(value: object) -> object:
    seconds = _seconds(value)
    if seconds is None:
        raise ValueError("must be a duration as in 1s, 500ms or 2m")
    return seconds


def _seconds(value: object) -> float | None:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match:
        return float(match[1]) * _SECONDS[match[2]]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return None


def _listen(value: object) -> object:
    match = _LISTEN.fullmatch(value) if isinstance(value, str) else None
    if not match or not 0 < int(match[2]) < 65536:
        raise ValueError('must be an address and a port between quotes, as in "127.0.0.1:9464"')
    return value


# the limits stand first, so that what is not finite is called that
Number = Annotated[float, Field(allow_inf_nan=False, ge=-GREATEST, le=GREATEST), BeforeValidator(_number)]
"""A number that a scale or a picture can have."""
Text = Annotated[
    str, BeforeValidator(_text), Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")
]
"""Text; a bare number counts as its digits."""
Id = Annotated[str, Field(pattern=r"^[^\W_][\w.-]{0,63}$")]
"""What a camera or a meter is called in readings, topics and file names."""
Range = Annotated[tuple[Number, Number], BeforeValidator(_range)]
"""Values at the first and the last mark."""
Pixel = Annotated[tuple[Number, Number], BeforeValidator(_pixel)]
"""x, y in pixels."""
BoxNumbers = Annotated[tuple[Number, Number, Number, Number], BeforeValidator(_box)]
"""x1, y1, x2, y2 in pixels."""
Url = Annotated[Address, BeforeValidator(_address), WithJsonSchema({"type": "string", "minLength": 1})]
"""A stream's URL or a path; hides its credentials when printed."""
Every = Annotated[
    float,
    BeforeValidator(_every),
    Field(ge=0, allow_inf_nan=False),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number", "minimum": 0}]}),
]
"""Seconds; 0 stands for each frame."""
Duration = Annotated[
    float,
    BeforeValidator(_duration),
    Field(ge=0, allow_inf_nan=False),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "number", "minimum": 0}]}),
]
"""Seconds."""
Listen = Annotated[str, BeforeValidator(_listen)]
"""host:port."""
Port = Annotated[int, BeforeValidator(_number), Field(ge=1, le=65535)]
