"""What the documents name is there."""

import ast
import re
from pathlib import Path
from typing import get_args

from lis_tui.core.filter import NumberName, PatternName
from lis_tui.core.filter_parser import parse

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def named_tests(table: str) -> list[list[tuple[str, str]]]:
    """Give the tests that each row of a table names."""
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    return [NAMED.findall(row) for row in rows]


def missing(named: list[list[tuple[str, str]]]) -> list[str]:
    return [
        f"{file}::{test}"
        for tests in named
        for file, test in tests
        if not (ROOT / "tests" / file).is_file() or test not in functions(ROOT / "tests" / file)
    ]


def test_every_defect_in_the_table_has_tests_that_exist() -> None:
    named = named_tests((ROOT / "docs" / "peer-defects.md").read_text(encoding="utf-8"))
    assert len(named) == 28
    assert all(named)
    assert missing(named) == []


def test_what_is_said_of_security_has_tests_that_exist() -> None:
    named = named_tests((ROOT / "SECURITY.md").read_text(encoding="utf-8"))
    assert len(named) >= 10
    assert all(named)
    assert missing(named) == []


def test_every_filter_in_the_documents_can_be_read() -> None:
    page = (ROOT / "docs" / "filters.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```filter\n(.*?)```", page, re.DOTALL)
    examples = [line for block in blocks for line in block.splitlines()]
    examples += re.findall(r"--break(?:-log)? '([^']+)'", page)
    assert len(examples) >= 14
    for example in examples:
        assert parse(str(parse(example))) == parse(example)


def test_every_condition_of_the_language_is_in_the_documents() -> None:
    page = (ROOT / "docs" / "filters.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    named = {re.split(r"[:~!<>=]", row)[0] for row in rows}
    assert {*get_args(PatternName), *get_args(NumberName), "tool", "file", "net"} <= named
