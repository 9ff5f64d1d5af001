"""Where pictures come from, as a value that does not betray its password."""

import re
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import unquote, urlsplit

from meter_infer.errors import SourceError

STREAM_SCHEMES = ("rtsp", "rtsps", "rtmp", "rtmps", "http", "https", "udp", "rtp", "tcp", "srt")

_COMMON_SCHEMES = ("rtsp", "rtsps", "rtmp", "http", "https", "srt")
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*)://")
_SECRET_WORDS = "pas|psw|pwd|token|secret|auth|key|sig"
"""What the name of a field holds whose value is nobody's business: password, loginpas, passphrase, psw."""
# With a colon the whole word must fit: "keller-cam:554" is a host and its port.
_FIELD_NAME = (
    rf"((?:[\w.-]*?(?:{_SECRET_WORDS})[\w.-]*=|\b(?:pass(?:word|wd|phrase)?|{_SECRET_WORDS}|signature):))"
)
# A slash ends a field of the path; in the query it is a part of the value.
_PATH_FIELD = re.compile(_FIELD_NAME + r"([^&/;#]*)", re.I)
_QUERY_FIELD = re.compile(_FIELD_NAME + r"([^&;#]*)", re.I)


class Address:
    """A path or URL. `str` and `repr` hide user names, passwords and tokens; only `reveal` shows them."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the address as it was given, credentials and all; never log or print it."""
        return self._text

    @property
    def scheme(self) -> str | None:
        """`rtsp` of ``rtsp://...`` in lower case; None for a path."""
        match = _SCHEME.match(self._text)
        return match[1].lower() if match else None

    @property
    def is_stream(self) -> bool:
        """Whether this names something on a network rather than a file."""
        return self.scheme not in (None, "file")

    @property
    def scheme_hint(self) -> str:
        """What to write in place of a scheme that cannot be read."""
        near = get_close_matches(self.scheme or "", _COMMON_SCHEMES, n=1)
        return f"did you mean {near[0]}://?" if near else "use rtsp:// or http://, or a path"

    @property
    def path(self) -> Path:
        """The file or folder it names. Raises SourceError for a stream."""
        if self.is_stream:
            raise SourceError(f"{self} is a stream and no file.")
        return at_home(Path(_SCHEME.sub("", self._text)))

    @property
    def host(self) -> str:
        """The host's name or address in a URL; empty where there is none."""
        try:
            return urlsplit(str(self)).hostname or ""
        except ValueError:
            return ""

    @property
    def name(self) -> str:
        """A short name to call its camera by: letters, digits, `_`, `-` and `.` only."""
        if self.is_stream:
            stem = self.host or "stream"
        else:
            path = self.path
            stem = path.name if path.is_dir() else path.stem
            stem = stem or path.resolve().name
        return slug(stem)

    def __str__(self) -> str:
        return mask_secrets(self._text)

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Address) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


def at_home(path: Path) -> Path:
    """Return a path with ``~`` put in full; as it is where it names nobody."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def slug(text: str) -> str:
    """Return an id made of a name: letters, digits, `_`, `-` and `.` only, 64 at most."""
    return re.sub(r"[^\w.-]+", "-", text)[:64].strip("-._") or "camera"


def mask_secrets(text: str) -> str:
    """Return an address with its user name, password and tokens replaced by ``***``; paths stay as they are.

    Everything up to the last ``@`` is hidden: a password may itself contain ``@`` or ``/``, and hiding
    a host by mistake is the lesser harm.
    """
    match = _SCHEME.match(text)
    if not match:
        return text
    rest = text[match.end() :]
    if "@" in rest:
        rest = "***@" + rest[rest.rindex("@") + 1 :]
    path, mark, query = rest.partition("?")
    return match[0] + _PATH_FIELD.sub(r"\1***", path) + mark + _QUERY_FIELD.sub(r"\1***", query)


def secrets_in(text: str) -> set[str]:
    """Return the passwords and tokens of an address, as written and decoded.

    Where the password ends is not always clear, since both it and what follows may hold an ``@``: it is
    returned up to each of them.
    """
    match = _SCHEME.match(text)
    if not match:
        return set()
    rest = text[match.end() :]
    found = {rest[: at.start()].partition(":")[2] for at in re.finditer("@", rest)}
    path, _, query = rest.partition("?")
    found |= {field[2] for field in (*_PATH_FIELD.finditer(path), *_QUERY_FIELD.finditer(query))}
    return {each for raw in found for each in (raw, unquote(raw))} - {""}
