"""What docs/settings.md says of the settings is what they are."""

import json
import re
import tomllib
from pathlib import Path

from lis_tui.config.load import load
from lis_tui.config.schema import defaults

TEXT = (Path(__file__).parents[3] / "docs" / "settings.md").read_text(encoding="utf-8")


def shown(value: object) -> str:
    return "*not set*" if value is None or value == "" else f"`{json.dumps(value)}`"


def test_every_setting_is_listed_with_its_default_in_the_order_of_the_schema() -> None:
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", TEXT, re.MULTILINE)
    assert rows == [(name, shown(value)) for name, value in defaults().items()]


def test_the_example_is_a_file_that_can_be_used(tmp_path: Path) -> None:
    (found,) = re.findall(r"```toml\n(.+?)```", TEXT, re.DOTALL)
    assert tomllib.loads(found)
    (tmp_path / "config.toml").write_text(found)
    assert load({}, {}, tmp_path).settings.limits.max_turns == 40
    assert load({"profile": "big"}, {}, tmp_path).settings.model.reasoning_effort == "high"


def test_the_examples_of_set_can_be_used(tmp_path: Path) -> None:
    examples = re.findall(r"`--set '?([^`']+)'?`", TEXT)
    assert len(examples) >= 3
    load({}, {}, tmp_path, [one for one in examples if one != "NAME=VALUE"])
