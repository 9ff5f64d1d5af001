"""Values from the environment, and that no message shows them or a password."""

import pytest

from meter_infer.config import SiteError
from tests.config.sites import one_mistake, site


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("'${NAME}'", "boiler"),
        ("'plant-${NAME}.mp4'", "plant-boiler.mp4"),
        ("'${MISSING:-yard.mp4}'", "yard.mp4"),
        ("'${EMPTY:-yard.mp4}'", "yard.mp4"),
        ("'$${NAME}'", "${NAME}"),
        ("'$NAME'", "$NAME"),
    ],
)
def test_variables_of_the_environment(value: str, expected: str) -> None:
    plant = site(f"cameras: {{c: {{url: {value}}}}}", NAME="boiler", EMPTY="")
    assert plant.cameras["c"].url.reveal() == expected


def test_numbers_may_come_from_the_environment() -> None:
    plant = site("cameras: {c: {url: x, meters: {m: {kind: level, range: [0, '${HIGH}']}}}}", HIGH="1.5e1")
    assert plant.cameras["c"].meters["m"].range == (0, 15)


@pytest.mark.parametrize("value", ["${}", "${1X}", "${NAME", "${NA ME}"])
def test_a_variable_that_is_none(value: str) -> None:
    assert "names no variable" in one_mistake(f"cameras: {{c: {{url: '{value}'}}}}", NAME="x")[2]


def test_an_unset_variable_is_named() -> None:
    line, key, text = one_mistake("cameras:\n  c:\n    url: 'rtsp://u:${CAM_PASSWORD}@h/'\n", OTHER="s3cret")
    assert (line, key) == (3, "cameras.c.url")
    assert text == "needs the environment variable CAM_PASSWORD, which is not set."


@pytest.mark.parametrize(
    "text",
    [
        "cameras: {c: {url: '${SECRET}', urll: 1}}",
        "cameras: {c: {url: x, meters: {m: {kind: '${SECRET}'}}}}",
        "cameras: {c: {url: x, meters: {m: {kind: level, range: ['${SECRET}', 1]}}}}",
        "cameras: {c: {url: x, meters: {m: {kind: level, range: ['1,${SECRET}', 1]}}}}",
        "cameras: {c: {url: x, meters: {m: {kind: level, range: '${SECRET}'}}}}",
        "cameras: {c: {url: x}}\nsinks: {mqtt: {host: h, port: '${SECRET}'}}",
        "cameras: {c: {url: x}}\nsinks: {mqtt: {password: '${SECRET}'}}",
        "cameras: {c: {url: x}}\nhttp: {listen: '${SECRET}'}",
    ],
)
def test_no_message_shows_a_value_of_the_environment(text: str) -> None:
    with pytest.raises(SiteError) as caught:
        site(text, SECRET="x4711")
    assert "4711" not in str(caught.value)


def test_no_message_shows_a_password_of_the_file() -> None:
    text = (
        "cameras: {c: {url: [rtsp://u:s3cret@h/]}}\nsinks: {mqtt: {host: h, port: x, password: {a: s3cret}}}"
    )
    with pytest.raises(SiteError) as caught:
        site(text)
    assert "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None
