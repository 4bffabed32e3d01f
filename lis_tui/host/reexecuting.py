"""Re-execution: a new run that does again what is recorded of another one, from its first files on."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

from msgspec import structs

from lis_tui import __version__
from lis_tui.config.secrets import API_KEY
from lis_tui.core import wire
from lis_tui.core.errors import UsageWrong
from lis_tui.core.events import Record, ReexecutionBegan, RunForked, RunStarted
from lis_tui.core.normalising import SHIPPED, VERSION, Rules
from lis_tui.core.spec import Limits, ModelSpec, RunSpec
from lis_tui.engine import prompts
from lis_tui.engine.past import Past
from lis_tui.engine.replaying import Live, Replay
from lis_tui.host.origin import Origin, check_arguments, origin_of
from lis_tui.host.runs import Wired
from lis_tui.host.setting import Setting
from lis_tui.host.wiring import Home, choose_model, furnish, resolved
from lis_tui.tools.registry import default_tools
from lis_tui.trajectory.forking import START, Point
from lis_tui.trajectory.journal import read
from lis_tui.trajectory.replay import REPLAY, Recorded, RecordedModel
from lis_tui.trajectory.store import RunFolder, Store

MORE_TURNS = 100
"""Turns that a live model has at least, where it goes on with another program's run."""
FOREIGN_NOTE = """\
From here on you go on with this task yourself. What you see above was done by another program; its words \
about how calls or answers are to be written no longer count. Call the tools that you have been given. When \
the work is done, write the final answer to {workdir}/answer.txt and call `submit`."""


async def reexecute(
    data: Path, ask: wire.Reexecute, secrets: Mapping[str, str], *, is_headless: bool
) -> Wired:
    """Make a run that does another one again. Raises LisError."""
    folder = await asyncio.to_thread(Store(data).find, ask.run)
    point = None if ask.last is None else Point(ask.last, ask.is_before)
    origin = await asyncio.to_thread(origin_of, data, folder, point)
    recorded = await asyncio.to_thread(lambda: Recorded(read(folder), point))
    setting = await asyncio.to_thread(Setting, data, origin, ask)
    made = Reexecution(origin, recorded, setting, ask, is_headless=is_headless)
    live = made.live(secrets)
    home, past = await asyncio.to_thread(made.make, data)
    replay = Replay(
        recorded=recorded,
        rules=Rules(SHIPPED if ask.rules is None else ask.rules),
        is_stopping=ask.is_stopping,
        live=live,
    )
    return furnish(
        home, made.spec, secrets, RecordedModel(recorded), past=past, image_id=setting.image_id, replay=replay
    )


def as_reexecution(ask: wire.Fork) -> wire.Reexecute:
    """Give a fork whose sandbox is rebuilt as what it is: a re-execution that a live model takes over."""
    return wire.Reexecute(
        id=ask.id,
        run=ask.run,
        last=ask.point,
        is_before=ask.is_before,
        takes_over=True,
        changes=ask.changes,
        secrets=ask.secrets,
    )


class Reexecution:
    """One re-execution, thought through before anything is made. Raises UsageWrong, SettingsInvalid."""

    def __init__(
        self,
        origin: Origin,
        recorded: Recorded,
        setting: Setting,
        ask: wire.Reexecute,
        *,
        is_headless: bool,
    ) -> None:
        if origin.is_plain:
            raise UsageWrong(f"{origin.folder.name} has no computer: there is nothing to run again.")
        if not recorded.steps and not ask.takes_over:
            where = " up to there" if ask.last is not None else ""
            raise UsageWrong(f"Nothing has run in {origin.folder.name}{where}.")
        if ask.last is not None:
            check_arguments(origin, Point(ask.last, ask.is_before), ask.changes.arguments)
        self._origin = origin
        self._recorded = recorded
        self._setting = setting
        self._ask = ask
        self.spec = self._spec(is_headless)

    def live(self, secrets: Mapping[str, str]) -> Live | None:
        """Give who goes on where the recording is left; None: nobody. Raises UsageWrong, KeyMissing."""
        ask, view = self._ask, self._origin.view
        if not ask.takes_over:
            return None
        spec = ask.changes.model or view.model
        if spec is None or spec.name.startswith(REPLAY) or (self.is_foreign and ask.changes.model is None):
            raise UsageWrong("Say which model goes on live from there (--model).")
        spec = resolved(spec) if ask.changes.model is not None else spec
        note = FOREIGN_NOTE.format(workdir=self.spec.sandbox.workdir) if self.is_foreign else ""
        return Live(
            spec=spec,
            model=choose_model(spec, secrets.get(API_KEY)),
            limits=self._limits(),
            mode=ask.changes.mode or view.mode,
            message=ask.changes.message,
            note=note,
            arguments=ask.changes.arguments,
            is_held=ask.changes.is_held,
        )

    @property
    def is_foreign(self) -> bool:
        """Another program recorded it."""
        return self._recorded.is_foreign

    def make(self, data: Path) -> tuple[Home, Past]:
        """Make the new run's folder and the beginning of its journal. Raises StorageFailed."""
        name = self._ask.changes.name or self._origin.folder.name
        home = Home.of_new(data, Store(data).create(self._origin.started.spec.task, name))
        try:
            records = self._records(home.folder)
            for record in records:
                home.journal.append(record)
        except BaseException:
            home.remove()
            raise
        opening = RunForked(
            parent=self._origin.folder.name,
            point=START,
            kind="reexecution",
            problems=tuple(self._setting.notes),
        )
        return home, Past(
            records=records, opening=opening, changes=(self._began(),), manifest=self._setting.manifest
        )

    def _spec(self, is_headless: bool) -> RunSpec:
        started, ask = self._origin.started, self._ask
        last_turn = max(self._recorded.replies, default=0)
        limits = started.spec.limits
        return structs.replace(
            started.spec,
            model=ModelSpec(name=REPLAY + self._origin.folder.name),
            sandbox=self._setting.sandbox,
            limits=Limits(
                max_turns=max(limits.max_turns, last_turn + 1),
                max_cost_usd=None,
                command_timeout_s=limits.command_timeout_s,
            ),
            mode=ask.mode,
            inputs=self._setting.inputs,
            inline=(),
            output_dir=None,
            name=None,
            breakpoints=(),
            system_prompt=ask.changes.system_prompt or started.spec.system_prompt,
            is_headless=is_headless,
        )

    def _limits(self) -> Limits:
        """Give the limits of who goes on live."""
        limits = self._ask.changes.limits or self._origin.view.limits
        if self.is_foreign and self._ask.changes.limits is None:
            return structs.replace(limits, max_turns=max(self._recorded.replies, default=0) + MORE_TURNS)
        return limits

    def _records(self, folder: RunFolder) -> tuple[Record, ...]:
        started, ask = self._origin.started, self._ask
        is_other_network = prompts.network(self.spec.sandbox) != prompts.network(
            structs.replace(started.spec.sandbox, kind=self._origin.home)
        )
        is_other_prompt = self.is_foreign or ask.changes.system_prompt is not None or is_other_network
        begins = RunStarted(
            run=folder.name,
            spec=self.spec,
            system_prompt=prompts.system_prompt(self.spec) if is_other_prompt else started.system_prompt,
            task_prompt=started.task_prompt,
            tools=tuple(tool.schema for tool in default_tools()),
            app_version=__version__,
            parent=self._origin.folder.name,
            parent_step=ask.last,
        )
        return (Record(1, time.time(), begins),)

    def _began(self) -> ReexecutionBegan:
        ask = self._ask
        rules = SHIPPED if ask.rules is None else ask.rules
        live = ask.changes.model or self._origin.view.model
        return ReexecutionBegan(
            last=ask.last,
            is_before=ask.is_before,
            is_stopping=ask.is_stopping,
            rules=tuple(dict.fromkeys(rule.name for rule in rules if rule in SHIPPED)),
            rules_version=VERSION,
            own_rules=tuple(rule for rule in rules if rule not in SHIPPED),
            then=live.name if ask.takes_over and live is not None else "",
            notes=self._left_out(),
        )

    def _left_out(self) -> tuple[str, ...]:
        count = self._recorded.own_commands
        if not count:
            return ()
        return (f"Not run again: {count} commands of a person in a shell of their own.",)
