"""What the documents name is there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
NAMED = re.compile(r"`([\w/]+\.py)::(test_\w+)`")


def functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_defect_in_the_table_has_tests_that_exist() -> None:
    table = (ROOT / "docs" / "peer-defects.md").read_text(encoding="utf-8")
    rows = [line for line in table.splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 28
    named = [NAMED.findall(row) for row in rows]
    assert all(named)
    missing = [
        f"{file}::{test}"
        for tests in named
        for file, test in tests
        if not (ROOT / "tests" / file).is_file() or test not in functions(ROOT / "tests" / file)
    ]
    assert missing == []
