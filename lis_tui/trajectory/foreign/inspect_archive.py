"""Reads Inspect's `.eval`: a zip whose members are deflated or, by newer versions, packed with zstd."""

import re
from collections.abc import Iterator

from lis_tui.core.errors import NoTrajectory
from lis_tui.core.text import one_line
from lis_tui.trajectory.foreign.fields import items, mapping, text
from lis_tui.trajectory.foreign.material import Json
from lis_tui.trajectory.foreign.members import Members

_SAMPLE = re.compile(r"samples/(.+)_epoch_(\d{1,9})(?:\.json|/sample\.json)", re.DOTALL)
_JOURNALED = re.compile(r"_journal/summaries/(\d{1,9})\.json")


class LogArchive(Members):
    """The members of an Inspect log. What cannot be had raises NoTrajectory."""

    @property
    def is_log(self) -> bool:
        """Whether it is a log of Inspect; one that is still being written has no header yet."""
        return "_journal/start.json" in self.members or (
            "header.json" in self.members and isinstance(self.header.get("eval"), dict)
        )

    @property
    def header(self) -> Json:
        """What is said of all samples together."""
        for name in ("header.json", "_journal/start.json"):
            if name in self.members:
                try:
                    return mapping(self.json(name))
                except NoTrajectory:
                    continue
        return {}

    def samples(self) -> list[tuple[str, Json]]:
        """Give each sample's member, with the summary of it, where there is one."""
        summaries = {_key(one): one for one in self._summaries()}
        found = ((name, _SAMPLE.fullmatch(name)) for name in self.members)
        named = [(name, match[1], match[2]) for name, match in found if match]
        return [
            (name, summaries.get((ident, epoch), {"id": ident, "epoch": int(epoch)}))
            for name, ident, epoch in named
        ]

    def sample(self, name: str) -> Json:
        """Give one sample whole, put together where it was written in pieces."""
        sample = mapping(self.json(name))
        if name.endswith("/sample.json"):
            sample = self._joined(name.removesuffix("sample.json"), sample)
        if not sample:
            raise NoTrajectory(f"{one_line(name)} in the log is no sample.")
        return sample

    def _summaries(self) -> Iterator[Json]:
        """A log that is being written has one file of them each time it was flushed."""
        names = sorted(
            (int(found[1]), name) for name in self.members if (found := _JOURNALED.fullmatch(name))
        )
        for name in ("summaries.json",) if "summaries.json" in self.members else (name for _, name in names):
            try:
                yield from map(mapping, items(self.json(name)))
            except NoTrajectory:
                continue

    def _joined(self, folder: str, shell: Json) -> Json:
        """The sequences stand beside the sample, in chunks named by the number of their first item."""
        messages, events, calls = (
            self._sequence(f"{folder}{name}/") for name in ("messages", "events", "calls")
        )
        attachments = self._sequence(f"{folder}attachments/")
        refs = items(shell.get("message_refs"))
        return shell | {
            "messages": expanded(refs, messages),
            "events": events,
            "events_data": {"messages": messages, "calls": calls},
            "attachments": {str(number): one for number, one in enumerate(attachments)},
        }

    def _sequence(self, folder: str) -> list[object]:
        chunks = sorted(
            (int(stem), name)
            for name in self.members
            if name.startswith(folder) and (stem := name[len(folder) : -5]).isdecimal() and len(stem) < 10
        )
        return [one for _, name in chunks for one in items(self.json(name))]


def expanded(refs: list[object], pool: list[object]) -> list[object]:
    """Give the items of a pool that pairs of numbers (from, up to) name."""
    found: list[object] = []
    for ref in refs:
        match ref:
            case [int(start), int(end)] if 0 <= start <= end:
                found += pool[start:end]
    return found


def _key(summary: Json) -> tuple[str, str]:
    return text(summary.get("id")), text(summary.get("epoch"))
