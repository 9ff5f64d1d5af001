import os
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.errors import SourceError
from meter_infer.sources import open_source
from meter_infer.sources.picture import read_picture
from meter_infer.types import ColorMatrix


def write(path: Path, image: NDArray[Any]) -> Path:
    assert cv2.imwrite(str(path), image)
    return path


def test_a_grey_picture_has_no_chroma(tmp_path: Path) -> None:
    image = np.arange(35, dtype=np.uint8).reshape(5, 7)
    frame = read_picture(write(tmp_path / "grey.png", image), "cam")
    assert np.array_equal(frame.luma, image)
    assert frame.chroma is None


def test_a_colour_picture_is_full_range_bt601(tmp_path: Path) -> None:
    image = np.zeros((4, 6, 3), np.uint8)
    image[:] = (0, 0, 255)
    frame = read_picture(write(tmp_path / "red.png", image), "cam")
    assert frame.matrix is ColorMatrix.BT601_FULL
    assert abs(int(frame.luma[0, 0]) - 76) <= 1
    assert frame.chroma is not None
    assert abs(int(frame.chroma[0][0, 0]) - 85) <= 1
    assert int(frame.chroma[1][0, 0]) >= 254


@pytest.mark.parametrize(("white", "depth"), [(65535, 16), (16383, 14), (4095, 12), (1023, 10), (255, 8)])
def test_sixteen_bits_become_eight_by_the_depth_in_use(tmp_path: Path, white: int, depth: int) -> None:
    image = np.array([[0, white // 4, white // 2, white]], np.uint16)
    frame = read_picture(write(tmp_path / "deep.png", image), "cam")
    assert frame.luma[0].tolist() == pytest.approx([0, 64, 127, 255], abs=1), depth


def test_a_sixteen_bit_colour_picture(tmp_path: Path) -> None:
    image = np.full((3, 3, 3), 65535 // 2, np.uint16)
    image[0, 0] = 65535
    frame = read_picture(write(tmp_path / "deep.tif", image), "cam")
    assert frame.chroma is not None
    assert abs(int(frame.luma[2, 2]) - 127) <= 1


def test_a_floating_point_picture_is_white_at_one(tmp_path: Path) -> None:
    image = np.array([[0.0, 0.5, 1.0]], np.float32)
    frame = read_picture(write(tmp_path / "float.tiff", image), "cam")
    assert frame.luma[0].tolist() == pytest.approx([0, 128, 255], abs=1)


def test_transparency_is_laid_over_grey(tmp_path: Path) -> None:
    image = np.zeros((2, 2, 4), np.uint8)
    image[0, 0] = (255, 255, 255, 255)
    frame = read_picture(write(tmp_path / "alpha.png", image), "cam")
    assert frame.luma[0, 0] == 255
    assert abs(int(frame.luma[1, 1]) - 128) <= 1


def test_a_picture_of_one_pixel(tmp_path: Path) -> None:
    frame = read_picture(write(tmp_path / "dot.png", np.full((1, 1, 3), 9, np.uint8)), "cam")
    assert frame.luma.tolist() == [[9]]
    assert frame.chroma is not None
    assert frame.chroma[0].shape == (1, 1)


def test_a_picture_of_twelve_thousand_pixels(tmp_path: Path) -> None:
    image = np.zeros((700, 12_000), np.uint8)
    image[-1, -1] = 200
    frame = read_picture(write(tmp_path / "wide.png", image), "cam")
    assert (frame.width, frame.height) == (12_000, 700)
    assert frame.luma[-1, -1] == 200


def test_a_picture_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    head = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 60_000, 60_000)
    path = tmp_path / "bomb.png"
    body = head[12:] + b"\x08\x00\x00\x00\x00"
    path.write_bytes(head[:12] + body + struct.pack(">I", zlib.crc32(body)) + bytes(64))
    with pytest.raises(SourceError, match="60000 x 60000 pixels"):
        read_picture(path, "cam")


def exif_block(orientation: int, order: str) -> bytes:
    mark = b"II*\0" if order == "<" else b"MM\0*"
    entry = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"Exif\0\0" + mark + struct.pack(order + "IH", 8, 1) + entry + bytes(4)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientations_are_applied(tmp_path: Path, orientation: int, order: str) -> None:
    image = np.zeros((40, 64, 3), np.uint8)
    image[:16, :16] = 255
    image[:16, 48:] = (0, 0, 255)
    jpeg = cv2.imencode(".jpg", image)[1].tobytes()
    exif = exif_block(orientation, order)
    path = tmp_path / "turned.jpg"
    path.write_bytes(jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:])
    upright = cv2.imread(str(path), cv2.IMREAD_COLOR_BGR)
    assert upright is not None
    expected = cv2.cvtColor(upright, cv2.COLOR_BGR2GRAY)
    frame = read_picture(path, "cam")
    assert frame.luma.shape == expected.shape
    assert np.abs(frame.luma.astype(int) - expected.astype(int)).max() <= 3


def dated(path: Path, taken: str, offset: str | None) -> Path:
    """A JPEG with the time of its exposure."""
    texts = [(0x9003, taken)] + ([(0x9011, offset)] if offset else [])
    entries, heap, base = b"", b"", 26 + 2 + 12 * len(texts) + 4
    for tag, text in texts:
        entries += struct.pack("<HHII", tag, 2, len(text) + 1, base + len(heap))
        heap += text.encode() + b"\0"
    tiff = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x8769, 4, 1, 26, 0)
    exif = b"Exif\0\0" + tiff + struct.pack("<H", len(texts)) + entries + bytes(4) + heap
    jpeg = cv2.imencode(".jpg", np.full((8, 16, 3), 90, np.uint8))[1].tobytes()
    path.write_bytes(jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:])
    return path


def test_a_picture_is_dated_by_its_exposure(tmp_path: Path) -> None:
    frame = read_picture(dated(tmp_path / "a.jpg", "2024:05:06 07:08:09", "+09:00"), "cam")
    assert frame.captured_at == datetime(2024, 5, 5, 22, 8, 9, tzinfo=UTC)
    local = read_picture(dated(tmp_path / "b.jpg", "2024:05:06 07:08:09", None), "cam")
    assert local.captured_at == datetime(2024, 5, 6, 7, 8, 9).astimezone(UTC)


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "    :  :     :  :  ", "yesterday"])
def test_without_one_it_is_dated_by_its_file(tmp_path: Path, taken: str) -> None:
    path = dated(tmp_path / "a.jpg", taken, None)
    os.utime(path, (1.7e9, 1.7e9))
    assert read_picture(path, "cam").captured_at == datetime.fromtimestamp(1.7e9, UTC)


@pytest.mark.parametrize(
    "exif", [b"", b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff"]
)
def test_damaged_exif_data_does_no_harm(tmp_path: Path, exif: bytes) -> None:
    jpeg = cv2.imencode(".jpg", np.full((8, 16, 3), 90, np.uint8))[1].tobytes()
    path = tmp_path / "odd.jpg"
    path.write_bytes(jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:])
    assert read_picture(path, "cam").luma.shape == (8, 16)


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("suffix", [".png", ".tif", ".webp", ".bmp"])
def test_a_truncated_picture_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], suffix: str, share: float
) -> None:
    image = np.random.default_rng(1).integers(0, 255, (64, 64), np.uint8)
    data = cv2.imencode(suffix, image)[1].tobytes()
    path = tmp_path / f"half{suffix}"
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(SourceError, match=r"half\.\w+ is (cut short|damaged)"):
        read_picture(path, "cam")
    if suffix == ".png":
        assert capfd.readouterr().err == "", "nobody else speaks"


def test_a_damaged_picture_is_refused(tmp_path: Path) -> None:
    image = np.random.default_rng(1).integers(0, 255, (64, 64), np.uint8)
    data = bytearray(cv2.imencode(".png", image)[1].tobytes())
    data[2000] ^= 1
    path = tmp_path / "odd.png"
    path.write_bytes(data)
    with pytest.raises(SourceError, match="is damaged or cut short"):
        read_picture(path, "cam")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tif", ".webp", ".ppm", ".jp2"])
def test_kinds_of_pictures_are_told_by_their_content(tmp_path: Path, suffix: str) -> None:
    data = cv2.imencode(suffix, np.full((64, 96, 3), 90, np.uint8))[1].tobytes()
    path = tmp_path / "picture.dat"
    path.write_bytes(data)
    with open_source(str(path)) as source:
        (frame,) = source
    assert abs(int(frame.luma[8, 8]) - 90) <= 3


def test_the_name_without_its_ending_is_the_camera(tmp_path: Path) -> None:
    with open_source(str(write(tmp_path / "Tank 3, left.png", np.zeros((2, 2), np.uint8)))) as source:
        assert next(iter(source)).camera == "Tank-3-left"


def test_a_folder_is_in_natural_order_and_leaves_other_files_out(tmp_path: Path) -> None:
    for name in ("img10.png", "img9.PNG", "Img1.png"):
        write(tmp_path / name.lower(), np.zeros((2, 2), np.uint8)).rename(tmp_path / name)
    (tmp_path / "notes.txt").write_text("pressure was high")
    (tmp_path / "more.png").mkdir()
    with open_source(str(tmp_path)) as source:
        assert [frame.camera for frame in source] == ["Img1", "img9", "img10"]


def test_pictures_of_a_kind_that_is_not_read_are_named(tmp_path: Path) -> None:
    """A phone's folder holds both; half of it must not be missing without a word."""
    write(tmp_path / "a.png", np.zeros((2, 2), np.uint8))
    for number in range(12):
        (tmp_path / f"IMG_{number}.HEIC").write_bytes(b"x")
    with open_source(str(tmp_path)) as source:
        assert len(list(source)) == 1
        assert source.problem is not None
        assert source.problem.startswith("IMG_0.HEIC, IMG_1.HEIC, ")
        assert source.problem.endswith("IMG_9.HEIC and 2 more cannot be read; save as JPEG.")
    (tmp_path / "a.png").write_bytes(b"")
    write(tmp_path / "b.png", np.zeros((2, 2), np.uint8))
    with open_source(str(tmp_path)) as source:
        list(source)
        assert source.problem is not None
        assert "a.png is empty. IMG_0.HEIC" in source.problem


def test_a_folder_of_such_pictures_alone(tmp_path: Path) -> None:
    (tmp_path / "IMG_1.heic").write_bytes(b"x")
    with pytest.raises(SourceError, match=r"holds no pictures: IMG_1.heic cannot be read; save as JPEG\.$"):
        open_source(str(tmp_path))


def test_pictures_that_differ_in_their_ending_are_told_apart(tmp_path: Path) -> None:
    for name in ("a.png", "a.jpg", "b.png"):
        write(tmp_path / name, np.zeros((2, 2), np.uint8))
    with open_source(str(tmp_path)) as source:
        assert sorted(frame.camera for frame in source) == ["a.jpg", "a.png", "b"]


@pytest.mark.parametrize(
    ("names", "cameras"),
    [
        (["gauge (1).png", "gauge [1].png"], ["gauge-1", "gauge-1-2"]),
        (["g (1).png", "g [1].png", "g-1-2.png"], ["g-1", "g-1-2", "g-1-3"]),
        (["a" * 80 + "1.png", "a" * 80 + "2.png"], ["a" * 64, "a" * 62 + "-2"]),
        (["b.jpg", "b.png", "b.png.bmp"], ["b.jpg", "b.png", "b.png-2"]),
    ],
)
def test_no_two_pictures_are_one_camera(tmp_path: Path, names: list[str], cameras: list[str]) -> None:
    for name in names:
        write(tmp_path / name, np.zeros((2, 2), np.uint8))
    with open_source(str(tmp_path)) as source:
        assert sorted(frame.camera for frame in source) == sorted(cameras)


def test_a_damaged_picture_in_a_folder_costs_itself_alone(tmp_path: Path) -> None:
    write(tmp_path / "a.png", np.zeros((2, 2), np.uint8))
    (tmp_path / "b.png").write_bytes(b"")
    (tmp_path / "c.jpg").write_text("no picture")
    write(tmp_path / "d.png", np.zeros((2, 2), np.uint8))
    with open_source(str(tmp_path)) as source:
        assert [frame.index for frame in source] == [0, 3]
        assert source.problem is not None
        assert source.problem.startswith("2 of 4 pictures could not be read. ")
        assert "b.png is empty" in source.problem
        assert "c.jpg is damaged" in source.problem


def test_many_damaged_pictures_are_all_named(tmp_path: Path) -> None:
    write(tmp_path / "a.png", np.zeros((2, 2), np.uint8))
    for name in ("b", "c", "d", "e", "f"):
        (tmp_path / f"{name}.png").write_bytes(b"")
    with open_source(str(tmp_path)) as source:
        assert len(list(source)) == 1
        assert source.problem is not None
        assert source.problem.endswith("d.png is empty. The others: e.png, f.png.")


def test_a_folder_of_damaged_pictures_alone(tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(b"")
    with open_source(str(tmp_path)) as source, pytest.raises(SourceError, match="is empty"):
        list(source)


def test_a_folder_without_pictures(tmp_path: Path, make_folder: Callable[[int], Path]) -> None:
    with pytest.raises(SourceError, match="holds no pictures"):
        open_source(str(make_folder(0)))


@pytest.mark.parametrize("name", ["a\0b.png", "a\ud800b.png"])
def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SourceError, match=r"'.*a\\(x00|ud800)b\.png' cannot be read: ") as caught:
        read_picture(tmp_path / name, "cam")
    assert str(caught.value).isprintable()
