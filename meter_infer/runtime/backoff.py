"""How long to wait before the next attempt."""

import random
from dataclasses import dataclass, field


@dataclass(slots=True)
class Backoff:
    """Delays that double up to a limit, each shortened at random so that many clients do not call at once."""

    first_s: float = 0.5
    limit_s: float = 2.0
    rng: random.Random = field(default_factory=random.Random)
    _next_s: float = field(default=0.0, init=False)

    def delay(self) -> float:
        """Return the next delay in seconds: between half and all of the current step."""
        step = self._next_s or self.first_s
        self._next_s = min(self.limit_s, step * 2)
        return min(step, self.limit_s) * self.rng.uniform(0.5, 1.0)

    def reset(self) -> None:
        """Begin again with the first delay."""
        self._next_s = 0.0
