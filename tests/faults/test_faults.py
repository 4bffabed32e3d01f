"""All of the fault injection as one test, for who wants it among the others: `pytest --faults`."""

import sys

import pytest

from tests.faults.__main__ import main


@pytest.mark.faults
def test_nothing_is_lost_and_nothing_is_left_whatever_is_killed(pytestconfig: pytest.Config) -> None:
    sys.stdout.write("\n")
    assert main(["--share", pytestconfig.getoption("--faults")]) == 0
