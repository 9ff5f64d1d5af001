import gc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from meter_infer.errors import SourceError
from meter_infer.sources import open_source
from meter_infer.types import ColorMatrix, Frame
from meter_infer.vision.color import frame_bgr


def read(path: Path, **options: Any) -> list[Frame]:
    with open_source(str(path), **options) as source:
        return list(source)


def test_planes_are_views_of_the_decoders_memory(make_video: Any) -> None:
    (frame, *_) = read(make_video("v.mp4"))
    assert not frame.luma.flags.owndata
    assert frame.chroma is not None
    assert not frame.chroma[0].flags.owndata


def test_times_start_at_the_creation_time(make_video: Any) -> None:
    path = make_video("v.mp4", created="2024-05-06T07:08:09.000000Z", fps=10)
    frames = read(path)
    began = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert [frame.captured_at - began for frame in frames] == [
        timedelta(seconds=index / 10) for index in range(10)
    ]


@pytest.mark.parametrize("created", [None, "1904-01-01T00:00:00Z", "1970-01-01T00:00:00Z"])
def test_without_one_they_end_at_the_modification_time(make_video: Any, created: str | None) -> None:
    modified = datetime(2023, 1, 2, 3, 4, 5, tzinfo=UTC)
    frames = read(make_video("v.mp4", created=created, modified=modified), every=5)
    began = modified - timedelta(seconds=1.0)
    assert [frame.captured_at for frame in frames] == [began, began + timedelta(seconds=0.5)]


def test_a_stream_without_times_is_paced_by_its_rate(make_video: Any) -> None:
    frames = read(make_video("v.h264", container="h264"))
    steps = [b.captured_at - a.captured_at for a, b in pairwise(frames)]
    assert len(frames) == 10
    assert all(step > timedelta(0) for step in steps)


@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_rotation_in_the_metadata_is_applied(make_video: Any, rotation: int, flip: bool) -> None:
    (frame,) = read(make_video("v.mp4", 1, rotation=rotation, flip=flip))
    stored = np.zeros((50, 66), np.uint8)
    stored[:25, :33] = 255
    upright = np.rot90(stored, rotation // 90)  # anticlockwise, then mirrored
    upright = upright[:, ::-1] if flip else upright
    assert frame.luma.shape == upright.shape
    inside = np.abs(frame.luma.astype(int) - np.where(upright, 235, 33)) < 12
    assert inside.mean() > 0.95
    assert frame.chroma is not None
    assert frame.chroma[0].shape == ((upright.shape[0] + 1) // 2, (upright.shape[1] + 1) // 2)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "matrix"),
    [
        ("v.mkv", "ffv1", "yuv420p", ColorMatrix.BT601_LIMITED),
        ("v.mkv", "ffv1", "yuv422p", ColorMatrix.BT601_LIMITED),
        ("v.mkv", "ffv1", "yuv444p", ColorMatrix.BT601_LIMITED),
        ("v.mkv", "ffv1", "yuv420p10le", ColorMatrix.BT601_LIMITED),
        ("v.mkv", "ffv1", "bgr0", ColorMatrix.BT601_FULL),
        ("v.avi", "rawvideo", "bgr24", ColorMatrix.BT601_FULL),
        ("v.avi", "mjpeg", "yuvj420p", ColorMatrix.BT601_FULL),
        ("v.avi", "mjpeg", "yuvj422p", ColorMatrix.BT601_FULL),
        ("v.mkv", "ffv1", "nv12", ColorMatrix.BT601_LIMITED),
    ],
)
def test_colours_survive_every_pixel_format(
    make_video: Any, name: str, codec: str, pix_fmt: str, matrix: ColorMatrix
) -> None:
    colours = np.array([[(40, 60, 200), (200, 120, 30)], [(30, 160, 60), (128, 128, 128)]], np.uint8)
    image = np.repeat(np.repeat(colours, 32, 0), 32, 1)
    if pix_fmt == "nv12":
        codec, pix_fmt, name = "rawvideo", "nv12", "v.nut"
    (frame,) = read(make_video(name, 1, size=(64, 64), codec=codec, pix_fmt=pix_fmt, picture=lambda _: image))
    assert frame.matrix is matrix
    seen = frame_bgr(frame).astype(int)
    inner = np.abs(seen - image.astype(int)).reshape(2, 32, 2, 32, 3)[:, 8:24, :, 8:24]
    assert inner.max() <= 8


def test_a_grey_video_has_no_chroma(make_video: Any) -> None:
    (frame,) = read(
        make_video(
            "v.mkv", 1, codec="ffv1", pix_fmt="gray", picture=lambda _: np.full((50, 66, 3), 77, np.uint8)
        )
    )
    assert frame.chroma is None
    assert abs(int(frame.luma[3, 3]) - 77) <= 1


def test_high_definition_is_bt709_unless_it_says_otherwise(make_video: Any) -> None:
    (frame,) = read(make_video("v.mkv", 1, size=(1280, 720), codec="ffv1"))
    assert frame.matrix in (ColorMatrix.BT709_LIMITED, ColorMatrix.BT601_LIMITED)


def test_odd_sizes(make_video: Any) -> None:
    (frame,) = read(make_video("v.mkv", 1, size=(33, 21), codec="ffv1"))
    assert frame.luma.shape == (21, 33)
    assert frame.chroma is not None
    assert frame.chroma[1].shape == (11, 17)


def noise(index: int) -> NDArray[np.uint8]:
    return np.random.default_rng(index).integers(0, 255, (50, 66, 3), np.uint8)


def test_a_truncated_video_yields_what_there_is_and_says_how_much(make_video: Any) -> None:
    path = make_video("v.mp4", 40, options={"movflags": "faststart"}, picture=noise)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    with open_source(str(path)) as source:
        frames = list(source)
        assert 10 < len(frames) < 36
        assert source.problem is not None
        assert "is truncated or damaged" in source.problem
        assert "of 40 frames could be read" in source.problem


@pytest.mark.parametrize("name", ["v.mkv", "v.avi", "v.ts", "v.flv"])
def test_containers_without_an_index_at_the_front(make_video: Any, name: str) -> None:
    path = make_video(name, 40, picture=noise)
    with open_source(str(path)) as source:
        assert len(list(source)) == 40
        assert source.problem is None
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with open_source(str(path)) as source:
        assert 10 < len(list(source)) < 30
        assert source.problem is not None


def test_a_recording_of_varying_pace_is_no_damaged_one(tmp_path: Path) -> None:
    path = tmp_path / "v.mkv"
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 66, 50, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        stamps = [*range(0, 2000, 40), *range(2000, 20_000, 500)]
        for index, stamp in enumerate(stamps):
            frame = av.VideoFrame.from_ndarray(noise(index), format="bgr24")
            frame.pts, frame.time_base = stamp, Fraction(1, 1000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with open_source(str(path)) as source:
        frames = list(source)
        assert source.problem is None
    seconds = [(frame.captured_at - frames[0].captured_at).total_seconds() for frame in frames]
    assert seconds == pytest.approx([stamp / 1000 for stamp in stamps], abs=2e-3)


def test_a_video_cut_before_its_index_is_refused(make_video: Any) -> None:
    path = make_video("v.mp4", 40, picture=noise)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(SourceError, match="too damaged"):
        open_source(str(path))


def test_a_video_cut_before_its_first_picture_is_refused(make_video: Any) -> None:
    path = make_video("v.mp4", 40, options={"movflags": "faststart"}, picture=noise)
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"mdat") + 4])
    with pytest.raises(SourceError, match=r"holds no picture|too damaged"), open_source(str(path)) as source:
        list(source)


def test_damage_in_the_middle_costs_some_frames(make_video: Any) -> None:
    path = make_video("v.mp4", 40, picture=noise)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 9000] = bytes(9000)
    path.write_bytes(data)
    with open_source(str(path)) as source:
        frames = list(source)
        assert 20 <= len(frames) < 40
        assert source.problem is not None
        assert "damaged: " in source.problem
    assert [frame.index for frame in frames] == sorted({frame.index for frame in frames})


@pytest.mark.parametrize(
    "text",
    [
        "pressure was high on monday\n" * 50,
        "#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.ts\n",
        "ffconcat version 1.0\nfile 'other.mp4'\n",
        "<html><body>404 Not Found</body></html>\n",
        '{"error": "no such camera"}\n',
    ],
)
def test_a_text_file_with_the_name_of_a_video(
    tmp_path: Path, text: str, is_held: Callable[[Path], bool]
) -> None:
    path = tmp_path / "v.mp4"
    path.write_text(text)
    with pytest.raises(SourceError, match=r"v\.mp4 (is no video|is a text file|cannot be opened)") as caught:
        open_source(str(path))
    assert str(caught.value).count(". ") == 0
    assert not is_held(path)


def test_a_sound_file_has_no_picture(tmp_path: Path, is_held: Callable[[Path], bool]) -> None:
    path = tmp_path / "v.wav"
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with pytest.raises(SourceError, match="no moving picture"):
        open_source(str(path))
    assert not is_held(path)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("gone.mp4", None, "does not exist"),
        ("empty.mp4", b"", "is empty"),
        ("random.mp4", bytes(range(256)) * 20, "is no video|cannot be opened|holds no"),
        ("text.png", b"no picture at all", "is no picture"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, content: bytes | None, says: str) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SourceError, match=says), open_source(str(path)) as source:
        list(source)


def test_a_misspelt_name_is_guessed(make_video: Any) -> None:
    path = make_video("boiler.mp4", 1)
    with pytest.raises(SourceError, match=r"did you mean boiler\.mp4\?"):
        open_source(str(path.with_name("boilr.mp4")))


def test_a_moving_gif(tmp_path: Path) -> None:
    path = tmp_path / "v.gif"
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream("gif", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 24, "rgb8"
        for index in range(3):
            image = np.full((24, 32, 3), 80 * index, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="bgr24").reformat(format="rgb8")))
        out.mux(stream.encode(None))
    assert len(read(path)) == 3


def test_a_stream_of_jpegs_is_a_video(tmp_path: Path) -> None:
    jpeg = cv2.imencode(".jpg", np.full((24, 32, 3), 90, np.uint8))[1].tobytes()
    path = tmp_path / "v.mjpeg"
    path.write_bytes(jpeg * 4)
    assert len(read(path)) == 4


def pictures() -> int:
    """How many there are, those of other tests among them."""
    return sum(type(item) is av.VideoFrame for item in gc.get_objects())


def test_a_frame_that_is_let_go_is_gone(tmp_path: Path) -> None:
    """Without waiting for the garbage collector: eight cameras would hold hundreds of pictures until then."""
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=20)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(6):
            picture = np.zeros((48, 64, 3), np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
        out.mux(stream.encode(None))
    gc.collect()
    gc.disable()
    try:
        before = pictures()
        for _ in range(3):
            read(path)
        alive = pictures() - before
    finally:
        gc.enable()
    assert alive <= 3, "one a video, whose side data is looked at"


@pytest.mark.parametrize("name", ["v.jpg", "v.png"])
@pytest.mark.parametrize("container", ["mp4", "matroska", "avi", "mpegts", "flv", "mov", "asf"])
def test_a_video_under_a_picture_s_name_is_a_video(make_video: Any, container: str, name: str) -> None:
    codec = "mpeg4" if container in ("avi", "asf") else "libx264"
    assert len(read(make_video(name, 4, codec=codec, container=container))) == 4


def test_a_phone_s_picture_under_another_name_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "phone.jpg"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200))
    with pytest.raises(SourceError, match="is no picture of a known kind"):
        open_source(str(path))


def test_a_phone_s_picture_in_tiles_is_not_one_of_its_tiles(tmp_path: Path) -> None:
    path = tmp_path / "IMG_1.heic"
    with av.open(str(path), "w", format="mp4") as file:
        tiles = [file.add_stream("libx264", rate=1) for _ in range(2)]
        for stream in tiles:
            stream.width = stream.height = 64
            stream.pix_fmt = "yuv420p"
        file.start_encoding()
        for stream in tiles:
            picture = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")
            file.mux([*stream.encode(picture), *stream.encode(None)])
    data = path.read_bytes()
    path.write_bytes(data[:8] + b"heic" + data[12:])
    with pytest.raises(SourceError, match="is a picture in tiles, as phones make them; save it as JPEG"):
        open_source(str(path))


@pytest.mark.parametrize(
    ("others", "end"),
    [
        (["recording.yaml"], "does not exist."),
        (["recording.yaml", "recording1.avi"], "does not exist; did you mean recording1.avi?"),
    ],
)
def test_only_what_can_be_read_is_suggested(tmp_path: Path, others: list[str], end: str) -> None:
    for name in others:
        (tmp_path / name).touch()
    with pytest.raises(SourceError) as caught:
        open_source(str(tmp_path / "recording.avi"))
    assert str(caught.value).endswith(end)


def damage(path: Path, *hit: int) -> None:
    """Put noise into the packets of some frames, behind their headers."""
    with av.open(str(path)) as file:
        places = [(packet.pos, packet.size) for packet in file.demux(video=0) if packet.size]
    data = bytearray(path.read_bytes())
    for index in hit:
        place, size = places[index]
        assert place is not None
        first, count = place + 8 + size * 2 // 3, size // 6
        data[first : first + count] = np.random.default_rng(5).integers(0, 255, count, np.uint8).tobytes()
    path.write_bytes(data)


def test_of_frames_that_are_all_damaged_nothing_is_read(make_video: Any) -> None:
    path = make_video("v.avi", codec="mpeg4", picture=noise)
    damage(path, *range(10))
    with open_source(str(path)) as source, pytest.raises(SourceError, match="holds no picture that can be"):
        list(source)


@pytest.mark.parametrize(
    ("hit", "read_are"),
    [([3], [0, 4, 6, 9]), ([0, 3, 4, 5, 6, 7, 8], [1, 9]), ([9], [0, 3, 6]), ([4, 5], [0, 3, 6, 9])],
)
def test_a_damaged_frame_s_turn_passes_to_the_next_sound_one(
    make_video: Any, hit: list[int], read_are: list[int]
) -> None:
    path = make_video("v.avi", codec="mpeg4", picture=noise)
    damage(path, *hit)
    assert [frame.index for frame in read(path, every=3)] == read_are
