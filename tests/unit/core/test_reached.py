"""What a sandbox reached, as a table, in exports, in numbers and as it streams past."""

from lis_tui.analysis.numbers import numbers_of
from lis_tui.cli.connections import host_sentence
from lis_tui.core.events import (
    AllowedHostsChanged,
    ConnectionAnswered,
    ConnectionAsked,
    ConnectionEnded,
    Event,
    ModeChanged,
    Record,
    RunStarted,
)
from lis_tui.core.reached import MOST_ROWS, amount, sums_of, table
from lis_tui.trajectory.exporting.exporter import Exportable
from lis_tui.trajectory.exporting.page import to_html
from lis_tui.trajectory.exporting.text import to_json, to_markdown
from tests.playing import make_spec


def ended(
    host: str, *, why: str = "", count: int = 1, port: int = 443, sent: int = 0, allowed: bool = True
) -> Event:
    return ConnectionEnded(
        host=host, port=port, is_allowed=allowed, why=why, count=count, sent=sent, received=2 * sent
    )


REACHED = [
    ended("a.org", sent=1000),
    ended("evil.org", why="<b>not</b> ```among```\nthe hosts", allowed=False, count=7),
    ended("a.org", sent=500, count=2),
    ended("fd12::1", port=8080),
]


def run_of(*events: Event) -> list[Record]:
    start = RunStarted(run="r", spec=make_spec(), system_prompt="", task_prompt="", tools=(), app_version="1")
    return [Record(n, float(n), event) for n, event in enumerate((start, *events), start=1)]


def test_connections_are_summed_up_by_host_and_port() -> None:
    first, second, third = sums_of(one for one in REACHED if isinstance(one, ConnectionEnded))
    assert (first.place, first.connections, first.refused, first.sent) == ("a.org:443", 3, 0, 1500)
    assert (second.place, second.connections, second.refused) == ("evil.org:443", 7, 7)
    assert third.place == "[fd12::1]:8080"
    lines = table((first, second, third))
    assert [line.split()[:5] for line in lines][1] == ["a.org:443", "3", "0", "1.5", "kB"]
    assert len({line.index("sent") for line in lines[:1]}) == 1
    assert table(()) == []


def test_a_table_of_very_many_hosts_says_how_many_more_there_are() -> None:
    sums = sums_of(ConnectionEnded(host=f"h{n}.org", port=1, is_allowed=True) for n in range(MOST_ROWS + 5))
    lines = table(sums)
    assert len(lines) == MOST_ROWS + 2
    assert lines[-1] == "… and 5 more hosts"


def test_exports_and_numbers_hold_them_and_nothing_in_them_is_markup() -> None:
    run = Exportable(name="r", records=run_of(*REACHED))
    markdown = to_markdown(run).data.decode()
    assert "## What the sandbox reached" in markdown
    assert "\n```among" not in markdown
    page = to_html(run).data.decode()
    assert "<h2>What the sandbox reached</h2>" in page
    assert "<b>not" not in page
    assert '"host": "evil.org"' in to_json(run).data.decode()
    assert [one.connections for one in numbers_of("r", run.records).connections] == [3, 7, 1]
    assert "reached" not in to_markdown(Exportable(name="r", records=run_of())).data.decode()


def test_each_is_told_in_one_line() -> None:
    told = [
        host_sentence(event)
        for event in (
            *REACHED[:3],
            ended("gone.org", why="its name cannot be looked up"),
            ConnectionAsked(number=3, host="b.org", port=22, timeout_s=5),
            ConnectionAnswered(number=3, verdict="always"),
            AllowedHostsChanged(("a.org", "b.org:22")),
            AllowedHostsChanged(()),
            ModeChanged("auto"),
        )
    ]
    assert told == [
        "reached a.org:443: 1.0 kB sent, 2.0 kB received",
        "refused: evil.org:443 ×7: <b>not</b> ```among```⏎the hosts",
        "reached a.org:443 ×2: 500 B sent, 1.0 kB received",
        "not reached: gone.org:443: its name cannot be looked up",
        "asked for 5 s: may the sandbox reach b.org:22? (question 3)",
        "question 3: allowed from now on, by a person",
        "hosts that may be reached, set by a person: a.org, b.org:22",
        "hosts that may be reached, set by a person: none",
        "",
    ]


def test_amounts_are_short() -> None:
    assert [amount(n) for n in (0, 999, 1000, 123_456, 5_000_000_000_000)] == [
        "0 B", "999 B", "1.0 kB", "123 kB", "5000 GB",
    ]  # fmt: skip
