import itertools
import json

from msgspec.structs import replace

from lis_tui.core.events import Record, StepFinished, StepStarted
from lis_tui.trajectory.exporting.cast import MOST_PAUSE_S
from lis_tui.trajectory.exporting.exporter import Exportable, ExportFormat, exporter
from tests import story


def cast(to: ExportFormat) -> tuple[dict[str, object], list[tuple[float, str, str]]]:
    run = Exportable(name="one", records=[record for record in story.ended() if record.n])
    head, *rest = exporter(to)(run).data.decode().splitlines()
    return json.loads(head), [tuple(json.loads(line)) for line in rest]


def test_a_cast_of_version_2_tells_times_from_the_beginning_and_never_waits_long() -> None:
    head, told = cast("cast")
    assert (head["version"], head["width"], head["height"]) == (2, 100, 30)
    times = [at for at, _, _ in told]
    assert times == sorted(times)
    assert max(b - a for a, b in itertools.pairwise(times)) <= MOST_PAUSE_S + 0.51
    assert {kind for _, kind, _ in told} == {"o"}


def test_a_cast_of_version_3_tells_the_same_with_times_from_the_event_before() -> None:
    head, told = cast("cast3")
    _, other = cast("cast")
    assert head["version"] == 3
    assert head["term"] == {"cols": 100, "rows": 30}
    assert [text for _, _, text in told] == [text for _, _, text in other]
    assert abs(sum(at for at, _, _ in told) - other[-1][0]) < 0.001 * len(told)


def test_a_cast_shows_every_command_and_how_it_came_out() -> None:
    _, told = cast("cast")
    text = "".join(one for _, _, one in told)
    facts = [record.event for record in story.ended()]
    assert all(f"{one.address} $ " in text for one in facts if isinstance(one, StepStarted))
    finished = [one for one in facts if isinstance(one, StepFinished)]
    assert text.count("✓") + text.count("✗") == len(finished)


def test_what_a_command_printed_moves_no_cursor() -> None:
    records = []
    for record in story.ended():
        if isinstance(record.event, StepFinished):
            seen = replace(record.event.observation, text="\x1b[2J\x1b[1;1Hgone\r\x07")
            records.append(Record(record.n, record.at, replace(record.event, observation=seen)))
        else:
            records.append(record)
    text = exporter("cast")(Exportable(name="one", records=records)).data.decode()
    shown = "".join(json.loads(line)[2] for line in text.splitlines()[1:])
    assert "\x1b[2J" not in shown
    assert "\x07" not in shown
    assert "gone" in shown
