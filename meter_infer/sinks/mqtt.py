"""Readings to an MQTT broker: on change, at least once, in order, across an absent broker."""

import logging
import threading
import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from meter_infer.errors import SinkError
from meter_infer.events import AlarmEvent, CameraStatus, Inventory, Item, MeterInfo
from meter_infer.plausibility import Spreads
from meter_infer.sinks.homeassistant import discovery
from meter_infer.sinks.mqtt_link import (
    BrokerSettings,
    Confirmed,
    Connected,
    Event,
    Link,
    Lost,
    Received,
    drain,
)
from meter_infer.sinks.mqtt_payload import alarm_payload, state_payload
from meter_infer.sinks.outbox import Message, Outbox, OutboxSettings
from meter_infer.types import Reading

logger = logging.getLogger(__name__)

_WINDOW = 200
"""Messages that may be under way at a time."""
_CLOSE_S = 1.2


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """What is published where."""

    broker: BrokerSettings
    outbox: OutboxSettings
    prefix: str = "meter_infer"
    qos: int = 1
    """0: at most once; 1: at least once; 2: exactly once, between here and the broker."""
    deadband: float = 0.002
    """A value is published when it moved by more than this share of its range."""
    max_interval_s: float = 60.0
    """A value that does not change is published at least this often."""
    discovery: bool = True
    """Announce the meters to Home Assistant."""
    discovery_prefix: str = "homeassistant"


class MqttSink:
    """Publishes states, alarms and availability; what cannot go out now waits in the outbox.

    States and alarms are delivered in order, each once at least. Availability and announcements are
    about the present: after a gap only the latest is sent. Raises SinkError where the outbox's disk fails.
    """

    name = "mqtt"

    def __init__(self, settings: MqttSettings) -> None:
        self._settings = settings
        self._outbox = Outbox(settings.outbox)
        self._status = f"{settings.prefix}/status"
        will = Message(self._status, b"offline", 1, True)
        birth = (f"{settings.discovery_prefix}/status",) if settings.discovery else ()
        self._link = Link(settings.broker, will, birth)
        self._started = False
        self._connection = 0
        self._under_way: dict[int, tuple[Message, bool]] = {}
        """By message number: what was sent but not confirmed, and whether the outbox holds it."""
        self._stranded: list[Message] = []
        """What was under way when the connection broke, until the outbox has it."""
        self._delivered: list[int] = []
        """What the outbox may forget."""
        self._sent_seq = 0
        self._seq = 0
        self._present: dict[str, bytes] = {}
        self._unsent: dict[str, bytes] = {}
        self._meters: dict[tuple[str, str], MeterInfo] = {}
        self._announced: set[str] = set()
        self._shown: dict[tuple[str, str], Reading] = {}
        self._spreads = Spreads()

    @property
    def backlog(self) -> int:
        """Messages that wait or are not confirmed."""
        return self._outbox.count + sum(not stored for _, stored in list(self._under_way.values()))

    @property
    def dropped(self) -> int:
        """Messages that gave way to others in a full outbox."""
        return self._outbox.dropped

    @property
    def problem(self) -> str | None:
        """Why nothing goes out just now."""
        said = self._link.problem
        return f"{said} {self._outbox.count} messages wait in the outbox." if said else None

    def write(self, items: Sequence[Item]) -> None:
        """Publish what changed; store what cannot go out."""
        self._start()
        shown: dict[tuple[str, str], Reading] = {}
        messages: list[Message] = []
        gone: set[str] = set()
        for item in items:
            if isinstance(item, Reading):
                self._introduce(item)
                self._spreads.add(item)
                if self._is_news(item, shown):
                    shown[item.camera, item.meter] = item
                    messages.append(
                        self._kept(
                            f"{item.camera}/{item.meter}/state", state_payload(item, self._spreads.of(item))
                        )
                    )
            elif isinstance(item, AlarmEvent):
                messages.append(self._kept(f"{item.camera}/{item.meter}/alarm", alarm_payload(item)))
            elif isinstance(item, CameraStatus):
                word = b"online" if item.available else b"offline"
                topic = f"{self._settings.prefix}/{item.camera}/availability"
                self._say(topic, word)
                self._note(topic)
            else:
                gone |= self._announce_all(item, shown)
                messages += [self._next(topic, b"") for topic in sorted(gone)]
        self._accept(messages)
        self._remember([], gone)
        self._shown |= shown
        self._pump()

    def tick(self) -> None:
        """Take note of what the broker confirmed, and send what waits."""
        self._start()
        self._attend(drain(self._link.events))
        self._settle()
        self._pump()

    def close(self) -> None:
        """Send what can be sent within a second, store the rest, and say goodbye."""
        if not self._started:
            return
        end = time.monotonic() + _CLOSE_S
        pause = threading.Event()
        while self._connection and self.backlog and time.monotonic() < end:
            self.tick()
            pause.wait(0.01)
        if self._connection:
            mid = self._link.publish(Message(self._status, b"offline", 1, True), self._connection)
            while mid is not None and time.monotonic() < end + 0.3:
                events = drain(self._link.events)
                self._attend(events)
                if any(isinstance(event, Confirmed) and event.mid == mid for event in events):
                    break
                pause.wait(0.01)
        self._link.stop(0.5)
        self._lose()
        try:
            self._settle()
        finally:
            self._outbox.close()

    def _start(self) -> None:
        if not self._started:
            self._outbox.open()
            self._seq = self._outbox.last_seq
            self._announced = self._outbox.announced()
            self._link.start()
            self._started = True

    def _attend(self, events: Sequence[Event]) -> None:
        for event in events:
            if isinstance(event, Connected):
                self._connection = event.connection
                self._sent_seq = 0
                self._unsent = {**self._present, self._status: b"online"}
            elif event.connection != self._connection:
                continue
            elif isinstance(event, Lost):
                self._lose()
            elif isinstance(event, Confirmed):
                message, stored = self._under_way.pop(event.mid, (None, False))
                if message is not None and stored:
                    self._delivered.append(message.seq)
            elif isinstance(event, Received) and event.payload == b"online":
                logger.info("Home Assistant announced itself; the meters are announced again.")
                self._unsent |= self._present

    def _lose(self) -> None:
        """Keep what was not confirmed before the connection was lost."""
        self._connection = 0
        self._stranded += [m for m, stored in self._under_way.values() if not stored and m.seq]
        self._under_way.clear()
        self._sent_seq = 0

    def _settle(self) -> None:
        """Bring the outbox up to date with what happened on the connection."""
        if self._stranded:
            self._outbox.append(self._stranded)
            self._stranded = []
        if self._delivered:
            self._outbox.delete(self._delivered)
            self._delivered = []

    def _accept(self, messages: Sequence[Message]) -> None:
        """Send messages directly where nothing waits before them, else store them."""
        self._settle()
        for place, message in enumerate(messages):
            if self._outbox.count or not self._connection or len(self._under_way) >= _WINDOW:
                self._outbox.append(messages[place:])
                return
            mid = self._link.publish(message, self._connection)
            if mid is None:
                self._outbox.append(messages[place:])
                return
            self._under_way[mid] = message, False

    def _pump(self) -> None:
        """Send what waits, the present state first."""
        if not self._connection:
            return
        while self._unsent and len(self._under_way) < _WINDOW:
            topic = next(iter(self._unsent))
            present = Message(topic, self._unsent[topic], max(1, self._settings.qos), True)
            mid = self._link.publish(present, self._connection)
            if mid is None:
                return
            del self._unsent[topic]
            self._under_way[mid] = Message(topic, b"", 1, True), False
        room = _WINDOW - len(self._under_way)
        if room <= 0 or not self._outbox.count:
            return
        for message in self._outbox.after(self._sent_seq, room):
            mid = self._link.publish(message, self._connection)
            if mid is None:
                return
            self._under_way[mid] = message, True
            self._sent_seq = message.seq

    def _next(self, topic: str, payload: bytes) -> Message:
        self._seq += 1
        return Message(topic, payload, self._settings.qos, True, self._seq)

    def _kept(self, meter: str, payload: bytes) -> Message:
        """Return a message that the broker keeps until it is taken back, and remember that it does."""
        topic = f"{self._settings.prefix}/{meter}"
        self._note(topic)
        return self._next(topic, payload)

    def _is_news(self, reading: Reading, shown: dict[tuple[str, str], Reading]) -> bool:
        key = reading.camera, reading.meter
        last = shown.get(key) or self._shown.get(key)
        if last is None or (last.quality, last.reason) != (reading.quality, reading.reason):
            return True
        elapsed = (reading.captured_at - last.captured_at).total_seconds()
        # where the clock was set back, the old time says nothing
        timely = 0 <= elapsed < self._settings.max_interval_s
        return not timely or self._moved(key, last, reading)

    def _moved(self, key: tuple[str, str], last: Reading, now: Reading) -> bool:
        info = self._meters.get(key)
        if last.value is not None and now.value is not None and info is not None and info.range is not None:
            span = info.range[1] - info.range[0]
            return abs(now.value - last.value) > self._settings.deadband * span
        if (last.value is None) != (now.value is None) or (last.fraction is None) != (now.fraction is None):
            return True
        if last.fraction is None or now.fraction is None:
            return False
        return abs(now.fraction - last.fraction) > self._settings.deadband

    def _say(self, topic: str, payload: bytes) -> None:
        """Publish something about the present, now and after each new connection."""
        self._present[topic] = payload
        self._unsent[topic] = payload

    def _introduce(self, reading: Reading) -> None:
        """Announce a meter that no configuration names."""
        key = reading.camera, reading.meter
        if key not in self._meters:
            info = MeterInfo(reading.camera, reading.meter, reading.kind, reading.unit, None, 1.0)
            self._meters[key] = info
            self._announce(info)

    def _announce(self, info: MeterInfo) -> str:
        settings = self._settings
        expire_s = 2 * settings.max_interval_s + 2 * info.cadence_s + 10
        topic, payload = discovery(info, settings.prefix, expire_s, settings.discovery_prefix)
        if settings.discovery:
            self._say(topic, payload)
            self._note(topic)
        return topic

    def _note(self, topic: str) -> None:
        """Remember that the broker keeps something on a topic."""
        if topic not in self._announced:
            self._remember([topic])

    def _remember(self, topics: Sequence[str], gone: AbstractSet[str] = frozenset()) -> None:
        """Know after a restart as well what the broker keeps; a full disk does not hold the readings up."""
        self._announced = (self._announced | set(topics)) - gone
        if topics or gone:
            try:
                self._outbox.announce(topics, gone)
            except SinkError as error:
                logger.warning("What the broker keeps is not remembered: %s", error)

    def _announce_all(self, inventory: Inventory, shown: dict[tuple[str, str], Reading]) -> set[str]:
        """Announce the meters, and take back meters and cameras that are gone.

        What was published of meters that changed, also just now (`shown`), is no measure for what is next.
        Returns the topics whose last state or alarm the broker is to forget. That is a message like others,
        since older ones on these topics may still wait in the outbox.
        """
        prefix = self._settings.prefix
        self._meters = {(info.camera, info.meter): info for info in inventory.meters}
        wanted = {self._announce(info) for info in inventory.meters} if self._settings.discovery else set()
        wanted |= {f"{prefix}/{info.camera}/{info.meter}/state" for info in inventory.meters}
        wanted |= {f"{prefix}/{info.camera}/{info.meter}/alarm" for info in inventory.meters if info.alarms}
        wanted |= {f"{prefix}/{camera}/availability" for camera in inventory.cameras}
        gone = self._announced - wanted
        forgotten = {topic for topic in gone if topic.endswith(("/state", "/alarm"))}
        for topic in gone - forgotten:
            self._say(topic, b"")
        self._remember([], gone - forgotten)
        same = self._spreads.know(inventory.meters)
        for known in (self._shown, shown):
            for key in known.keys() - same:
                del known[key]
        return forgotten
