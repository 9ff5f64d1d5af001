"""What the broker keeps of meters, cameras and alarms, and what is taken back once they are gone."""

from dataclasses import replace
from pathlib import Path

from meter_infer.events import AlarmEvent, AlarmLevel, CameraState, CameraStatus
from meter_infer.sinks.mqtt import MqttSink
from tests.real.parts import Broker, free_port
from tests.runtime.fakes import START, reading, until
from tests.sinks.mqtt import inventory, listening, settings, ticking


def test_a_meter_that_left_the_configuration_while_the_service_was_down_is_taken_back(tmp_path: Path) -> None:
    with Broker(tmp_path / "b") as broker, listening(broker) as listener:
        sink = MqttSink(settings(tmp_path, broker.port))
        with ticking(sink) as run:
            sink.write([inventory("p1", "p2")])
            run(lambda: len(listener.messages("/config")) == 2)
        again = MqttSink(settings(tmp_path, broker.port))
        with ticking(again) as run:
            again.write([inventory("p2")])
            run(lambda: len(listener.messages("p1/config")) == 2)
    assert listener.messages("p1/config")[-1][1] == b""


def test_nothing_is_kept_of_a_camera_that_left_the_configuration_while_the_service_was_down(
    tmp_path: Path,
) -> None:
    online = [CameraStatus(START, name, CameraState.ONLINE, "") for name in ("boiler", "cellar")]
    both = replace(inventory("p1"), cameras=("boiler", "cellar"))
    with Broker(tmp_path / "b") as broker:
        sink = MqttSink(settings(tmp_path, broker.port))
        with ticking(sink) as run:
            sink.write([both, *online, reading("boiler", "p1", 3.25), ALARM])
            run(lambda: len([topic for topic in retained(broker) if "boiler" in topic]) == 4)
        again = MqttSink(settings(tmp_path, broker.port))
        with ticking(again) as run:
            again.write([inventory(camera="cellar"), online[1]])
            run(lambda: not any("boiler" in topic for topic in retained(broker)))
            assert retained(broker)["meter_infer/cellar/availability"] == b"online"


def test_a_camera_that_left_the_configuration_is_taken_back(tmp_path: Path) -> None:
    topic = "meter_infer/boiler/availability"
    with Broker(tmp_path / "b") as broker:
        sink = MqttSink(settings(tmp_path, broker.port))
        with ticking(sink) as run:
            sink.write([inventory(), CameraStatus(START, "boiler", CameraState.ONLINE, "")])
            run(lambda: topic in retained(broker))
            sink.write([inventory(camera="cellar")])
            run(lambda: topic not in retained(broker))


ALARM = AlarmEvent(START, "boiler", "p1", AlarmLevel.WARN, "high", 3.0, 3.25, "bar")


def retained(broker: Broker) -> dict[str, bytes]:
    """What somebody hears who connects now."""
    with listening(broker) as late:
        late.client.publish("here", b"now")  # comes back behind all that was kept
        until(lambda: late.messages("here"))
        return {topic: payload for topic, payload, kept in late.messages() if kept}


def test_an_alarm_that_left_the_configuration_is_taken_back(tmp_path: Path) -> None:
    topic = "meter_infer/boiler/p1/alarm"
    with Broker(tmp_path / "b") as broker, listening(broker) as listener:
        sink = MqttSink(settings(tmp_path, broker.port))
        with ticking(sink) as run:
            sink.write([inventory("p1", alarms=True), reading("boiler", "p1", 3.25), ALARM])
            run(lambda: topic in retained(broker))
            sink.write([inventory("p1", alarms=True)])
            run(lambda: not sink.backlog)
            assert topic in retained(broker), "the alarm is still configured"
            sink.write([inventory("p1")])
            run(lambda: topic not in retained(broker))
            assert "meter_infer/boiler/p1/state" in retained(broker)
            sink.write([inventory("p2")])
            run(lambda: "meter_infer/boiler/p1/state" not in retained(broker))
            # Another connection's news: the broker may have told it of the end later than the one above.
            run(lambda: listener.messages("p1/alarm")[-1][1] == b"")


def test_a_meter_that_nobody_configured_is_taken_back_once_it_is_forgotten(tmp_path: Path) -> None:
    topics = {"meter_infer/boiler/auto-1/state", "homeassistant/sensor/meter_infer_boiler/auto-1/config"}
    with Broker(tmp_path / "b") as broker:
        sink = MqttSink(settings(tmp_path, broker.port))
        with ticking(sink) as run:
            sink.write([inventory("p1"), reading("boiler", "auto-1", None)])
            run(lambda: topics <= retained(broker).keys())
            sink.write([inventory("p1", "auto-1")])
            run(lambda: not sink.backlog)
            assert topics <= retained(broker).keys(), "it is in view"
            sink.write([inventory("p1")])
            run(lambda: not topics & retained(broker).keys())


def test_what_waits_about_a_meter_that_is_gone_does_not_outlive_it(tmp_path: Path) -> None:
    """Old states that wait in the outbox are delivered first, and then taken back."""
    port = free_port()
    sink = MqttSink(settings(tmp_path, port))
    sink.write([inventory("p1", "p2", alarms=True)])
    sink.write([reading("boiler", "p1", 3.25), ALARM, reading("boiler", "p2", 1.0)])
    sink.close()
    with Broker(tmp_path / "b") as broker:
        again = MqttSink(settings(tmp_path, broker.port))
        with ticking(again) as run, listening(broker) as listener:
            again.write([inventory("p2")])
            run(lambda: not again.problem and not again.backlog)
            for topic in ("p1/alarm", "p1/state"):
                until(lambda topic=topic: [m[1] for m in listener.messages(topic)][-1:] == [b""])  # type: ignore[misc]
            assert [bool(payload) for _, payload, _ in listener.messages("p1/alarm")] == [True, False]
            kept = {topic for topic in retained(broker) if "/p1/" in topic}
    assert not kept


def test_another_unit_begins_anew(tmp_path: Path) -> None:
    """Nothing of the old unit is in the spread, and the first state comes though the number is the same."""
    before = inventory("p1")
    after = replace(before, meters=tuple(replace(info, unit="psi") for info in before.meters))
    with Broker(tmp_path / "b") as broker, listening(broker) as listener:
        sink = MqttSink(settings(tmp_path, broker.port))
        with ticking(sink) as run:
            old = [reading("boiler", "p1", value, at_s) for value, at_s in ((9.0, 0.0), (3.0, 0.1))]
            new = replace(reading("boiler", "p1", 3.0, 0.2), unit="psi")
            sink.write([before, *old, before])  # read again as it was: nothing begins anew
            sink.write([reading("boiler", "p1", 5.0, 0.15), after, new])
            run(lambda: len(listener.states()) == 4)
        assert [(s["unit"], s["value"], s["min"], s["max"]) for s in listener.states()] == [
            ("bar", 9.0, 9.0, 9.0),
            ("bar", 3.0, 3.0, 9.0),
            ("bar", 5.0, 3.0, 9.0),
            ("psi", 3.0, 3.0, 3.0),
        ]
