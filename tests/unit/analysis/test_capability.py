import pytest

from lis_tui.analysis.capability import capabilities, of_command

NONE: frozenset[str] = frozenset()


@pytest.mark.parametrize(
    ("command", "uses"),
    [
        ("curl -s https://example.org", {"external"}),
        ("pip install numpy", {"external"}),
        ("python3 -m pip install numpy", {"external"}),
        ("apt-get install -y jq && jq . data.json", {"external", "files"}),
        ("cat notes.txt | sort | head", {"files"}),
        ("cd /testbed && ls -la", {"files"}),
        ("echo 42 > answer.txt", {"files"}),
        ("make -s 2>/dev/null", {"computation"}),
        ("python3 solve.py > out.txt", {"computation", "files"}),
        ("python3 - <<'EOF'\nimport math\nprint(math.pi)\nEOF", {"computation"}),
        ("python3 - <<EOF\nprint(open('a.txt').read())\nEOF", {"computation", "files"}),
        ("python3 -c 'import requests; requests.get(\"x\")'", {"computation", "external"}),
        ("cat > plan.md <<'EOF'\nfirst python3, then curl\nEOF", {"files"}),
        ("echo $((6 * 7))", {"computation"}),
        ("gcc -O2 a.c -o a && ./a", {"computation"}),
        ("timeout 5 python3 x.py", {"computation"}),
        ("python3 --version", NONE),
        ("echo the cat sat in python", NONE),
        ("cd /tmp; true 2>&1", NONE),
    ],
)
def test_a_command_uses_what_its_looks_say(command: str, uses: set[str]) -> None:
    assert of_command(command) == uses


def test_the_editor_manages_files_and_submit_uses_nothing() -> None:
    assert capabilities("str_replace_editor", {"command": "create", "path": "/a"}) == {"files"}
    assert capabilities("submit", {}) == NONE


def test_a_python_tool_computes_whatever_else_its_code_does() -> None:
    assert capabilities("execute_ipython_cell", {"code": "1 + 1"}) == {"computation"}
    assert capabilities("python", {"code": "open('x')"}) == {"computation", "files"}
