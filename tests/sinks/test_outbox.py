"""The queue on disk."""

from pathlib import Path

import pytest

from meter_infer.errors import SinkError
from meter_infer.sinks.outbox import Message, Outbox, OutboxSettings


def message(seq: int) -> Message:
    return Message(f"t/{seq % 3}", str(seq).encode(), 1, True, seq)


def make(path: Path, **more: object) -> Outbox:
    return Outbox(OutboxSettings(path, **more))  # type: ignore[arg-type]


def test_messages_come_out_in_their_order_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "made" / "outbox.db"
    outbox = make(path)
    outbox.append([message(seq) for seq in (3, 4, 5)])
    outbox.append([message(seq) for seq in (1, 2)])
    outbox.close()
    again = make(path)
    again.open()
    assert (again.count, again.last_seq) == (5, 5)
    assert [item.seq for item in again.after(0, 3)] == [1, 2, 3]
    assert again.after(3, 10) == [message(4), message(5)]
    again.delete([1, 2, 99])
    assert again.count == 3
    again.close()


@pytest.mark.parametrize(("drop_oldest", "kept"), [(True, [8, 9, 10]), (False, [1, 2, 3])])
def test_the_bound_is_kept_and_drops_are_counted(tmp_path: Path, drop_oldest: bool, kept: list[int]) -> None:
    outbox = make(tmp_path / "o.db", max_messages=3, drop_oldest=drop_oldest)
    for seq in range(1, 11, 2):
        outbox.append([message(seq), message(seq + 1)])
    assert [item.seq for item in outbox.after(0, 99)] == kept
    assert (outbox.count, outbox.dropped) == (3, 7)
    outbox.close()


def test_a_damaged_file_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "o.db"
    path.write_bytes(b"this is no database at all, " * 100)
    outbox = make(path)
    outbox.append([message(1)])
    assert outbox.count == 1
    outbox.close()
    assert (tmp_path / "o.db.damaged").read_bytes().startswith(b"this is no")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SinkError, match="outbox"):
        make(tmp_path / "file" / "o.db").append([message(1)])


def test_announced_topics_are_remembered(tmp_path: Path) -> None:
    outbox = make(tmp_path / "o.db")
    outbox.announce(["a", "b", "a"])
    outbox.announce([], ["a"])
    outbox.close()
    again = make(tmp_path / "o.db")
    assert again.announced() == {"b"}
    again.close()
