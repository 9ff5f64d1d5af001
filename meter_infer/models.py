"""The trained networks that ship with the package: what they are, and that they are what they claim.

``models/manifest.yaml`` describes each file, by task::

    models:
      detect:
        file: detect.onnx
        sha256: 64 hexadecimal digits
        architecture: yolov8n
        classes: [pointer_gauge, level_gauge]
        input_size: 640
        licence: AGPL-3.0-or-later
        trained: {commands: [...], data: ..., seed: 0, epochs: 100}
        figures: {map50: 0.93}
        int8: {file: detect.int8.onnx, sha256: ..., made_from: its sha256 above, holds: true, figures: {...}}

`int8` is the same network in 8-bit integers, if there is one: for CPUs that compute with them, and only as
long as it `holds`, which `meter-infer export --int8` finds out by reading with both.

A model is data: an ONNX file, read by the inference engine; nothing in it is ever executed.
"""

import hashlib
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import yaml

from meter_infer.errors import ConfigError, ModelError
from meter_infer.resources import data_dir
from meter_infer.types import MeterKind, SegmentClass

Task = Literal["detect", "segment", "dial", "tube"]
MANIFEST = "manifest.yaml"
CLASSES: dict[str, tuple[str, ...]] = {
    "detect": tuple(f"{kind.value}_gauge" for kind in MeterKind),
    "segment": tuple(label.name.lower() for label in SegmentClass),
    "dial": ("tip", "start", "end", "zero"),
    "tube": ("surface", "start", "end"),
}
"""Class names of each task, in the order of the network's outputs."""
_STRIDE = 32


@dataclass(frozen=True, slots=True)
class Int8Spec:
    """What the manifest says about a network's 8-bit twin."""

    file: str
    sha256: str
    made_from: str
    """SHA-256 of the network it was made from."""
    holds: bool
    """It reads as well as the network it was made from."""
    commands: tuple[str, ...] = ()
    figures: dict[str, Any] = field(default_factory=dict)
    """What both read of the same pictures."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What the manifest says about one model."""

    file: str
    """Name of the ONNX file beside the manifest."""
    sha256: str
    task: str
    architecture: str
    classes: tuple[str, ...]
    input_size: int
    """Longer side of the network's input, pixels."""
    licence: str = "AGPL-3.0-or-later"
    trained: dict[str, Any] = field(default_factory=dict)
    """Commands, data, seed, epochs: what made it."""
    figures: dict[str, Any] = field(default_factory=dict)
    """What was measured of it."""
    int8: Int8Spec | None = None


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model whose file was found and checked."""

    path: Path
    data: bytes = field(repr=False)
    """The file's content: exactly the bytes whose hash was checked."""
    spec: ModelSpec


def load_model(task: Task, directory: Path | None = None) -> ModelFile:
    """Find the model for `task` in `directory` (by default the shipped one) and check its hash.

    Raises ModelError where the manifest, the file or its hash is not as it should be.
    """
    folder = _shipped() if directory is None else directory
    spec = read_manifest(folder).get(task)
    if spec is None:
        raise ModelError(f"'{folder / MANIFEST}' lists no model for '{task}'; train and export one.")
    path = folder / spec.file
    return ModelFile(path, _read(path, spec.sha256), spec)


def load_int8(model: ModelFile) -> ModelFile | None:
    """Return the network's 8-bit twin, or None where none was made of this network, or it does not hold.

    Raises ModelError where the file is not as the manifest says.
    """
    twin = model.spec.int8
    if twin is None or not twin.holds or twin.made_from != model.spec.sha256:
        return None
    path = model.path.with_name(twin.file)
    return replace(model, path=path, data=_read(path, twin.sha256))


def _read(path: Path, sha256: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(
            f"The model '{path}' cannot be read ({error.strerror}); restore the file."
        ) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ModelError(
            f"The model '{path}' is not the one in the manifest (its SHA-256 differs); "
            "restore the file or export the model again."
        )
    return data


def read_manifest(directory: Path) -> dict[str, ModelSpec]:
    """Every model of the manifest in `directory`, by task. Raises ModelError."""
    path = directory / MANIFEST
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(
            f"The list of models '{path}' cannot be read ({error.strerror}); name a folder of exported ones."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ModelError(f"The list of models '{path}' is not valid YAML; restore it.") from error
    models = content.get("models") if isinstance(content, dict) else None
    if not isinstance(models, dict):
        raise ModelError(f"The list of models '{path}' has no key 'models'; restore it.")
    return {str(task): _parse(str(task), entry, path) for task, entry in models.items()}


def add_to_manifest(directory: Path, spec: ModelSpec) -> None:
    """Write `spec` to the manifest in `directory`, in place of an earlier model for its task."""
    path = directory / MANIFEST
    specs = read_manifest(directory) if path.exists() else {}
    specs[spec.task] = spec
    models = {}
    for task, each in sorted(specs.items()):
        entry = asdict(each) | {"classes": list(each.classes)}
        del entry["task"]
        if each.int8 is None:
            del entry["int8"]
        else:
            entry["int8"]["commands"] = list(each.int8.commands)
        models[task] = entry
    text = yaml.safe_dump({"models": models}, sort_keys=False, allow_unicode=True, width=110)
    path.write_text(text, encoding="utf-8")


def sha256_of(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _shipped() -> Path:
    try:
        return data_dir("models")
    except ConfigError as error:
        raise ModelError(str(error)) from error


def _parse(task: str, entry: Any, path: Path) -> ModelSpec:
    """Turn one entry into a spec; ModelError names the key that is wrong."""
    where = f"The model '{task}' in '{path}'"
    if task not in CLASSES:
        raise ModelError(f"{where} is for no known task; use one of {', '.join(CLASSES)}.")
    if not isinstance(entry, dict):
        raise ModelError(f"{where} is not a mapping; restore the manifest.")
    known = set(ModelSpec.__slots__) - {"task"}
    unknown = sorted(set(map(str, entry)) - known)
    if unknown:
        raise ModelError(f"{where} has the unknown key '{unknown[0]}'; remove it.")
    for key in ("file", "sha256", "architecture"):
        if not isinstance(entry.get(key), str) or not entry[key]:
            raise ModelError(f"{where} needs the text '{key}'.")
    if Path(entry["file"]).name != entry["file"]:
        raise ModelError(f"{where} must name a file beside the manifest, not '{entry['file']}'.")
    classes = entry.get("classes")
    if not isinstance(classes, list) or tuple(classes) != CLASSES[task]:
        raise ModelError(f"{where} has the classes {classes}; this version needs {list(CLASSES[task])}.")
    size = entry.get("input_size")
    if type(size) is not int or size <= 0 or size % _STRIDE:
        raise ModelError(f"{where} needs an 'input_size' that is a multiple of {_STRIDE}.")
    for key in ("trained", "figures"):
        if not isinstance(entry.get(key, {}), dict):
            raise ModelError(f"{where} needs a mapping at '{key}'.")
    return ModelSpec(
        file=entry["file"],
        sha256=entry["sha256"].lower(),
        task=task,
        architecture=entry["architecture"],
        classes=CLASSES[task],
        input_size=size,
        licence=str(entry.get("licence", "")),
        trained=entry.get("trained", {}),
        figures=entry.get("figures", {}),
        int8=None if entry.get("int8") is None else _parse_int8(entry["int8"], f"{where}, int8"),
    )


def _parse_int8(entry: Any, where: str) -> Int8Spec:
    known = set(Int8Spec.__slots__)
    if not isinstance(entry, dict) or set(entry) - known:
        raise ModelError(f"{where}, takes the keys {', '.join(sorted(known))}; restore the manifest.")
    for key in ("file", "sha256", "made_from"):
        if not isinstance(entry.get(key), str) or Path(entry[key]).name != entry[key] or not entry[key]:
            raise ModelError(f"{where}, needs the text '{key}', a name without folders.")
    if type(entry.get("holds")) is not bool or not isinstance(entry.get("figures", {}), dict):
        raise ModelError(f"{where}, needs 'holds', true or false, and 'figures', a mapping.")
    return Int8Spec(
        file=entry["file"],
        sha256=entry["sha256"].lower(),
        made_from=entry["made_from"].lower(),
        holds=entry["holds"],
        commands=tuple(map(str, entry.get("commands") or ())),
        figures=entry.get("figures", {}),
    )
