"""A folder of pictures as a source of frames."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from meter_infer.errors import SourceError
from meter_infer.sources.address import slug
from meter_infer.sources.base import Closing
from meter_infer.sources.picture import PICTURE_SUFFIXES, read_picture
from meter_infer.types import Frame

_TOLD = 3
"""Damaged pictures of which it is said what is wrong; the others are only named."""
_OTHER_PICTURES = frozenset({".heic", ".heif", ".avif", ".dng"})
"""What phones make besides, and nothing here reads."""
_LISTED = 10
"""Files that a sentence names."""
_LONGEST = 200
_LONGEST_ID = 64


def natural_key(name: str) -> list[tuple[int, int, str]]:
    """Return a sort key that puts `frame2` before `frame10`, whatever the case of the letters."""
    parts = re.split(r"(\d+)", name.casefold())
    return [(0, int(part), "") if part.isdecimal() else (1, 0, part) for part in parts if part]


class FolderSource(Closing):
    """The pictures directly inside a folder, in natural order.

    With a `camera` they are one camera's pictures, one after the other. Without one nothing says that
    they belong together, and each is its own camera, called like its file. A damaged picture, and one of a
    kind that is not read, is left out and named in `problem`. Raises SourceError for a folder without
    pictures, and when none is readable.
    """

    fps: float | None = None

    def __init__(self, path: Path, camera: str | None, every: int = 1) -> None:
        self.name = str(path)
        self.problem: str | None = None
        self._every = every
        self._open = True
        try:
            files = [item for item in path.iterdir() if item.is_file()]
        except OSError as error:
            raise SourceError(f"{path} cannot be listed: {error.strerror}.") from error
        self.paths = _of_kind(files, PICTURE_SUFFIXES)
        others = _of_kind(files, _OTHER_PICTURES)
        self._left_out = (
            f"{listed([item.name for item in others])} cannot be read; save as JPEG." if others else ""
        )
        if not self.paths:
            what = self._left_out or "they end in .jpg, .png, .bmp, .tif or .webp."
            raise SourceError(f"{path} holds no pictures{': ' if others else '; '}{what}")
        self.frame_count: int | None = -(-len(self.paths) // every)
        self._cameras = [camera] * len(self.paths) if camera else _names(self.paths)

    def __iter__(self) -> Iterator[Frame]:
        damaged: list[tuple[str, SourceError]] = []
        read = 0
        for index in range(0, len(self.paths), self._every):
            if not self._open:
                return
            path = self.paths[index]
            try:
                frame = read_picture(path, self._cameras[index], index)
            except SourceError as error:
                damaged.append((path.name, error))
                continue
            read += 1
            yield frame
        if damaged and not read:
            raise damaged[0][1]
        if damaged:
            count = f"{len(damaged)} of {read + len(damaged)}"
            self.problem = f"{count} pictures could not be read. {damage_told(damaged)}"
        if self._left_out:
            self.problem = f"{self.problem or ''} {self._left_out}".lstrip()

    def close(self) -> None:
        """Stop between two pictures; no file is held open."""
        self._open = False


def _of_kind(files: Sequence[Path], suffixes: frozenset[str]) -> list[Path]:
    """Return the files with one of these endings, in natural order."""
    found = [item for item in files if item.suffix.lower() in suffixes]
    return sorted(found, key=lambda item: (natural_key(item.name), item.name))


def listed(names: Sequence[str]) -> str:
    """Return names as they stand in a sentence: the first of them, and how many more there are."""
    shown = ", ".join(names[:_LISTED])
    return f"{shown} and {len(names) - _LISTED} more" if len(names) > _LISTED else shown


def damage_told(damaged: Sequence[tuple[str, SourceError]]) -> str:
    """Say what is wrong with the first damaged pictures, given as name and error, and name the others."""
    told = " ".join(str(error) for _, error in damaged[:_TOLD])
    rest = ", ".join(name for name, _ in damaged[_TOLD:])
    return f"{told} The others: {rest}." if rest else told


def distinct(names: Sequence[str], longest: int) -> list[str]:
    """Return the names, those that were there before with -2, -3 ... within `longest` characters."""
    taken = set(names)
    seen: set[str] = set()
    counts: Counter[str] = Counter()
    found = []
    for name in names:
        own = name
        while own in seen or (own != name and own in taken):
            counts[name] += 1
            tail = f"-{counts[name] + 1}"
            own = name[: longest - len(tail)] + tail
        seen.add(own)
        found.append(own)
    return found


def flat_names(paths: Sequence[Path]) -> list[str]:
    """Return a file name without ending for each path, no two alike, so that one folder can hold all."""
    stems = [_flat([*path.parent.parts, path.stem], path.anchor) for path in paths]
    whole = [
        _flat([*path.parent.parts, path.stem + path.suffix.replace(".", "_")], path.anchor) for path in paths
    ]
    return distinct(_shorter(stems, whole), _LONGEST)


def _flat(parts: list[str], anchor: str) -> str:
    name = "_".join(part for part in parts if part not in ("..", anchor))
    return name[-_LONGEST:].lstrip(".") or "picture"


def _names(paths: list[Path]) -> list[str]:
    """An id for each file: without its ending where that tells them apart."""
    return distinct(
        _shorter([slug(path.stem) for path in paths], [slug(path.name) for path in paths]), _LONGEST_ID
    )


def _shorter(stems: list[str], whole: list[str]) -> list[str]:
    """Return each stem, or the whole name where that alone tells it from others."""
    often, again = Counter(stems), Counter(whole)
    return [
        stem if often[stem] == 1 or again[name] > 1 else name for stem, name in zip(stems, whole, strict=True)
    ]
