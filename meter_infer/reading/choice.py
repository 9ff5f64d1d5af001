"""Choosing one of several candidates by what speaks for each, and how sure that is.

A multinomial logit, fitted to dials whose truth is known: the share of a candidate is the exponential of its
weighted terms over the sum of all. "None of these" is an alternative of its own, so that a single candidate
that little speaks for is not taken for certain.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

LEAST = 1e-3
"""Doubts are told apart down to this."""


class ChoiceWeights(NamedTuple):
    """Fitted weights of a choice."""

    none: float
    """What speaks for none of the candidates."""
    values: tuple[float, ...]
    """Of the terms."""


def shares(terms: Sequence[Sequence[float]], weights: ChoiceWeights) -> NDArray[np.float64]:
    """Return the share of each candidate, float64 (candidates,); what is left up to 1 is "none of these".

    Args:
        terms: of each candidate, at least one.
        weights: of the terms.
    """
    score = np.append(np.array(terms, dtype=np.float64) @ np.array(weights.values), weights.none)
    share = np.exp(score - score.max())
    result: NDArray[np.float64] = share[:-1] / share.sum()
    return result


def chance(score: float) -> float:
    """Return the probability of one against nothing, 0 to 1: the logistic function of what speaks for it."""
    return float(1.0 / (1.0 + np.exp(-np.clip(score, -30, 30))))


def sureness(doubt: float) -> float:
    """Return how sure a choice is, 0 to 1, by the decimal places of its `doubt` (0 to 1)."""
    return float(np.log10(max(doubt, LEAST)) / np.log10(LEAST))
