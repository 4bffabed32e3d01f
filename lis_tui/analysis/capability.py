"""Which of a computer's capabilities a call uses: told by patterns over bash and Python, see docs/stats.md.

After "LLM-in-Sandbox Elicits General Agentic Intelligence" (arXiv 2601.16206), which counts the share of
turns with external resources, file management and computation; the patterns are ours and have a version.
"""

import re
from typing import Literal

from lis_tui.core.filter import reaches_out

Capability = Literal["external", "files", "computation"]
CAPABILITIES: tuple[Capability, ...] = ("external", "files", "computation")
PATTERNS_VERSION = 1
MOST_READ = 256 * 1024
"""Characters of a command or a file that are searched."""

_START = (
    r"(?:^|[;&|(`\n{]|\$\(|\b(?:sudo|env|time|exec|nohup|xargs|do|then|else|nice)\s|\btimeout\s+\S+\s)"
    r"\s*(?:\w+=\S*\s+)*"
)
"""Where a command begins."""
_FILES = re.compile(
    _START
    + r"(?:cat|head|tail|less|more|tac|nl|grep|egrep|fgrep|zgrep|rg|ag|sed|find|fd|ls|tree|wc|cp|mv|rm|"
    r"mkdir|rmdir|mktemp|touch|ln|chmod|chown|install|tee|cut|sort|uniq|comm|diff|cmp|patch|file|stat|du|"
    r"realpath|readlink|tar|zip|unzip|gzip|gunzip|bzip2|xz|7z|split|csplit|xxd|od|strings|jq|yq|paste|column|"
    r"pdftotext|pandoc|git)\b"
)
_REDIRECTED = re.compile(r"(?<![\d&<>=-])(?:1|&)?>{1,2}\s*(?!&|/dev/(?:null|stdout|stderr)\b)[\w./~$\"']")
_PYTHON_FILES = re.compile(
    r"\bopen\s*\(|\.(?:read_text|read_bytes|write_text|write_bytes|iterdir|rglob|mkdir|unlink|touch)\s*\(|"
    r"\bos\.(?:listdir|walk|scandir|makedirs|mkdir|remove|unlink|rename|replace|stat|path\.(?:exists|getsize))\b|"
    r"\bshutil\.|\bglob\.|\b(?:json|yaml|pickle|toml|tomllib|csv|np|numpy|torch|pd|pandas)\."
    r"(?:load|dump|save|savez|savetxt|loadtxt|genfromtxt|reader|writer|DictReader|DictWriter|read_\w+)\s*\(|"
    r"\.(?:to_csv|to_json|to_excel|to_parquet|savefig|save)\s*\("
)
_PYTHON_OUT = re.compile(
    r"\b(?:requests|httpx|aiohttp|urllib3?|http\.client|ftplib|paramiko|websockets?)\s*\.|"
    r"\burlopen\s*\(|\bsocket\.(?:create_connection|socket)\b|\b(?:load_dataset|snapshot_download|"
    r"hf_hub_download|from_pretrained)\s*\(|\b(?:yfinance|wikipedia|arxiv|Bio\.Entrez|pubchempy|nltk\.download)\b"
)
_INTERPRETERS = (
    r"(?:/\S*/)?(?:python[\d.]*|pypy\d?|ipython|node|deno|bun|ruby|perl|php|lua|julia|Rscript|R|octave|maxima|gp|"
    r"sage|ghci?|runghc|java|javac|scala|kotlin|gcc|g\+\+|cc|clang|clang\+\+|rustc|gfortran|make|cmake|bc|dc|expr|"
    r"factor|seq|awk|gawk|mawk|sqlite3|psql|duckdb|ffmpeg|convert|magick|gnuplot|dot|pdflatex|latex|minizinc|z3|"
    r"pytest)"
)
_COMPUTES = re.compile(_START + _INTERPRETERS + r"(?=[\s;&|)<>]|$)")
_ARITHMETIC = re.compile(r"\$\(\(|" + _START + r"(?:let\s|\(\()")
_OWN_PROGRAM = re.compile(_START + r"\./\S+")
_NO_WORK = re.compile(
    _START
    + r"(?:/\S*/)?python[\d.]*\s+-m\s+(?:pip|venv|ensurepip|http\.server)\b|"
    + _START
    + _INTERPRETERS
    + r"\s+(?:--version|-V|--help)(?=[\s;&|]|$)"
)
"""Calls of an interpreter that compute nothing."""
_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1[^\n]*\n(.*?)(?:^\s*\2\s*$|\Z)", re.DOTALL | re.MULTILINE)
_WRITES = frozenset({"create", "str_replace", "insert", "undo_edit", "view"})


def capabilities(tool: str, given: dict[str, object]) -> frozenset[Capability]:
    """Tell what a call uses; `given` are its arguments. Empty for tools that we do not know."""
    if tool == "execute_bash":
        command = given.get("command")
        return of_command(command) if isinstance(command, str) else frozenset()
    if tool == "str_replace_editor":
        return frozenset({"files"}) if given.get("command") in _WRITES else frozenset()
    code = given.get("code")
    if "python" in tool and isinstance(code, str):
        return of_python(code) | {"computation"}
    return frozenset()


def of_command(command: str) -> frozenset[Capability]:
    """Tell what a shell command uses; here-documents are data, or the program of an interpreter."""
    command = command[:MOST_READ]
    bodies = [found.group(3) for found in _HEREDOC.finditer(command)]
    shell = _HEREDOC.sub("\n", command)
    found: set[Capability] = set()
    if reaches_out(shell):
        found.add("external")
    if _FILES.search(shell) or _REDIRECTED.search(shell):
        found.add("files")
    if _computes(shell):
        found.add("computation")
        inline = [shell, *bodies] if "python" in shell else []
        found.update(*(of_python(code) for code in inline))
    return frozenset(found)


def of_python(code: str) -> frozenset[Capability]:
    """Tell what a piece of Python uses besides computing."""
    code = code[:MOST_READ]
    found: set[Capability] = set()
    if _PYTHON_OUT.search(code):
        found.add("external")
    if _PYTHON_FILES.search(code):
        found.add("files")
    return frozenset(found)


def _computes(shell: str) -> bool:
    if _ARITHMETIC.search(shell) or _OWN_PROGRAM.search(shell):
        return True
    return any(not _NO_WORK.match(shell, found.start()) for found in _COMPUTES.finditer(shell))
