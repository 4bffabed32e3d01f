"""Reads the messages of mini-swe-agent: what it ran, what came of it, and who stepped in."""

import re

from msgspec import structs

from lis_tui.core.events import ObservationEdited, ReplyEdited, StepAddress
from lis_tui.core.messages import StepStatus, ToolCall, Usage
from lis_tui.trajectory.beside_step import NOTHING, BesideStep, Wrote, beside, known
from lis_tui.trajectory.foreign.building import Builder, Origin
from lis_tui.trajectory.foreign.contents import Content, content_of
from lis_tui.trajectory.foreign.fields import items, mapping, number, text, unknown, usage_of, whole, word
from lis_tui.trajectory.foreign.material import Json
from lis_tui.trajectory.foreign.response_items import ItemTalk
from lis_tui.trajectory.foreign.talk import MODEL, Talk, at_of, role_of
from lis_tui.trajectory.foreign.translating import bash, encoded

MARKS = ("COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT", "MINI_SWE_AGENT_FINAL_OUTPUT")
_CODE = re.compile(r"\s*<returncode>(-?\d{1,9})</returncode>")
_BEGIN, _END = "<output>\n", "</output>"
_FENCES = (
    ("```mswea_bash_command", "\n```"),
    ("<mswea_bash_command>", "</mswea_bash_command>"),
    ("```bash", "\n```"),
)
_MOST_BLANK = 200
_NOT_RUN = "action was not executed"
_TOLD = frozenset(["actions", "cost", "timestamp", "raw_output", "returncode", "interrupt_type"])
_EXTRA = frozenset([*_TOLD, "exit_status", "submission", "model_response"])
_RESPONSE = frozenset(["object", "output", "usage", "created_at", "status", "extra", "model"])
_LAST, _KILLED = "The last command <command>", "</command> timed out and has been killed."
_REFUSALS = ("Command not executed", "Commands not executed")


class MiniTalk(Talk):
    """Takes the messages of one run: commands may stand in the text, and results be words of the user."""

    known = Talk.known | {"extra"}

    def __init__(self, builder: Builder, messages: list[tuple[str, object]]) -> None:
        super().__init__(builder)
        self.exit_status = ""
        """As the messages say it."""
        self.submission: object = None
        self.ended_at = 0.0
        self.end = NOTHING
        """How it ended, in our words, where we wrote the file."""
        self._messages = messages
        self._person_said = ""
        self._submitter = ""
        """The place of the message that stands for the command that ended the run."""

    def read(self, exit_status: str) -> None:
        """Take all messages; `exit_status` as the file says it."""
        self._submitter = self._find_submitter()
        last = self._messages[-1][1] if self._messages else None
        ends = isinstance(last, dict) and self._is_end(last, exit_status)
        self.take_all(self._messages[:-1] if ends else self._messages)
        if ends and isinstance(last, dict):
            self._finish(last, exit_status)

    def take(self, place: str, message: Json) -> None:
        """Take one message."""
        extra, kind = mapping(message.get("extra")), word(message.get("type"))
        if role_of(message) == "exit":
            self._exit(message, extra)
        elif kind == "function_call_output":
            self._observe(place, message, content_of(message.get("output")), text(message.get("call_id")))
        elif message.get("object") == "response" or isinstance(message.get("output"), list):
            self._respond(place, message)
        else:
            super().take(place, message)
        is_raw = role_of(message) in MODEL
        seen = _EXTRA | known(extra)
        for key, value in unknown(extra, seen | {"response"} if is_raw else seen):
            self.builder.keep(f"messages.extra.{key}", value, StepAddress(self.builder.turn))

    def time_of(self, message: Json) -> float:
        """Format 1 has the time beside the message, 1.1 in `extra`."""
        return at_of(message) or at_of(mapping(message.get("extra")))

    # ---- the model

    def reply(self, place: str, message: Json, content: Content) -> None:
        """A turn; what somebody wrote in the model's stead is marked."""
        mark = beside(mapping(message.get("extra")))
        if mark.rewritten_by is None:
            super().reply(place, message, content)
            return
        said = Wrote(content.text, text(message.get("reasoning_content")))
        wrote = mark.wrote or said
        super().reply(
            place,
            message | {"reasoning_content": wrote.reasoning},
            structs.replace(content, text=wrote.text),
        )
        by, turn = mark.rewritten_by, self.builder.turn
        edited = ReplyEdited(turn=turn, text=said.text, reasoning=said.reasoning, by=by)
        self.builder.add(edited, self.time_of(message))

    def calls_in(self, message: Json, said: str) -> list[ToolCall]:
        """The commands that the program found in a reply without calls."""
        given = mapping(message.get("extra")).get("actions")
        if isinstance(given, list):
            commands = [text(mapping(action).get("command")) for action in given]
        else:
            found = commands_in(said)
            commands = found if len(found) == 1 else []  # any other number was refused
        return [bash("", command) for command in commands if command]

    def usage_in(self, message: Json) -> Usage | None:
        """Tokens and price of a reply. A price of 0 means here that none is known."""
        extra = mapping(message.get("extra"))
        told = mapping(extra.get("response")).get("usage", message.get("usage"))
        return usage_of(told, number(extra.get("cost")) or None)

    def finish_in(self, message: Json) -> str:
        """Why the server says that the reply ended."""
        choices = items(mapping(mapping(message.get("extra")).get("response")).get("choices"))
        return word(mapping(next(iter(choices), None)).get("finish_reason")) or super().finish_in(message)

    def raw_in(self, message: Json) -> str:
        """The whole response is kept."""
        response = mapping(message.get("extra")).get("response")
        return encoded(response) if response else ""

    def _respond(self, place: str, message: Json) -> None:
        """A reply in the Responses protocol."""
        talk = ItemTalk(self.builder, "messages.output")
        talk.take_all((f"{place}.output[{n}]", item) for n, item in enumerate(items(message.get("output"))))
        status = word(message.get("status"))
        talk.close(usage=self.usage_in(message), finish_reason=status, at=self.time_of(message))
        for key, value in unknown(message, _RESPONSE):
            self.builder.keep(f"messages.{key}", value, StepAddress(self.builder.turn))

    # ---- what came of it

    def hear(self, place: str, message: Json, content: Content) -> None:
        """A user message: a command's result, a person's word or command, or a complaint about a reply."""
        extra = mapping(message.get("extra"))
        kind, at = word(extra.get("interrupt_type")), self.time_of(message)
        if (origin := beside(extra).origin) is not None:
            self.builder.say(content.text, origin, at)
        elif kind == "FormatError":
            self._refuse(extra, content, at)
        elif isinstance(extra.get("actions"), list) and "returncode" not in extra:
            by = beside(extra).by or "person"
            for action in items(extra["actions"]):
                self.builder.inject(text(mapping(action).get("command")), at, by=by)
            self._person_said = content.text
        elif not kind and (self.builder.open_calls or "returncode" in extra):
            self._observe(place, message, content, None)
        else:
            self._say(content.text, "person" if kind else "nudge", at)

    def observe(self, place: str, message: Json, content: Content) -> None:
        """The result of a call."""
        self._observe(place, message, content, text(message.get("tool_call_id")) or None)

    def _observe(self, place: str, message: Json, content: Content, call_id: str | None) -> None:
        extra, seen, at = mapping(message.get("extra")), content.text, self.time_of(message)
        exit_code, output, is_cut = told_by(seen)
        if "returncode" in extra:
            exit_code, raw = whole(extra.get("returncode")), extra.get("raw_output")
            output = text(raw) if isinstance(raw, str) else output
        status = _status(seen) if exit_code is None else "unknown"
        if extra.get("exception_info") == _NOT_RUN:
            exit_code, status = None, "done" if place == self._submitter else "skipped"
        is_of_person = next(iter(self.builder.open_calls), "").startswith("person-")
        mark = beside(extra)
        found = self.builder.observe(
            seen if mark.really is None else mark.really,
            call_id=call_id,
            output=output,
            exit_code=exit_code,
            status=_marked(mark, status),
            is_cut=is_cut,
            at=at,
            ran=None if mark.ran is None else ToolCall("", mark.ran.tool, mark.ran.arguments),
            changed_by=mark.changed_by,
        )
        if found is not None and mark.edited_by is not None:
            self.builder.add(ObservationEdited(found, seen, mark.edited_by), at)
        if found is None:
            self.builder.problem(place, "is the result of no command")
            self.builder.keep("messages.content", seen)
        elif is_of_person:
            self._say(f"{self._person_said}\n{seen}", "command", at)

    def _say(self, said: str, origin: Origin, at: float) -> None:
        if self.builder.turn or self.builder.has_task:
            self.builder.say(said, origin, at)
        else:
            self.builder.begin(task=said, at=at)

    def _refuse(self, extra: Json, content: Content, at: float) -> None:
        """The model's reply was thrown away; only the complaint entered the conversation."""
        response = mapping(extra.get("response"))
        first = mapping(next(iter(items(response.get("choices"))), None))
        reply = content_of(mapping(first.get("message")).get("content")).text
        said = text(extra.get("model_response")) or reply
        if said or response:
            self.builder.cut_off(text=said, reason="not in the asked form", at=at)
        self._say(content.text, "nudge", at)

    # ---- the end

    def _exit(self, message: Json, extra: Json) -> None:
        self.exit_status = word(extra.get("exit_status")) or text(message.get("content"))
        self.submission = extra.get("submission")
        self.ended_at = at_of(extra)
        self.end = beside(extra)
        if self.end.end is None and self.exit_status == "Submitted" and len(self.builder.open_calls) == 1:
            self._submit(text(message.get("content")))

    def _is_end(self, message: Json, exit_status: str) -> bool:
        """Format 1 and bare lists end with a word of the user: what the last command wrote, or nothing."""
        if role_of(message) != "user" or "extra" in message:
            return False
        said = content_of(message.get("content")).text
        if exit_status not in ("", "Submitted"):
            return not said
        return told_by(said)[0] is None and (bool(exit_status) or self._asked_for_end())

    def _asked_for_end(self) -> bool:
        reply = mapping(self._messages[-2][1]) if len(self._messages) > 1 else {}
        commands = commands_in(content_of(reply.get("content")).text)
        return role_of(reply) in MODEL and len(commands) == 1 and any(mark in commands[0] for mark in MARKS)

    def _finish(self, message: Json, exit_status: str) -> None:
        self.ended_at = self.time_of(message)
        if exit_status in ("", "Submitted"):
            said = content_of(message.get("content")).text
            self.exit_status, self.submission = "Submitted", said
            self._submit(said)
        self.keep(message, Content())

    def _submit(self, said: str) -> None:
        """The command that ended the run wrote a mark first, and only what came after it is recorded."""
        call = self.builder.oldest_call
        marks = [mark for mark in MARKS if call is not None and mark in call.arguments]
        output = f"{marks[0]}\n{said}" if len(marks) == 1 else None
        self.builder.observe(said, output=output, status="done", at=self.ended_at)

    def _find_submitter(self) -> str:
        """In the interactive form the last command counts as not run: it ended the run meanwhile."""
        extras = [(place, mapping(mapping(message).get("extra"))) for place, message in self._messages]
        found = ""
        if extras and extras[-1][1].get("exit_status") == "Submitted":
            for place, extra in reversed(extras[:-1]):
                if extra.get("exception_info") != _NOT_RUN:
                    break
                found = place
        return found


def _marked(mark: BesideStep, status: StepStatus) -> StepStatus:
    return status if mark.status is None or mark.status == "asked" else mark.status


def _status(seen: str) -> StepStatus:
    """What format 1 says only in its words."""
    if seen.startswith(_REFUSALS):
        return "rejected"
    is_killed = seen.startswith(_LAST) and _KILLED in seen
    return "interrupted" if is_killed or seen.startswith("Interrupted by user") else "unknown"


def told_by(seen: str) -> tuple[int | None, str | None, bool]:
    """Exit code, output and whether that is cut, as an observation's text says it."""
    found = _CODE.match(seen)
    if found is None:
        return None, None, False
    begin, end = seen.find(_BEGIN, found.end()), seen.rfind(_END)
    if begin < 0 or end < begin + len(_BEGIN):
        return int(found[1]), None, "<output_head>" in seen[found.end() : found.end() + 200]
    return int(found[1]), seen[begin + len(_BEGIN) : end], False


def commands_in(said: str) -> list[str]:
    """The commands in a reply, of the first kind of fence that there is."""
    return next((found for begin, end in _FENCES if (found := _fenced(said, begin, end))), [])


def _fenced(said: str, begin: str, end: str) -> list[str]:
    """Without a regular expression: one would take ages on a hostile text."""
    found, start = [], said.find(begin)
    while start >= 0:
        start += len(begin)
        if end.startswith("\n"):
            line = said.find("\n", start, start + _MOST_BLANK)
            if line < 0 or said[start:line].strip():
                start = said.find(begin, start)
                continue
            start = line + 1
        stop = said.find(end, start)
        if stop < 0:
            break
        found.append(said[start:stop].strip())
        start = said.find(begin, stop + len(end))
    return found
