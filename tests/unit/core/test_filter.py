"""The filter language: what is read, what is refused and where, and which steps are meant."""

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lis_tui.core.breakpoints import SHIPPED
from lis_tui.core.errors import FilterInvalid
from lis_tui.core.facts import Facts
from lis_tui.core.filter import (
    And,
    FileIs,
    Filter,
    Net,
    Not,
    Number,
    Or,
    Pattern,
    ToolIs,
    Word,
)
from lis_tui.core.filter_parser import check_breakpoints, parse

TEXTS = st.text(min_size=1, max_size=12)
PATTERNS = st.sampled_from(["rm", "^a$", r"\bsudo\b", "a b", 'say "x"', "(a|b)c", r"\)", "[)(]", "é", "\\\\"])
VALUES = st.floats(allow_nan=False, allow_infinity=False)
LEAVES: st.SearchStrategy[Filter] = st.one_of(
    st.builds(Word, TEXTS),
    st.builds(ToolIs, st.sampled_from(["bash", "editor", "submit", "other tool"])),
    st.builds(Pattern, st.sampled_from(["cmd", "out", "text"]), PATTERNS),
    st.builds(
        Number,
        st.sampled_from(["exit", "turn", "tokens", "cost", "time", "repeat"]),
        st.sampled_from(["=", "!=", "<", ">", "<=", ">="]),
        VALUES,
    ),
    st.builds(FileIs, TEXTS),
    st.just(Net()),
)
FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)
PIECES = [
    *[
        "(",
        ")",
        '"',
        "\\",
        "net",
        "cmd~",
        "exit",
        "=",
        "!=",
        "time>",
        "9",
        "[",
        "(?",
        "*",
        "+",
        "{",
        "file:",
        "tool:",
        "a",
        "(?P<x>",
        "(?<!",
    ],
    " ",
    "not ",
    "and ",
    "or ",
    "m ",
    "\n",
]
SHORT = st.sampled_from(["", "a", "rm -rf data", "curl http://x", "sudo ls"])
FACTS = st.builds(
    Facts,
    turn=st.none() | st.integers(0, 3),
    tool=st.none() | st.sampled_from(["execute_bash", "str_replace_editor", "submit"]),
    commands=st.none() | st.tuples(SHORT) | st.just(()),
    arguments=st.none() | st.tuples(SHORT),
    output=st.none() | SHORT,
    text=st.none() | SHORT,
    exit_code=st.none() | st.integers(0, 2),
    files=st.none() | st.just(()) | st.tuples(st.sampled_from(["a", "out/b.html"])),
    tokens=st.none() | st.integers(0, 9),
    cost_usd=st.none() | st.floats(0, 1),
    seconds=st.none() | st.floats(0, 100),
    repeats=st.none() | st.integers(1, 4),
)
RAN = Facts(
    turn=3,
    tool="execute_bash",
    commands=("rm -rf data",),
    arguments=("rm -rf data",),
    output="rm: cannot remove 'data'\nError 13\n[exit code 1]",
    text="I should tidy up.\nRemoving it.",
    exit_code=1,
    files=("output/page.html", "/etc/motd"),
    tokens=150_000,
    cost_usd=0.5,
    seconds=95.0,
    repeats=2,
)
WAITING = msgspec.structs.replace(RAN, output=None, exit_code=None, files=None, seconds=None)


@settings(max_examples=300, deadline=None)
@given(FILTERS)
def test_a_filter_that_is_printed_and_read_again_is_the_same(made: Filter) -> None:
    assert parse(str(made)) == made


@settings(max_examples=300, deadline=None)
@given(FILTERS, FILTERS, FACTS)
def test_de_morgan_holds_also_where_something_is_unknown(one: Filter, two: Filter, facts: Facts) -> None:
    assert Not(And((one, two))).answer(facts) is Or((Not(one), Not(two))).answer(facts)
    assert Not(Or((one, two))).answer(facts) is And((Not(one), Not(two))).answer(facts)
    assert Not(Not(one)).answer(facts) is one.answer(facts)


def error_of(text: str) -> FilterInvalid | None:
    try:
        parse(text)
    except FilterInvalid as error:
        return error
    return None


@settings(max_examples=400, deadline=None)
@given(
    st.one_of(
        st.text(max_size=40),
        st.lists(
            st.sampled_from(PIECES),
            max_size=14,
        ).map("".join),
    )
)
@example("cmd~[[a]")
@example("cmd~(?i")
@example("cmd~a{99999999999999999999}")
@example("(" * 3000)
@example("not " * 900)
@example("cmd~" + "(" * 900 + ")" * 900)
@example("tokens>1e999")
def test_no_text_breaks_the_parser_and_every_error_points_into_it(text: str) -> None:
    error = error_of(text)
    if error is None:
        assert parse(str(parse(text))) == parse(text)
    else:
        assert 1 <= error.column <= len(text) + 1
        assert f"(column {error.column})" in error.sentence


@pytest.mark.parametrize(
    ("text", "column", "sentence"),
    [
        ("", 1, "empty"),
        ("tool:bash and", 14, "condition is missing"),
        ("tool:bash or or", 14, "condition is missing"),
        ("not", 4, "condition is missing"),
        ("(tool:bash", 1, "never closed"),
        ("tool:bash)", 10, "closes nothing"),
        ("tool:bash out~", 15, "value is missing"),
        ('cmd~"rm', 5, "never closed"),
        ('"a"b', 4, "space is missing"),
        ("comand~rm", 1, "Did you mean cmd"),
        ("net colour:red", 5, "cannot ask about colour"),
        ("net exit:0", 9, "exit is a number"),
        ("cmd=ls", 4, "followed by ~"),
        ("exit=ok", 6, "not a number"),
        ("exit=1k", 6, "not a number"),
        ("turn>$4", 6, "not a number"),
        ("time>90x", 6, "may end in s"),
        ("tokens>1e999", 8, "too large"),
        ("cmd~a[b", 6, "unterminated"),
        (r'cmd~"a \"b\" c["', 15, "unterminated"),
        ("cmd~*", 5, "nothing to repeat"),
        ("net cmd~(a+)+", 13, "for ever"),
        ("cmd~((ab*)c){2,}", 13, "for ever"),
        ('""', 1, "nothing to search"),
        ("a" * 5000, 4001, "too long"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_column(text: str, column: int, sentence: str) -> None:
    with pytest.raises(FilterInvalid, match=sentence) as caught:
        parse(text)
    assert caught.value.column == column
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("a b", "a and b"),
        ("a b or c d", "(a and b) or (c and d)"),
        ("not a b", "(not a) and b"),
        ("NOT a AND b", "not a and b"),
        ("a or(b)", "a or b"),
        ("tokens>200k", "tokens>200000"),
        ("tokens>1.5M", "tokens>1500000"),
        ("time>2m", "time>120s"),
        ("time>250ms", "time>0.25"),
        ("cost>$0.50", "cost>0.5"),
        ("(cmd~^(rm|mv))", 'cmd~"^(rm|mv)"'),
        (r'cmd~"\d \\\\ \"x\""', r'cmd~"\\d \\\\ \"x\""'),
        ("Exit!=0", "exit!=0"),
    ],
)
def test_one_meaning_can_be_written_in_several_ways(text: str, same: str) -> None:
    assert parse(text) == parse(same)


@pytest.mark.parametrize(
    "text",
    [
        "tool:bash",
        "tool:execute_bash",
        'cmd~"rm -rf"',
        "cmd~^rm.*data$",
        "out~Error",
        "out~^Error",
        'text~"tidy up"',
        "exit!=0",
        "exit=1",
        "exit>=1",
        "file:*.html",
        "file:output/*",
        "file:/testbed/output/*.html",
        "file:motd",
        "file:/etc/*",
        "turn>=3",
        "turn<4",
        "tokens>100k",
        "tokens<=150k",
        "cost>0.49",
        "time>90s",
        "time<2m",
        "repeat>=2",
        "DATA",
        "page.html",
        '"cannot remove"',
        "tool:bash cmd~rm exit!=0",
        "net or not net",
        "not tool:submit and not (out~fine or exit=0)",
    ],
)
def test_a_step_is_meant(text: str) -> None:
    assert parse(text).matches(RAN)


@pytest.mark.parametrize(
    "text",
    [
        "tool:editor",
        "cmd~RM",
        "out~^cannot",
        "exit=0",
        "file:*.py",
        "file:page",
        "net",
        "turn>3",
        "nowhere",
        "time>2m",
    ],
)
def test_another_step_is_not_meant(text: str) -> None:
    assert parse(text).answer(RAN) is False
    assert parse(f"not {text}").matches(RAN)


@pytest.mark.parametrize("text", ["exit=0", "exit!=0", "out~Error", "file:*", "time>1s", "nowhere"])
def test_what_is_not_known_yet_matches_neither_way(text: str) -> None:
    assert parse(text).answer(WAITING) is None
    assert not parse(text).matches(WAITING)
    assert not parse(f"not {text}").matches(WAITING)
    assert parse(f"{text} or tool:bash").matches(WAITING)
    assert parse(f"not ({text} and tool:editor)").matches(WAITING)


def bash(command: str) -> Facts:
    return Facts(tool="execute_bash", commands=(command,), arguments=(command,))


@pytest.mark.parametrize(
    "command",
    [
        "curl -O x.org/a",
        "cd /tmp && wget x",
        "sudo apt-get install -y jq",
        "apt update",
        "pip install numpy",
        "python3 -m pip install numpy",
        "uv pip install numpy",
        "git clone git@x:y",
        "git -C repo pull",
        "ssh host",
        "X=1 /usr/bin/curl y",
        "echo $(curl x)",
        "python -c 'urlopen(\"https://x\")'",
        "npm install",
        "timeout 5 curl x",
    ],
)
def test_a_command_that_reaches_out_is_told_by_its_looks(command: str) -> None:
    assert parse("net").matches(bash(command))


@pytest.mark.parametrize(
    "command", ["ls", "grep curl notes", "git status", "pip list", "which wget", "git log"]
)
def test_a_command_that_stays_inside_is_not_net(command: str) -> None:
    assert parse("net").answer(bash(command)) is False


@pytest.mark.parametrize(
    ("name", "commands"),
    [
        (
            "destructive",
            ["rm -rf data", "rm -f a", "rm --recursive b", "find . -delete", "git reset --hard HEAD"],
        ),
        ("privilege", ["sudo ls", "su - root", "a; sudo b", "chmod u+s x", "chmod 4755 x"]),
        ("network", ["curl x"]),
    ],
)
def test_the_shipped_breakpoints_are_off_and_mean_what_they_say(name: str, commands: list[str]) -> None:
    check_breakpoints(SHIPPED)
    shipped = next(one for one in SHIPPED if one.name == name)
    assert not shipped.is_on
    wanted = parse(shipped.filter)
    for command in commands:
        assert wanted.matches(bash(command)), command
    for command in ("ls -l", "chmod 0755 x", "chmod +x a", "rm", "form --recursive", "echo result"):
        assert not wanted.matches(bash(command)), command


def test_a_long_text_is_searched_at_both_ends_only() -> None:
    long = Facts(output="first" + "x" * 300_000 + "middle" + "x" * 300_000 + "last")
    assert parse("out~first").matches(long)
    assert parse("out~last").matches(long)
    assert not parse("out~middle").matches(long)
