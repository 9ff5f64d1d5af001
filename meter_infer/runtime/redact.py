"""A log that cannot betray a password, whoever wrote it there."""

import logging
from collections.abc import Iterable

_SHORTEST = 3


class Secrets:
    """Texts that are shown as ``***``. More can be added while it is in use."""

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts: tuple[str, ...] = ()
        self.add(texts)

    def add(self, texts: Iterable[str]) -> None:
        """Hide these as well; very short ones would hide half of every text, and are left."""
        known = set(self._texts) | {text for text in texts if len(text) >= _SHORTEST}
        self._texts = tuple(sorted(known, key=len, reverse=True))

    def hide(self, text: str) -> str:
        """Return the text without any secret."""
        for secret in self._texts:
            text = text.replace(secret, "***")
        return text

    def __repr__(self) -> str:
        return f"Secrets({len(self._texts)})"


class RedactingFormatter(logging.Formatter):
    """Formats a record, traceback and all, and hides secrets in the result."""

    def __init__(self, secrets: Secrets, layout: str) -> None:
        super().__init__(layout)
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        """Return the line to be logged."""
        return self._secrets.hide(super().format(record))
