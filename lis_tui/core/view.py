"""A run as a screen, a printer or a report shows it: a fold of its records, the same live and recorded."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from operator import attrgetter

from lis_tui.core.breakpoints import AllowRule, Breakpoint
from lis_tui.core.events import (
    CheckpointTaken,
    ConnectionAsked,
    ConnectionEnded,
    FileEntry,
    ForeignKept,
    LoadMeasured,
    ModelRetried,
    OutputsSaved,
    Record,
    RestoreProgressed,
    RunEnded,
    RunForked,
    RunStarted,
    SandboxStarted,
    StepAddress,
    TrajectoryImported,
    TreeFollowed,
    UnknownEvent,
)
from lis_tui.core.folders import Folders
from lis_tui.core.folds import FOLDS
from lis_tui.core.parts import (
    FileMark,
    GateView,
    OwnView,
    Phase,
    StepView,
    Totals,
    TurnView,
    fresh_version,
)
from lis_tui.core.spec import Limits, Mode, ModelSpec

_address = attrgetter("address")


@dataclass
class RunView:
    """Everything there is to show of one run. `version` grows with every record.

    No version, of the run or of a part, ever occurs twice in a process.
    """

    version: int = 0
    started: RunStarted | None = None
    started_at: float = 0.0
    last_at: float = 0.0
    phase: Phase = "starting"
    phase_at: float = 0.0
    mode: Mode = "auto"
    is_held: bool = False
    held_because: str = ""
    """Why it holds, where nobody asked it to: what was lost, and what helps."""
    limits: Limits = field(default_factory=Limits)
    breakpoints: tuple[Breakpoint, ...] = ()
    allow_rules: tuple[AllowRule, ...] = ()
    turns: list[TurnView] = field(default_factory=lambda: [TurnView(0)])
    steps: list[StepView] = field(default_factory=list)
    moved: int = 0
    """Grows when steps were put in or taken out before the last one."""
    gate: GateView | None = None
    retry: ModelRetried | None = None
    totals: Totals = field(default_factory=Totals)
    sandbox: SandboxStarted | None = None
    has_sandbox: bool = False
    load: LoadMeasured | None = None
    connections: list[ConnectionEnded] = field(default_factory=list)
    asked_hosts: dict[int, ConnectionAsked] = field(default_factory=dict)
    """Questions about hosts that nobody has answered yet, by number."""
    hosts_asked_at: dict[int, float] = field(default_factory=dict)
    """When each of them was asked."""
    allowed_hosts: tuple[str, ...] = ()
    files: dict[str, FileEntry] = field(default_factory=dict)
    marks: dict[str, FileMark] = field(default_factory=dict)
    """How files differ from what they were when the newest step began."""
    start_marks: dict[str, FileMark] = field(default_factory=dict)
    """How they differ from the first tree that was told."""
    folders: Folders | None = None
    """What is in each folder, once somebody asked (`tree`); it is kept true from then on."""
    followed: TreeFollowed = field(default_factory=TreeFollowed)
    files_version: int = 0
    has_tree: bool = False
    """The tree is followed: a file that is not among the changes did not change."""
    newest_file: str | None = None
    queued: list[str] = field(default_factory=list)
    own: dict[int, OwnView] = field(default_factory=dict)
    """What the person ran in their own shell, by number."""
    fork: RunForked | None = None
    """Where this run left its parent; all before it happened there."""
    imported: TrajectoryImported | None = None
    """Another program recorded this; what it does not say is not known."""
    kept: list[ForeignKept] = field(default_factory=list)
    model: ModelSpec | None = None
    """The model that is asked now, and how."""
    restoring: RestoreProgressed | None = None
    """A sandbox is being brought back."""
    checkpoints: dict[StepAddress, CheckpointTaken] = field(default_factory=dict)
    """Where the sandbox can be had as it was; step 0 of a turn: before its steps."""
    ended: RunEnded | None = None
    ended_at: float | None = None
    outputs: OutputsSaved | None = None
    trouble: str = ""
    """Why the run holds although nobody paused it: nothing more can be written; empty where all is well."""
    unknown: list[UnknownEvent] = field(default_factory=list)
    waited_s: float = 0.0
    repeats: int = 1
    """How often the model has made the newest call in a row."""
    epoch: int = 0
    """Turns and steps of another epoch are shared with other states of the run: copied before a change."""
    files_epoch: int = 0

    # ---- looking

    @property
    def turn(self) -> TurnView:
        """The newest turn."""
        return self.turns[-1]

    def step(self, address: StepAddress) -> StepView | None:
        """Find a step."""
        if not 0 <= address.turn < len(self.turns):
            return None
        steps = self.turns[address.turn].steps
        if steps and steps[-1].address == address:
            return steps[-1]
        place = bisect_right(steps, address, key=_address) - 1
        return steps[place] if place >= 0 and steps[place].address == address else None

    @property
    def running(self) -> StepView | None:
        """The step that runs now."""
        if self.steps and self.steps[-1].status == "running":
            return self.steps[-1]
        return next((step for step in reversed(self.turn.steps) if step.status == "running"), None)

    @property
    def asking(self) -> StepView | None:
        """The running step that reads what a person may type; in auto mode its input is ended instead."""
        step = self.running
        is_asking = step is not None and step.waits_for_input and (self.mode != "auto" or self.is_held)
        return step if is_asking else None

    @property
    def waiting(self) -> StepView | None:
        """The step whose gate waits."""
        return self.step(self.gate.address) if self.gate else None

    @property
    def is_live(self) -> bool:
        """It has begun and not ended; another program's run goes on only as a run of ours."""
        is_elsewhere = self.imported is not None and self.fork is None
        return self.started is not None and self.ended is None and not is_elsewhere

    @property
    def tree(self) -> Folders:
        """What is in each folder."""
        if self.folders is None:
            self.folders = Folders(self.files.values())
        return self.folders

    # ---- folding

    def apply_all(self, records: Iterable[Record]) -> "RunView":
        """Fold many records; gives itself."""
        for record in records:
            self.apply(record)
        return self

    def apply(self, record: Record) -> None:
        """Fold one record."""
        self.version = fresh_version()
        self.last_at = max(self.last_at, record.at)
        fold = FOLDS.get(type(record.event))
        if fold is not None:
            fold(self, record.event, record.at)

    # ---- going back

    def snapshot(self) -> "RunView":
        """Give the view as it is now, for good: what it shares with this one is copied before it changes."""
        kept = replace(
            self,
            turns=self.turns.copy(),
            steps=self.steps.copy(),
            marks=self.marks.copy(),
            start_marks=self.start_marks.copy(),
            folders=None,
            queued=self.queued.copy(),
            own={number: own.copy() for number, own in self.own.items()},
            totals=replace(self.totals),
            kept=self.kept.copy(),
            connections=self.connections.copy(),
            checkpoints=self.checkpoints.copy(),
            unknown=self.unknown.copy(),
            epoch=fresh_version(),
        )
        self.share()
        return kept

    def share(self) -> None:
        """Have others hold turns and steps of this view as they are now."""
        self.epoch = fresh_version()

    def become(self, other: "RunView") -> None:
        """Show what another view shows; who holds this one sees the change, and the other stays as it is."""
        vars(self).update(vars(other.snapshot()))
        self.version, self.moved = fresh_version(), fresh_version()
