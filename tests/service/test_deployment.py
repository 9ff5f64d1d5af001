"""The files that somebody deploys: they fit the program and each other."""

import configparser
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from meter_infer.cli.main import app
from meter_infer.config import load_site
from meter_infer.service import live_settings, mqtt_settings, secrets_of

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT = {"CAM_PASSWORD": "c4m/pw", "MQTT_PASSWORD": "mqtt pw"}


def test_the_sample_site_becomes_a_service() -> None:
    site = load_site(ROOT / "configs" / "service.yaml", ENVIRONMENT)
    settings = live_settings(site)
    boiler, tank = settings.cameras
    assert [setup.meter for setup in boiler.meters] == ["steam-pressure"]
    rules = boiler.rules["steam-pressure"]
    assert (rules.median, rules.alarms is not None) == (5, True)
    assert (boiler.cadence_s, tank.cadence_s) == (0.0, 1.0)
    assert site.sinks.mqtt is not None
    mqtt = mqtt_settings(site, site.sinks.mqtt)
    assert mqtt.outbox.path == ROOT / "configs" / "outbox.db"
    assert secrets_of(site) == {"c4m/pw", "c4m%2Fpw", "mqtt pw"}
    assert not any(secret in repr(settings) + repr(mqtt) + repr(site) for secret in secrets_of(site))


def test_the_container_writes_only_to_its_volume() -> None:
    compose = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())
    service = compose["services"]["meter-infer"]
    assert service["read_only"] is True
    assert service["user"] != "0"
    assert service["cap_drop"] == ["ALL"]
    assert (ROOT / "docker" / service["build"]["dockerfile"].removeprefix("docker/")).is_file()
    site = load_site(ROOT / "docker" / "site" / "site.yaml", ENVIRONMENT)
    assert site.sinks.csv is not None
    assert site.sinks.mqtt is not None
    assert site.evidence is not None
    for path in (site.sinks.csv.directory, site.sinks.mqtt.outbox.path, site.evidence.directory):
        assert Path("/data") in path.parents
    assert site.sinks.mqtt.host in compose["services"]
    assert str(site.sinks.mqtt.password_file) == f"/run/secrets/{service['secrets'][0]}"


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.gpu"])
def test_what_an_image_copies_exists(name: str) -> None:
    text = (ROOT / "docker" / name).read_text()
    copied = [words.split()[:-1] for words in re.findall(r"^COPY (?!--from)(.*)$", text, re.M)]
    assert copied
    for source in (path for paths in copied for path in paths):
        assert (ROOT / source).exists(), source
    assert re.search(r"^USER (?!root|0)", text, re.M)


def test_the_unit_speaks_the_services_protocol() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(ROOT / "configs" / "meter-infer.service")
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) > 60, "longer than the longest batch that is let pass"
    assert " run " in service["ExecStart"]
    assert "-HUP" in service["ExecReload"]
    assert service["Restart"] == "always"
    assert service["RestartPreventExitStatus"] == "2"


def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    text = (ROOT / "configs" / "meter-infer.service").read_text()
    unit = tmp_path / "meter-infer.service"
    unit.write_text(text.replace("/opt/meter_infer/bin/meter-infer", shutil.which("true") or "/bin/true"))
    done = subprocess.run([program, "verify", str(unit)], capture_output=True, text=True, timeout=200)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_program_that_is_deployed_exists() -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    for name in ("Dockerfile", "Dockerfile.gpu"):
        text = (ROOT / "docker" / name).read_text()
        (program,) = re.findall(r'^ENTRYPOINT \["(.*)"\]$', text, re.M)
        assert program in scripts
    help_of_run = CliRunner().invoke(app, ["run", "--help"])
    assert help_of_run.exit_code == 0
    compose = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())
    assert compose["services"]["meter-infer"]["command"][0] == "run"
