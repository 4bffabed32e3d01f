import pytest

from lis_tui.core import events
from lis_tui.core.compare import Alignment, StepPair, align, outcome
from lis_tui.core.decisions import Reject
from lis_tui.core.differing import MOST_BYTES, diff_contents, differing_files
from lis_tui.core.events import Record, StepAddress
from lis_tui.core.manifest import Manifest, Node
from lis_tui.core.sameness import call_sameness, sameness, worst
from lis_tui.core.view import RunView
from tests import branches, story
from tests.story import Story, bash


def view(records: list[Record]) -> RunView:
    return RunView().apply_all(records)


def told(*commands: tuple[str, str]) -> RunView:
    made = Story()
    made.begin(mode="auto")
    for turn, (command, output) in enumerate(commands, 1):
        made.think(turn, "On with it.", [bash(command)])
        made.run(StepAddress(turn, 1), bash(command), output)
    return view(made.records)


def signs(found: Alignment) -> list[tuple[str, str, str]]:
    return [
        (
            str(pair.left.address) if pair.left else "",
            pair.sign,
            str(pair.right.address) if pair.right else "",
        )
        for pair in found.pairs
    ]


# ---- one text against another


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("took 0.81s", "took 12.4s"),
        ("real\t0m0.003s", "real\t1m2.100s"),
        ("at 2026-01-02T10:11:12Z", "at 2026-03-04 05:06:07.123"),
        ("Sep 21 13:05 set.png", "Oct  1 07:45 set.png"),
        ("[1] 1234", "[1] 99"),
        ("killed pid 812", "killed pid 4031"),
        ("wrote /tmp/tmpab12/x.txt", "wrote /tmp/tmpzz99/x.txt"),
        ("<Thing object at 0x7f01c0ffee>", "<Thing object at 0x7fbeefbeef>"),
        ("ok\n[turn 3 of 100: 97 left]", "ok\n[turn 9 of 20: 11 left]"),
    ],
)
def test_what_differs_each_time_is_as_good_as_the_same(left: str, right: str) -> None:
    assert sameness(left, right) == "≈"
    assert sameness(left, left) == "="


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("42", "43"),
        ("1.507", "1.51"),
        ("5 files", "6 files"),
        ("v2.1.1", "v2.1.2"),
        ("a", "a b"),
        ("3 sets", "4 sets"),
    ],
)
def test_what_a_person_asked_for_is_never_normalised_away(left: str, right: str) -> None:
    assert sameness(left, right) == "≠"


def test_how_the_arguments_of_a_call_are_written_makes_no_difference() -> None:
    left = ("execute_bash", '{"command": "ls", "timeout": 5}')
    assert call_sameness(left, ("execute_bash", '{"timeout":5,"command":"ls"}')) == "="
    assert call_sameness(left, ("execute_bash", '{"timeout":6,"command":"ls"}')) == "≠"
    assert call_sameness(left, ("submit", left[1])) == "≠"
    assert call_sameness(("execute_bash", "{broken"), ("execute_bash", "{broken")) == "="


def test_the_worst_sign_is_the_one_that_says_most() -> None:
    assert worst("=", "≈") == "≈"
    assert worst("≠", "≈", "=") == "≠"
    assert worst("←", "≠") == "←"


# ---- two runs


def test_a_run_compared_with_itself_is_the_same_all_along() -> None:
    one = view(story.ended())
    found = align(one, view(story.ended()))
    assert {pair.sign for pair in found.pairs} == {"="}
    assert {turn.reasoning for turn in found.turns} == {"="}
    assert len(found.shared) == len(one.steps)
    assert not found.is_fork


@pytest.mark.parametrize("is_swapped", [False, True])
@pytest.mark.parametrize("copies_times", [False, True])
def test_a_fork_shares_its_steps_up_to_the_point_and_is_paired_by_turn_after_it(
    *, copies_times: bool, is_swapped: bool
) -> None:
    runs = [view(branches.parent()), view(branches.fork(copies_times=copies_times))]
    found = align(*reversed(runs)) if is_swapped else align(*runs)
    assert found.is_fork
    assert found.shared[-1] == branches.POINT
    assert [pair.is_shared for pair in found.pairs].count(True) == len(found.shared) == 6
    after = [one for one in signs(found) if one[0] > "6" or one[2] > "6"]
    alone = "→" if is_swapped else "←"
    both = [("6.1", "≠", "6.1"), ("7.1", "≠", "7.1")]
    assert [one for one in after if one[0] and one[2]] == both
    only_parent = next(one for one in after if "6.2" in one)
    assert only_parent[1] == alone
    assert [one[1] for one in after if "8.1" in one or "8.2" in one] == ["←" if is_swapped else "→"] * 2
    assert found.turns[4].is_shared
    assert not found.turns[5].is_shared


def test_a_fork_before_a_step_does_not_share_that_step() -> None:
    found = align(view(branches.parent()), view(branches.fork(is_before=True)))
    assert found.is_fork
    assert found.shared[-1] == StepAddress(4, 1)


def test_two_forks_of_one_parent_share_what_both_took_over() -> None:
    found = align(view(branches.fork()), view(branches.fork(is_before=True)))
    assert found.is_fork
    assert found.shared[-1] == StepAddress(4, 1)


def test_runs_without_a_common_parent_share_equal_calls_at_the_beginning() -> None:
    one = told(("ls", "a"), ("python3 x.py", "0.5s"), ("cat y", "1"))
    other = told(("ls", "a"), ("python3 x.py", "0.9s"), ("cat z", "1"))
    found = align(one, other)
    assert not found.is_fork
    assert found.shared == (StepAddress(1, 1), StepAddress(2, 1))
    assert [pair.sign for pair in found.pairs] == ["=", "≈", "≠"]
    assert [(pair.command, pair.observation) for pair in found.pairs][2] == ("≠", "=")


def test_equal_calls_of_one_turn_belong_together_whatever_stands_between_them() -> None:
    def turn(*commands: str) -> RunView:
        made = Story()
        made.begin(mode="auto")
        made.think(1, "Go.", [bash("pwd", "c0")])
        made.run(StepAddress(1, 1), bash("pwd", "c0"), "here")
        made.think(2, "Go.", [bash(one, f"c{n}") for n, one in enumerate(commands)])
        for number, one in enumerate(commands, 1):
            made.run(StepAddress(2, number), bash(one), "out")
        return view(made.records)

    found = align(turn("make", "ls"), turn("make clean", "make", "whoami", "ls"))
    assert signs(found)[1:] == [("", "→", "2.1"), ("2.1", "=", "2.2"), ("", "→", "2.3"), ("2.2", "=", "2.4")]


def test_an_observation_with_another_exit_code_differs_though_its_text_is_equal() -> None:
    made = [Story(), Story()]
    for code, one in enumerate(made):
        one.begin(mode="auto")
        one.think(1, "Go.", [bash("true")])
        one.run(StepAddress(1, 1), bash("true"), "same", code=code)
    pair = next(align(view(made[0].records), view(made[1].records)).pairs)
    assert (pair.command, pair.observation, pair.sign) == ("=", "≠", "≠")


def test_empty_and_unfinished_runs_can_be_compared() -> None:
    assert align(RunView(), RunView()).turns == ()
    found = align(view(story.waiting()), RunView())
    assert {pair.sign for pair in found.pairs} == {"←"}
    assert isinstance(next(found.pairs), StepPair)


# ---- outcomes


def test_the_outcome_counts_what_failed_and_what_a_person_changed() -> None:
    found = outcome("mandelbrot-3", view(story.ended()), verdict="good")
    assert (found.state, found.turns, found.steps) == ("submitted", 7, 9)
    assert (found.failures, found.human_changes) == (1, 1)
    assert found.answer is not None
    assert found.answer.startswith("The area")
    assert found.cost_usd == pytest.approx(0.028)
    assert found.tokens > 50_000
    assert found.verdict == "good"
    assert found.seconds is not None
    assert 30 < found.seconds < 120


def test_the_outcome_of_a_fork_names_its_parent() -> None:
    found = outcome("fork-1", view(branches.fork()))
    assert found.parent == "mandelbrot-3"
    assert (found.state, found.failures) == ("submitted", 2)


def test_the_outcome_of_a_run_that_has_not_ended_says_whether_it_lives() -> None:
    running = view(story.running())
    assert outcome("a", running, is_live=True).state == "live"
    assert outcome("a", running).state == "cut off"
    assert outcome("a", RunView()).cost_usd is None


def test_refusals_injections_and_words_count_as_changes() -> None:
    made = Story()
    made.begin()
    made.think(1, "Go.", [bash("rm -rf data")])
    made.say(events.DecisionMade(address=StepAddress(1, 1), gate="before_step", decision=Reject("no")))
    made.run(StepAddress(1, 1), bash("rm -rf data"), "no", status="rejected")
    made.say(events.CommandInjected(address=StepAddress(1, 1, 1), command="ls"))
    made.say(events.MessageSent(turn=2, text="Careful.", origin="person"))
    assert outcome("a", view(made.records)).human_changes == 3


# ---- files


def node(path: str, digest: str, *, mode: int = 0o644, size: int = 1) -> Node:
    return Node(path, "file", mode, "0:0", size, "1.5", "2.5", 7, digest=digest)


def manifest(workdir: str, *nodes: Node) -> Manifest:
    return Manifest(
        address=StepAddress(1, 1), at=1.0, workdir=workdir, nodes={one.path: one for one in nodes}
    )


def test_work_folders_are_compared_wherever_they_lie_and_nothing_else_is() -> None:
    left = manifest("/testbed", node("/testbed/a", "1"), node("/testbed/b", "1"), node("/etc/x", "1"))
    right = manifest("/w", node("/w/a", "2"), node("/w/c", "1"), node("/etc/x", "2"))
    found = {one.path: one.kind for one in differing_files(left, right)}
    assert found == {"a": "changed", "b": "gone", "c": "new"}


def test_what_besides_the_content_differs_is_said() -> None:
    left = manifest("/t", node("/t/run.sh", "1"))
    right = manifest("/t", node("/t/run.sh", "1", mode=0o755))
    (found,) = differing_files(left, right)
    assert found.about == "rw-r--r-- → rwxr-xr-x"


def test_a_text_file_is_compared_line_by_line() -> None:
    found = diff_contents(b"a\nb\n", "a\nü\n".encode(), ("left", "right"))
    assert found.lines == ("--- left", "+++ right", "@@ -1,3 +1,3 @@", " a", "-b", "+ü", " ")


@pytest.mark.parametrize(
    ("left", "right", "note"),
    [
        (b"a\0b", b"a", "Binary: 3 → 1 bytes"),
        (b"\xff\xfe" * 50, None, "Binary"),
        (b"x" * (MOST_BYTES + 1), b"", "Too large"),
        (b"same", b"same", "contents are the same"),
        (b"", None, "Both are empty"),
    ],
)
def test_what_cannot_be_shown_line_by_line_is_said(left: bytes, right: bytes | None, note: str) -> None:
    found = diff_contents(left, right, ("left", "right"))
    assert found.lines == ()
    assert note in found.note
