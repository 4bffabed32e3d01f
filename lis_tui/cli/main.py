"""`lis-tui`: reads the command line, does what it says, turns every failure into a sentence and a code."""

import argparse
import contextlib
import gc
import os
import sys
from collections.abc import Callable, Sequence

from lis_tui.cli.parser import make_parser
from lis_tui.core.errors import LisError, UsageWrong
from lis_tui.core.private import have_no_core

REPAINTS_S = 240
"""How often Textual may paint in a second. What comes from a run is bundled; a key shall not wait 16 ms."""


def main(argv: Sequence[str] | None = None) -> None:
    """Run a command and exit with its code."""
    os.environ.setdefault("TEXTUAL_FPS", str(REPAINTS_S))
    have_no_core()
    given = make_parser().parse_args(argv)
    try:
        code = _COMMANDS[given.command](given)
    except LisError as error:
        from lis_tui.core.text import clean

        print(f"lis-tui: {clean(error.sentence)}", file=sys.stderr)
        code = error.exit_code
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        # Whoever read our output has left; nothing may be flushed into the broken pipe at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 141
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.flush()
    # litellm leaves so many objects that the interpreter would take a second to look through them once more.
    gc.freeze()
    sys.exit(code)


def has_terminal() -> bool:
    """Whether a screen can be shown."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def need_terminal(instead: str) -> None:
    """Refuse where no screen can be shown. Raises UsageWrong."""
    if not has_terminal():
        raise UsageWrong(f"A screen needs a terminal, and here is none. {instead}")


def _start(given: argparse.Namespace) -> int:
    need_terminal('Give a task: `lis-tui run "TASK" --headless`.')
    from lis_tui.cli.asked import settings
    from lis_tui.ui.app import open_start

    places, loaded = settings(given)
    return open_start(places, loaded)


def _run(given: argparse.Namespace) -> int:
    if given.preset == "list":
        from lis_tui.cli import presets

        return presets.show()
    is_headless = given.headless or given.json
    if not (is_headless or given.detach):
        need_terminal("Add --headless to have it printed, or --detach to leave it running.")
    if len(given.models) > 1:
        return _run_together(given, is_headless=is_headless)
    from lis_tui.cli import asked, headless

    wanted = asked.asked(given, is_headless=is_headless)
    if given.detach:
        return headless.detach(wanted)
    if is_headless:
        return headless.play(wanted, as_json=given.json)
    from lis_tui.ui.app import open_live

    return open_live(wanted.places, wanted.loaded, spec=wanted.spec, secrets=wanted.secrets)


def _run_together(given: argparse.Namespace, *, is_headless: bool) -> int:
    from lis_tui.cli import together

    if given.detach:
        return together.detach(given)
    return together.play(given) if is_headless else together.show(given)


def _attach(given: argparse.Namespace) -> int:
    from lis_tui.cli import asked, headless

    places, loaded = asked.settings(given)
    if given.headless or given.json:
        return headless.watch(places, given.run, as_json=given.json)
    need_terminal("Add --headless to have the run printed.")
    from lis_tui.cli.runs import must_be_live
    from lis_tui.ui.app import open_live

    return open_live(places, loaded, run=must_be_live(places, given.run))


def _open(given: argparse.Namespace) -> int:
    from lis_tui.cli import opened
    from lis_tui.cli.asked import settings

    places, loaded = settings(given)
    return opened.open_(places, loaded, given)


def _export(given: argparse.Namespace) -> int:
    from lis_tui.cli import export
    from lis_tui.cli.asked import settings

    return export.export(settings(given)[0], given.run, to=given.to, path=given.output)


def _files(given: argparse.Namespace) -> int:
    from lis_tui.cli import files
    from lis_tui.cli.asked import settings

    places, _ = settings(given)
    if given.command == "files":
        return files.show(places, given.run, at=given.at, is_all=given.all)
    if given.extract:
        return files.extract(places, given.run, given.paths, to=given.to, at=given.at)
    return files.keep(places, given.run, given.paths, to=given.to, at=given.at)


def _travel(given: argparse.Namespace) -> int:
    from lis_tui.cli import travel

    return travel.go(given)


def _reexecute(given: argparse.Namespace) -> int:
    from lis_tui.cli import reexecute

    return reexecute.go(given)


def _list_runs(given: argparse.Namespace) -> int:
    from lis_tui.cli import runs
    from lis_tui.cli.asked import settings

    return runs.show_all(settings(given)[0], given.filter)


def _judge_run(given: argparse.Namespace) -> int:
    from lis_tui.cli import runs
    from lis_tui.cli.asked import settings

    words = [given.words] if isinstance(given.words, str) else given.words or []
    return runs.judge(settings(given)[0], given.command.removeprefix("runs "), given.run, words)


def _stats(given: argparse.Namespace) -> int:
    from lis_tui.cli import asked, stats

    return stats.show(asked.settings(given)[0], given.runs, as_json=given.json)


def _compare(given: argparse.Namespace) -> int:
    from lis_tui.cli import asked, compare

    places, loaded = asked.settings(given)
    found = compare.found(places, given.runs)
    if given.plain or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return compare.show(found)
    from lis_tui.ui.comparing import open_comparison

    return open_comparison(places, loaded, found)


def _remove_runs(given: argparse.Namespace) -> int:
    from lis_tui.cli import runs

    return runs.remove(given.names)


def _prune_runs(given: argparse.Namespace) -> int:
    from lis_tui.cli import prune
    from lis_tui.cli.asked import settings

    return prune.prune_runs(settings(given)[0], given.keep, given.older_than, is_dry=given.dry_run)


def _demo(given: argparse.Namespace) -> int:
    from lis_tui.cli import demo

    return demo.play(given)


def _doctor(given: argparse.Namespace) -> int:
    from lis_tui.cli import doctor

    return doctor.check(given)


def _schema(_given: argparse.Namespace) -> int:
    import json

    from lis_tui.core.schema import journal_schema

    print(json.dumps(journal_schema(), indent=2))
    return 0


def _image(given: argparse.Namespace) -> int:
    from lis_tui.cli import image

    if given.command != "image build":
        return image.show()
    return image.make_folder(given.rootfs) if given.rootfs else image.build(given.base)


_COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "start": _start,
    "run": _run,
    "attach": _attach,
    "open": _open,
    "export": _export,
    "files": _files,
    "save": _files,
    "fork": _travel,
    "reexecute": _reexecute,
    "resume": _travel,
    "runs": _list_runs,
    "runs rm": _remove_runs,
    "runs prune": _prune_runs,
    "runs tag": _judge_run,
    "runs note": _judge_run,
    "runs verdict": _judge_run,
    "compare": _compare,
    "stats": _stats,
    "demo": _demo,
    "doctor": _doctor,
    "schema": _schema,
    "image build": _image,
    "image status": _image,
}
