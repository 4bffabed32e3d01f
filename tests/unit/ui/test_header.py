import pytest

from lis_tui.core.events import AllowedHostsChanged, Record, SandboxStarted
from lis_tui.core.view import RunView
from lis_tui.ui.header import title_line
from lis_tui.ui.rows import cells


@pytest.mark.parametrize(("kind", "tone"), [("docker", "output"), ("embedded", "warning")])
def test_a_home_that_is_weaker_than_a_container_is_named_in_the_tone_of_warnings(
    kind: str, tone: str
) -> None:
    event = SandboxStarted(kind=kind, image="i", image_id="x", container="c", network="none", took_s=0.1)
    view = RunView().apply_all([Record(1, 0.0, event)])
    assert (f"{kind}, no network", tone) in title_line(view, "one", 120)


@pytest.mark.parametrize(
    ("kind", "network", "hosts", "words"),
    [
        ("docker", "bridge", ("*",), ("docker, all hosts", "output")),
        ("docker", "auto", ("*",), ("docker, all hosts", "output")),
        ("docker", "allow", ("a.org", "b.org"), ("docker, 2 hosts", "output")),
        ("docker", "allow", (), ("docker, 0 hosts", "output")),
        ("embedded", "allow", ("*",), ("embedded, all hosts", "warning")),
        ("embedded", "bridge", ("*",), ("embedded, this machine's network", "warning")),
    ],
)
def test_the_header_names_the_network(
    kind: str, network: str, hosts: tuple[str, ...], words: tuple[str, str]
) -> None:
    event = SandboxStarted(kind=kind, image="i", image_id="x", container="c", network=network, took_s=0.1)
    view = RunView().apply_all([Record(1, 0.0, event), Record(2, 0.0, AllowedHostsChanged(hosts))])
    assert words in title_line(view, "one", 120)


def test_where_room_is_short_the_usual_network_is_left_out_before_the_sandbox() -> None:
    event = SandboxStarted(
        kind="docker", image="i", image_id="x", container="c", network="bridge", took_s=0.1
    )
    view = RunView().apply_all([Record(1, 0.0, event)])
    line = title_line(view, "a-run-of-a-rather-long-name", 64)
    assert ("docker", "output") in line
    assert cells(line) <= 64
