"""What of the host's certificates and package-index settings goes into image builds and sandboxes.

Behind a company's proxy nothing can be installed in a container until the host's CA bundle is known there.
Paths and addresses that mean nothing inside (`file://`, loopback) stay outside and are named in the summary.
"""

import configparser
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from msgspec import Struct

FOLDER = "/etc/lis-tui"
CA_PATH = f"{FOLDER}/ca.pem"

_POINT_TO_BUNDLE = (
    "PIP_CERT",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS",
)
_WHOLE_BUNDLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_SYSTEM_BUNDLES = ("etc/ssl/certs/ca-certificates.crt", "etc/pki/tls/certs/ca-bundle.crt", "etc/ssl/cert.pem")
_INDEXES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "npm_config_registry")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
_CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)
_MOST_BUNDLE_BYTES = 4_000_000


class Setting(Struct, frozen=True):
    """One variable for the sandbox, and where its value was found."""

    name: str
    value: str
    origin: str


class Carried(Struct, frozen=True):
    """Certificates and settings of the host, as a container sees them."""

    ca_bundle: bytes = b""
    ca_origins: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    left_out: tuple[str, ...] = ()

    def variables(self) -> Mapping[str, str]:
        """Give the variables to set inside; values may hold credentials."""
        pointers = dict.fromkeys(_POINT_TO_BUNDLE, CA_PATH) if self.ca_bundle else {}
        return pointers | {setting.name: setting.value for setting in self.settings}

    def proxies(self) -> Mapping[str, str]:
        """Give the proxy variables only, which an image build takes as arguments of its own."""
        return {s.name: s.value for s in self.settings if s.name.upper() in _PROXIES}

    def hosts(self) -> tuple[str, ...]:
        """Give the hosts of package indexes, each with its port, as a rule of a sandbox's network."""
        urls = (url for s in self.settings if s.name in _INDEXES for url in s.value.split())
        parts = (part for url in urls if (part := _split(url)) is not None)
        return tuple(dict.fromkeys(filter(None, map(_host, parts))))

    def files(self) -> Mapping[str, bytes]:
        """Give absolute container paths and their contents."""
        return {CA_PATH: self.ca_bundle} if self.ca_bundle else {}

    def secrets(self) -> tuple[str, ...]:
        """Give the credentials among the values, to be hidden wherever text is kept or shown."""
        found = (part for s in self.settings for part in _credentials(s.value))
        return tuple(dict.fromkeys(found))

    def summary(self) -> tuple[str, ...]:
        """Say what is carried and what is not, one line each, without credentials."""
        lines = []
        if self.ca_bundle:
            count = len(_CERTIFICATE.findall(self.ca_bundle))
            noun = "certificate" if count == 1 else "certificates"
            lines.append(f"{count} {noun} from {', '.join(self.ca_origins)}")
        lines += [f"{s.name}={_without_credentials(s.value)} from {s.origin}" for s in self.settings]
        return (*lines, *(f"not carried: {reason}" for reason in self.left_out))

    def __repr__(self) -> str:
        """Show no credentials in logs and tracebacks."""
        return f"Carried({'; '.join(self.summary())})"


def find_carried(environ: Mapping[str, str], home: Path, root: Path = Path("/")) -> Carried:
    """Look through the environment and the configuration of pip and npm."""
    pip = _pip_settings(environ, home, root)
    npm = _npm_settings(environ, home)
    configured = {"pip's cert": pip.get("cert"), "npm's cafile": npm.get("cafile")}
    bundle, origins = _bundle(environ, configured, root)
    left_out: list[str] = []
    settings = [*_pip_variables(pip, left_out), *_npm_variables(npm, left_out), *_proxies(environ, left_out)]
    return Carried(bundle, origins, tuple(settings), tuple(left_out))


# -- certificates ----------------------------------------------------------------------------------


def _bundle(
    environ: Mapping[str, str], configured: dict[str, str | None], root: Path
) -> tuple[bytes, tuple[str, ...]]:
    """Join what replaces the system's certificates; what only adds to them is joined with the system's."""
    whole = {name: environ.get(name) for name in _WHOLE_BUNDLES} | configured
    texts = {name: text for name, path in whole.items() if path and (text := _read_bundle(Path(path)))}
    extra = _read_bundle(Path(environ.get("NODE_EXTRA_CA_CERTS") or "/nonexistent"))
    if extra and not texts:
        system = (_read_bundle(root / name) for name in _SYSTEM_BUNDLES)
        texts = {"the system": next(filter(None, system), b"")}
    if extra:
        texts["NODE_EXTRA_CA_CERTS"] = extra
    certificates = dict.fromkeys(found for text in texts.values() for found in _CERTIFICATE.findall(text))
    return b"".join(found + b"\n" for found in certificates), tuple(texts)


def _read_bundle(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BUNDLE_BYTES)
    except OSError:
        return b""
    return text if _CERTIFICATE.search(text) else b""


# -- package indexes -------------------------------------------------------------------------------

_PIP_NAMES = ("index-url", "extra-index-url", "trusted-host", "cert")


def _pip_files(environ: Mapping[str, str], home: Path, root: Path) -> Iterator[Path]:
    """Give pip's configuration files, the later ones winning."""
    named = environ.get("PIP_CONFIG_FILE")
    if named == "/dev/null":
        return
    config_home = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    yield root / "etc/xdg/pip/pip.conf"
    yield root / "etc/pip.conf"
    yield home / ".pip/pip.conf"
    yield home / "Library/Application Support/pip/pip.conf"
    yield config_home / "pip/pip.conf"
    if named:
        yield Path(named)


def _pip_settings(environ: Mapping[str, str], home: Path, root: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in _pip_files(environ, home, root):
        parser = configparser.RawConfigParser(strict=False)
        try:
            parser.read(path, encoding="utf-8")
        except (configparser.Error, OSError, UnicodeDecodeError):
            continue
        for section in ("global", "install"):
            found |= {n: parser[section][n] for n in _PIP_NAMES if parser.has_option(section, n)}
    for name in _PIP_NAMES:
        if value := environ.get("PIP_" + name.upper().replace("-", "_")):
            found[name] = value
    return found


def _pip_variables(pip: Mapping[str, str], left_out: list[str]) -> Iterator[Setting]:
    for name in ("index-url", "extra-index-url"):
        if usable := [url for url in pip.get(name, "").split() if _is_usable(url, f"pip's {name}", left_out)]:
            yield Setting("PIP_" + name.upper().replace("-", "_"), " ".join(usable), f"pip's {name}")
    if hosts := pip.get("trusted-host", "").split():
        yield Setting("PIP_TRUSTED_HOST", " ".join(hosts), "pip's trusted-host")


def _npm_settings(environ: Mapping[str, str], home: Path) -> dict[str, str]:
    path = Path(
        environ.get("NPM_CONFIG_USERCONFIG") or environ.get("npm_config_userconfig") or home / ".npmrc"
    )
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    pairs = (line.split("=", 1) for line in lines if "=" in line and line.lstrip()[:1] not in "#;")
    found = {name.strip(): value.strip().strip("\"'") for name, value in pairs}
    for name in ("registry", "cafile"):
        if value := environ.get(f"npm_config_{name}") or environ.get(f"NPM_CONFIG_{name.upper()}"):
            found[name] = value
    return found


def _npm_variables(npm: Mapping[str, str], left_out: list[str]) -> Iterator[Setting]:
    registry = npm.get("registry", "")
    if registry and _is_usable(registry, "npm's registry", left_out):
        yield Setting("npm_config_registry", registry, "npm's registry")
    if any(name.endswith((":_authToken", ":_auth", ":_password")) for name in npm):
        left_out.append("npm's logins; set them inside where a registry needs them")


# -- proxies ---------------------------------------------------------------------------------------


def _proxies(environ: Mapping[str, str], left_out: list[str]) -> Iterator[Setting]:
    """Give each proxy under both spellings, because curl reads one, and others the other."""
    for name in _PROXIES:
        origin = next((n for n in (name.lower(), name) if environ.get(n)), "")
        if not origin:
            continue
        value = environ[origin]
        if name != "NO_PROXY" and not _is_usable(value, origin, left_out):
            continue
        yield Setting(name, value, origin)
        yield Setting(name.lower(), value, origin)


def _is_usable(url: str, origin: str, left_out: list[str]) -> bool:
    """Tell whether the address means the same thing inside a container."""
    parts = _split(url)
    if parts is None or parts.scheme not in {"http", "https", "socks5", "socks5h"}:
        left_out.append(f"{origin}, a place on this machine: {_without_credentials(url)}")
        return False
    host = (parts.hostname or "").strip("[]")
    if host in {"localhost", "::1"} or host.startswith("127."):
        left_out.append(f"{origin}, which only this machine can reach: {_without_credentials(url)}")
        return False
    return True


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url if "//" in url else f"http://{url}")
    except ValueError:
        return None


def _host(url: SplitResult) -> str:
    """Give host and port; empty where the address has none that can be understood."""
    try:
        port = url.port or {"http": 80, "https": 443}.get(url.scheme)
        host = url.hostname
    except ValueError:
        return ""
    shown = f"[{host}]" if host and ":" in host else host
    return f"{shown}:{port}" if host and port else ""


def _credentials(value: str) -> Iterator[str]:
    for url in value.split():
        parts = _split(url)
        if parts is None or "@" not in parts.netloc:
            continue
        account, _, password = parts.netloc.rpartition("@")[0].partition(":")
        secret = password or account
        yield from dict.fromkeys((secret, unquote(secret))) if secret else ()


def _without_credentials(value: str) -> str:
    return " ".join(re.sub(r"(//|^)[^/@\s]*@", r"\1***@", url) for url in value.split())
