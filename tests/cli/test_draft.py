"""`meter-infer draft`: the site file it begins, and the page on which it is completed."""

import json
import re
import shutil
import subprocess
from base64 import b64decode
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from meter_infer.cli.draft_page import Draft, DraftMeter, page, public_url, site_text
from meter_infer.config import load_site
from meter_infer.sources import Address
from meter_infer.types import MeterKind
from tests.cli.fakes import FakeReader, Run, said

DRAFT = Draft(
    "hall",
    "rtsp://camera.example/1?a=1&b=<2>",
    640,
    480,
    (
        DraftMeter("pointer-1", MeterKind.POINTER, (10, 20, 110, 120), ((30, 100), (90, 100))),
        DraftMeter("level-1", MeterKind.LEVEL, (200, 20, 230, 320)),
    ),
)
node = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


def of_page(content: str, call: str) -> Any:
    """What the page's own functions answer."""
    logic = re.search(r'<script id="logic">(.*?)</script>', content, re.S)
    data = re.search(r"^const draft = (.*);$", content, re.M)
    assert logic is not None
    assert data is not None
    script = f"{logic[1]}\nconst draft = {data[1]};\nconsole.log(JSON.stringify({call}))"
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, timeout=60, check=True)
    return json.loads(done.stdout)


@pytest.fixture
def content() -> str:
    return page(DRAFT, b"").decode()


def loaded(folder: Path, text: str) -> Any:
    path = folder / "site.yaml"
    path.write_text(text)
    return load_site(path).cameras["hall"]


def test_the_draft_is_a_site_file(tmp_path: Path) -> None:
    camera = loaded(tmp_path, site_text(DRAFT))
    assert camera.url.reveal() == DRAFT.url
    assert {name: (meter.kind, meter.box) for name, meter in camera.meters.items()} == {
        "pointer-1": (MeterKind.POINTER, (10, 20, 110, 120)),
        "level-1": (MeterKind.LEVEL, (200, 20, 230, 320)),
    }
    assert loaded(tmp_path, site_text(Draft("hall", "a.mp4", 9, 9, ()))).meters == {}


@node
def test_the_page_begins_with_the_same_file(content: str) -> None:
    assert of_page(content, "siteText(draft)") == site_text(DRAFT)


@node
def test_what_is_filled_in_on_the_page_is_in_the_file(content: str, tmp_path: Path) -> None:
    points = "[[30.5, 100, '0'], [60, 40, '4,5'], [90, 100, ' 10 '], [1, 1, 'unknown'], [2, 2, '']]"
    filled = (
        "(draft.meters[0].points = "
        + points
        + ".map(([x, y, value]) => ({x, y, value})), draft.meters[0].unit = 'kg/cm\\u00b2 \"g\"', "
        "draft.meters[1].range = ['0', '100'], draft.meters[1].unit = '%', siteText(draft))"
    )
    meters = loaded(tmp_path, of_page(content, filled)).meters
    assert meters["pointer-1"].pixel_points == ((0, (30.5, 100)), (4.5, (60, 40)), (10, (90, 100)))
    assert meters["pointer-1"].unit == 'kg/cm² "g"'
    assert (meters["level-1"].range, meters["level-1"].unit) == ((0, 100), "%")


@node
@pytest.mark.parametrize(
    ("meter", "says"),
    [
        ({"name": "a", "kind": "level", "range": ["0", "1"]}, []),
        ({"name": "a", "kind": "level", "range": ["0", "0"]}, ["It needs a range"]),
        ({"name": "a b", "kind": "level", "range": ["0", "1"]}, ["The name may hold"]),
        ({"name": "Hall-1", "kind": "level", "range": ["0", "1"]}, ["Another meter"]),
        ({"name": "a", "kind": "pointer", "points": [0, 1, 2, 3]}, []),
        ({"name": "a", "kind": "pointer", "points": [0, 1]}, ["Better click four"]),
        ({"name": "a", "kind": "level", "points": [0, 1]}, []),
        ({"name": "a", "kind": "pointer", "points": [0, 1, 1, 3]}, ["Two points have the same value"]),
        ({"name": "a", "kind": "level", "points": [3]}, ["One point says nothing", "It needs a range"]),
    ],
)
def test_the_page_says_what_is_missing(content: str, meter: dict[str, Any], says: list[str]) -> None:
    meter["points"] = [{"x": 9 * i, "y": 9, "value": str(v)} for i, v in enumerate(meter.get("points", []))]
    doubts = of_page(content, f"doubtsOf({json.dumps(meter)}, [{{name: 'hall-1'}}])")
    assert len(doubts) == len(says)
    assert all(doubt.startswith(said) for doubt, said in zip(doubts, says, strict=True))


@node
@pytest.mark.parametrize(
    ("place", "chosen", "meter"),
    [
        ((50, 50), 0, 0),
        ((50, 50), 1, 0),
        ((215, 100), 0, 1),
        ((115, 125), 1, 0),
        ((600, 400), 1, 1),
        ((600, 400), -1, -1),
    ],
)
def test_a_click_is_for_the_meter_that_it_falls_on(
    content: str, place: tuple[int, int], chosen: int, meter: int
) -> None:
    assert of_page(content, f"meterAt(draft, {list(place)}, {chosen})") == meter


def test_no_text_of_a_camera_ends_the_script() -> None:
    content = page(Draft("hall", "</script><b>", 9, 9, ()), b"").decode()
    assert "</script><b>" not in content
    assert content.count("<script") == content.count("</script>") == 2


@pytest.mark.parametrize(
    ("url", "written", "variables"),
    [
        ("rtsp://camera.example/1", "rtsp://camera.example/1", ()),
        (
            "rtsp://me:pa@ss/word@camera.example/1",
            "rtsp://me:${CAM_PASSWORD}@camera.example/1",
            ("CAM_PASSWORD",),
        ),
        (
            "http://camera.example/1?token=abc&x=1",
            "http://camera.example/1?token=${CAM_TOKEN}&x=1",
            ("CAM_TOKEN",),
        ),
    ],
)
def test_no_password_is_written(url: str, written: str, variables: tuple[str, ...], tmp_path: Path) -> None:
    assert public_url(Address(url), tmp_path) == (written, variables)


def test_a_recording_is_drafted(run: Run, video: Path, tmp_path: Path) -> None:
    (tmp_path / "sites").mkdir()
    out = tmp_path / "sites" / "hall.yaml"
    result = run("draft", video, "--out", out, "--camera", "hall")
    assert result.exit_code == 0
    assert "hall, 64 x 48 pixels: pointer-1." in result.stdout
    camera = load_site(out).cameras["hall"]
    assert camera.url.reveal() == "../plant.mp4"
    assert camera.meters["pointer-1"].box == (5, 5, 30, 30)
    encoded = re.search(r"data:image/jpeg;base64,([^\"]+)", out.with_suffix(".html").read_text())
    assert encoded is not None
    shown = cv2.imdecode(np.frombuffer(b64decode(encoded[1]), np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown.shape == (48, 64, 3)


def test_where_nothing_is_seen_the_page_is_written_all_the_same(
    run: Run, reader: FakeReader, picture: Path, tmp_path: Path
) -> None:
    reader.blind = True
    result = run("draft", picture, "--out", tmp_path / "site.yaml")
    assert result.exit_code == 0
    assert "no meter; draw a box around each on the page" in result.stdout
    assert (tmp_path / "site.html").exists()


@pytest.mark.parametrize("there", ["site.yaml", "site.html"])
def test_nothing_is_written_over(run: Run, picture: Path, tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("mine")
    result = run("draft", picture, "--out", tmp_path / "site.yaml")
    assert result.exit_code == 2
    assert f"{there} is there already" in said(result)
    assert (tmp_path / there).read_text() == "mine"
    assert len([path for path in tmp_path.iterdir() if path.stem == "site"]) == 1


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--out", "site.txt"], "let it end in .yaml"),
        (["--camera", "a b"], "is no id"),
        (["--out", "missing.mp4/site.yaml"], "cannot be written"),
    ],
)
def test_what_cannot_be_drafted(
    run: Run, picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, args: list[str], says: str
) -> None:
    (tmp_path / "missing.mp4").touch()
    monkeypatch.chdir(tmp_path)
    result = run("draft", picture, *args)
    assert result.exit_code == 2
    assert says in said(result)
