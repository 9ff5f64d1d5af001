"""Calibration points on the command line: what `check` says of them, and that `read` draws them."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.cli.fakes import Run

METER = "cameras: {{c: {{url: {url}, meters: {{m: {{kind: pointer, unit: bar, {meter}}}}}}}}}\n"


def site(folder: Path, meter: str, url: str = "rtsp://camera.example/") -> Path:
    path = folder / "site.yaml"
    path.write_text(METER.format(url=f"'{url}'", meter=meter))
    return path


def around(*values: float) -> str:
    """Points clockwise around a dial that is seen from the side, from its lower left on."""
    angles = np.radians(np.linspace(135, 405, len(values)))
    places = zip(200 + 60 * np.cos(angles), 200 + 90 * np.sin(angles), values, strict=True)
    return f"calibration: [{', '.join(f'{{at: [{x:.1f}, {y:.1f}], value: {v}}}' for x, y, v in places)}]"


@pytest.mark.parametrize(
    ("meter", "says"),
    [
        ("range: [40, 0]", ["range: runs backwards: 40 is at the first mark; is that so on the scale?"]),
        ("range: [0, 40], alarms: {high: {warn: 39, critical: 40}}", []),
        (
            "range: [-30, 15]",
            [
                "range: begins below vacuum: below zero the numbers are of another unit, unless it shows a "
                "difference; give it a calibration",
            ],
        ),
        ("range: [-30, 15], calibration: [[0, -30], [0.4, 0], [1, 15]]", []),
        (
            "range: [0, 40], alarms: {low: {warn: -1}, high: {critical: 400}}",
            [
                "alarms.low.warn: -1 is not on the scale, 0 to 40: it hardly ever fires, or always",
                "alarms.high.critical: 400 is not on the scale, 0 to 40: it hardly ever fires, or always",
            ],
        ),
        (
            "calibration: [[0, 3], [0.5, 9]], alarms: {high: {warn: 16}}",
            ["alarms.high.warn: 16 is not on the scale, 3 to 15: it hardly ever fires, or always"],
        ),
        (
            "calibration: [[0, 0], [0.4, 0.04], [0.6, 0.6], [1, 1]]",
            ["calibration: its points do not fit together near the value 0.04; see to it and its place"],
        ),
        (
            "calibration: [{at: [9, 60], value: 0}, {at: [90, 60], value: 9}]",
            [
                "calibration: has two points, between which the dial is taken to be even; click four or "
                "more, spread over it",
            ],
        ),
        (around(0, 2, 4, 6, 8), []),
        (around(8, 6, 4, 2, 0), []),  # the scale runs counter-clockwise
        (around(0, 2, 4), []),
        (
            around(0, 2, 40, 6, 8),
            [
                "calibration: its points have the values 0, 2, 40, 6, 8, clockwise: one of them is wrong, or "
                "stands at a wrong place",
            ],
        ),
    ],
)
def test_what_is_odd_about_a_meter(run: Run, tmp_path: Path, meter: str, says: list[str]) -> None:
    result = run("check", site(tmp_path, meter))
    assert result.exit_code == 0
    assert result.stderr.splitlines() == [f"warning: cameras.c.meters.m.{line}" for line in says]


@pytest.mark.parametrize("source", ["picture", "video", "folder"])
def test_places_beyond_the_picture(
    run: Run, tmp_path: Path, request: pytest.FixtureRequest, source: str
) -> None:
    if source == "folder":
        picture = request.getfixturevalue("picture")
        url = tmp_path / "folder"
        url.mkdir()
        (url / "a.png").write_bytes(picture.read_bytes())
    else:
        url = request.getfixturevalue(source)
    points = "[{at: [60, 40], value: 0}, {at: [60, 20], value: 0.5}, {at: [128, 40], value: 1}]"
    meter = f"box: [10, 10, 65, 40], calibration: {points}"
    result = run("check", site(tmp_path, meter, url.name))
    assert result.exit_code == 0
    picture_px = "the picture, which has 64 x 48 pixels"
    assert result.stderr.splitlines() == [
        f"warning: cameras.c.meters.m.box: reaches beyond {picture_px}",
        f"warning: cameras.c.meters.m.calibration: the point of value 1 lies outside {picture_px}",
    ]


def test_a_recording_that_cannot_be_opened_is_no_mistake_of_the_site(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    result = run("check", site(tmp_path, "range: [0, 1], box: [10, 10, 65, 40]", "a.mp4"))
    assert (result.exit_code, result.stderr) == (0, "")


def test_the_table_shows_alarms_and_median(run: Run, tmp_path: Path) -> None:
    meter = "range: [0, 40], median: 5, alarms: {low: {warn: 3}, high: {warn: 30, critical: 35}}"
    result = run("check", site(tmp_path, meter))
    assert "low warn 3, high warn 30, high critical 35" in " ".join(result.stdout.split())
    assert "median" in result.stdout


def test_calibration_points_are_drawn(run: Run, picture: Path, tmp_path: Path) -> None:
    points = "[{at: [20, 40], value: 0}, {at: [50, 40], value: 1}]"
    drawn = []
    for meter in ("range: [0, 1]", f"range: [0, 1], calibration: {points}"):
        config = site(tmp_path, meter, picture.name)
        assert run("read", "--config", config, "--annotate", tmp_path / "seen.png").exit_code == 0
        drawn.append(cv2.imread(str(tmp_path / "seen.png")))
    changed = (np.asarray(drawn[0]) != np.asarray(drawn[1])).any(axis=2)
    assert changed[40, 20]
    assert changed[40, 50]


def test_a_level_whose_points_are_out_of_order(run: Run, tmp_path: Path) -> None:
    for third, odd in ((4, False), (40, True)):
        values = {300: 0, 260: 2, 220: third, 180: 6}
        points = ", ".join(f"{{at: [{100 + y // 20}, {y}], value: {v}}}" for y, v in values.items())
        path = tmp_path / "site.yaml"
        meter = f"{{kind: level, calibration: [{points}]}}"
        path.write_text(f"cameras: {{c: {{url: 'rtsp://camera.example/', meters: {{m: {meter}}}}}}}")
        says = "its points have the values 0, 2, 40, 6, from the lowest up: one of them is wrong"
        assert (says in run("check", path).stderr) is odd


def test_read_says_what_is_odd_about_its_camera(run: Run, picture: Path, tmp_path: Path) -> None:
    config = site(tmp_path, "range: [40, 0]", picture.name)
    says = (
        "warning: cameras.c.meters.m.range: runs backwards: 40 is at the first mark; is that so on the scale?"
    )
    assert says in run("read", "--config", config).stderr.splitlines()
