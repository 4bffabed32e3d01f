import pytest

from lis_tui.core.errors import FilterInvalid
from lis_tui.core.run_filter import RunFacts, parse_run_filter

RUN = RunFacts(
    names={
        "tag": ("paper", "try-2"),
        "verdict": ("good",),
        "state": ("turn_limit",),
        "name": ("plot-set-3",),
        "parent": ("",),
    },
    texts={
        "model": "openai/qwen3-coder",
        "task": "Plot the Mandelbrot set",
        "answer": "1.507",
        "note": 'said "so"',
    },
    numbers={"turns": 7, "score": 0.5},
)


@pytest.mark.parametrize(
    "text",
    [
        "tag:paper",
        "tag:try*",
        "tag:PAPER verdict:good model~qwen",
        "state:turn_limit",
        'state:"turn limit"',
        "name:plot-*",
        "turns>=7 and turns<8",
        "score=0.5",
        "score>-1",
        "mandelbrot",
        '"Mandelbrot set"',
        r'note~"said \"so\""',
        "not tag:other",
        "not (tag:other or verdict:bad)",
        "(tag:other or tag:paper) not verdict:bad",
        "verdict:bad or verdict:good tag:paper",
        '"not" or answer~^1\\.5',
    ],
)
def test_a_filter_means_this_run(text: str) -> None:
    assert parse_run_filter(text)(RUN)


@pytest.mark.parametrize(
    "text",
    [
        "tag:pap",
        "verdict:none",
        "turns>7",
        "score>0.5",
        "cost<1",
        "turns!=7",
        "model~^qwen",
        "parent:plot*",
        "not tag:paper",
        "tag:paper verdict:bad",
        '"not"',
        "nowhere",
    ],
)
def test_a_filter_means_other_runs(text: str) -> None:
    assert not parse_run_filter(text)(RUN)


@pytest.mark.parametrize(
    ("text", "column", "sentence"),
    [
        ("", 1, "empty"),
        ("   ", 1, "empty"),
        ("tag:a (", 8, "condition is missing"),
        ("(tag:a", 1, "never closed"),
        ("tag:a ) x", 7, "closes nothing"),
        ("tag:a and", 10, "condition is missing"),
        ("or tag:a", 1, "condition is missing"),
        ("tag:", 1, "value is missing"),
        ("exit!=0", 1, "Of runs one can ask"),
        ("tag~x", 1, "Of runs one can ask"),
        ("turns>many", 1, "Of runs one can ask"),
        ("model~(", 1, "value is missing"),
        ('model~"("', 1, "cannot be read"),
        ('a "b', 3, "quote"),
        ("not " * 50 + "a", 202, "nested"),
        ("a" * 2001, 2001, "too long"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_column(text: str, column: int, sentence: str) -> None:
    with pytest.raises(FilterInvalid, match=sentence) as refused:
        parse_run_filter(text)
    assert refused.value.column == column
