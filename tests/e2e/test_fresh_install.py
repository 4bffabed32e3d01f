"""Our own dependencies are enough to ask a model: what only this environment has is taken away."""

import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.server import SUBMIT, FakeServer

_PROGRAM = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

missing = set(sys.argv[2].split(","))
sys.meta_path.insert(0, Missing())
try:
    import pytest
except ModuleNotFoundError:
    pass
else:
    sys.exit("the test takes nothing away")

import asyncio
from lis_tui.core.messages import Request, UserMessage
from lis_tui.core.spec import ModelSpec
from lis_tui.model.gateway import Gateway
from lis_tui.tools.registry import default_tools

async def ask():
    tools = tuple(tool.schema for tool in default_tools())
    model = ModelSpec(name="openai/m", api_base=sys.argv[1])
    request = Request(turn=1, messages=(UserMessage("Go."),), tools=tools, model=model)
    return [piece async for piece in Gateway(None).ask(request)][-1].reply

print([call.name for call in asyncio.run(ask()).calls])
"""


def test_a_model_can_be_asked_with_tools_where_only_our_dependencies_are_installed() -> None:
    needed = set(needs(Requirement("lis-tui"), set()))
    missing = [
        module
        for module, owners in metadata.packages_distributions().items()
        if not needed & {canonicalize_name(owner) for owner in owners}
    ]
    with FakeServer([SUBMIT]) as server:
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, server.url, ",".join(missing)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (done.stdout, done.stderr) == ("['submit']\n", "")


def needs(wanted: Requirement, seen: set[tuple[str, str]]) -> Iterator[str]:
    """Name what a requirement brings with it, with the extras it asks for."""
    name = canonicalize_name(wanted.name)
    yield name
    for extra in ("", *wanted.extras):
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for line in metadata.requires(name) or ():
            requirement = Requirement(line)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                yield from needs(requirement, seen)
