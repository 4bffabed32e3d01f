"""Other programs' tool calls as ours, so that filters, panes and re-execution know a command."""

import shlex

import msgspec

from lis_tui.core.arguments import arguments_of
from lis_tui.core.messages import ToolCall

Known = dict[str, object]
MOST_DEPTH = 100
_BASH = frozenset(
    [
        "bash",
        "execute_bash",
        "run_bash",
        "shell",
        "terminal",
        "run_command",
        "run",
        "exec",
        "exec_command",
        "local_shell",
        "container.exec",
        "execute_command",
        "command",
        "cmd",
    ]
)
_COMMANDS = ("command", "cmd", "script", "commands")
_EDITORS = frozenset(
    ["str_replace_editor", "str_replace_based_edit_tool", "text_editor", "edit_anthropic", "file_editor"]
)
_SUBMITS = frozenset(["submit", "finish", "complete"])


def as_ours(call: ToolCall) -> ToolCall:
    """Give the call under our tool's name with our arguments; one that we have no tool for stays as it is."""
    given = arguments_of(call.arguments)
    name = call.name.rpartition("/")[2]
    if given is None:
        return call
    if name.lower() in _BASH:
        command = _command(given)
        return call if command is None else bash(call.id, command)
    if name in _EDITORS:
        return ToolCall(call.id, "str_replace_editor", call.arguments)
    if name in _CLAUDE:
        return _edited(call, given)
    if name in _SUBMITS:
        return ToolCall(call.id, "submit", call.arguments)
    return call


def bash(call_id: str, command: str) -> ToolCall:
    """Give a call of our shell."""
    return ToolCall(call_id, "execute_bash", encoded({"command": command}))


def encoded(value: object) -> str:
    """Write plain data as JSON text; what JSON cannot say, such as half a surrogate pair, is replaced."""
    try:
        return msgspec.json.encode(value).decode()
    except (UnicodeEncodeError, msgspec.EncodeError, ValueError, TypeError, OverflowError, RecursionError):
        return msgspec.json.encode(_sayable(value, MOST_DEPTH)).decode()


def _sayable(value: object, depth: int) -> object:
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict | list | tuple) and not depth:
        return "(nested too deeply)"
    if isinstance(value, dict):
        return {str(_sayable(str(key), 1)): _sayable(one, depth - 1) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_sayable(one, depth - 1) for one in value]
    return value if value is None or isinstance(value, bool | int | float) else str(value)


def _command(given: Known) -> str | None:
    name = next((name for name in _COMMANDS if name in given), "")
    value = given.get(name)
    if isinstance(value, str):
        return value
    if name == "commands" and isinstance(value, list) and all(isinstance(line, str) for line in value):
        return "\n".join(str(line) for line in value)
    if isinstance(value, list) and all(isinstance(word, str) for word in value):
        words = [str(word) for word in value]
        # an agent that starts `bash -lc TEXT` means the text
        is_shell = (
            len(words) == 3 and words[0].rpartition("/")[2] in ("bash", "sh") and words[1] in ("-c", "-lc")
        )
        return words[2] if is_shell else shlex.join(words)
    return None


_CLAUDE = {"Write": "create", "Edit": "str_replace", "Read": "view"}
_CLAUDE_NAMES = {
    "file_path": "path",
    "old_string": "old_str",
    "new_string": "new_str",
    "content": "file_text",
}


def _edited(call: ToolCall, given: Known) -> ToolCall:
    if not isinstance(given.get("file_path"), str):
        return call
    ours = {"command": _CLAUDE[call.name]} | {_CLAUDE_NAMES.get(key, key): one for key, one in given.items()}
    return ToolCall(call.id, "str_replace_editor", encoded(ours))
