from pathlib import Path

import pytest

from meter_infer.errors import SourceError, SourceTimeout
from meter_infer.sources import Address, mask_secrets, open_source, secrets_in


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("rtsp://camera.example/stream", "rtsp://camera.example/stream"),
        ("rtsp://user:s3cret@camera.example:554/stream", "rtsp://***@camera.example:554/stream"),
        ("rtsp://user:s3@cr/et@camera.example/stream", "rtsp://***@camera.example/stream"),
        ("rtsp://s3cret@camera.example/", "rtsp://***@camera.example/"),
        (
            "http://camera.example/a?user=u&password=s3cret&c=1",
            "http://camera.example/a?user=u&password=***&c=1",
        ),
        ("http://camera.example/a?token=s3cret", "http://camera.example/a?token=***"),
        (
            "rtsp://camera.example/user=u_password=s3cret_channel=1",
            "rtsp://camera.example/user=u_password=***",
        ),
        ("videos/plant@home.mp4", "videos/plant@home.mp4"),
        ("srt://camera.example:9000?passphrase=s3cret", "srt://camera.example:9000?passphrase=***"),
        (
            "http://camera.example/v.cgi?loginuse=u&loginpas=s3cret",
            "http://camera.example/v.cgi?loginuse=u&loginpas=***",
        ),
        ("rtsp://camera.example/a?psw=s3cret&x=1", "rtsp://camera.example/a?psw=***&x=1"),
        ("http://camera.example/a?token=s3c/ret&x=1", "http://camera.example/a?token=***&x=1"),
        ("rtsp://keller-cam:554/passage/1", "rtsp://keller-cam:554/passage/1"),
        ("rtsp://user:s3cret@camera.example/a?view=b@c", "rtsp://***@c"),
    ],
)
def test_secrets_are_not_shown(address: str, shown: str) -> None:
    assert mask_secrets(address) == shown
    assert str(Address(address)) == shown
    assert "s3c" not in repr(Address(address))
    assert f"{Address(address)}" == shown
    assert Address(address).reveal() == address


@pytest.mark.parametrize(
    ("address", "secret"),
    [
        ("rtsp://user:s3cret@camera.example/a?view=b@c", "s3cret"),
        ("rtsp://user:s3@cr/et@camera.example/stream", "s3@cr/et"),
        ("rtsp://user:s3%40cret@camera.example/stream", "s3@cret"),
        ("srt://camera.example:9000?passphrase=s3cret", "s3cret"),
        ("http://camera.example/a?loginpas=s3cret&c=1", "s3cret"),
    ],
)
def test_secrets_are_known_by_themselves(address: str, secret: str) -> None:
    assert secret in secrets_in(address)


def test_a_tilde_that_names_nobody_is_a_name() -> None:
    assert Address("~nobody-of-that-name/clip.mp4").path == Path("~nobody-of-that-name/clip.mp4")
    assert Address("~/clip.mp4").path == Path.home() / "clip.mp4"


def test_what_holds_no_secret_has_none() -> None:
    assert not secrets_in("rtsp://camera.example:554/stream?channel=1")
    assert not secrets_in("videos/plant:a@home.mp4")


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("rtsp://user:s3cret@camera.example:554/stream", "camera.example"),
        ("videos/Tank 3 (left).mp4", "Tank-3-left"),
        ("videos/.mp4", "mp4"),
        ("rtsp://[::1", "stream"),
    ],
)
def test_a_camera_is_called_after_its_address(address: str, name: str) -> None:
    assert Address(address).name == name


def test_a_file_url_is_a_path(tmp_path: object) -> None:
    address = Address(f"file://{tmp_path}")
    assert not address.is_stream
    assert str(address.path) == str(tmp_path)


def test_a_stream_has_no_path() -> None:
    with pytest.raises(SourceError):
        _ = Address("rtsp://camera.example/").path


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_an_error_of_the_network_keeps_the_password(scheme: str) -> None:
    with pytest.raises(SourceError, match=r"camera|127\.0\.0\.1") as caught:
        open_source(f"{scheme}://user:s3cret@127.0.0.1:1/stream")
    error: BaseException | None = caught.value
    assert not isinstance(error, SourceTimeout)
    assert caught.value.__suppress_context__, "FFmpeg's own message holds the address"
    assert "s3cret" not in str(error)


def test_a_misspelt_scheme_is_guessed() -> None:
    with pytest.raises(SourceError, match=r"did you mean rtsps?://\?") as caught:
        open_source("rtps://user:s3cret@camera.example/")
    assert "s3cret" not in str(caught.value)


def test_every_needs_a_number_above_zero() -> None:
    with pytest.raises(SourceError, match="1 or more"):
        open_source("x.mp4", every=0)
