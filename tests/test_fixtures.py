"""The guards that every test runs under do fail a test that breaks their rule."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).with_name("conftest.py")

SOURCE = """
import logging
import threading
import warnings

import pytest

stop = threading.Event()


def test_leaks_a_thread():
    threading.Thread(target=stop.wait, daemon=True).start()


def test_joins_its_thread():
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()


def test_logs_an_error():
    logging.getLogger("somewhere").error("it broke")


@pytest.mark.allow_error_log
def test_logs_an_error_on_purpose():
    logging.getLogger("somewhere").error("it broke")


def test_warns():
    warnings.warn("old", DeprecationWarning)


class Careless:
    def __del__(self):
        raise OSError("lost")


def test_loses_an_exception():
    Careless()
"""


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the outcome of each test in SOURCE, run under this project's conftest and options."""
    folder = tmp_path_factory.mktemp("inner")
    conftest = CONFTEST.read_text(encoding="utf-8")
    assert "_THREAD_GRACE_S = 20.0\n" in conftest
    hasty = conftest.replace("_THREAD_GRACE_S = 20.0\n", "_THREAD_GRACE_S = 0.2\n")
    (folder / "conftest.py").write_text(hasty, encoding="utf-8")
    (folder / "test_it.py").write_text(SOURCE, encoding="utf-8")
    options = ["-c", str(CONFTEST.parents[1] / "pyproject.toml"), "--rootdir", str(folder), "-rA"]
    plugins = ["-p", "no:cacheprovider", "-p", "no:xdist"]
    command = [sys.executable, "-m", "pytest", *options, *plugins, str(folder)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    found = re.findall(r"^(PASSED|FAILED|ERROR) \S*::(\w+)", done.stdout, flags=re.MULTILINE)
    assert found, done.stdout + done.stderr
    return {name: verdict for verdict, name in sorted(found, key=lambda item: item[0] != "PASSED")}


@pytest.mark.parametrize("name", ["leaks_a_thread", "logs_an_error", "warns", "loses_an_exception"])
def test_a_breach_fails(outcomes: dict[str, str], name: str) -> None:
    assert outcomes[f"test_{name}"] in {"FAILED", "ERROR"}


@pytest.mark.parametrize("name", ["joins_its_thread", "logs_an_error_on_purpose"])
def test_the_rule_kept_passes(outcomes: dict[str, str], name: str) -> None:
    assert outcomes[f"test_{name}"] == "PASSED"
