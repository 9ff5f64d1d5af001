"""Site files for tests, and the mistakes that are found in them."""

from pathlib import Path

import pytest

from meter_infer.config import Site, SiteError, parse_site

METER = "cameras:\n  c:\n    url: x\n    meters:\n      m:\n        kind: pointer\n"


def site(text: str, **environment: str) -> Site:
    return parse_site(text, Path("/plant/site.yaml"), environment)


def mistakes(text: str, **environment: str) -> list[tuple[int, str, str]]:
    with pytest.raises(SiteError) as caught:
        site(text, **environment)
    return [(mistake.line, mistake.key, mistake.text) for mistake in caught.value.mistakes]


def one_mistake(text: str, **environment: str) -> tuple[int, str, str]:
    found = mistakes(text, **environment)
    assert len(found) == 1, found
    return found[0]
