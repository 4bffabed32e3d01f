"""What encloses the sandboxes that runs get here: their home, and each wall of it."""

import contextlib
import os
import re
from collections.abc import Iterator

from lis_tui.cli.walls import State, Wall
from lis_tui.config.schema import Settings
from lis_tui.core.errors import LisError
from lis_tui.core.namespaces import why_not_here
from lis_tui.core.spec import Limits, Network, SandboxSpec
from lis_tui.core.text import one_line
from lis_tui.sandbox import syscalls
from lis_tui.sandbox.embedded import counts_by_namespace, lacks
from lis_tui.sandbox.engine import told_as
from lis_tui.sandbox.engines import Engine, connect, engine_of
from lis_tui.sandbox.groups import Groups
from lis_tui.sandbox.layers import CAPABILITIES

_SHUT_SINCE = 25
"""The version of Docker whose filter refuses what had many holes."""
_COUNTED = {
    "memory": "MemoryLimit",
    "swap": "SwapLimit",
    "processes": "PidsLimit",
    "processors": "CpuCfsQuota",
}
_FEW = f"{len(CAPABILITIES)} of the kernel's rights ({', '.join(CAPABILITIES).lower()}), and none by setuid"


def enclosure(settings: Settings) -> Iterator[Wall]:
    """Look at the home that a run would get now."""
    spec = settings.sandbox
    why = ""
    if spec.kind != "embedded":
        try:
            with contextlib.closing(connect()) as client, told_as("The engine does not answer"):
                found, told = engine_of(client), client.info()
        except LisError as error:
            why = error.sentence
        else:
            yield from _container(spec, found, told)
            yield from _same(settings, "bridge")
            return
    if spec.kind == "docker" or (not_here := why_not_here()):
        yield Wall("missing", "sandbox", why or f"none can be made: {not_here}")
        return
    yield from _embedded(spec)
    yield from _same(settings, "allow")


def _container(spec: SandboxSpec, found: Engine, told: dict[str, object]) -> Iterator[Wall]:
    options = [str(one) for one in _list(told.get("SecurityOptions"))]
    yield Wall("ok", "sandbox", f"a container of {found.title}")
    if found.is_rootless or any("name=userns" in one for one in options):
        yield Wall("ok", "root inside", "is an ordinary user outside")
    else:
        yield Wall("weaker", "root inside", "is root outside too (a rootless engine's is not)")
    yield Wall("ok", "rights", f"root inside has {_FEW}")
    yield _filter_of(found, options)
    has_profile = any(name in one for one in options for name in ("name=apparmor", "name=selinux"))
    profile = "AppArmor or SELinux holds it too" if has_profile else "no profile of AppArmor or SELinux"
    yield Wall("ok" if has_profile else "weaker", "profile", profile)
    runtime = spec.runtime or str(told.get("DefaultRuntime", "?"))
    is_own = any(name in runtime for name in ("runsc", "kata"))
    shared = "has one of its own" if is_own else "is shared with this machine"
    yield Wall("ok" if is_own else "weaker", "kernel", one_line(f"{shared} (runtime {runtime})", 200))
    yield _limits([name for name, key in _COUNTED.items() if told.get(key) is False])


def _filter_of(found: Engine, options: list[str]) -> Wall:
    seccomp = next((one for one in options if "name=seccomp" in one), "")
    if not seccomp or "unconfined" in seccomp:
        return Wall("missing", "system calls", f"{found.title} refuses none")
    version = re.match(r"\d+", found.version)
    if not found.is_podman and version is not None and int(version[0]) < _SHUT_SINCE:
        passing = f"io_uring and sockets of virtual machines pass it (not with Docker {_SHUT_SINCE})"
        return Wall("weaker", "system calls", f"the filter of {found.title}; {passing}")
    return Wall("ok", "system calls", f"the filter of {found.title}")


def _embedded(spec: SandboxSpec) -> Iterator[Wall]:
    yield Wall("weaker", "sandbox", lacks(spec)[0])
    if os.geteuid() == 0:
        yield Wall("weaker", "root inside", "is root outside too: run lis-tui as an ordinary user")
        yield Wall("ok", "rights", f"root inside has {_FEW}")
    else:
        yield Wall("ok", "root inside", "is you outside, who sees nothing there but this machine's programs")
        yield Wall("ok", "rights", "it has them over what is its own alone, and none by setuid")
    if syscalls.refusing():
        yield Wall("ok", "system calls", "those for mounts, namespaces, modules, keys and more are refused")
    else:
        yield Wall("missing", "system calls", "none is refused: this processor's are not known")
    groups = Groups(f"lis-tui-doctor-{os.getpid()}", spec)
    groups.make()
    limited = set(groups.limited)
    groups.remove()
    if os.geteuid() != 0 and counts_by_namespace():
        limited.add("processes")
    yield _limits([name for name in ("memory", "processes", "processors") if name not in limited])


def _limits(unlimited: list[str]) -> Wall:
    if unlimited:
        return Wall("weaker", "limits", f"not limited here: {', '.join(unlimited)}")
    return Wall("ok", "limits", "memory, processes and processors are limited")


def _same(settings: Settings, usual: Network) -> Iterator[Wall]:
    yield _written(settings.limits)
    spec = settings.sandbox
    network = usual if spec.network == "auto" else spec.network
    match network:
        case "none":
            yield Wall("ok", "network", "there is none")
        case "allow":
            hosts = one_line(", ".join(spec.allow), 200) or "no host"
            asked = "; you are asked about others" if spec.ask_hosts else ""
            every = "all but local ones" if spec.allow == ("*",) else hosts
            state: State = "weaker" if "*" in spec.allow else "ok"
            sentence = f"through a proxy that lists each connection, to {every}{asked}"
            yield Wall(state, "network", f"{sentence}; what is told to them cannot be unsaid")
        case _ if usual == "bridge":
            yield Wall("weaker", "network", "all of it but metadata addresses (--network allow lists it)")
        case _:
            yield Wall("missing", "network", "this machine's own, with its loopback services")


def _written(limits: Limits) -> Wall:
    if limits.disk_mb is None or limits.files is None:
        return Wall("missing", "disk", "not limited (limits.disk_mb, limits.files)")
    return Wall("ok", "disk", f"a run pauses at {limits.disk_mb:,} MB or {limits.files:,} files, measured")


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []
