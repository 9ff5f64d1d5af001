"""The connection to an MQTT broker: one thread that connects, and connects again."""

import contextlib
import logging
import queue
import random
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from meter_infer.errors import SinkError
from meter_infer.sinks.outbox import Message

logger = logging.getLogger(__name__)

_CONNECT_S = 3.0
_RETRY_S = (0.5, 5.0)
_DENIED_RETRY_S = 30.0


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """How the connection is encrypted."""

    ca: Path | None = None
    """Certificate of the authority that signed the broker's; None: the system's authorities."""
    certificate: Path | None = None
    """This client's own certificate, where the broker asks for one."""
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class BrokerSettings:
    """Where the broker is, and who calls."""

    host: str
    port: int = 1883
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    client_id: str = ""
    """Empty: a random one."""
    keepalive_s: int = 15
    tls: TlsSettings | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """What happened on a connection; each connection has a number of its own."""

    connection: int


class Connected(Event):
    """The broker accepted the connection."""


class Lost(Event):
    """The connection ended; what was not confirmed may not have arrived."""


@dataclass(frozen=True, slots=True)
class Confirmed(Event):
    """A message arrived."""

    mid: int


@dataclass(frozen=True, slots=True)
class Received(Event):
    """A message came in."""

    topic: str
    payload: bytes


class Link:
    """Keeps a connection to the broker. What happens comes out of `events`, for one other thread.

    Each connection has a client of its own: nothing that an old one still held is sent twice or out of
    order by a new one.
    """

    def __init__(self, settings: BrokerSettings, will: Message, subscribe: tuple[str, ...] = ()) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.problem: str | None = "Not connected yet."
        self._settings = settings
        self._will = will
        self._subscribe = subscribe
        self._stop = threading.Event()
        self._client: tuple[int, paho.Client] | None = None
        """The connection's number and the client, while it is connected."""
        self._trying: paho.Client | None = None
        """The client, connected or not."""
        self._number = 0
        self._denied = False
        self._thread = threading.Thread(target=self._run, name="mqtt-link", daemon=True)
        self._tls = _tls_context(settings.tls) if settings.tls is not None else None

    @property
    def address(self) -> str:
        """host:port."""
        return f"{self._settings.host}:{self._settings.port}"

    def start(self) -> None:
        """Start connecting."""
        self._thread.start()

    def publish(self, message: Message, connection: int) -> int | None:
        """Send on a connection; return the message's number for `Confirmed`, or None where it did not go.

        None as well where another connection took its place: what was under way on the old one comes first.
        """
        number, client = self._client or (0, None)
        if client is None or number != connection:
            return None
        info = client.publish(message.topic, message.payload, message.qos, message.retain)
        return info.mid if info.rc == MQTTErrorCode.MQTT_ERR_SUCCESS else None

    def stop(self, timeout_s: float = 1.0) -> None:
        """Say goodbye to the broker and end the thread; a connection attempt may outlast `timeout_s`."""
        self._stop.set()
        client = self._trying
        if client is not None:
            client.disconnect()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)

    def _run(self) -> None:
        pause_s = _RETRY_S[0]
        while not self._stop.is_set():
            self._number += 1
            self._denied = False
            reached = self._connect_once(self._number)
            if self._stop.is_set():
                break
            pause_s = _RETRY_S[0] if reached else min(_RETRY_S[1], pause_s * 2)
            wait_s = _DENIED_RETRY_S if self._denied else pause_s
            self._stop.wait(wait_s * random.uniform(0.5, 1.0))

    def _connect_once(self, number: int) -> bool:
        """Hold one connection until it ends; say whether the broker had accepted it."""
        reached, ended = threading.Event(), threading.Event()
        client = self._new_client(number, reached, ended)
        try:
            client.connect(self._settings.host, self._settings.port, self._settings.keepalive_s)
            # paho's own thread: only then does it keep what other threads publish in order and apart
            client.loop_start()
            self._trying = client
            if self._stop.is_set():
                client.disconnect()
            while not ended.wait(1.0) and _is_served(client):
                pass
            client.loop_stop()
        except ssl.SSLError as error:
            self._report(f"The broker {self.address} cannot be trusted: {error.reason or 'TLS failed'}.")
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or str(error) or type(error).__name__
            self._report(f"The broker {self.address} cannot be reached: {said}.")
        finally:
            self._client = self._trying = None
        if reached.is_set():
            self.events.put(Lost(number))
            if not self._stop.is_set():
                self._report(f"The broker {self.address} closed the connection.")
        return reached.is_set()

    def _report(self, problem: str) -> None:
        if self.problem != problem:
            logger.warning("%s", problem)
        self.problem = problem

    def _new_client(self, number: int, reached: threading.Event, ended: threading.Event) -> paho.Client:
        settings = self._settings
        client = paho.Client(CallbackAPIVersion.VERSION2, settings.client_id, reconnect_on_failure=False)
        client.connect_timeout = _CONNECT_S
        client.max_inflight_messages_set(0)  # how many are under way is bounded by who publishes
        client.will_set(self._will.topic, self._will.payload, self._will.qos, self._will.retain)
        if settings.username is not None:
            client.username_pw_set(settings.username, settings.password)
        if self._tls is not None:
            client.tls_set_context(self._tls)

        def on_connect(
            client: paho.Client, _data: object, _flags: object, code: ReasonCode, _more: Properties | None
        ) -> None:
            if code.is_failure:
                self._denied = True
                self._report(
                    f"The broker {self.address} refused the connection: {code}; check user name and password."
                )
                client.disconnect()
                return
            for topic in self._subscribe:
                client.subscribe(topic, 1)
            self._client = number, client
            self.problem = None
            reached.set()
            logger.info("Connected to the broker %s.", self.address)
            self.events.put(Connected(number))

        def on_publish(_client: paho.Client, _data: object, mid: int, _code: object, _more: object) -> None:
            self.events.put(Confirmed(number, mid))

        def on_message(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
            self.events.put(Received(number, message.topic, bytes(message.payload)))

        def on_disconnect(*_: object) -> None:
            self._client = None
            ended.set()

        client.on_connect = on_connect
        client.on_disconnect = on_disconnect
        client.on_publish = on_publish
        client.on_message = on_message
        return client


def _is_served(client: paho.Client) -> bool:
    """Whether paho's thread still runs; a message that it cannot parse may end it without a word."""
    thread = client._thread  # there is no other way to know
    return thread is not None and thread.is_alive()


def _tls_context(settings: TlsSettings) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(settings.ca) if settings.ca else None)
        if settings.certificate is not None:
            context.load_cert_chain(settings.certificate, settings.key)
    except (OSError, ValueError) as error:  # SSLError is an OSError
        said = getattr(error, "strerror", None) or str(error)
        files = ", ".join(str(path) for path in (settings.ca, settings.certificate, settings.key) if path)
        raise SinkError(f"The MQTT certificates cannot be loaded ({said}); check {files}.") from error
    return context


def drain(events: "queue.SimpleQueue[Event]") -> list[Event]:
    """Return what has come out so far, without waiting."""
    out: list[Event] = []
    with contextlib.suppress(queue.Empty):
        while True:
            out.append(events.get_nowait())
    return out
