"""What of the host's certificates and index settings reaches a sandbox."""

from pathlib import Path

import pytest

from lis_tui.core.network import check_rules
from lis_tui.sandbox.carry import CA_PATH, Carried, find_carried


def certificate(name: str) -> bytes:
    return f"-----BEGIN CERTIFICATE-----\n{name}\n-----END CERTIFICATE-----\n".encode()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "etc/ssl/certs").mkdir(parents=True)
    (folder / "etc/ssl/certs/ca-certificates.crt").write_bytes(certificate("system"))
    return folder


def bundle(tmp_path: Path, name: str, *names: str) -> str:
    path = tmp_path / name
    path.write_bytes(b"".join(certificate(n) for n in names))
    return str(path)


def test_a_host_without_settings_carries_nothing(home: Path, root: Path) -> None:
    found = find_carried({}, home, root)
    assert found == Carried()
    assert not found.variables()
    assert not found.files()
    assert found.summary() == ()


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("SSL_CERT_FILE", "SSL_CERT_FILE"),
        ("PIP_CERT", "pip's cert"),
        ("REQUESTS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"),
        ("CURL_CA_BUNDLE", "CURL_CA_BUNDLE"),
    ],
)
def test_one_bundle_of_the_host_serves_every_program_inside(
    name: str, origin: str, home: Path, root: Path, tmp_path: Path
) -> None:
    found = find_carried({name: bundle(tmp_path, "ca.pem", "company")}, home, root)
    assert found.files() == {CA_PATH: certificate("company")}
    assert found.variables() == dict.fromkeys(
        (
            "PIP_CERT",
            "SSL_CERT_FILE",
            "REQUESTS_CA_BUNDLE",
            "CURL_CA_BUNDLE",
            "GIT_SSL_CAINFO",
            "NODE_EXTRA_CA_CERTS",
        ),
        CA_PATH,
    )
    assert found.summary() == (f"1 certificate from {origin}",)


def test_several_bundles_are_joined_and_each_certificate_is_kept_once(
    home: Path, root: Path, tmp_path: Path
) -> None:
    environ = {
        "SSL_CERT_FILE": bundle(tmp_path, "a.pem", "one", "two"),
        "PIP_CERT": bundle(tmp_path, "b.pem", "two", "three"),
    }
    found = find_carried(environ, home, root)
    assert found.ca_bundle == certificate("one") + certificate("two") + certificate("three")


def test_certificates_that_only_add_to_the_system_are_joined_with_it(
    home: Path, root: Path, tmp_path: Path
) -> None:
    found = find_carried({"NODE_EXTRA_CA_CERTS": bundle(tmp_path, "x.pem", "company")}, home, root)
    assert found.ca_bundle == certificate("system") + certificate("company")


def test_pips_and_npms_own_settings_name_bundles_too(home: Path, root: Path, tmp_path: Path) -> None:
    (root / "etc/pip.conf").write_text(f"[global]\ncert = {bundle(tmp_path, 'p.pem', 'pip')}\n")
    (home / ".npmrc").write_text(f"cafile={bundle(tmp_path, 'n.pem', 'npm')}\n")
    found = find_carried({}, home, root)
    assert found.ca_bundle == certificate("pip") + certificate("npm")


def test_a_bundle_that_is_missing_or_holds_a_private_key_is_not_carried(
    home: Path, root: Path, tmp_path: Path
) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(b"-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n" + certificate("mine"))
    found = find_carried({"SSL_CERT_FILE": "/nonexistent/ca.pem", "PIP_CERT": str(key)}, home, root)
    assert found.ca_bundle == certificate("mine")


def test_an_index_on_this_machine_stays_outside_and_is_named(home: Path, root: Path) -> None:
    (root / "etc/pip.conf").write_text(
        "[global]\nindex-url = http://localhost:3141/simple\n"
        "extra-index-url = file:///srv/simple\n    https://index.example/simple\n"
    )
    found = find_carried({}, home, root)
    assert found.variables() == {"PIP_EXTRA_INDEX_URL": "https://index.example/simple"}
    assert found.left_out == (
        "pip's index-url, which only this machine can reach: http://localhost:3141/simple",
        "pip's extra-index-url, a place on this machine: file:///srv/simple",
    )


def test_the_environment_wins_over_pips_files_and_the_users_file_over_the_systems(
    home: Path, root: Path
) -> None:
    (root / "etc/pip.conf").write_text("[global]\nindex-url = https://system.example/\n")
    assert find_carried({}, home, root).variables()["PIP_INDEX_URL"] == "https://system.example/"
    (home / ".config/pip").mkdir(parents=True)
    (home / ".config/pip/pip.conf").write_text("[install]\nindex-url = https://user.example/\n")
    assert find_carried({}, home, root).variables()["PIP_INDEX_URL"] == "https://user.example/"
    chosen = {"PIP_INDEX_URL": "https://environment.example/"}
    assert find_carried(chosen, home, root).variables()["PIP_INDEX_URL"] == "https://environment.example/"


def test_a_broken_pip_file_is_passed_over(home: Path, root: Path) -> None:
    (root / "etc/pip.conf").write_bytes(b"index-url = \xff no section\n")
    assert find_carried({}, home, root) == Carried()


def test_npms_registry_is_carried_and_its_logins_are_not(home: Path, root: Path) -> None:
    (home / ".npmrc").write_text(
        "# comment=1\nregistry=https://npm.example/\n//npm.example/:_authToken=hunter2\n"
    )
    found = find_carried({}, home, root)
    assert found.variables() == {"npm_config_registry": "https://npm.example/"}
    assert "hunter2" not in repr(found)
    assert any("logins" in line for line in found.summary())


def test_a_proxy_is_carried_under_both_spellings_unless_only_the_host_can_reach_it(
    home: Path, root: Path
) -> None:
    environ = {"https_proxy": "http://proxy.example:3128", "HTTP_PROXY": "127.0.0.1:8080", "NO_PROXY": "a,b"}
    found = find_carried(environ, home, root)
    assert found.proxies() == {
        "HTTPS_PROXY": "http://proxy.example:3128",
        "https_proxy": "http://proxy.example:3128",
        "NO_PROXY": "a,b",
        "no_proxy": "a,b",
    }
    assert found.left_out == ("HTTP_PROXY, which only this machine can reach: 127.0.0.1:8080",)


def test_credentials_are_given_to_be_hidden_and_shown_nowhere(home: Path, root: Path) -> None:
    environ = {
        "PIP_INDEX_URL": "https://me:p%40ss@index.example/simple",
        "PIP_EXTRA_INDEX_URL": "https://token-abc@more.example/simple ftp://me:other@files.example/",
        "HTTPS_PROXY": "http://me:third@proxy.example:1",
    }
    found = find_carried(environ, home, root)
    assert set(found.secrets()) == {"p%40ss", "p@ss", "token-abc", "third"}
    shown = repr(found) + " ".join(found.summary())
    for secret in (*found.secrets(), "other"):
        assert secret not in shown
    assert "https://***@index.example/simple" in shown


def test_an_address_that_is_none_is_left_out(home: Path, root: Path) -> None:
    found = find_carried({"PIP_INDEX_URL": "https://[broken"}, home, root)
    assert dict(found.variables()) == {}
    assert len(found.left_out) == 1


def test_the_hosts_of_package_indexes_are_named_with_their_ports(home: Path, root: Path) -> None:
    environ = {
        "PIP_INDEX_URL": "https://user:pw@mirror.example/simple",
        "PIP_EXTRA_INDEX_URL": "http://10.0.0.5:3141/root http://[fd12::1]/x http://127.0.0.1/no https://a:b:c/",
        "npm_config_registry": "https://mirror.example/npm/",
        "HTTPS_PROXY": "http://proxy.example:3128",
    }
    hosts = find_carried(environ, home, root).hosts()
    assert hosts == ("mirror.example:443", "10.0.0.5:3141", "[fd12::1]:80")
    check_rules(hosts)
