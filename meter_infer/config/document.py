"""YAML text -> plain data that remembers on which line each key stands.

Environment variables are put in here: ``${NAME}`` or ``${NAME:-default}`` in any text, and ``$${`` for a
literal ``${``. In the user name or password of a URL they are percent-encoded, so that a password may
hold ``@`` and ``/``.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

import yaml

from meter_infer.config.mistakes import Mistake

Path = tuple[str | int, ...]
"""Keys and list positions from the top of the file to a value."""

_MAX_NODES = 100_000  # a few lines of aliases can name billions
_VARIABLE = re.compile(r"\$\$\{|\$\{([^}]*)(\}?)")
_OTHER_BASE = re.compile(r"[-+]?0[0-9_]+|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+")
"""016 is 14 to YAML 1.1, and 1:30 is 90."""
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(slots=True)
class Document:
    """The content of a YAML file."""

    data: object = None
    lines: dict[Path, int] = field(default_factory=dict)
    """Line of each key and list item, from 1."""
    secret: set[Path] = field(default_factory=set)
    """Values that came from the environment: not to be shown."""
    mistakes: list[Mistake] = field(default_factory=list)

    def line(self, path: Path) -> int:
        """Return the line of a key, or of the nearest key above it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def parse_document(text: str, environment: Mapping[str, str]) -> Document:
    """Parse YAML; what is wrong with it is in `mistakes`, and `data` holds what could be read."""
    document = Document()
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        document.mistakes += _tabs(text) or [_syntax_mistake(error, text)]
        return document
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        document.mistakes.append(Mistake(line, "", "a character that YAML does not allow; remove it."))
        return document
    except RecursionError:
        document.mistakes.append(Mistake(1, "", "the file is nested too deeply."))
        return document
    if root is not None:
        document.data = _Builder(document, environment).build(root, ())
    return document


def dotted(path: Path) -> str:
    """Return a path as people write it: ``cameras.boiler.meters.p1.range[0]``."""
    out = ""
    for part in path:
        out += f"[{part}]" if isinstance(part, int) else f".{part}" if out else str(part)
    return out


def _tabs(text: str) -> list[Mistake]:
    """Every line whose indentation holds a tab."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        indent = line[: len(line) - len(line.lstrip())]
        if "\t" in indent and line.strip() and not line.lstrip().startswith("#"):
            key = line.strip().removeprefix("- ").split(":")[0].strip("\"' ")
            found.append(Mistake(number, key, "is indented with a tab; YAML wants spaces."))
    return found


def _syntax_mistake(error: yaml.MarkedYAMLError, text: str) -> Mistake:
    mark = error.problem_mark or error.context_mark
    number = mark.line + 1 if mark else 1
    lines = text.splitlines()
    line = lines[number - 1] if number <= len(lines) else ""
    problem = (error.problem or "cannot be understood").replace("\\t", "tab")
    key = line.strip().removeprefix("- ").split(":")[0].strip("\"' ") if ":" in line else ""
    hint = ""
    if "${" in line:
        hint = '; put a value with ${...} between quotes, as in "${NAME}"'
    elif re.search(r":\s*%", line):
        hint = '; put it between quotes, as in "%"'
    elif "mapping values are not allowed" in problem:
        hint = "; check the indentation, or put a text with a colon between quotes"
    elif "\t" in line:
        hint = "; use spaces instead of tabs"
    return Mistake(number, key, f"is no valid YAML: {problem}{hint}.")


class _Builder:
    """Walks the nodes of one file."""

    def __init__(self, document: Document, environment: Mapping[str, str]) -> None:
        self._document = document
        self._environment = environment
        self._constructor = yaml.SafeLoader("")
        self._open: set[int] = set()
        self._left = _MAX_NODES

    def build(self, node: yaml.Node, path: Path) -> object:
        """Return the plain data of a node that stands at `path`."""
        self._left -= 1
        if self._left < 0 or id(node) in self._open:
            if self._left >= -1:
                self._mistake(node, path, "repeats itself without end; write it out.")
            return None
        self._open.add(id(node))
        try:
            if isinstance(node, yaml.MappingNode):
                return self._mapping(node, path)
            if isinstance(node, yaml.SequenceNode):
                return self._sequence(node, path)
            return self._scalar(node, path)
        finally:
            self._open.discard(id(node))

    def _mistake(self, node: yaml.Node, path: Path, text: str) -> None:
        self._document.mistakes.append(Mistake(node.start_mark.line + 1, dotted(path), text))

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, object]:
        own: dict[str, object] = {}
        merged: dict[str, object] = {}
        for key_node, value_node in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                sources = value_node.value if isinstance(value_node, yaml.SequenceNode) else [value_node]
                for source in sources:
                    data = self.build(source, path)
                    if isinstance(data, dict):
                        merged = data | merged
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                self._mistake(key_node, path, "has a key that is no plain text.")
                continue
            key = str(key_node.value)
            inner = (*path, key)
            if key in own:
                first = self._document.lines[inner]
                self._mistake(key_node, inner, f"is there twice, first on line {first}; keep one.")
                continue
            self._document.lines[inner] = key_node.start_mark.line + 1
            own[key] = self.build(value_node, inner)
        return merged | own

    def _sequence(self, node: yaml.SequenceNode, path: Path) -> list[object]:
        items = []
        for index, item in enumerate(node.value):
            inner = (*path, index)
            self._document.lines[inner] = item.start_mark.line + 1
            items.append(self.build(item, inner))
        return items

    def _scalar(self, node: yaml.Node, path: Path) -> object:
        if isinstance(node.value, str) and "${" in node.value:
            self._document.secret.add(path)
            return self._substituted(node, path)
        if node.tag == "tag:yaml.org,2002:int" and _OTHER_BASE.fullmatch(str(node.value)):
            self._mistake(node, path, f"{node.value} is no decimal number to YAML; leave out 0 and colon.")
            return None
        try:
            return self._constructor.construct_object(node)
        except (yaml.YAMLError, ValueError, OverflowError):
            self._mistake(
                node, path, f"cannot be read as {node.tag.rsplit(':', 1)[-1]}; put it between quotes."
            )
            return None

    def _substituted(self, node: yaml.Node, path: Path) -> str:
        text = str(node.value)
        scheme = text.find("://")
        credentials = range(scheme, text.rfind("@")) if scheme > 0 else range(0)

        def value_of(match: re.Match[str]) -> str:
            if match[0] == "$${":
                return "${"
            name, colon, default = match[1].partition(":-")
            if not match[2] or not _NAME.fullmatch(name):
                self._mistake(
                    node, path, "has a ${ that names no variable; write ${NAME}, or $${ for a plain ${."
                )
                return ""
            value = self._environment.get(name) or (default if colon else self._environment.get(name))
            if value is None:
                self._mistake(node, path, f"needs the environment variable {name}, which is not set.")
                return ""
            return quote(value, safe="") if match.start() in credentials else value

        return _VARIABLE.sub(value_of, text)
