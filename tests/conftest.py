"""What every test lives under: slow tests and faults only when asked for, never a home of the user's own."""

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.engines import chosen


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the slow tests too")
    parser.addoption(
        "--faults", nargs="?", const="1", metavar="SHARE", help="inject faults too, or a share of them"
    )
    parser.addoption("--engine", metavar="ENGINE", help="podman, or an engine's address")


@pytest.fixture(scope="session", autouse=True)
def _engine(request: pytest.FixtureRequest) -> Iterator[None]:
    """Have the engine that was asked for, by hand (see tests/engines.py)."""
    wished = request.config.getoption("--engine")
    if not wished:
        yield
        return
    with chosen(wished):
        yield


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for mark in ("slow", "faults"):
        if not config.getoption(f"--{mark}"):
            skip = pytest.mark.skip(reason=f"{mark}: run with `.venv/bin/pytest --{mark}`")
            for item in items:
                if item.get_closest_marker(mark):
                    item.add_marker(skip)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and config.pluginmanager.has_plugin("dsession"):
        config.pluginmanager.register(_AtOnce(reporter))


class _AtOnce:
    """Tells a failure when it happens: the summary of a long run never comes if something ends that run."""

    def __init__(self, reporter: pytest.TerminalReporter) -> None:
        self._reporter = reporter

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._reporter.ensure_newline()
            self._reporter.line(f"FAILED {report.nodeid} ({report.when})\n{report.longreprtext[-4000:]}")


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One after the other, counted here: `mktemp` reads the names of all thousands before it each time."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def _own_home(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that forgets to name a home writes into a folder of its own, not into the user's."""
    home = next(_homes)
    home.mkdir(mode=0o700)
    monkeypatch.setenv("LIS_TUI_HOME", str(home))


@pytest.fixture(scope="module", autouse=True)
def _same_folder() -> Iterator[None]:
    """A file of tests that leaves the working folder fails there, not in the file after it."""
    before = os.getcwd()
    yield
    assert os.getcwd() == before


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name a test after no bytes that were made for it: archives have times in them, and differ each time."""
    is_made = isinstance(val, bytes) and (len(val) > 40 or not val.isascii() or b"\0" in val)
    return argname if is_made else None
