"""Sessions of Claude Code and of Codex as those programs write them, line by line."""

import json
from pathlib import Path
from typing import Any

Line = dict[str, Any]


def jsonl(lines: list[Line]) -> bytes:
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def save(path: Path, lines: list[Line]) -> Path:
    path.write_bytes(jsonl(lines))
    return path


# ---- Claude Code


def _claude(kind: str, uuid: str, parent: str | None, second: int, message: Line, **more: Any) -> Line:
    return {
        "parentUuid": parent,
        "isSidechain": False,
        "userType": "external",
        "cwd": "/repo",
        "sessionId": "5e55",
        "version": "2.0.46",
        "gitBranch": "main",
        "type": kind,
        "message": {"role": kind, **message},
        "uuid": uuid,
        "timestamp": f"2026-03-01T10:00:{second:02d}.000Z",
        **more,
    }


def person(uuid: str, parent: str | None, second: int, content: object, **more: Any) -> Line:
    return _claude("user", uuid, parent, second, {"content": content}, **more)


def model(uuid: str, parent: str, second: int, reply: str, *blocks: Line, **more: Any) -> Line:
    usage = {
        "input_tokens": 10,
        "cache_creation_input_tokens": 100,
        "cache_read_input_tokens": 1000,
        "output_tokens": 20 + second,
        "service_tier": "standard",
    }
    message = {
        "id": reply,
        "type": "message",
        "model": "claude-sonnet-4-5",
        "content": list(blocks),
        "stop_reason": "tool_use",
        "usage": usage,
    }
    return _claude("assistant", uuid, parent, second, message, requestId=f"req_{reply}", **more)


def says(text: str) -> Line:
    return {"type": "text", "text": text}


def thinks(text: str) -> Line:
    return {"type": "thinking", "thinking": text, "signature": "c2ln"}


def calls(call_id: str, name: str, **given: Any) -> Line:
    return {"type": "tool_use", "id": call_id, "name": name, "input": given}


def result(call_id: str, content: object, **more: Any) -> Line:
    return {"type": "tool_result", "tool_use_id": call_id, "content": content, **more}


PATCH = [{"oldStart": 1, "oldLines": 1, "newStart": 1, "newLines": 1, "lines": ["-a", "+b"]}]


def claude_session() -> list[Line]:
    """A reply in three lines with a result between them, a failure, a refusal, an edit, an own command."""
    shown = {"stdout": "a.py\n", "stderr": "", "interrupted": False, "isImage": False}
    edited = {
        "filePath": "/repo/a.py",
        "oldString": "a",
        "newString": "b",
        "originalFile": "a\n",
        "structuredPatch": PATCH,
        "userModified": False,
    }
    refused = "The user doesn't want to proceed with this tool use. The tool use was rejected."
    return [
        {"type": "summary", "summary": "Mending a.py", "leafUuid": "a9"},
        {"type": "file-history-snapshot", "messageId": "u1", "snapshot": {"files": {}}},
        person("u0", None, 0, "Caveat: the messages below were made by the person.", isMeta=True),
        person("u1", "u0", 1, "Mend a.py."),
        model("a1", "u1", 2, "m1", thinks("I look first.")),
        model("a2", "a1", 3, "m1", says("Let me look."), calls("t1", "Bash", command="ls")),
        person("u2", "a2", 4, [result("t1", "a.py", is_error=False)], toolUseResult=shown),
        model("a3", "a2", 5, "m1", calls("t2", "Bash", command="make")),
        person(
            "u3",
            "a3",
            6,
            [result("t2", "Exit code 2\nmake: no rule", is_error=True)],
            toolUseResult="Error: Exit code 2\nmake: no rule",
        ),
        model(
            "a4", "u3", 7, "m2", calls("t3", "Edit", file_path="/repo/a.py", old_string="a", new_string="b")
        ),
        person("u4", "a4", 8, [result("t3", "The file was updated.")], toolUseResult=edited),
        model("a5", "u4", 9, "m3", calls("t4", "Bash", command="rm -rf /")),
        person("u5", "a5", 10, [result("t4", refused, is_error=True)], toolUseResult=f"Error: {refused}"),
        person("u6", "u5", 11, "<bash-input>git status</bash-input>"),
        person("u7", "u6", 12, "<bash-stdout>clean</bash-stdout><bash-stderr></bash-stderr>"),
        person(
            "u8", "u7", 13, [says("Go on."), {"type": "image", "source": {"type": "base64", "data": "x"}}]
        ),
        model("a6", "u8", 14, "m4", says("Done."), calls("t5", "Glob", pattern="*")),
    ]


def claude_family() -> list[Line]:
    """A sub-agent in the same file, and a question that the person took back for another one."""
    aside = {"isSidechain": True, "agentId": "ab12"}
    return [
        person("u1", None, 1, "Find the bug."),
        model("a1", "u1", 2, "m1", calls("t1", "Task", prompt="Search.", subagent_type="Explore")),
        person("s1", None, 3, "Search.", **aside),
        model("s2", "s1", 4, "m2", calls("t2", "Grep", pattern="bug"), **aside),
        person("s3", "s2", 5, [result("t2", "a.py:1")], **aside),
        model("s4", "s3", 6, "m3", says("It is in a.py."), **aside),
        person("u2", "a1", 7, [result("t1", [says("It is in a.py.")])]),
        model("a2", "u2", 8, "m4", says("Found.")),
        person("u3", "a2", 9, "Mend it with sed."),
        model("a3", "u3", 10, "m5", calls("t3", "Bash", command="sed -i s/a/b/ a.py")),
        person("u4", "a3", 11, [result("t3", "")]),
        person("u5", "a2", 12, "Mend it by hand."),
        model("a4", "u5", 13, "m6", says("As you like.")),
    ]


# ---- Codex


def _codex(kind: str, second: int, payload: Line) -> Line:
    return {"timestamp": f"2026-03-01T10:00:{second:02d}.000Z", "type": kind, "payload": payload}


def item(second: int, kind: str, **fields: Any) -> Line:
    return _codex("response_item", second, {"type": kind, **fields})


def event(second: int, kind: str, **fields: Any) -> Line:
    return _codex("event_msg", second, {"type": kind, **fields})


def words(role: str, text: str) -> Line:
    kind = "output_text" if role == "assistant" else "input_text"
    return {"role": role, "content": [{"type": kind, "text": text}]}


def used(second: int, prompt: int, completion: int) -> Line:
    last = {
        "input_tokens": prompt,
        "cached_input_tokens": 8,
        "output_tokens": completion,
        "reasoning_output_tokens": 3,
        "total_tokens": prompt + completion,
    }
    info = {"total_token_usage": last, "last_token_usage": last, "model_context_window": 272_000}
    return event(second, "token_count", info=info, rate_limits={"primary": {"used_percent": 1.0}})


def codex_session() -> list[Line]:
    """Every way in which an outcome is written: under a head, in JSON, in an event, bare, running on."""
    environment = "<environment_context>\n  <cwd>/repo</cwd>\n</environment_context>"
    wrapped = '{"output":"Success.\\n","metadata":{"exit_code":0,"duration_seconds":0.5}}'
    headed = "Chunk ID: ab12\nWall time: 1.2500 seconds\nProcess exited with code 3\nOutput:\nboom\n"
    running = "Chunk ID: cd34\nWall time: 10.0 seconds\nProcess running with session ID 7\nOutput:\n..."
    shell = '{"command":["bash","-lc","make"],"workdir":"/repo"}'
    return [
        _codex(
            "session_meta",
            0,
            {
                "id": "0199",
                "timestamp": "2026-03-01T10:00:00.000Z",
                "cwd": "/repo",
                "originator": "codex_cli_rs",
                "cli_version": "0.58.0",
                "base_instructions": {"text": "You are Codex."},
                "git": {"branch": "main"},
            },
        ),
        item(0, "message", **words("user", environment)),
        _codex("turn_context", 1, {"cwd": "/repo", "model": "gpt-5-codex", "approval_policy": "never"}),
        event(1, "user_message", message="Build it."),
        item(1, "message", **words("user", "Build it.")),
        item(
            2,
            "reasoning",
            summary=[{"type": "summary_text", "text": "**Looking**"}],
            encrypted_content="gAAA",
            content=None,
        ),
        item(3, "function_call", name="shell", arguments=shell, call_id="c1"),
        item(3, "function_call", name="exec_command", arguments='{"cmd":"false"}', call_id="c2"),
        used(4, 100, 10),
        item(5, "function_call_output", call_id="c1", output=wrapped),
        item(6, "function_call_output", call_id="c2", output=headed),
        item(7, "custom_tool_call", name="apply_patch", input="*** Begin Patch\n*** End Patch", call_id="c3"),
        event(
            8,
            "patch_apply_end",
            call_id="c3",
            success=True,
            changes={"a.py": {"type": "update", "unified_diff": "@@ -1 +1 @@\n-a\n+b\n"}},
        ),
        item(8, "custom_tool_call_output", call_id="c3", output="Done!"),
        used(8, 120, 12),
        item(
            9,
            "local_shell_call",
            call_id="c4",
            status="completed",
            action={"type": "exec", "command": ["ls"]},
        ),
        event(10, "exec_command_end", call_id="c4", exit_code=0, duration={"secs": 1, "nanos": 500_000_000}),
        item(10, "function_call_output", call_id="c4", output="a.py"),
        item(11, "function_call", name="shell_command", arguments='{"command":"top"}', call_id="c5"),
        item(12, "function_call_output", call_id="c5", output=running),
        item(13, "function_call", name="exec_command", arguments='{"cmd":"x"}', call_id="c6"),
        item(14, "function_call_output", call_id="c6", output="no head at all"),
        item(15, "message", **words("assistant", "It is built.")),
        event(15, "agent_message", message="It is built."),
        used(16, 200, 20),
        _codex("compacted", 17, {"message": "Summary."}),
        event(18, "turn_aborted", reason="interrupted"),
        _codex("world_state", 19, {"a": 1}),
    ]


def codex_bare() -> list[Line]:
    """The layout of before the envelopes."""
    return [
        {"id": "c27a", "timestamp": "2025-08-20T13:20:47.060Z", "instructions": None, "git": {"branch": "m"}},
        {"record_type": "state"},
        {"type": "message", "id": None, **words("user", "List it.")},
        {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "opaque"},
        {
            "type": "function_call",
            "id": "fc",
            "name": "shell",
            "arguments": '{"command":["ls"]}',
            "call_id": "c1",
        },
        {"type": "function_call_output", "call_id": "c1", "output": "README.md"},
        {"type": "message", "id": None, **words("assistant", "One file.")},
    ]


def codex_printed() -> list[Line]:
    """What `codex exec --json` prints."""

    def done(number: int, kind: str, **fields: Any) -> Line:
        return {"type": "item.completed", "item": {"id": f"item_{number}", "type": kind, **fields}}

    begun = {"id": "item_1", "type": "command_execution", "command": "bash -lc ls"}
    usage = {"input_tokens": 100, "cached_input_tokens": 9, "output_tokens": 10}
    ran = {"command": "bash -lc ls", "aggregated_output": "a.py\n", "exit_code": 0, "status": "completed"}
    return [
        {"type": "thread.started", "thread_id": "0199"},
        {"type": "turn.started"},
        done(0, "reasoning", text="**Looking**"),
        {
            "type": "item.started",
            "item": begun,
        },
        done(1, "command_execution", **ran),
        done(2, "command_execution", command="top", aggregated_output="", exit_code=None, status="declined"),
        done(3, "agent_message", text="I add a file."),
        done(4, "file_change", changes=[{"path": "b.py", "kind": "add"}], status="completed"),
        done(5, "mcp_tool_call", server="docs", tool="find", arguments={"q": "x"}, result={"content": []}),
        done(6, "todo_list", items=[]),
        done(7, "agent_message", text="Done."),
        {
            "type": "turn.completed",
            "usage": usage,
        },
        {"type": "turn.failed", "error": {"message": "No more."}},
    ]
