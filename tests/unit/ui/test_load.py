"""What the sandbox uses, as cells of a line and as a short history."""

import msgspec

from lis_tui.core.events import LoadMeasured, Record
from lis_tui.ui.load import LoadHistory, gauges, load_inks, load_warnings
from lis_tui.ui.rows import cells, text_of
from tests.connected import FULL, LOAD


def at(seconds: float, load: LoadMeasured) -> Record:
    return Record(0, seconds, load)


def test_a_gauge_is_as_wide_whatever_it_shows() -> None:
    loads = [
        LOAD,
        msgspec.structs.replace(LOAD, memory_bytes=3, disk_bytes=999_400_000, pids=512, cpus=0.0),
        msgspec.structs.replace(LOAD, memory_limit_bytes=None, pids=32_768, pids_limit=None, cpus=11.97),
    ]
    assert len({cells(load_inks(load, 80)) for load in loads}) == 1


def test_what_has_no_room_is_left_out_whole() -> None:
    for room in range(60):
        assert cells(load_inks(LOAD, room)) <= room
    assert text_of(load_inks(LOAD, 30)) == "  cpu  1.5▇  mem 412 MB▁"
    assert load_inks(None, 80) == []


def test_what_is_not_known_is_not_shown() -> None:
    assert [gauge.name for gauge in gauges(LoadMeasured(pids=3))] == ["procs"]
    assert text_of(load_inks(LoadMeasured(pids=3), 80)).strip() == "procs    3"


def test_busy_processors_are_no_trouble_but_a_full_disk_is() -> None:
    assert load_warnings(LOAD) == []
    assert load_warnings(msgspec.structs.replace(LOAD, cpus=2.0)) == []
    assert load_warnings(FULL) == [("disk 95%", "warning")]
    many = msgspec.structs.replace(LOAD, files=900_000)
    assert load_warnings(many) == [("files 90%", "warning")]
    assert text_of(load_inks(many, 80)).lstrip().startswith("files")


def test_the_history_holds_the_last_while_and_its_peaks() -> None:
    history = LoadHistory()
    history.take([at(float(second), LOAD) for second in range(0, 400, 2)])
    history.take([at(400.0, msgspec.structs.replace(LOAD, cpus=2.0)), at(402.0, LOAD)])
    lines = [text_of(line) for line in history.lines(100)]
    assert [line.split()[0] for line in lines] == ["processors", "memory", "disk", "processes", "files"]
    assert "1.5 of 2.0" in lines[0]
    past = lines[0].split()[-1]
    assert past == "▇" * (len(past) - 2) + "█▇"
    assert len(past) == 46
    narrow = text_of(next(iter(history.lines(60)))).split()[-1]
    assert len(narrow) == 20
    assert "█" in narrow


def test_where_nothing_was_measured_there_is_no_history() -> None:
    assert list(LoadHistory().lines(80)) == []


def test_what_goes_up_and_down_near_its_limit_stays_where_it_is() -> None:
    history = LoadHistory()
    parts = (0.79, 0.8, 0.79, 0.81, 0.7, 0.69, 0.79, 0.81)
    is_first, is_told = [], []
    for second, part in enumerate(parts):
        load = msgspec.structs.replace(LOAD, pids=round(1000 * part), pids_limit=1000)
        history.take([at(float(second), load)])
        is_first.append(gauges(load, history.warned)[0].name == "procs")
        is_told.append(bool(load_warnings(load, history.warned)))
        assert text_of(load_inks(load, 80, history.warned)).lstrip().startswith("procs") == is_first[-1]
    assert is_first == is_told == [False, True, True, True, True, False, False, True]
