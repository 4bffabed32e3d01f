"""What a re-execution happens in: the computer, the network and the files it begins with."""

from pathlib import Path

from msgspec import structs

from lis_tui.core import wire
from lis_tui.core.errors import ImageMissing, UsageWrong
from lis_tui.core.events import Record
from lis_tui.core.manifest import Manifest
from lis_tui.core.spec import Network, SandboxSpec, meant
from lis_tui.core.text import one_line
from lis_tui.host.homes import Kind, choose
from lis_tui.host.origin import Origin
from lis_tui.sandbox.image import DEFAULT_IMAGE, has_image
from lis_tui.trajectory.blobs import Blobs
from lis_tui.trajectory.forking import START, Point, nearest
from lis_tui.trajectory.manifests import Manifests
from lis_tui.trajectory.permitted import Permitted

MOST_TOLD = 500
"""Characters of the hosts that are named in a note."""


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
