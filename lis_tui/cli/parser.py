"""The command line: every command, every flag, and what each is for."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from lis_tui import __version__
from lis_tui.trajectory.exporting.names import FORMATS as EXPORT_FORMATS

_EXIT_CODES = """exit codes:
  0 submitted            4 a person ended it      7 files cannot be kept
  2 usage                5 the model failed       8 no host answers
  3 a limit ended it     6 the sandbox failed     1 a bug
  130 and 143: ended by Ctrl-C, by TERM"""

_Add = Callable[[str, str], argparse.ArgumentParser]


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, without the whole usage."""

    def error(self, message: str) -> NoReturn:
        """Print it and exit."""
        self.exit(2, f"lis-tui: {message}. See `{self.prog} --help`.\n")


def make_parser() -> argparse.ArgumentParser:
    """Give the parser of the whole command line."""
    parser = _Parser(
        prog="lis-tui",
        description="See, stop and change what an LLM agent does in its sandbox. Alone: the start screen.",
        epilog=_EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"lis-tui {__version__}")
    parser.set_defaults(command="start")
    commands = parser.add_subparsers(metavar="COMMAND")

    def add(name: str, about: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=about, description=about, allow_abbrev=False)
        added.set_defaults(command=name)
        return added

    _add_run(add("run", "give the model a task"))
    _add_watching(add)
    _add_travel(add)
    _add_runs(add("runs", "list the runs, judge or remove some"))
    _add_compare(add("compare", "put two to eight runs side by side"))
    stats = add("stats", "runs in numbers: tokens, time, failures, and which capabilities they use")
    stats.add_argument("runs", metavar="RUN|FILE[#ENTRY]", nargs="+")
    stats.add_argument("--json", action="store_true", help="print it as JSON, the time line too")
    _add_demo(add("demo", "watch a scripted model work in a real sandbox; needs no key"))
    _add_care(add)
    return parser


def _add_run(run: argparse.ArgumentParser) -> None:
    run.add_argument("task", nargs="?", metavar="TASK", help="what to do; - reads it from standard input")
    run.add_argument("--task-file", type=Path, metavar="FILE", help="read the task from a file")
    run.add_argument("--preset", metavar="NAME", help="a task that is ready to run; list: which there are")
    run.add_argument("--system-prompt", type=Path, metavar="FILE", help="replaces the built-in one")
    _add_paths(run, "--input", "inputs", "copied to /testbed/documents")
    _add_paths(run, "--inline", "inline", "its text is put into the prompt")
    run.add_argument("--output", type=Path, metavar="DIR", help="where results are saved")
    run.add_argument("--name", help="what the run is called (a number is added where it is taken)")
    run.add_argument("--detach", action="store_true", help="start it, print its name, and leave")
    _add_printing(run)
    _add_screen(run)
    _add_model(run.add_argument_group("model"))
    _add_sandbox(run.add_argument_group("sandbox"))
    _add_limits(run.add_argument_group("limits and gates"))


def _add_paths(run: argparse._ActionsContainer, flag: str, name: str, about: str) -> None:
    about = f"{about}; may be given often"
    run.add_argument(flag, type=Path, action="append", default=[], metavar="PATH", dest=name, help=about)


def _add_model(group: argparse._ArgumentGroup) -> None:
    about = "as litellm names it, or script/NAME; given often: a run with each, all at once"
    group.add_argument("-m", "--model", action="append", default=[], dest="models", metavar="M", help=about)
    group.add_argument("--api-base", metavar="URL", help="an OpenAI-compatible server")
    group.add_argument("--profile", metavar="NAME", help="a profile of the settings file")
    group.add_argument("--tools", choices=["auto", "native", "text", "none"], help="none: one plain reply")
    group.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", dest="sets", help="any setting"
    )


def _add_sandbox(group: argparse._ArgumentGroup) -> None:
    _add_home(group)
    group.add_argument("--image", metavar="IMG", help="any image that has bash")
    group.add_argument("--runtime", metavar="NAME", help="a container's, as its engine has it (runsc)")
    group.add_argument(
        "--base", dest="base_folder", metavar="FOLDER", help="an embedded one's root (`image build --rootfs`)"
    )
    _add_network(group)
    group.add_argument(
        "--allow",
        action="append",
        metavar="HOST",
        help="it may reach this host (name, *.name, name:port, address, *) and no other; may be given often",
    )
    group.add_argument(
        "--ask-hosts",
        action="store_const",
        const=True,
        help="ask about every other host it wants to reach",
    )
    group.add_argument("--workdir", metavar="PATH", help="the work folder inside (default /testbed)")
    group.add_argument(
        "--env", action="append", metavar="NAME", help="pass this variable of yours into the sandbox"
    )


def _add_network(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--network",
        choices=["auto", "bridge", "allow", "none"],
        help="allow: hosts by name, through a proxy that lists what is reached; bridge: all of it "
        "(auto: bridge in a container, else allow)",
    )


def _add_home(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--sandbox",
        choices=["auto", "docker", "embedded"],
        help="a container, or this machine's own namespaces (auto: a container where an engine answers)",
    )


def _add_filling(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--disk-mb", metavar="N", help="what the sandbox may have written (or none)")
    group.add_argument("--max-files", metavar="N", help="how many files and folders it may have written")
    group.add_argument("--output-mb", metavar="N", help="what one command may print")


def _add_limits(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--max-turns", metavar="N")
    group.add_argument("--max-tokens", metavar="N", help="prompt and reply tokens of all turns")
    group.add_argument("--max-cost", metavar="USD")
    group.add_argument("--timeout", metavar="S", help="seconds for the whole run")
    _add_filling(group)
    group.add_argument("--mode", choices=["auto", "confirm", "step"], help="which steps wait for you")
    group.add_argument("--gate-timeout", metavar="S", help="what nobody answers takes its default then")
    group.add_argument("--gate-default", choices=["approve", "reject", "end"])
    group.add_argument(
        "--decide", metavar="COMMAND", help="headless: a program of yours answers each gate (JSON in and out)"
    )
    _add_filters(group, "--break", "breaks", "wait at steps that the filter means, as in cmd~rm or exit!=0")
    _add_filters(group, "--break-log", "break_logs", "only note such steps")
    group.add_argument("--no-breakpoints", action="store_true", help="without those that you saved")


def _add_filters(group: argparse._ArgumentGroup, flag: str, name: str, about: str) -> None:
    about = f"{about}; may be given often"
    group.add_argument(flag, action="append", default=[], metavar="FILTER", dest=name, help=about)


def _add_screen(command: argparse.ArgumentParser) -> None:
    ways = ["auto", "half", "none", "kitty", "sixel", "iterm"]
    command.add_argument("--graphics", choices=ways, help="how pictures are shown; half: as characters")


def _add_printing(command: argparse.ArgumentParser) -> None:
    command.add_argument("--headless", action="store_true", help="no screen: print what happens")
    command.add_argument("--json", action="store_true", help="no screen: print one event a line")


def _add_watching(add: _Add) -> None:
    attach = add("attach", "watch a live run and take part")
    attach.add_argument("run", metavar="RUN")
    _add_printing(attach)
    _add_screen(attach)
    show = add("open", "open a recorded run, or a trajectory that another program wrote; read-only")
    about = "a run (name, or the beginning of one), a file of any known format, or a folder of them"
    show.add_argument("run", metavar="RUN|FILE|FOLDER", nargs="?", help=about)
    show.add_argument("--entry", metavar="N|NAME", help="which of several trajectories")
    show.add_argument(
        "--report", action="store_true", help="print how it was read: what was kept, what could not be read"
    )
    show.add_argument("--sample", action="store_true", help="the run that is shipped with lis-tui")
    _add_printing(show)
    _add_screen(show)
    _add_files(add)
    export = add("export", "write down who did what in a run; keys and passwords are masked")
    export.add_argument("run", metavar="RUN|FILE[#ENTRY]")
    export.add_argument("--to", choices=EXPORT_FORMATS, default="markdown", help="default: markdown")
    export.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: standard output")


def _add_files(add: _Add) -> None:
    files = add("files", "list the files that a run made, with their sizes")
    save = add("save", "save files of a run elsewhere; nothing is written over")
    for command in (files, save):
        command.add_argument("run", metavar="RUN")
        command.add_argument("--at", metavar="STEP", help="as they were after it, as in 3.1 (default: now)")
    files.add_argument("--all", action="store_true", help="all of the work folder, not what it made alone")
    save.add_argument("paths", metavar="PATH", nargs="*", help="in the work folder; default: what it made")
    save.add_argument("--to", type=Path, metavar="DIR", required=True, help="they go below it, as they lie")
    save.add_argument(
        "--extract",
        action="store_true",
        help="extract the archives that are named, each into a new folder: plain files that stay in it",
    )


def _add_travel(add: _Add) -> None:
    fork = add("fork", "begin a new run at a step of another, with its files, shell and conversation")
    fork.add_argument("run", metavar="RUN")
    fork.add_argument("--at", required=True, metavar="STEP", help="as in 3.1 (turn 3, step 1); 0: the start")
    fork.add_argument("--before", action="store_true", help="before that step, so that it is next")
    fork.add_argument("--edit", metavar="JSON", help="with --before: what that step runs instead")
    fork.add_argument("--system-prompt", type=Path, metavar="FILE", help="another system prompt")
    fork.add_argument("--name", help="what the new run is called")
    fork.add_argument("--rebuild", action="store_true", help="rebuild the sandbox by re-execution")
    _add_going(fork)
    _add_reexecute(add("reexecute", "do again what is recorded, in a fresh sandbox, and compare each step"))
    resume = add("resume", "go on with a run that ended or was cut off, from its last checkpoint")
    resume.add_argument("run", metavar="RUN")
    _add_going(resume)


def _add_reexecute(again: argparse.ArgumentParser) -> None:
    again.add_argument("run", metavar="RUN", nargs="?", help="a run, or a FILE that another program recorded")
    again.add_argument("--to", metavar="STEP", help="up to this step, as in 3.1 (default: to the end)")
    again.add_argument("--before", action="store_true", help="with --to: before that step")
    again.add_argument("--stop", action="store_true", help="stop at the first step that diverges")
    again.add_argument("--rules", action="store_true", help="only print what counts as the same")
    again.add_argument("--name", help="what the new run is called")
    again.add_argument("--message", metavar="TEXT", help="said to the live model before its first turn")
    again.add_argument("--detach", action="store_true", help="start it, print its name, and leave")
    again.add_argument("--mode", choices=["auto", "step"], help="step: each step waits for you")
    _add_printing(again)
    model = again.add_argument_group("a live model that takes over from there")
    model.add_argument("-m", "--model", action="append", default=[], dest="models", metavar="M")
    model.add_argument("--api-base", metavar="URL", help="an OpenAI-compatible server")
    model.add_argument("--profile", metavar="NAME", help="a profile of the settings file")
    sandbox = again.add_argument_group("sandbox")
    sandbox.add_argument(
        "--sandbox", choices=["docker", "embedded"], help="another home than the recorded one"
    )
    sandbox.add_argument("--image", metavar="IMG", help="another image than the recorded one")
    _add_network(sandbox)
    _add_paths(sandbox, "--input", "inputs", "takes the place of the recorded input files")


def _add_going(command: argparse.ArgumentParser) -> None:
    command.add_argument("--message", metavar="TEXT", help="said to the model before its next turn")
    command.add_argument("--detach", action="store_true", help="start it, print its name, and leave")
    _add_printing(command)
    model = command.add_argument_group("another model")
    model.add_argument("-m", "--model", action="append", default=[], dest="models", metavar="M")
    model.add_argument("--api-base", metavar="URL", help="an OpenAI-compatible server")
    model.add_argument("--profile", metavar="NAME", help="a profile of the settings file")
    limits = command.add_argument_group("limits and gates")
    limits.add_argument("--max-turns", metavar="N", help="in all, those of before among them")
    limits.add_argument("--max-tokens", metavar="N")
    limits.add_argument("--max-cost", metavar="USD")
    limits.add_argument("--timeout", metavar="S")
    _add_filling(limits)
    limits.add_argument("--mode", choices=["auto", "confirm", "step"], help="which steps wait for you")
    limits.add_argument("--decide", metavar="COMMAND", help="headless: a program of yours answers each gate")


def _add_runs(runs: argparse.ArgumentParser) -> None:
    runs.add_argument("--filter", metavar="FILTER", help="only those, as in 'tag:x verdict:good model~qwen'")
    inner = runs.add_subparsers(metavar="rm|prune|tag|note|verdict")
    remove = inner.add_parser("rm", help="remove runs for good", allow_abbrev=False)
    remove.add_argument("names", nargs="+", metavar="NAME")
    remove.set_defaults(command="runs rm")
    _add_prune(inner.add_parser("prune", help="free the space of old checkpoints", allow_abbrev=False))
    _add_notes(inner)


def _add_prune(prune: argparse.ArgumentParser) -> None:
    prune.description = (
        "Frees contents of checkpoints that no run needs. With --keep or --older-than old runs lose their "
        "checkpoints too (with both: the runs that both mean); a live run never does."
    )
    prune.add_argument("--keep", type=int, metavar="N", help="the newest N runs keep their checkpoints")
    prune.add_argument("--older-than", type=float, metavar="DAYS", help="runs ended so long ago lose theirs")
    prune.add_argument("--dry-run", action="store_true", help="only say what would be freed")
    prune.set_defaults(command="runs prune")


def _add_notes(inner: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add what a person can say about a run; without words it is printed."""
    for name, about, what, many in (
        ("tag", "tag a run; -TAG takes one off", "TAG", argparse.REMAINDER),
        ("note", "keep a note on a run; an empty one takes it off", "TEXT", argparse.REMAINDER),
        ("verdict", "say good, bad, mixed or none of a run", "VERDICT", "?"),
    ):
        command = inner.add_parser(name, help=about, description=about, allow_abbrev=False)
        command.add_argument("run", metavar="RUN")
        command.add_argument("words", metavar=what, nargs=many)
        command.set_defaults(command=f"runs {name}")


def _add_compare(compare: argparse.ArgumentParser) -> None:
    compare.add_argument("runs", metavar="RUN|FILE[#ENTRY]", nargs="+")
    compare.add_argument("--plain", action="store_true", help="no screen: print it")


def _add_demo(demo: argparse.ArgumentParser) -> None:
    demo.add_argument("name", nargs="?", default="demo", metavar="NAME", help="another one; list: which")
    _add_printing(demo)
    demo.add_argument("--image", metavar="IMG", help="the sandbox image to use")
    _add_home(demo)


def _add_care(add: _Add) -> None:
    doctor = add("doctor", "check terminal, engine, image, model and keys; say how to mend each")
    doctor.add_argument("--security", action="store_true", help="say what protects you, and what does not")
    doctor.add_argument("--json", action="store_true", help="with --security: print it as JSON")
    add("schema", "print the JSON schema of the journal that every run is written to")
    image = add("image", "the image that sandboxes are made of")
    inner = image.add_subparsers(metavar="build|status", required=True)
    build = inner.add_parser("build", help="build it", allow_abbrev=False)
    build.add_argument("--base", metavar="IMG", help="what to build on (default ubuntu:24.04)")
    build.add_argument(
        "--rootfs", type=Path, metavar="FOLDER", help="a folder of its files instead, for embedded sandboxes"
    )
    build.set_defaults(command="image build")
    inner.add_parser("status", help="say whether it is there and current").set_defaults(
        command="image status"
    )
