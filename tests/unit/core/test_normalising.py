"""What is the same after normalising, by which rule; and what never is."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lis_tui.core.normalising import MOST_LINE, SHIPPED, Rule, Rules, cautious, shipped


@pytest.mark.parametrize(
    ("left", "right", "rule"),
    [
        ("Sat Nov 21 17:09:54 UTC 2026", "Sun Nov 22 01:10:00 UTC 2026", "times"),
        ("drwxr-xr-x 2 root root 40 Nov 21 17:09 x", "drwxr-xr-x 2 root root 40 Nov  2 03:09 x", "times"),
        ("2026-11-21T17:09:54.123Z x", "2026-11-22T17:09:54Z x", "times"),
        ("date +%s: 1763744994", "date +%s: 1763745001", "times"),
        ("real\t0m0.105s", "real\t0m0.102s", "durations"),
        ("3 passed in 0.12s", "3 passed in 1.40s", "durations"),
        ("pid 12", "pid 3456", "pids"),
        ("[1] 4711", "[1] 812", "pids"),
        ("/tmp/tmp.AbCdEf1234", "/tmp/tmp.ZyXw987654", "temp"),
        ("<object object at 0x7f00aa1180>", "<object object at 0x7f11bb2290>", "addresses"),
        ("up 172.17.0.2", "up 172.17.0.14", "hosts"),
        ("8526b724017d", "a8fad57212b6", "hosts"),
        ("Python 3.11.2", "Python 3.12.1", "versions"),
        ("[main 1a2b3c4] mend it", "[main 9f8e7d6] mend it", "commits"),
        ("total 12", "total 8", "totals"),
        ("10%\r55%\rdone", "done", "progress"),
        (" 45%|████▌     | 45/100 [00:01<00:01]", " 99%|█████████▉| 99/100 [00:02<00:00]", "progress"),
    ],
)
def test_what_differs_each_time_is_the_same_by_the_rule_that_is_named(
    left: str, right: str, rule: str
) -> None:
    like = shipped().compare(f"a\n{left}\nb", f"a\n{right}\nb")
    assert (like.sign, like.rules) == ("≈", (rule,))
    without = Rules(one for one in SHIPPED if one.name != rule)
    assert without.compare(left, right).sign == "≠"


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("3 passed in 0.12s", "2 passed in 0.12s"),
        ("a 12", "a 13"),
        ("0.5", "0.6"),
        ("total 12 files", "total 13 files"),
        ("deadbeefcafe", "deadbeefcaff"),
        ("123456789012", "123456789013"),
        ("one\ntwo", "one"),
        ("x", ""),
    ],
)
def test_what_a_command_found_out_is_never_normalised_away(left: str, right: str) -> None:
    assert shipped().compare(left, right).sign == "≠"


def test_only_the_rules_that_are_needed_are_named() -> None:
    like = shipped().compare("pid 1, 17:09:54, 0xdeadbeef", "pid 2, 17:09:54, 0xdeadbeef")
    assert like.rules == ("pids",)
    assert shipped().compare("same", "same").rules == ()


def test_two_models_may_mean_a_version_so_comparing_runs_tells_them_apart() -> None:
    assert cautious().compare("pip 23.0.1", "pip 24.0.1").sign == "≠"
    assert cautious().compare("at 17:09:54", "at 18:09:54").sign == "≈"


def test_a_rule_of_a_persons_own_counts_before_the_shipped_ones() -> None:
    own = Rule(name="build", pattern=r"build-[a-z]+", instead="‹build›")
    like = Rules((own, *SHIPPED)).compare("build-abc at 17:09:54", "build-xyz at 18:00:00")
    assert (like.sign, like.rules) == ("≈", ("build", "times"))


@given(st.text(max_size=300), st.text(max_size=300))
def test_comparing_is_the_same_both_ways_round(left: str, right: str) -> None:
    assert shipped().compare(left, right) == shipped().compare(right, left)
    assert shipped().compare(left, left).sign == "="


@pytest.mark.parametrize(
    "unit", ["a", "1", "[=", "1.1.1-a", "tmp", "/tmp/", "0.0.0+", "Jan 1 ", " ", "9%", "a1", "[main (a", "1-"]
)
def test_no_hostile_line_takes_long(unit: str) -> None:
    line = unit * (MOST_LINE // len(unit))
    began = time.process_time()
    shipped().line(line + "x")
    assert time.process_time() - began < 2  # catastrophic backtracking takes minutes
