"""From what pydantic found wrong to sentences with line and key."""

import types
import typing
from difflib import get_close_matches

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from meter_infer.config.document import Document, Path, dotted
from meter_infer.config.mistakes import Mistake
from meter_infer.config.models import FRACTION_POINT, PIXEL_POINT

_SECRET_KEYS = frozenset({"url", "password", "username"})


def mistakes_of(error: ValidationError, document: Document, model: type[BaseModel]) -> list[Mistake]:
    """Return one mistake for each error, leaving out keys of which `document` knows one already."""
    known = {mistake.key for mistake in document.mistakes}
    found = []
    for detail in error.errors(include_url=False, include_context=True):
        path = _path(detail["loc"], document)
        if dotted(path) not in known:
            text = _say(detail, path, document, model).replace("?.", "?")
            found.append(Mistake(document.line(path), dotted(path), text))
    return found


def _path(loc: tuple[int | str, ...], document: Document) -> Path:
    """The place of an error in the file: without the names of union members, and with missing keys."""
    path: Path = ()
    for index, part in enumerate(loc):
        last = index == len(loc) - 1
        if (*path, part) in document.lines or (last and not _is_internal(part)):
            path = (*path, part)
    return path


def _is_internal(part: int | str) -> bool:
    return part in ("[key]", FRACTION_POINT, PIXEL_POINT) or isinstance(part, int)


def _say(detail: ErrorDetails, path: Path, document: Document, model: type[BaseModel]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    shown = _shown(detail["input"], path, document)
    key = str(path[-1]) if path else ""
    match kind:
        case "missing":
            return "is missing."
        case "extra_forbidden":
            return f"is no known key{_did_you_mean(key, path[:-1], model)}."
        case "string_pattern_mismatch" if detail["loc"][-1] != "[key]":
            return "must be text on one line."
        case "string_pattern_mismatch":
            return "is no usable id: letters, digits, _, - and . only, a letter or digit first, 64 at most."
        case "float_type" | "float_parsing" | "int_type" | "int_parsing" | "int_from_float":
            whole = "whole " if kind.startswith("int") else ""
            return f"must be a {whole}number{shown}."
        case "finite_number":
            return "must be a finite number."
        case "string_type":
            return "must be text; put it between quotes."
        case "model_type" | "dict_type" | "model_attributes_type":
            return f"must be keys with values{shown}."
        case "list_type" | "tuple_type":
            return f"must be a list in brackets{shown}."
        case "enum" | "literal_error":
            near = get_close_matches(
                str(detail["input"]), str(context["expected"]).replace("'", "").split(" or ")
            )
            hint = f"; did you mean {near[0]}?" if near else ""
            return f"must be {context['expected']}{shown}{hint}."
        case "value_error":
            if _from_environment(path, document):
                return "cannot be used with what the environment holds; check the variable."
            return f"{context['error']}."
        case "too_short" | "string_too_short":
            if isinstance(detail["input"], str):
                return "must not be empty."
            if path == ("cameras",):
                return "names no camera; write at least one."
            return f"needs at least {context['min_length']} entries, and has {context['actual_length']}."
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            return f"{detail['msg'].replace('Input should', 'must')}{shown}."
        case _:
            return f"{detail['msg'].replace('Input should', 'must')}."


def _shown(value: object, path: Path, document: Document) -> str:
    """The value that was found, unless it is or may be a secret."""
    if value is None:
        return ", and is empty"
    if set(path) & _SECRET_KEYS or path in document.secret:
        return ""
    if isinstance(value, (str, int, float)):
        return f", not {value!r}" if len(str(value)) <= 40 else ""
    return ", not a list" if isinstance(value, list) else ", not keys with values"


def _from_environment(path: Path, document: Document) -> bool:
    """Whether a message on `path` might repeat a value of the environment; those on URLs do not."""
    return path[-1:] != ("url",) and any(secret[: len(path)] == path for secret in document.secret)


def _did_you_mean(key: str, path: Path, model: type[BaseModel]) -> str:
    section = _section(path, model)
    names = list(section.model_fields) if section else []
    near = get_close_matches(key.lower(), names, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]}?"
    return f"; known are {', '.join(names)}" if names else ""


def _section(path: Path, model: type[BaseModel]) -> type[BaseModel] | None:
    """The model of the section at `path`."""
    current: object = model
    for part in path:
        model_type = _model_in(current)
        if model_type is not None and part in model_type.model_fields:
            current = model_type.model_fields[str(part)].annotation
        else:
            current = _inner(current)
    return _model_in(current)


def _model_in(annotation: object) -> type[BaseModel] | None:
    """A model that is the annotation itself, or is in its union; None for containers."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, typing.Annotated):
        return next((found for part in typing.get_args(annotation) if (found := _model_in(part))), None)
    return None


def _inner(annotation: object) -> object:
    """What a dict or list holds, through unions and annotations."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (dict, list):
        return args[-1]
    return next((found for part in args if (found := _inner(part)) is not None), None)
