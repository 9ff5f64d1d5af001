"""The site file: cameras, their meters, and where readings go. The only reader of YAML and environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from meter_infer.config.document import Document, dotted, parse_document
from meter_infer.config.explain import mistakes_of
from meter_infer.config.live import (
    CsvConfig,
    EvidenceConfig,
    HttpConfig,
    MqttConfig,
    ReadingConfig,
    SinksConfig,
    SqlConfig,
)
from meter_infer.config.mistakes import Mistake, SiteError
from meter_infer.config.models import CameraConfig, MeterConfig, SiteModel
from meter_infer.errors import ConfigError
from meter_infer.sources.address import at_home

__all__ = [
    "CameraConfig",
    "CsvConfig",
    "EvidenceConfig",
    "HttpConfig",
    "MeterConfig",
    "Mistake",
    "MqttConfig",
    "ReadingConfig",
    "SinksConfig",
    "Site",
    "SiteError",
    "SqlConfig",
    "load_site",
    "parse_site",
    "site_json_schema",
]

_MAX_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Site:
    """A valid site file."""

    path: Path
    """The file; relative paths in it start from its folder."""
    cameras: dict[str, CameraConfig]
    sinks: SinksConfig
    http: HttpConfig | None
    reading: ReadingConfig
    evidence: EvidenceConfig | None

    def resolve(self, path: Path) -> Path:
        """Return a path of the site file, from the file's own folder if it is relative."""
        return self.path.parent / at_home(path)


def load_site(path: Path, environment: Mapping[str, str] | None = None) -> Site:
    """Read and validate a site file; `environment` is the process's own unless given.

    Raises SiteError, which names line and key of every mistake, and ConfigError where the file cannot
    be read. No message holds a value of the environment.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"The site file {path} cannot be read: {error.strerror}.") from error
    if len(data) > _MAX_BYTES:
        raise ConfigError(
            f"The site file {path} has more than {_MAX_BYTES // 2**20} MiB; is it the right file?"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SiteError(path, [Mistake(line, "", "is no UTF-8 text; save the file as UTF-8.")]) from error
    return parse_site(text, path, environment)


def parse_site(text: str, path: Path, environment: Mapping[str, str] | None = None) -> Site:
    """Validate the text of the site file `path`. Raises SiteError."""
    document = parse_document(text, os.environ if environment is None else environment)
    if document.data is None and not document.mistakes:
        raise SiteError(path, [Mistake(1, "", "the file is empty; it needs `cameras:`.")])
    if document.data is None:
        raise SiteError(path, document.mistakes)
    if not isinstance(document.data, dict):
        raise SiteError(
            path, [*document.mistakes, Mistake(1, "", "must hold keys with values, `cameras:` first.")]
        )
    mistakes = [*document.mistakes, *_alike(document)]
    try:
        model = SiteModel.model_validate(document.data)
    except ValidationError as error:
        raise SiteError(path, mistakes + mistakes_of(error, document, SiteModel)) from None
    if mistakes:
        raise SiteError(path, mistakes)
    return Site(path, model.cameras, model.sinks, model.http, model.reading, model.evidence)


def site_json_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a site file, for editors."""
    schema = SiteModel.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "meter_infer site"}


def _alike(document: Document) -> list[Mistake]:
    """Ids that differ only in upper and lower case, or that could be taken for automatic ones."""
    found: list[Mistake] = []
    data = document.data if isinstance(document.data, dict) else {}
    cameras = data.get("cameras")
    groups: list[tuple[tuple[str, ...], object]] = [(("cameras",), cameras)]
    for camera, section in cameras.items() if isinstance(cameras, dict) else ():
        if isinstance(section, dict):
            groups.append((("cameras", camera, "meters"), section.get("meters")))
    for path, group in groups:
        seen: dict[str, str] = {}
        for name in group if isinstance(group, dict) else ():
            first = seen.setdefault(name.casefold(), name)
            where = (*path, name)
            if first != name:
                line = document.line((*path, first))
                text = f"differs from {first} on line {line} only in upper and lower case; rename one."
                found.append(Mistake(document.line(where), dotted(where), text))
            if path[-1] == "meters" and name.removeprefix("auto-").isdecimal() and name.startswith("auto-"):
                text = "is an id that meter-infer gives to unknown meters; choose another."
                found.append(Mistake(document.line(where), dotted(where), text))
    return found
