import socket
from pathlib import Path

import pytest

from lis_tui.sandbox.entry import received
from lis_tui.sandbox.inlet import hand_over
from lis_tui.sandbox.sidecar import delete_meetings, meeting_in


def test_a_socket_is_handed_over_by_whoever_has_gone_already_when_it_is_taken(tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 40)
    deep.mkdir()
    with meeting_in(deep) as (folder, meeting), socket.create_server(("127.0.0.1", 0)) as made:
        port = made.getsockname()[1]
        (tmp_path / "short").symlink_to(folder)
        hand_over(made, str(tmp_path / "short" / "socket"))
        meeting.setblocking(False)
        stream, _ = meeting.accept()
        with stream, received(stream) as taken:
            assert taken.getsockname()[1] == port
            assert taken.fileno() != made.fileno()
    assert list(deep.iterdir()) == []


def test_nobody_came(tmp_path: Path) -> None:
    with meeting_in(tmp_path) as (folder, meeting), socket.socket(socket.AF_UNIX) as other:
        (tmp_path / "short").symlink_to(folder)
        other.connect(str(tmp_path / "short" / "socket"))
        other.close()
        stream, _ = meeting.accept()
        with stream, pytest.raises(OSError, match="no socket came"):
            received(stream)


def test_what_a_killed_process_left_of_a_meeting_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "passage-abc").mkdir()
    (tmp_path / "passage-abc" / "socket").touch()
    (tmp_path / "outputs").mkdir()
    delete_meetings(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["outputs"]
