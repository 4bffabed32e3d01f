"""What the sandbox reaches, asks for, uses and loses, on the screen."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
import pytest
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from lis_tui.core import events
from lis_tui.core.decisions import AnswerConnection, Approve, Decision, Resume, SetAllowedHosts, SetLimits
from lis_tui.core.events import LoadMeasured, Record, StepAddress
from lis_tui.core.spec import Limits
from lis_tui.ui.announcing import Notable
from lis_tui.ui.app import LisApp
from lis_tui.ui.deeds.group import GRACE_S
from lis_tui.ui.load import CALM, NEAR
from lis_tui.ui.screens.connections import ConnectionsScreen
from lis_tui.ui.screens.limits import LimitsDialog
from tests import connected, story
from tests.screens import Clock, FakeSource, bench, pressing, settle, story_app, text_of, workbench_app

GAUGES = ("cpu", "mem", "disk", "procs")
SIZES = [(80, 24), (120, 40)]
HERE = StepAddress(6, 1)


class Seat:
    """A person before the screen: time stands still unless it is told to go on."""

    def __init__(self, records: list[Record], *, is_recorded: bool = False) -> None:
        self.source = FakeSource(records, is_recorded=is_recorded)
        self.clock = Clock(0.0)
        self.app: LisApp = workbench_app(self.source, now=records[-1].at + 3, monotonic=self.clock)
        self.pilot: Pilot[int]

    async def press(self, *keys: str) -> None:
        """Press keys, after a while."""
        for key in keys:
            self.clock.at += GRACE_S * 2
            await self.pilot.press(key)
            await settle(self.pilot)

    @property
    def text(self) -> str:
        """What is on the screen."""
        return text_of(self.app)

    @property
    def decided(self) -> list[Decision]:
        """What was sent."""
        return [decision for decision, _ in self.source.decisions]


@asynccontextmanager
async def seat(
    records: list[Record], *, is_recorded: bool = False, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[Seat]:
    """Sit down."""
    found = Seat(records, is_recorded=is_recorded)
    async with found.app.run_test(size=size) as found.pilot:
        await settle(found.pilot)
        yield found


# ---- a host that is asked for


@pytest.mark.parametrize(("key", "verdict"), [("a", "once"), ("A", "always"), ("x", "no")])
async def test_a_key_answers_the_question_about_a_host(key: str, verdict: str) -> None:
    async with seat(connected.asking()) as one:
        assert "May the sandbox reach files.example.org:443?" in one.text
        await one.press(key)
        assert one.decided == [AnswerConnection(1, verdict)]  # type: ignore[arg-type]


async def test_questions_stand_in_line_and_count_down() -> None:
    async with seat(connected.asking(connected.ASKED_NEXT)) as one:
        assert "no in 0:5" in one.text
        assert "1 of 2" in one.text
        assert "cdn.example.net" not in one.text
        one.source.add(Record(990, story.START + 99, events.ConnectionAnswered(number=1, verdict="no")))
        await settle(one.pilot)
        assert "cdn.example.net:8443?" in one.text
        one.source.add(Record(991, story.START + 99, events.ConnectionAnswered(number=2, verdict="no")))
        await settle(one.pilot)
        assert "asks for a host" not in one.text


async def test_what_was_typed_before_the_question_could_be_read_answers_nothing() -> None:
    async with seat(connected.asking()) as one:
        await one.pilot.press("a")
        await settle(one.pilot)
        assert one.decided == []
        assert "typed before this could be read" in one.text


async def test_while_a_gate_waits_its_keys_are_the_gates_and_the_mouse_answers_the_question() -> None:
    async with seat(connected.after(connected.connected(), connected.ASKED)) as one:
        await one.press("a")
        assert one.source.decisions == [(Approve(), HERE)]
        line = next(n for n, text in enumerate(one.text.splitlines()) if "once  always  no" in text)
        await one.pilot.click(offset=(one.text.splitlines()[line].index("always") + 1, line))
        await settle(one.pilot)
        assert one.decided[1:] == [AnswerConnection(1, "always")]


async def test_a_dialog_keeps_its_letters_while_a_host_is_asked_for() -> None:
    async with seat(connected.asking()[:-1]) as one:
        await one.press("s")
        one.source.add(connected.asking()[-1])
        await settle(one.pilot)
        await one.press("a", "x")
        assert one.app.screen.query_one(TextArea).text == "ax"
        assert one.decided == []


async def test_a_question_out_of_sight_is_shown_before_it_can_be_answered() -> None:
    async with seat(connected.asking(), size=(80, 24)) as one:
        await one.press("g")
        assert "May the sandbox reach" not in one.text
        assert "asks for files.example.org:443" in one.text
        await one.press("x")
        assert one.decided == []
        assert "May the sandbox reach" in one.text
        await one.press("x")
        assert one.decided == [AnswerConnection(1, "no")]


async def test_who_looks_elsewhere_is_told_of_the_question(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    async with seat(connected.asking()[:-1]) as one:
        post = type(bench(one.app)).post_message

        def heard(self: object, message: Message) -> bool:
            if isinstance(message, Notable):
                told.append(message.sentence)
            return post(self, message)  # type: ignore[arg-type]

        monkeypatch.setattr(type(bench(one.app)), "post_message", heard)
        one.source.add(connected.asking()[-1])
        await settle(one.pilot)
        assert one.app.title.startswith("asks for files.example.org:443")
    assert [sentence.split(" · ")[0] for sentence in told] == ["asks for files.example.org:443"]


# ---- what was reached


async def test_connections_are_listed_the_newest_first_with_why_one_was_refused() -> None:
    async with seat(connected.connected()) as one:
        await one.press("S")
        lines = one.text.splitlines()
        rows = [line for line in lines if line.lstrip()[:1] in ("✓", "⊘")]
        assert [row.split()[1] for row in rows] == [
            "pip.test:443",
            "169.254.169.254:80",
            "track.example.com:80",
            "files.package-box.test:443",
            "pip.test:443",
        ]
        assert "12×" in rows[3]
        assert rows[3].rstrip().endswith("2.1")
        assert "track.example.com is not among the hosts" in one.text
        assert "2 hosts · 18 connections" in lines[0]
        assert "4 refused" in lines[0]
        assert "It may reach pip.test, *.package-box.test." in lines[1]


async def test_connections_are_told_by_host_sorted_and_filtered() -> None:
    async with seat(connected.connected()) as one:
        await one.press("S", "h", "4")
        rows = [line.split()[1] for line in one.text.splitlines() if line.lstrip()[:1] in ("✓", "⊘")]
        assert rows[:2] == ["files.package-box.test:443", "pip.test:443"]
        assert len(rows) == 4
        await one.press("slash", *"refused", "enter")
        rows = [line.split()[1] for line in one.text.splitlines() if line.lstrip()[:1] in ("✓", "⊘")]
        assert sorted(rows) == ["169.254.169.254:80", "track.example.com:80"]
        await one.press("q")
        assert one.app.screen is bench(one.app)


async def test_from_a_connection_one_goes_to_its_step() -> None:
    async with seat(connected.connected()) as one:
        await one.press("S", "enter")
        assert "no step ran when it began" in one.text
        await one.press("j", "enter")
        assert one.app.screen is bench(one.app)
        step = bench(one.app).commands.step
        assert step is not None
        assert step.address == StepAddress(3, 2)


async def test_a_recording_lists_what_was_reached_up_to_where_one_is() -> None:
    records = story.ended()
    place = next(n for n, one in enumerate(records) if isinstance(one.event, events.StepFinished))
    at = records[place].at
    told = [Record(800 + n, at, event) for n, event in enumerate(connected.reached()[:1])]
    async with seat([*records[: place + 1], *told, *records[place + 1 :]], is_recorded=True) as one:
        await one.press("G", "S")
        assert "pip.test:443" in one.text
        await one.press("e")
        assert "this is a recording" in one.text
        await one.press("q", "g", "S")
        assert "No connection so far." in one.text


async def test_the_allowed_hosts_are_edited_and_a_wrong_one_is_said() -> None:
    async with seat(connected.connected()) as one:
        await one.press("S", "e")
        area = one.app.screen.query_one(TextArea)
        assert area.text == "pip.test\n*.package-box.test"
        area.text = "pip.test\nhttp://evil"
        await one.press("ctrl+s")
        assert "cannot be allowed" in one.text
        area.text = "pip.test, example.org:8080"
        await one.press("ctrl+s")
        assert one.decided == [SetAllowedHosts(("pip.test", "example.org:8080"))]
        assert isinstance(one.app.screen, ConnectionsScreen)


async def test_hosts_cannot_be_edited_where_the_network_does_not_know_them() -> None:
    async with seat(story.waiting()) as one:
        await one.press("S")
        assert "It may reach all hosts; only connections through a proxy" in one.text.replace("\n", " ")
        await one.press("e")
        assert "not limited to hosts" in one.text


async def test_a_question_is_answered_from_the_list_too_even_while_a_gate_waits() -> None:
    async with seat(connected.after(connected.connected(), connected.ASKED)) as one:
        await one.press("S")
        assert "May it reach files.example.org:443?" in one.text
        await one.press("A")
        assert one.decided == [AnswerConnection(1, "always")]


async def test_a_refused_host_is_told_once_and_calmly() -> None:
    refused = connected.reached()[2]
    async with seat(connected.limited(story.running(), "pip.test")) as one:
        now = bench(one.app).now()
        one.source.add(Record(900, now, refused))
        await settle(one.pilot)
        assert "refused: track.example.com:80" in one.text
        bench(one.app).hint("something else")
        one.source.add(Record(901, now, refused))
        await settle(one.pilot)
        assert "refused: track.example.com:80" not in one.text


async def test_what_was_refused_long_ago_is_no_news() -> None:
    records = connected.after(story.waiting(), connected.reached()[2])
    found = Seat(records)
    found.app = workbench_app(found.source, now=records[-1].at + 3600, monotonic=found.clock)
    async with found.app.run_test(size=(120, 40)) as found.pilot:
        await settle(found.pilot)
        assert "refused" not in found.text.splitlines()[-1]


# ---- what is used, what was lost


async def test_the_load_has_its_place_and_what_is_near_its_limit_comes_first() -> None:
    small = msgspec.structs.replace(connected.LOAD, memory_bytes=9, cpus=0.1, pids=2, disk_bytes=0)
    async with seat(connected.after(story.waiting(), connected.LOAD)) as one:
        places = [one.text.splitlines()[1].index(name) for name in GAUGES]
        assert places == sorted(places)
        one.source.add(Record(0, story.START + 99, small))
        await settle(one.pilot)
        assert "cpu  0.1" in one.text
        assert [one.text.splitlines()[1].index(name) for name in GAUGES] == places
        one.source.add(Record(0, story.START + 99, connected.FULL))
        await settle(one.pilot)
        line = one.text.splitlines()[1]
        assert sorted(GAUGES, key=line.index) == ["disk", "cpu", "mem", "procs"]
        assert "disk  20 GB" in line
        assert "disk 95%" in one.text.splitlines()[-1]


async def test_why_a_run_holds_is_told_in_full_with_the_keys_that_help() -> None:
    async with seat(connected.held()) as one:
        text = " ".join(one.text.split())
        assert "‖ paused: sandbox lost" in one.text.splitlines()[-1]
        assert "paused: sandbox lost" in one.app.title
        for part in ("killed", "Resuming makes it anew", "p resume", "@ model", "Q end the run"):
            assert part in text
        await one.press("p")
        assert one.decided == [Resume()]


async def test_the_end_has_a_key_that_asks_before_it_ends() -> None:
    async with seat(connected.held()) as one:
        await one.press("Q")
        assert "End the run" in one.text
        assert one.decided == []


async def test_at_the_limit_of_the_disk_the_key_that_raises_it_is_offered() -> None:
    async with seat(connected.filling()) as one:
        assert "holds at the next gate" in one.text
        assert "pausing: disk limit reached" in one.text.splitlines()[-1]
        await one.press("L")
        field = one.app.screen.focused
        assert isinstance(field, Input)
        assert field.value == "disk=20480MB  files=1000000  output=1024MB"
        field.value = "disk=40GB  files=none"
        await one.press("enter")
        assert one.decided == [SetLimits(Limits(disk_mb=40_960, files=None))]


# ---- pictures


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("moment", "keys"),
    [
        ("asking", ()),
        ("held", ()),
        ("filling", ("L",)),
        ("connected", ("S",)),
        ("connected", ("percent_sign",)),
    ],
    ids=["asked", "lost", "full", "connections", "used"],
)
def test_hosts_load_and_losses_look_as_they_did(
    snap_compare: Callable[..., bool], moment: str, keys: tuple[str, ...], size: tuple[int, int]
) -> None:
    records = getattr(connected, moment)()
    assert snap_compare(story_app(records), terminal_size=size, run_before=pressing(*keys))


@pytest.mark.parametrize(
    ("part", "warned", "focused"),
    [
        (NEAR, set(), "filling"),
        ((NEAR + CALM) / 2, {"disk"}, "filling"),
        ((NEAR + CALM) / 2, set(), "limits"),
        (CALM / 2, {"disk"}, "limits"),
    ],
)
async def test_the_limits_open_at_the_line_that_the_status_line_warns_of(
    part: float, warned: set[str], focused: str
) -> None:
    load = LoadMeasured(disk_bytes=int(part * 1000), disk_limit_bytes=1000)
    async with seat(connected.held()) as one:
        await one.app.push_screen(LimitsDialog(Limits(), load, warned))
        await settle(one.pilot)
        assert one.app.screen.focused is not None
        assert one.app.screen.focused.id == focused
