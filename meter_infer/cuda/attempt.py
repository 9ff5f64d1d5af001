"""What may take minutes, or for ever, done by a thread of its own while everybody else goes on."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Attempt(Generic[T]):
    """One try at making something. The thread is a daemon: one that hangs in a driver holds up no exit."""

    def __init__(self, name: str, make: Callable[[], T], discard: Callable[[T], None]) -> None:
        """Begin `make`; `discard` is given what was made after `abandon`, or was never taken before it."""
        self._make, self._discard = make, discard
        self._lock = threading.Lock()
        self._made: list[T] = []
        self._error: BaseException | None = None
        self._abandoned = False
        self._ended = threading.Event()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    @property
    def done(self) -> bool:
        """Whether `result` has something to say."""
        return self._ended.is_set()

    def result(self) -> T:
        """Return what was made, which is the caller's from now on, or raise what `make` raised.

        To be called once, when it is `done`.
        """
        if self._error is not None:
            raise self._error
        return self._made.pop()

    def abandon(self) -> None:
        """Want it no longer; returns at once unless something that is there already has to be discarded."""
        with self._lock:
            self._abandoned = True
            made = self._made.copy()
            self._made.clear()
        for each in made:
            self._discard(each)

    def _run(self) -> None:
        try:
            made = self._make()
        except BaseException as error:  # noqa: BLE001  handed to whoever asks for the result
            self._error = error
            self._ended.set()
            return
        with self._lock:
            wanted = not self._abandoned
            if wanted:
                self._made.append(made)
        self._ended.set()
        if not wanted:
            self._discard(made)
