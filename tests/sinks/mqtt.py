"""What the tests of the MQTT sink share: another client of the broker, settings, a sink that ticks."""

import json
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from meter_infer.events import Inventory, MeterInfo
from meter_infer.sinks.mqtt import MqttSettings, MqttSink
from meter_infer.sinks.mqtt_link import BrokerSettings
from meter_infer.sinks.outbox import OutboxSettings
from meter_infer.types import MeterKind
from tests.real.parts import Broker
from tests.runtime.fakes import START, until


class Listener:
    """Another client of the broker, which keeps what it hears."""

    def __init__(self, port: int, user: str = "", password: str = "", ca: Path | None = None) -> None:
        self.heard: queue.SimpleQueue[tuple[str, bytes, bool]] = queue.SimpleQueue()
        self.log: list[tuple[str, bytes, bool]] = []
        self.client = paho.Client(CallbackAPIVersion.VERSION2)
        if user:
            self.client.username_pw_set(user, password)
        if ca is not None:
            self.client.tls_set(str(ca))
        ready = threading.Event()
        self.client.on_connect = lambda client, *_: client.subscribe("#", 1)
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.on_message = lambda _c, _d, m: self.heard.put((m.topic, bytes(m.payload), bool(m.retain)))
        self.client.reconnect_delay_set(0.1, 0.2)  # type: ignore[arg-type]
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()
        assert ready.wait(60)

    def messages(self, topic: str = "") -> list[tuple[str, bytes, bool]]:
        while not self.heard.empty():
            self.log.append(self.heard.get())
        return [message for message in self.log if message[0].endswith(topic)]

    def states(self) -> list[dict[str, object]]:
        return [json.loads(payload) for _, payload, _ in self.messages("/state") if payload]

    def close(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()


@contextmanager
def listening(broker: Broker, **more: object) -> Iterator[Listener]:
    listener = Listener(broker.port, **more)  # type: ignore[arg-type]
    try:
        yield listener
    finally:
        listener.close()


def settings(folder: Path, port: int, **more: object) -> MqttSettings:
    keys = {"username", "password", "tls"}
    broker = BrokerSettings("127.0.0.1", port, **{k: v for k, v in more.items() if k in keys})  # type: ignore[arg-type]
    rest = {key: value for key, value in more.items() if key not in keys}
    return MqttSettings(broker, OutboxSettings(folder / "outbox.db"), **rest)  # type: ignore[arg-type]


@contextmanager
def ticking(sink: MqttSink) -> Iterator[Callable[[Callable[[], object]], None]]:
    """Run the sink as its thread would: tick until a condition holds."""

    def run(true: Callable[[], object]) -> None:
        def step() -> object:
            sink.tick()
            return true()

        until(step)

    try:
        yield run
    finally:
        sink.close()


def inventory(*meters: str, camera: str = "boiler", alarms: bool = False) -> Inventory:
    infos = [MeterInfo(camera, meter, MeterKind.POINTER, "bar", (0.0, 10.0), 1.0, alarms) for meter in meters]
    return Inventory(START, (camera,), tuple(infos))
