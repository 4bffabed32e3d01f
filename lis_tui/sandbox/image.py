"""Builds the sandbox image from `docker/`, and says whether it is current."""

import hashlib
import io
import shlex
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException, ImageNotFound
from msgspec import Struct

from lis_tui.core.data import data_folder
from lis_tui.core.errors import ImageMissing, SandboxFailed
from lis_tui.core.text import clean, one_line
from lis_tui.sandbox.carry import Carried
from lis_tui.sandbox.engines import connect

DEFAULT_IMAGE = "lis-tui-sandbox:latest"
DEFAULT_BASE = "ubuntu:24.04"
LOCAL_BASE = "lis-tui-base"
LOCAL = "localhost/"
"""What Podman puts before the names of images that came from no registry; without it they are found too."""

_RECIPE_LABEL = "lis-tui.recipe"
_BASE_LABEL = "lis-tui.base"
_STAGE_LABEL = "lis-tui.stage"
_RECIPE_FILES = ("Dockerfile", "apt-get")


class ImageStatus(Struct, frozen=True, kw_only=True):
    """The sandbox image as the engine has it, beside the recipe that it should come from."""

    tag: str
    image_id: str = ""
    size_bytes: int = 0
    created: str = ""
    base: str = ""
    recipe: str = ""
    wanted_recipe: str = ""

    @property
    def is_present(self) -> bool:
        """Tell whether the engine has the image."""
        return bool(self.image_id)

    @property
    def is_current(self) -> bool:
        """Tell whether it was built from the recipe that this program ships."""
        return self.is_present and self.recipe == self.wanted_recipe

    @property
    def sentence(self) -> str:
        """What a person needs to know, with the next step."""
        if not self.is_present:
            return f"{self.tag} is not built yet: run `lis-tui image build`."
        size = f"{self.size_bytes / 1e6:.0f} MB, built {self.created[:16].replace('T', ' ')}"
        if not self.recipe:
            return f"{self.tag} ({size}) was not built by lis-tui."
        state = "current" if self.is_current else "outdated: run `lis-tui image build`"
        return f"{self.tag} ({size} on {self.base}) is {state}."


def status(client: docker.DockerClient | None = None, tag: str = DEFAULT_IMAGE) -> ImageStatus:
    """Describe the image. Raises EngineMissing."""
    client = client or connect()
    try:
        attrs = client.images.get(tag).attrs
    except ImageNotFound:
        return ImageStatus(tag=tag, wanted_recipe=recipe())
    labels = attrs["Config"].get("Labels") or {}
    return ImageStatus(
        tag=tag,
        image_id=attrs["Id"],
        size_bytes=attrs["Size"],
        created=attrs["Created"],
        base=one_line(labels.get(_BASE_LABEL, "")),
        recipe=labels.get(_RECIPE_LABEL, ""),
        wanted_recipe=recipe(),
    )


def recipe(folder: Path | None = None) -> str:
    """Name the recipe by a digest of its files, so that a change of any makes built images outdated."""
    folder = folder or data_folder("docker")
    digest = hashlib.sha256()
    for name in _RECIPE_FILES:
        content = (folder / name).read_bytes()
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:16]


def find_base(client: docker.DockerClient) -> str:
    """Choose what to build on: what is here already before what must be pulled. Raises ImageMissing."""
    here = [tag.removeprefix(LOCAL) for image in client.images.list() for tag in image.tags]
    local = sorted(tag for tag in here if tag.split(":", 1)[0] == LOCAL_BASE)
    for tag in (DEFAULT_BASE, *local):
        if tag in here:
            return tag
    try:
        client.images.pull(DEFAULT_BASE)
    except (DockerException, OSError) as problem:
        raise ImageMissing(
            f"{DEFAULT_BASE} cannot be pulled: run `sudo {data_folder('docker') / 'make-base.sh'}` to make "
            "a base image from packages, or name an image with `--base`."
        ) from problem
    return DEFAULT_BASE


def build(
    on_line: Callable[[str], None],
    *,
    base: str | None = None,
    tag: str = DEFAULT_IMAGE,
    carried: Carried | None = None,
    client: docker.DockerClient | None = None,
) -> ImageStatus:
    """Build the image and give its status; `on_line` gets each line of progress.

    Raises EngineMissing, ImageMissing, SandboxFailed.
    """
    client = client or connect()
    carried = carried or Carried()
    base = base or find_base(client)
    try:
        lines = client.api.build(
            fileobj=_context(data_folder("docker"), carried),
            custom_context=True,
            tag=tag,
            rm=True,
            forcerm=True,
            decode=True,
            timeout=1800,
            use_config_proxy=False,
            buildargs={"BASE": base, **carried.proxies()},
            labels={_RECIPE_LABEL: recipe(), _BASE_LABEL: base},
        )
        try:
            _follow(lines, on_line)
        finally:
            # the stage that knows the host's settings, also of a build that failed
            client.images.prune(filters={"dangling": True, "label": _STAGE_LABEL})
    except (DockerException, OSError) as problem:
        raise SandboxFailed(f"The engine could not build {tag}: {one_line(str(problem))}") from problem
    return status(client, tag)


def _follow(lines: Iterator[dict[str, Any]], on_line: Callable[[str], None]) -> None:
    """Pass progress on, and turn the engine's last word into an error where it is one."""
    for line in lines:
        for text in str(line.get("stream") or line.get("status") or "").splitlines():
            if text.strip():
                on_line(clean(text.rstrip()))
        if problem := line.get("error"):
            raise SandboxFailed(
                f"The image could not be built (see the lines above): {one_line(str(problem))}"
            )


def _context(folder: Path, carried: Carried) -> io.BytesIO:
    """Pack the recipe and, under `carry/`, what the build needs of the host's settings.

    `carry/` is copied into a stage of its own, so that nothing of it is in the finished image.
    """
    exports = "".join(f"export {name}={shlex.quote(v)}\n" for name, v in carried.variables().items())
    files = {name: (folder / name).read_bytes() for name in _RECIPE_FILES}
    files |= {f"carry/{Path(path).name}": content for path, content in carried.files().items()}
    files["carry/variables.sh"] = exports.encode()
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o755 if name == "apt-get" else 0o644
            tar.addfile(entry, io.BytesIO(content))
    packed.seek(0)
    return packed


def has_image(name: str) -> bool:
    """Whether the engine has this image. Raises EngineMissing."""
    client = connect()
    try:
        client.images.get(name)
    except ImageNotFound:
        return False
    finally:
        client.close()
    return True
