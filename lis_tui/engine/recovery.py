"""What becomes of a run whose sandbox is lost: it holds and says why, and the sandbox is brought back."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from lis_tui.core.errors import AllKilled, FileRefused, LisError, ModelFailed, SandboxFailed
from lis_tui.core.events import NoticeGiven, RestoreProgressed, StepAddress
from lis_tui.core.manifest import Manifest
from lis_tui.core.ports import Restored, Sandbox
from lis_tui.core.text import one_line
from lis_tui.engine import prompts
from lis_tui.engine.computer import Computer
from lis_tui.engine.limits import Ending
from lis_tui.engine.progress import Progress, RunCut

MOST_TIMES = 3
"""So often a sandbox is brought back in a run that nobody watches."""
GAPS_S = (2.0, 4.0, 8.0, 16.0, 30.0)
"""How long such a run waits between two tries, for an engine that starts again."""
PROBE_S = 10.0
"""How long a sandbox that was given up may take to show that it is there after all."""
_ENDS = "End ends the run."
_IS_BACK = (
    "Your sandbox did not answer for a while and is back. Its files are as they were then; what ran in it "
    "has most likely ended, and the shell's state is that of before the last command."
)
_RUNS_AGAIN = (
    "All that ran in your sandbox was killed while no command ran. Its files are as they were, "
    "and the shell's state is that of after your last command; start again what is to run."
)


async def _nothing(_: bool) -> None:
    pass


@dataclass(frozen=True)
class Means:
    """With what a lost sandbox is brought back."""

    newest: Callable[[], Manifest | None] = lambda: None
    """Reads the newest checkpoint; it blocks. Raises StorageFailed."""
    must_be_possible: Callable[[bool], Awaitable[None]] = _nothing
    """Raises LisError where no sandbox can be had now, of an engine where that `was_a_container`."""
    clear: Callable[[bool], Awaitable[None]] = _nothing
    """Removes what is left of the old one. Raises LisError."""
    gaps_s: Sequence[float] = GAPS_S


class Recovery:
    """Brings a lost sandbox back: when a person resumes the run, or by itself where nobody watches."""

    def __init__(self, progress: Progress, computer: Computer, sandbox: Sandbox, means: Means) -> None:
        self.is_lost = False
        self.news: list[str] = []
        """What the model is to be told before its next turn."""
        self._progress = progress
        self._computer = computer
        self._sandbox = sandbox
        self._means = means
        self._is_watched = not progress.spec.is_headless
        self._why = self._held_because = ""
        self._is_emptied = False
        """Nothing runs in it any more, and nothing else is known to be lost."""
        self._under: StepAddress | None = None
        self._is_whole = True
        """It was not left half-way while it was brought back."""
        self._times = 0
        self._has_worked = True
        computer.on_lost = self._cannot_start
        computer.on_silent = self._is_there
        progress.gates.must_show_again = lambda: self.is_lost and self._is_watched

    def take_news(self) -> list[str]:
        """Give what the model is to be told, once."""
        news, self.news = self.news, []
        return news

    # ---- losing it

    def lose(self, error: LisError, under: StepAddress | None = None) -> None:
        """It failed, `under` a step or while nothing ran: a watched run holds. A refused file is no loss."""
        if isinstance(error, FileRefused):
            return
        self._under = under or self._under
        if self.is_lost:
            return
        self.is_lost = True
        self._is_emptied = isinstance(error, AllKilled)
        self._why = one_line(error.sentence, 400)
        if self._is_watched:
            self._hold()
        else:
            self._progress.bus.publish(NoticeGiven(f"The sandbox is lost: {self._why}", "warning"))

    def lost_under(self, address: StepAddress) -> bool:
        """Whether it was lost under an earlier call of the same reply: this one makes no sense now."""
        return self._under is not None and self._under.turn == address.turn and self._under < address

    def worked(self) -> None:
        """A step has run in it."""
        self._has_worked = True

    def begin_anew(self) -> None:
        """A person has an ended run go on: what was tried before counts no more."""
        self._times, self._has_worked = 0, True

    def _cannot_start(self, error: LisError) -> None:
        if self._is_watched:
            self.lose(error)
        else:
            self._progress.end(Ending("sandbox_failed", error.sentence))

    async def _is_there(self, error: SandboxFailed) -> bool:
        """It could not be measured: look whether it is there; a loss is said at once."""
        if self.is_lost or (not isinstance(error, AllKilled) and await self._answers()):
            return not self.is_lost
        self.lose(error)
        return False

    # ---- having it again

    async def is_back(self) -> bool:
        """Have it up; False: that cannot be now, and the run holds again. Raises RunCut."""
        if not self.is_lost or self._progress.ending is not None:
            return True
        return await (self._try() if self._is_watched else self._try_patiently())

    async def _try(self) -> bool:
        try:
            await self._bring_back()
        except LisError as error:
            self._why = one_line(error.sentence, 400)
            self._hold()
            return False
        return True

    def _hold(self) -> None:
        self._held_because = self._reason(self._why)
        self._progress.gates.pause("rule", self._held_because)

    async def _try_patiently(self) -> bool:
        """Try again and again for a while, for an engine that is started again."""
        problem = self._why
        if self._times < MOST_TIMES and self._has_worked:
            for gap_s in (0.0, *self._means.gaps_s):
                async with self._progress.cuttable():
                    await asyncio.sleep(gap_s)
                try:
                    await self._bring_back()
                except LisError as error:
                    problem = error.sentence
                else:
                    self._times, self._has_worked = self._times + 1, False
                    return True
        self._progress.end(Ending("sandbox_failed", problem))
        raise RunCut(problem)

    async def _bring_back(self) -> None:
        """Take it as it is where it answers again, else rebuild it. Raises LisError, RunCut."""
        async with self._progress.cuttable():
            if self._computer.is_up and self._is_whole and await self._answers():
                await self._computer.follow_again()
                self._found(
                    _RUNS_AGAIN if self._is_emptied else _IS_BACK,
                    "The sandbox answers again; nothing was rebuilt.",
                )
                return
            await self._rebuild()

    async def _answers(self) -> bool:
        try:
            async with asyncio.timeout(PROBE_S):
                return await self._sandbox.stat(self._sandbox.workdir) is not None
        except (LisError, TimeoutError):
            return False

    async def _rebuild(self) -> None:
        progress, computer = self._progress, self._computer
        was = progress.view.sandbox
        was_a_container = was is not None and was.kind == "docker"
        await self._means.must_be_possible(was_a_container)
        self._is_whole = False
        await computer.remove("It was lost.")
        await self._means.clear(was_a_container)
        manifest = await asyncio.to_thread(self._means.newest)

        def tell(done: int, total: int) -> None:
            progress.bus.publish(RestoreProgressed(done, total))

        try:
            restored = await computer.bring_back(manifest, tell)
        finally:
            tell(0, 0)
        if manifest is None:
            await self._furnish()
        self._is_whole = True
        self._tell_rebuilt(manifest, restored, is_first=was is None)

    async def _furnish(self) -> None:
        """Put the inputs in, where no checkpoint holds them and the work folder went with the old one."""
        folder = f"{self._sandbox.workdir}/documents"
        if self._progress.spec.inputs and await self._sandbox.stat(folder) is None:
            places = await self._computer.put_inputs()
            self.news += [places] if places else []
        elif not any(step.started_at is not None for step in self._progress.view.steps):
            self._computer.keep_start()

    def _tell_rebuilt(self, manifest: Manifest | None, restored: Restored | None, *, is_first: bool) -> None:
        if manifest is not None:
            gone = self._gone(manifest.address)
            text = f"The sandbox was rebuilt as it was {_at(manifest.address)}; {gone}."
            self._found(
                f"Your sandbox was lost and rebuilt, as it was {_at(manifest.address)}; {gone}.", text
            )
        elif not is_first:
            self._found(prompts.new_sandbox(self._progress.spec), "A new sandbox takes the lost one's place.")
        else:
            self._found("", "The sandbox is up now.")
        for one in restored.lost if restored is not None else ():
            self._progress.bus.publish(NoticeGiven(f"It ran and does not any more: {one}"))
        for problem in restored.problems if restored is not None else ():
            self._progress.bus.publish(NoticeGiven(problem, "warning"))

    def _found(self, to_the_model: str, to_a_person: str) -> None:
        self.is_lost, self._why = False, ""
        if to_the_model:
            self.news.append(to_the_model)
        self._progress.bus.publish(NoticeGiven(to_a_person))
        self._progress.gates.relieve(self._held_because)

    # ---- in words

    def _reason(self, problem: str) -> str:
        """Say what happened, and what resume and end do."""
        if self._progress.view.sandbox is None:
            return f"The sandbox did not start: {problem}\nResume tries again. {_ENDS}"
        kept = max(self._progress.view.checkpoints, default=None)
        if kept is None:
            does = "Resume brings up a new one: there is no checkpoint, so only the work folder may be left."
        else:
            does = "Resume takes it as it is where it answers again, else brings it back as it was "
            does += f"{_at(kept)}; {self._gone(kept)}."
        problem = problem.removeprefix("The sandbox is gone: ")
        return f"The sandbox is lost: {problem}\n{does}\n{_ENDS}"

    def _gone(self, kept: StepAddress) -> str:
        """Say what a sandbox as of this checkpoint does not have."""
        view = self._progress.view
        missed = [step.address for step in view.steps if step.started_at is not None and step.address > kept]
        named = ", ".join(map(str, missed[-5:]))
        return f"what {named} did in it and all that ran is gone" if missed else "all that ran in it is gone"


def no_reply(error: ModelFailed) -> str:
    """Say why the run holds where the model cannot be asked."""
    does = "Resume asks again: the same model, or another one that you choose first."
    return f"The model gave no reply: {error.sentence}\n{does}\n{_ENDS}"


def _at(kept: StepAddress) -> str:
    if kept.step or kept.extra:
        return f"after {kept}"
    return f"before the steps of turn {kept.turn}" if kept.turn > 1 else "at the start"
