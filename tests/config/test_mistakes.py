"""What is said about the mistakes in a site file: line, key, and what to write instead."""

from pathlib import Path

import pytest

from meter_infer.config import SiteError, load_site, parse_site
from meter_infer.errors import ConfigError
from tests.config.sites import METER, mistakes, one_mistake, site


@pytest.mark.parametrize(
    ("line", "key", "says"),
    [
        ("rang: [0, 1]", "rang", "is no known key; did you mean range?"),
        ("colour: red", "colour", "is no known key; known are kind, range, unit, box, calibration, max_rate"),
        ("range: [3, 3]", "range", "has no width: both ends are 3"),
        ("range: [0, 1.0e-13]", "range", "is too narrow: 0 and 1e-13 are hardly apart; give the values"),
        ("range: [1.0e+9, 1000000000.5]", "range", "is too narrow: 1000000000 and 1000000000.5 are"),
        ("range: [0, 1.0e+300]", "range[1]", "must be less than or equal to 1000000000000, not 1e+300"),
        ("range: [-1.0e+13, 1]", "range[0]", "must be greater than or equal to -1000000000000"),
        ("range: [0, 1,6]", "range", "a decimal comma? Write 1.6"),
        ("range: 0-1.6", "range", "as in [0, 1.6]"),
        ("range: [0]", "range", "must be two numbers"),
        ("range: {lo: 0, hi: 1}", "range", "must be a list"),
        ("range: [a, 1]", "range[0]", "must be a number, not 'a'"),
        ("range: [0, true]", "range[1]", "must be a number"),
        ("range: [0, .nan]", "range[1]", "must be a finite number"),
        ("range: [0, .inf]", "range[1]", "must be a finite number"),
        ("range: ['1,5', 2]", "range[0]", "with a decimal point: 1.5"),
        ("unit: [bar]", "unit", "must be text"),
        ("unit: ''", "unit", "must not be empty"),
        ('unit: "a\\nb"', "unit", "on one line"),
        ("unit: off", "unit", "put it between quotes"),
        ("box: [1, 2, 3]", "box", "four numbers"),
        ("box: [5, 2, 3, 9]", "box", "x1 below x2"),
        ("box: 17", "box", "four numbers"),
        ("box: [0, 0, 9, 2000000]", "box", "reaches farther than any picture, 1,000,000 pixels"),
        ("box: [-2000000, 0, 9, 9]", "box", "reaches farther than any picture"),
        ("max_rate: 0", "max_rate", "must be greater than 0, not 0"),
        ("max_rate: fast", "max_rate", "must be a number, not 'fast'"),
        ("max_rate:\n          per: 3", "max_rate", "must be a number, not keys with values"),
        ("alarms: {high: {warn: 5}}", "alarms", "without `range` or `calibration` the meter has no value"),
        ("range: [0, 016]", "range[1]", "016 is no decimal number to YAML; leave out 0 and colon"),
        ("range: [0, 1:30]", "range[1]", "is no decimal number to YAML"),
        ("calibration: [[0, 1]]", "calibration", "at least 2"),
        ("calibration: [[0, 1], [0, 2]]", "calibration", "must ascend"),
        ("calibration: [[0, 1], [0.5, 0], [1, 2]]", "calibration", "only rise or only fall"),
        ("calibration: [[0, 0], [100, 300]]", "calibration[1].fraction", "{at: [x, y], value: v}"),
        ("calibration: [[0, 0], 7]", "calibration[1]", "keys with values"),
        ("calibration: [[0, 0], [1]]", "calibration[1]", "[fraction, value]"),
        ("calibration: [[0, 0], {fraction: 1}]", "calibration[1].value", "is missing"),
        ("calibration: [[0, 0], {at: [1, 2], value: 1}]", "calibration", "use one kind"),
        ("calibration: [{at: [1, 2], value: 0}, {at: [1, 2], value: 1}]", "calibration", "same place"),
        ("calibration: [{at: [1, 2], value: 1}, {at: [1, 3], value: 1}]", "calibration", "same value"),
        ("calibration: [{at: [1], value: 1}, {at: [1, 3], value: 2}]", "calibration[0].at", "[x, y]"),
        (
            "calibration: [{at: [-1, 3], value: 1}, {at: [9, 3], value: 2}]",
            "calibration[0].at",
            "outside the pic",
        ),
        ("calibration: [{at: [9, 3], value: 1}, {at: [9.3, 3], value: 2}]", "calibration", "0.3 px apart"),
        ("calibration: [[0.5, 3], [0.501, 4]]", "calibration", "spans only 0.1 % of the scale"),
    ],
)
def test_a_mistake_in_a_meter_has_line_and_key(line: str, key: str, says: str) -> None:
    number, where, text = one_mistake(METER + f"        {line}\n")
    assert number in (7, 8)
    assert where == f"cameras.c.meters.m.{key}"
    assert says in text


@pytest.mark.parametrize(
    ("ends", "values", "wrong"),
    [
        ("[0, 1]", (0, 100), "100"),
        ("[1, 0]", (-0.2, 1), "-0.2"),
        ("[0, 1]", (0, 1), None),
        ("[1, 0]", (1.04, 0.5), None),
        ("[-1, 9]", (0, 9), None),
    ],
)
@pytest.mark.parametrize("place", ["{{at: [{0}, 9], value: {1}}}", "[0.0{0}, {1}]"])
def test_points_lie_on_the_scale_of_the_range(
    ends: str, values: tuple[float, float], wrong: str | None, place: str
) -> None:
    points = ", ".join(place.format(x, value) for x, value in zip((1, 9), values, strict=True))
    text = METER + f"        range: {ends}\n        calibration: [{points}]\n"
    if wrong is None:
        assert site(text).cameras["c"].meters["m"].calibration
        return
    line, key, says = one_mistake(text)
    assert (line, key) == (8, "cameras.c.meters.m.calibration")
    assert says.startswith(f"has the value {wrong}, which is not on the scale that `range` gives")


def test_two_meters_at_one_place_are_a_mistake() -> None:
    meters = "{a: {kind: pointer, box: [0, 0, 100, 100]}, b: {kind: pointer, box: %s}}"
    text = f"cameras: {{c: {{url: x, meters: {meters}}}}}"
    _, where, says = one_mistake(text % "[4, 4, 100, 104]")
    assert where == "cameras.c.meters"
    assert "has a and b at one place" in says
    assert parse_site(text % "[90, 0, 190, 100]", Path("site.yaml"), {}).cameras


@pytest.mark.parametrize("url", ["rtsp://", "rtsp:///stream", "rtsp://user:secret@", "http://:80/x"])
def test_a_stream_needs_a_host(url: str) -> None:
    line, key, text = one_mistake(f"cameras:\n  a: {{url: '{url}'}}")
    assert (line, key) == (2, "cameras.a.url")
    assert "names no host" in text
    assert "secret" not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (1, "", "is empty")),
        ("# nothing yet\n", (1, "", "is empty")),
        ("- a\n- b\n", (1, "", "must hold keys")),
        ("just words\n", (1, "", "must hold keys")),
        ("http:\n", (1, "cameras", "is missing")),
        ("cameras: {}\n", (1, "cameras", "names no camera")),
        ("cameras:\n", (1, "cameras", "must be keys with values, and is empty")),
        ("cameras:\n  c:\n", (2, "cameras.c", "must be keys with values, and is empty")),
        ("cameras:\n  c: {meters: {}}\n", (2, "cameras.c.url", "is missing")),
        ("cameras:\n  c: {url: ''}\n", (2, "cameras.c.url", "URL or a path")),
        ("cameras:\n  c: {url: 'rstp://x/y'}\n", (2, "cameras.c.url", "did you mean rtsp://?")),
        ("cameras:\n  c: {url: x, meters: [m]}\n", (2, "cameras.c.meters", "must be keys with values")),
        ("cameras:\n  c: {url: x, meters: {m: {}}}\n", (2, "cameras.c.meters.m.kind", "is missing")),
        ("cameras:\n  c/d: {url: x}\n", (2, "cameras.c/d", "is no usable id")),
        ("cameras:\n  c: {url: x, meters: {'a b': {kind: level}}}\n", (2, "cameras.c.meters.a b", "id")),
        (
            "cameras:\n  c: {url: x, meters: {auto-1: {kind: level}}}\n",
            (2, "cameras.c.meters.auto-1", "gives"),
        ),
        ("cameras:\n  c: {url: x}\n  c: {url: y}\n", (3, "cameras.c", "is there twice, first on line 2")),
        ("cameras:\n  c: {url: x}\n  C: {url: y}\n", (3, "cameras.C", "differs from c on line 2 only in")),
        ("cameras:\n  c: {url: x}\ncamera: {}\n", (3, "camera", "did you mean cameras?")),
        ("cameras:\n  c: {url: x}\nhttp: {listen: 9464}\n", (3, "http.listen", "an address and a port")),
        ("cameras:\n  c: {url: x}\nhttp: {listen: 'a:99999'}\n", (3, "http.listen", "an address and a port")),
        (
            "cameras: {c: {url: x}}\nsinks: {csv: {directory: d, every: often}}",
            (2, "sinks.csv.every", "1s, 500ms"),
        ),
        (
            "cameras: {c: {url: x}}\nsinks: {mqtt: {host: h, port: 0}}",
            (2, "sinks.mqtt.port", "greater than or"),
        ),
        (
            "cameras: {c: {url: x}}\nsinks: {mqtt: {host: h, port: x}}",
            (2, "sinks.mqtt.port", "a whole number"),
        ),
        ("cameras: {c: {url: x}}\nsinks: {mqtt: {host: h, password: p}}", (2, "sinks.mqtt", "no username")),
        ("cameras:\n  c: {url: x, url: y}\n", (2, "cameras.c.url", "is there twice")),
        ("cameras:\n\tc: {url: x}\n", (2, "c", "is indented with a tab")),
        ("cameras:\n  c: {url: x\n", (3, "", "is no valid YAML")),
        ("cameras:\n  c: {url: x}}\n", (2, "c", "is no valid YAML")),
        ("cameras:\n  c:\n    url: x\n   meters: {}\n", (4, "meters", "is no valid YAML")),
        ("cameras:\n  c: {url: x: y}\n", (2, "c", "is no valid YAML")),
        ("cameras: &a {c: *b}\n", (1, "cameras", "is no valid YAML")),
        ("cameras: {c: {url: x, meters: {m: {kind: level, unit: %}}}}\n", (1, "cameras", "between quotes")),
        ("cameras: {c: {url: x}}\n---\ncameras: {}\n", (2, "", "is no valid YAML")),
        ("cameras: {c: {url: !!python/object:os.system x}}\n", (1, "cameras.c.url", "between quotes")),
        ("cameras: {c: {url: 2001-99-99}}\n", (1, "cameras.c.url", "between quotes")),
        ("cameras: {c: {url: x}, ? [1, 2] : 3}\n", (1, "cameras", "no plain text")),
        ("cameras:\n  c: {url: \x07}\n", (2, "", "a character that YAML does not allow")),
    ],
)
def test_a_mistake_elsewhere_has_line_and_key(text: str, expected: tuple[int, str, str]) -> None:
    number, key, said = one_mistake(text)
    assert (number, key) == expected[:2]
    assert expected[2] in said


def test_all_mistakes_are_named_at_once() -> None:
    text = """\
cameras:
  boiler:
    ulr: x
    meters:
      p1: {kind: pointr, range: [3, 3]}
      P1: {kind: pointer, max_rate: -1}
  yard:
    url: "rtsp://u:${NOWHERE}@camera.example/"
    meters:
      p1: {range: [0, 1], kind: level, range: [0, 2]}
sinks: {mqtt: {hots: x}}
"""
    found = [(line, key) for line, key, _ in mistakes(text)]
    assert found == [
        (2, "cameras.boiler.url"),
        (3, "cameras.boiler.ulr"),
        (5, "cameras.boiler.meters.p1.kind"),
        (5, "cameras.boiler.meters.p1.range"),
        (6, "cameras.boiler.meters.P1"),
        (6, "cameras.boiler.meters.P1.max_rate"),
        (8, "cameras.yard.url"),
        (10, "cameras.yard.meters.p1.range"),
        (11, "sinks.mqtt.host"),
        (11, "sinks.mqtt.hots"),
    ]


def test_every_line_with_a_tab_is_named() -> None:
    found = mistakes("cameras:\n\tc:\n\t\turl: x\n  # fine\n \tother: 1\n")
    assert [(line, key) for line, key, _ in found] == [(2, "c"), (3, "url"), (5, "other")]


def test_a_tab_where_yaml_allows_it_is_no_mistake() -> None:
    assert site("cameras:\n  c: {url: 'x\ty'}\n#\tnote\n").cameras


def test_the_message_names_the_file_and_the_number_of_mistakes() -> None:
    with pytest.raises(SiteError) as caught:
        site("cameras:\n  c: {urll: x}\n")
    assert str(caught.value).splitlines() == [
        "/plant/site.yaml has 2 mistakes:",
        "  line 2: cameras.c.url: is missing.",
        "  line 2: cameras.c.urll: is no known key; did you mean url?",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join([f'*{chr(97 + n)}'] * 10)}]\n" for n in range(8)
        ),
        "cameras: &a {c: *a}\n",
        "[" * 1000,
    ],
)
def test_a_file_made_to_exhaust_the_reader_is_refused(text: str) -> None:
    with pytest.raises(SiteError) as caught:
        site(text)
    assert len(str(caught.value)) < 20_000


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("gone.yaml", None, "cannot be read: No such file"),
        ("latin.yaml", "cameras:\n  k\xfcche: {url: x}\n".encode("latin-1"), "line 2: is no UTF-8"),
        ("folder", b"", "cannot be read: Is a directory"),
        ("large.yaml", b"#" * (5 * 2**20), "more than 4 MiB"),
    ],
)
def test_files_that_are_no_site(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    path = tmp_path / name
    if name == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=says):
        load_site(path)
