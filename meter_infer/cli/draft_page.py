"""What `meter-infer draft` writes: a site file, and a page on which marks are clicked."""

import html
import json
import os
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from string import Template

from meter_infer.sources import Address, secrets_in
from meter_infer.types import MeterKind

_HINTS = {
    MeterKind.POINTER: "values at the first and the last mark, clockwise",
    MeterKind.LEVEL: "values at the lower and the upper end",
}


@dataclass(frozen=True, slots=True)
class DraftMeter:
    """A meter that was found."""

    name: str
    kind: MeterKind
    box: tuple[int, int, int, int]
    """x1, y1, x2, y2 in pixels of the picture."""
    ends: tuple[tuple[int, int], ...] = ()
    """Where its scale seems to begin and to end, (x, y) in pixels; empty where that was not seen."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A camera and what stands before it."""

    camera: str
    url: str
    """As it is written in a site file: no password, paths from its folder."""
    width: int
    """Of the picture, pixels."""
    height: int
    meters: tuple[DraftMeter, ...]


def public_url(address: Address, folder: Path) -> tuple[str, tuple[str, ...]]:
    """Return an address as a site file in `folder` has it, and the variables that it takes from outside.

    No password and no token gets into the file.
    """
    if not address.is_stream:
        path = address.path.resolve()
        try:
            return Path(os.path.relpath(path, folder.resolve())).as_posix(), ()
        except ValueError:  # another drive
            return path.as_posix(), ()
    if not secrets_in(address.reveal()):
        return address.reveal(), ()
    hidden, variables = str(address), []
    scheme, _, rest = hidden.partition("://")
    if rest.startswith("***@"):
        user = address.reveal().partition("://")[2].partition("@")[0].partition(":")[0]
        hidden = f"{scheme}://{user}:${{CAM_PASSWORD}}@{rest.removeprefix('***@')}"
        variables.append("CAM_PASSWORD")
    if "***" in hidden:
        hidden = hidden.replace("***", "${CAM_TOKEN}")
        variables.append("CAM_TOKEN")
    return hidden, tuple(variables)


def site_text(draft: Draft) -> str:
    """Return the site file; the page makes the same of what is filled in there."""
    lines = ["cameras:", f"  {draft.camera}:", f"    url: {_quoted(draft.url)}"]
    lines.append("    meters:" if draft.meters else "    meters: {}")
    for meter in draft.meters:
        lines += [
            f"      {meter.name}:",
            f"        kind: {meter.kind.value}",
            f"        box: [{', '.join(map(str, meter.box))}]",
            f"        # range: [0, 100]    {_HINTS[meter.kind]}",
        ]
    return "\n".join(lines) + "\n"


def page(draft: Draft, picture: bytes) -> bytes:
    """Return the page (HTML that needs nothing else) around a picture, JPEG."""
    template = Template(files("meter_infer.cli").joinpath("draft.html").read_text("utf-8"))
    known: Mapping[str, object] = asdict(draft) | {
        "hints": {kind.value: hint for kind, hint in _HINTS.items()}
    }
    # inside a script no text may look like its end
    data = json.dumps(known, ensure_ascii=False).replace("<", "\\u003c")
    return template.substitute(
        camera=html.escape(draft.camera), data=data, picture=b64encode(picture).decode()
    ).encode()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
