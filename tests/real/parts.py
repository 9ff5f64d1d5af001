"""Real servers for the tests: an RTSP server (GStreamer), an MQTT broker (mosquitto)."""

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import threading
import time
from functools import cache
from pathlib import Path
from typing import Self

import av
import numpy as np
import pytest

from meter_infer.bench.serving import SERVER, SYSTEM_PYTHON, why_no_rtsp

__all__ = ["Broker", "Certificates", "RtspServer", "free_port", "write_clip"]

_PORTS = range(12_000, 30_000)
"""None that the system gives to whoever connects: a server that is restarted must find its own free."""
_held: list[socket.socket] = []
_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"


def free_port() -> int:
    """Return a TCP port on which nobody listens, and which no other process of the tests is given."""
    for port in random.SystemRandom().sample(_PORTS, 200):
        mark = socket.socket(socket.AF_UNIX)
        with contextlib.suppress(OSError):
            mark.bind(f"\0meter-infer-tests-{port}")  # gone with this process
            with socket.create_server(("127.0.0.1", port)):
                _held.append(mark)
                return port
        mark.close()
    raise AssertionError("no port is free")


def write_clip(
    path: Path,
    seconds: float = 20.0,
    codec: str = "libx264",
    size: tuple[int, int] = (320, 240),
    rate: int = 20,
    keyframe_s: float = 0.5,
) -> Path:
    """Write a video of a moving bar over noise."""
    rng = np.random.default_rng(7)
    width, height = size
    with av.open(str(path), "w") as out:
        options = {"preset": "ultrafast", "tune": "zerolatency"}
        if codec == "libx265":
            options["x265-params"] = "log-level=none"
        stream = out.add_stream(codec, rate=rate, options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.gop_size = round(rate * keyframe_s)
        back = rng.integers(60, 120, (height, width, 3), dtype=np.uint8)
        for index in range(round(seconds * rate)):
            picture = back.copy()
            at = (index * 3) % (width - 20)
            picture[:, at : at + 20] = 230
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        out.mux(stream.encode(None))
    return path


@cache
def _why_no_broker() -> str | None:
    found = shutil.which("mosquitto", path=_PATH)
    return None if found else "run scripts/install-system-packages for mosquitto"


class _Process:
    """A server in a process of its own; `with` ends it."""

    process: subprocess.Popen[str] | None = None

    def pause(self) -> None:
        """Stop it without ending it: its connections stay open and silent."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self.process.pid, os.WSTOPPED)  # it may go on for a moment

    def go_on(self) -> None:
        """Let it go on after `pause`."""
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)

    def kill(self, number: int = signal.SIGKILL) -> None:
        process, self.process = self.process, None
        if process is not None:
            process.send_signal(number)
            process.wait(60)
            if process.stdout is not None:
                process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.kill()


class RtspServer(_Process):
    """Serves one clip on `/cam`. Killed and started again it keeps its port."""

    def __init__(self, clip: Path, user: str = "", password: str = "", codec: str = "h264") -> None:
        why = why_no_rtsp()
        if why:
            pytest.skip(why)
        self.port = free_port()
        self.url = f"rtsp://127.0.0.1:{self.port}/cam"
        self._command = [SYSTEM_PYTHON, str(SERVER), str(self.port), f"/cam={clip}", "--codec", codec]
        if user:
            self._command += ["--user", user, "--password", password]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self._command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == f"ready {self.port}"


class Broker(_Process):
    """mosquitto on its own port, with a password or TLS where asked for; keeps its port when restarted."""

    def __init__(
        self,
        folder: Path,
        user: str = "",
        password: str = "",
        certificates: "Certificates | None" = None,
        persistent: bool = False,
    ) -> None:
        why = _why_no_broker()
        if why:
            pytest.skip(why)
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        lines = [f"listener {self.port} 127.0.0.1", "max_queued_messages 0"]
        lines += ["persistence true", f"persistence_location {folder}/"] if persistent else []
        if user:
            passwords = folder / "passwords"
            _run("mosquitto_passwd", "-b", "-c", str(passwords), user, password)
            passwords.chmod(0o644)
            lines += ["allow_anonymous false", f"password_file {passwords}"]
        else:
            lines += ["allow_anonymous true"]
        if certificates is not None:
            lines += [
                f"cafile {certificates.ca}",
                f"certfile {certificates.certificate}",
                f"keyfile {certificates.key}",
            ]
        folder.chmod(0o755)
        self._conf = folder / "mosquitto.conf"
        self._conf.write_text("\n".join([*lines, "user root"]) + "\n")
        self.start()

    def start(self) -> None:
        program = shutil.which("mosquitto", path=_PATH)
        assert program is not None
        self.process = subprocess.Popen(
            [program, "-c", str(self._conf)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
        )
        pause = threading.Event()
        end = time.monotonic() + 60
        while time.monotonic() < end and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            pause.wait(0.02)
        raise AssertionError("mosquitto did not start")


class Certificates:
    """A certificate for 127.0.0.1 and the authority that signed it, made for one test."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.ca, self.certificate, self.key = folder / "ca.crt", folder / "server.crt", folder / "server.key"
        ca_key, request = folder / "ca.key", folder / "server.csr"
        names = folder / "names"
        names.write_text("subjectAltName=IP:127.0.0.1")
        new = ("req", "-newkey", "rsa:2048", "-nodes")
        _run(
            "openssl", *new, "-x509", "-days", "2", "-subj", "/CN=test-ca", "-keyout", ca_key, "-out", self.ca
        )
        _run("openssl", *new, "-subj", "/CN=127.0.0.1", "-keyout", self.key, "-out", request)
        sign = ("x509", "-req", "-days", "2", "-CAcreateserial")
        where = ("-in", request, "-CA", self.ca, "-CAkey", ca_key, "-extfile", names)
        _run("openssl", *sign, *where, "-out", self.certificate)


def _run(program: str, *arguments: object) -> None:
    found = shutil.which(program, path=_PATH)
    if found is None:
        pytest.skip(f"{program} is not installed")
    subprocess.run([found, *map(str, arguments)], check=True, capture_output=True)
