"""Re-execution: a new run that does again what is recorded of another one, from its first files on."""

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path

from msgspec import structs

from lis_tui import __version__
from lis_tui.config.secrets import API_KEY
from lis_tui.core import wire
from lis_tui.core.errors import ImageMissing, UsageWrong
from lis_tui.core.events import Record, ReexecutionBegan, RunForked, RunStarted, StepAddress
from lis_tui.core.manifest import Manifest
from lis_tui.core.normalising import SHIPPED, VERSION, Rules
from lis_tui.core.spec import Limits, ModelSpec, Network, RunSpec, SandboxSpec, meant
from lis_tui.core.text import one_line
from lis_tui.engine import prompts
from lis_tui.engine.past import Past
from lis_tui.engine.replaying import Live, Replay
from lis_tui.host.homes import Kind, choose
from lis_tui.host.origin import Origin, check_arguments, origin_of
from lis_tui.host.runs import Wired
from lis_tui.host.wiring import Home, choose_model, furnish, resolved
from lis_tui.sandbox.image import DEFAULT_IMAGE, has_image
from lis_tui.tools.registry import default_tools
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.forking import Point, nearest
from lis_tui.trajectory.journal import read
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.permitted import Permitted
from lis_tui.trajectory.replay import REPLAY, Recorded, RecordedModel
from lis_tui.trajectory.store import RunFolder, Store

START = StepAddress(0)
MOST_TOLD = 500
"""Characters of the hosts that are named in a note."""
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


class Setting:
    """The computer and the files that a re-execution begins with, as near to the recorded ones as can be.

    Raises ImageMissing, EngineMissing, StorageFailed.
    """

    def __init__(self, data: Path, origin: Origin, ask: wire.Reexecute) -> None:
        self.notes: list[str] = []
        self._origin = origin
        self._ask = ask
        self.image_id = ""
        """The very image; empty: the one of the spec's name."""
        self.sandbox = self._sandbox()
        self.manifest = self._manifest(data)
        self.inputs = () if self.manifest is not None else self._inputs()

    def _sandbox(self) -> SandboxSpec:
        recorded, home = self._origin.started.spec.sandbox, self._home()
        network = self._network(home)
        image = recorded.image if home == "embedded" else self._image()
        base = recorded.base if home == "embedded" else ""
        return structs.replace(recorded, kind=home, image=image, base=base, network=network, checkpoints=True)

    def _network(self, home: Kind) -> Network:
        """Give the network as it was recorded; in another home never one that reaches more."""
        asked, recorded = self._ask.network, self._origin.started.spec.sandbox.network
        was = meant(recorded, self._origin.home)
        network = asked or recorded
        if not asked and not self._has_kept_home(home) and "allow" in (was, meant("auto", home)):
            network = was if was in ("allow", "none") else "allow"
        found = meant(network, home)
        if found != was and (asked or was != "auto"):
            self.notes.append(f"The network is {found}; when it was recorded it was {was}.")
        if found == "allow":
            self._tell_hosts()
        return network

    def _tell_hosts(self) -> None:
        """Say which hosts a person allowed meanwhile: they are part of how its steps ran."""
        first = Record(1, 0.0, self._origin.started)
        permitted = Permitted((first, *self._origin.facts))
        if permitted.later:
            hosts = one_line(", ".join(permitted.later), MOST_TOLD)
            self.notes.append(
                f"Hosts that were allowed while it was recorded are so again, each by the same step: {hosts}."
            )
        if permitted.answers:
            self.notes.append("What was answered about other hosts counts again, in the same steps.")

    def _home(self) -> Kind:
        """Give the home it was recorded in; where none is known, or an image was asked for, one that is."""
        if self._ask.sandbox:
            return self._other_home(self._ask.sandbox)
        if self._ask.image or self._origin.is_plain:
            return "docker"
        spec, home = self._origin.started.spec.sandbox, self._origin.home
        if self._origin.view.imported is not None:  # its image is looked for later, and may be another one
            spec, home = SandboxSpec(), "auto"
        found = choose(structs.replace(spec, kind=home))
        if found == "embedded" and home != found:
            self.notes.append("There is no container engine: this is an embedded sandbox.")
        return found

    def _other_home(self, wanted: Kind) -> Kind:
        if self._ask.image and wanted == "embedded":
            raise UsageWrong("An embedded sandbox has no image: leave --image out, or ask for docker.")
        choose(structs.replace(SandboxSpec(), kind=wanted))
        if not self._has_kept_home(wanted):
            self.notes.append(f"The sandbox is {wanted}, as was asked for; recorded: {self._origin.home}.")
        return wanted

    def _has_kept_home(self, home: Kind) -> bool:
        """What was kept of the recorded sandbox fits this one."""
        return self._origin.view.imported is None and self._origin.home == home

    def _image(self) -> str:
        ask, recorded = self._ask, self._origin.started.spec.sandbox.image
        if ask.image:
            self.notes.append(f"The image is {ask.image}, as was asked for; recorded: {recorded}.")
            return ask.image
        if self._origin.view.imported is not None:
            return self._image_for_foreign(recorded)
        if not self._has_kept_home("docker"):
            return recorded
        self.image_id = self._origin.image_id
        if self.image_id and not has_image(self.image_id):
            raise ImageMissing(
                f"The image {recorded} ({self.image_id[:19]}) of {self._origin.folder.name} is gone: "
                "get it again, or re-execute in another one: --image IMAGE."
            )
        return recorded

    def _image_for_foreign(self, recorded: str) -> str:
        ours = self._ask.fallback_image or DEFAULT_IMAGE
        if recorded in (ours, DEFAULT_IMAGE):
            self.notes.append(f"The image it ran in is not known; this is {ours}.")
            return ours
        if has_image(recorded):
            return recorded
        self.notes.append(f"The image it ran in, {recorded}, is not here; this is {ours}.")
        return ours

    def _manifest(self, data: Path) -> Manifest | None:
        """Give the checkpoint of the start, which holds the inputs too."""
        if self._ask.inputs is not None or self._ask.image:
            return None
        if self._ask.sandbox and not self._has_kept_home(self._ask.sandbox):
            return None
        manifests = Manifests(self._origin.folder.path, Blobs(data))
        first = nearest(manifests.addresses(), Point(START))
        manifest = None if first is None else manifests.load(first)
        self.image_id = manifest.image_id or self.image_id if manifest is not None else self.image_id
        return manifest

    def _inputs(self) -> tuple[str, ...]:
        if self._ask.inputs is not None:
            if self._ask.inputs:
                self.notes.append(f"Other input files than the recorded ones: {', '.join(self._ask.inputs)}.")
            return self._ask.inputs
        recorded = self._origin.started.spec.inputs
        there = tuple(path for path in recorded if Path(path).exists())
        if there:
            self.notes.append(f"The input files are as they are now, not as they were: {', '.join(there)}.")
        if gone := [path for path in recorded if path not in there]:
            self.notes.append(f"Input files that are gone: {', '.join(gone)}.")
        if not recorded:
            self.notes.append("No files of the start are known: the work folder is that of the image.")
        return there


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
