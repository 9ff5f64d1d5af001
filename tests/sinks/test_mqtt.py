"""The MQTT sink against a real broker."""

import gc
import json
import socket
import time
from pathlib import Path

import pytest

from meter_infer.errors import SinkError
from meter_infer.events import AlarmEvent, AlarmLevel, CameraState, CameraStatus
from meter_infer.sinks.mqtt import MqttSink
from meter_infer.sinks.mqtt_link import TlsSettings
from meter_infer.types import Quality
from tests.real.parts import Broker, Certificates, free_port
from tests.runtime.fakes import START, reading, until
from tests.sinks.mqtt import inventory, listening, settings, ticking

PASSWORD = "br0ker-s3cret"


def test_what_is_published_where(tmp_path: Path) -> None:
    with Broker(tmp_path / "b") as broker, listening(broker) as listener:
        sink = MqttSink(settings(tmp_path, broker.port, prefix="plant"))
        with ticking(sink) as run:
            sink.write([inventory("p1")])
            sink.write([CameraStatus(START, "boiler", CameraState.ONLINE, "")])
            sink.write([reading("boiler", "p1", 3.25)])
            alarm = AlarmEvent(START, "boiler", "p1", AlarmLevel.WARN, "high", 3.0, 3.25, "bar")
            sink.write([alarm])
            run(lambda: listener.messages("/alarm") and listener.messages("/config"))
            run(lambda: not sink.backlog)
            assert sink.problem is None
        until(lambda: listener.messages("plant/status")[-1:] == [("plant/status", b"offline", False)])
        assert listener.messages("plant/status")[0][1] == b"online"
        assert listener.messages("boiler/availability")[-1][1] == b"online"
        (state,) = listener.states()
        assert state == {
            "value": 3.25,
            "raw": 3.25,
            "unit": "bar",
            "fraction": 0.325,
            "quality": "good",
            "reason": "ok",
            "confidence": 0.9,
            "captured_at": "2026-03-01T12:00:00.000Z",
            "frame": 0,
            "min": 3.25,
            "max": 3.25,
            "stddev": 0.0,
        }
        said = json.loads(listener.messages("/alarm")[0][1])
        assert (said["level"], said["side"], said["limit"], said["value"]) == ("warn", "high", 3.0, 3.25)
        with listening(broker) as late:  # who comes later hears the last state of everything
            until(lambda: late.states())
            assert all(retained for _, _, retained in late.messages())


def test_a_value_is_published_when_it_moved_or_time_is_up(tmp_path: Path) -> None:
    with Broker(tmp_path / "b") as broker, listening(broker) as listener:
        sink = MqttSink(settings(tmp_path, broker.port, deadband=0.01, max_interval_s=30.0))
        with ticking(sink) as run:
            sink.write([inventory("m", camera="cam")])
            for step in range(100):
                sink.write([reading(value=5 + (step % 2) * 0.05, at_s=step)])
            sink.write([reading(value=5.2, at_s=100)])
            sink.write([reading(value=None, at_s=101, quality=Quality.BAD)])
            run(lambda: len(listener.states()) >= 6)
        values = [(state["value"], str(state["captured_at"])[14:19]) for state in listener.states()]
    assert values == [
        (5.0, "00:00"),
        (5.0, "00:30"),
        (5.0, "01:00"),
        (5.0, "01:30"),
        (5.2, "01:40"),
        (None, "01:41"),
    ]


def test_a_clock_that_is_set_back_silences_nothing(tmp_path: Path) -> None:
    with Broker(tmp_path / "b") as broker, listening(broker) as listener:
        sink = MqttSink(settings(tmp_path, broker.port, max_interval_s=30.0))
        with ticking(sink) as run:
            for at_s in (7200, 0, 10, 31):
                sink.write([reading(at_s=at_s)])
            run(lambda: len(listener.states()) >= 3)
    assert [str(state["captured_at"])[11:19] for state in listener.states()] == [
        "14:00:00",
        "12:00:00",
        "12:00:31",
    ]


# the library's thread, which cannot parse it, dies with a traceback
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_broker_that_talks_nonsense_is_called_again(tmp_path: Path) -> None:
    nonsense = b"\x20\x02\x00\x00" + b"\x30\x05\x00\x02\xff\xfeb"  # accepted, then a topic that is no text
    calls: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(60)
        sink = MqttSink(settings(tmp_path, server.getsockname()[1]))
        with ticking(sink):
            for _ in range(2):
                sink.tick()
                calls.append(server.accept()[0])
                calls[-1].recv(1000)
                calls[-1].sendall(nonsense)
    assert len(calls) == 2
    for call in calls:
        call.close()


def test_what_a_lost_connection_held_comes_before_what_the_next_one_sends(tmp_path: Path) -> None:
    """The sink's thread may look up so late that the broker is back already."""
    with Broker(tmp_path / "b") as broker:
        sink = MqttSink(settings(tmp_path, broker.port, deadband=0.0))
        with ticking(sink) as run:
            run(lambda: sink.problem is None and sink._connection and sink.backlog == 0)
            first = sink._link._client
            broker.pause()
            for step in range(10):
                sink.write([reading(value=float(step), at_s=step, index=step)])
            broker.kill()
            broker.start()
            with listening(broker) as listener:
                until(lambda: sink._link._client not in (None, first))
                for step in range(10, 20):
                    sink.write([reading(value=float(step), at_s=step, index=step)])
                run(lambda: len(listener.states()) >= 20)
                frames = [int(str(state["frame"])) for state in listener.states()]
    assert list(dict.fromkeys(frames)) == list(range(20))


def test_nothing_is_lost_when_the_broker_is_away(tmp_path: Path) -> None:
    """Killed in mid-stream and started again: all arrives, in order per meter, with its capture time."""
    with Broker(tmp_path / "b") as broker:
        sink = MqttSink(settings(tmp_path, broker.port, deadband=0.0))
        with ticking(sink) as run:
            heard: list[dict[str, object]] = []
            with listening(broker) as listener:
                run(lambda: not sink.problem)
                for step in range(300):
                    sink.write([reading(meter=f"m{step % 2}", value=float(step), at_s=step, index=step)])
                broker.kill()
                heard += listener.states()
            for step in range(300, 900):
                sink.write([reading(meter=f"m{step % 2}", value=float(step), at_s=step, index=step)])
            run(lambda: sink.backlog >= 600)
            run(lambda: "wait in the outbox" in (sink.problem or ""))
            broker.start()
            with listening(broker) as listener:
                run(lambda: sink.problem is None and sink.backlog == 0)
                for step in range(900, 950):
                    sink.write([reading(meter=f"m{step % 2}", value=float(step), at_s=step, index=step)])
                run(lambda: any(state["frame"] == 949 for state in listener.states()))
                heard += listener.states()
    assert sink.dropped == 0
    fresh = [int(str(state["frame"])) for state in heard]
    # what was under way when the broker was killed it may have taken without anybody hearing of it
    assert set(range(300, 950)) <= set(fresh)
    for rest in (0, 1):
        order = [frame for frame in fresh if frame % 2 == rest and frame >= 300]
        first = list(dict.fromkeys(order))
        assert first == sorted(first)
    times = {int(str(state["frame"])): str(state["captured_at"]) for state in heard}
    assert times[600] == "2026-03-01T12:10:00.000Z"


def test_what_waits_survives_a_restart_of_the_service(tmp_path: Path) -> None:
    port = free_port()
    sink = MqttSink(settings(tmp_path, port, deadband=0.0))
    for step in range(20):
        sink.write([reading(value=float(step), at_s=step, index=step)])
    began = time.monotonic()
    sink.close()
    assert time.monotonic() - began < 15
    with Broker(tmp_path / "b") as broker, listening(broker) as listener:
        again = MqttSink(settings(tmp_path, broker.port, deadband=0.0))
        with ticking(again) as run:
            again.write([reading(value=20.0, at_s=20, index=20)])
            run(lambda: len(listener.states()) == 21)
    assert [state["frame"] for state in listener.states()] == list(range(21))


def test_a_password(tmp_path: Path) -> None:
    with Broker(tmp_path / "b", "plant", PASSWORD) as broker:
        sink = MqttSink(settings(tmp_path, broker.port, username="plant", password=PASSWORD))
        with ticking(sink) as run:
            run(lambda: sink.problem is None)
        wrong = MqttSink(settings(tmp_path, broker.port, username="plant", password=PASSWORD + "x"))
        with ticking(wrong) as run:
            run(lambda: "refused" in (wrong.problem or ""))
            assert PASSWORD not in (wrong.problem or "") + repr(wrong._settings)


# paho leaves the socket of a failed handshake to the garbage collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_tls(tmp_path: Path) -> None:
    certificates = Certificates(tmp_path / "tls")
    with Broker(tmp_path / "b", certificates=certificates) as broker:
        trusting = TlsSettings(ca=certificates.ca)
        sink = MqttSink(settings(tmp_path, broker.port, tls=trusting))
        with listening(broker, ca=certificates.ca) as listener, ticking(sink) as run:
            sink.write([reading()])
            run(lambda: listener.states())
        stranger = MqttSink(settings(tmp_path / "2", broker.port, tls=TlsSettings()))
        with ticking(stranger) as run:
            run(lambda: "cannot be trusted" in (stranger.problem or ""))
        gc.collect()  # here and not in whatever test comes next
    with pytest.raises(SinkError, match="certificates"):
        MqttSink(settings(tmp_path, 1, tls=TlsSettings(ca=tmp_path / "missing.crt")))


def test_the_last_will_tells_of_a_crash(tmp_path: Path) -> None:
    with Broker(tmp_path / "b") as broker, listening(broker) as listener:
        sink = MqttSink(settings(tmp_path, broker.port))
        with ticking(sink) as run:
            run(lambda: listener.messages("/status"))
            assert sink._link._client is not None
            held = sink._link._client[1].socket()
            assert isinstance(held, socket.socket)
            held.shutdown(socket.SHUT_RDWR)
            run(
                lambda: [m[1] for m in listener.messages("/status")][:3] == [b"online", b"offline", b"online"]
            )


def test_home_assistant_hears_of_the_meters_again_when_it_starts(tmp_path: Path) -> None:
    with Broker(tmp_path / "b") as broker, listening(broker) as listener:
        sink = MqttSink(settings(tmp_path, broker.port))
        with ticking(sink) as run:
            sink.write([inventory("p1", "p2")])
            run(lambda: len(listener.messages("/config")) == 2)
            listener.client.publish("homeassistant/status", b"online", 1)
            run(lambda: len(listener.messages("/config")) == 4)
            sink.write([inventory("p2")])
            run(lambda: any(not payload for _, payload, _ in listener.messages("/config")))
        gone = [topic for topic, payload, _ in listener.messages("/config") if not payload]
    assert gone == ["homeassistant/sensor/meter_infer_boiler/p1/config"]


def test_thousands_of_messages_keep_their_order(tmp_path: Path) -> None:
    """Published by one thread while another reads the broker's confirmations."""
    count = 3000
    with Broker(tmp_path / "b") as broker, listening(broker) as listener:
        sink = MqttSink(settings(tmp_path, broker.port, deadband=0.0))
        with ticking(sink) as run:
            run(lambda: sink.problem is None)
            for index in range(count):
                sink.write([reading(value=float(index), at_s=index / 20, index=index)])
                if index % 50 == 0:
                    sink.tick()
            run(lambda: len(listener.states()) >= count)
    assert [state["frame"] for state in listener.states()] == list(range(count))
