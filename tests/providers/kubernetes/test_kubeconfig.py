"""A kubeconfig leads to a cluster as kubectl is led there, or it is said why it does not."""

from __future__ import annotations

import base64
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mlinfra.core.cluster_endpoint import ClusterEndpoint
from mlinfra.core.errors import AccessDenied, ProviderError
from mlinfra.providers.kubernetes.codes import Code
from mlinfra.providers.kubernetes.identity import read_identity
from mlinfra.providers.kubernetes.kubeconfig import endpoint_of, files_of, load, way_of
from mlinfra.providers.kubernetes.tls import context_of
from tests.providers.kubernetes.cluster import Cluster

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


class StillClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> datetime:
        return self.time

    def monotonic(self) -> float:
        return self.time.timestamp()

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def write(path: Path, user: dict[str, Any] | None = None, name: str = "here", **cluster: Any) -> Path:
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": "c", "cluster": {"server": "https://api.example.com", **cluster}}],
        "contexts": [{"name": name, "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": user or {}}],
    }
    path.write_text(json.dumps(document))
    return path


def endpoint(path: Path, context: str = "", clock: StillClock | None = None) -> ClusterEndpoint:
    return endpoint_of(way_of(load([path]), context), clock or StillClock(), {"PATH": "/usr/bin:/bin"})


def token_of(found: ClusterEndpoint) -> str:
    assert found.token is not None
    return found.token()


def test_server_authority_names_and_proxy_are_taken_over(tmp_path: Path) -> None:
    about: dict[str, Any] = {
        "certificate-authority-data": encoded("PEM"),
        "tls-server-name": "inside",
        "proxy-url": "http://p:3128",
    }
    found = endpoint(write(tmp_path / "config", **about))
    assert (found.server, found.authority) == ("https://api.example.com", "PEM")
    assert (found.server_name, found.proxy, found.token) == ("inside", "http://p:3128", None)


def test_material_may_lie_in_files_beside_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("CA")
    (tmp_path / "me.crt").write_text("CERT")
    user = {"client-certificate": "me.crt", "client-key-data": encoded("KEY")}
    found = endpoint(write(tmp_path / "config", user, **{"certificate-authority": "ca.crt"}))
    assert (found.authority, found.certificate, found.key) == ("CA", "CERT", "KEY")


def test_a_token_stands_in_the_file_or_in_one_that_is_read_anew(tmp_path: Path) -> None:
    assert token_of(endpoint(write(tmp_path / "a", {"token": "fixed"}))) == "fixed"
    (tmp_path / "token").write_text("first\n")
    found = endpoint(write(tmp_path / "b", {"tokenFile": "token"}))
    assert token_of(found) == "first"
    (tmp_path / "token").write_text("second")
    assert token_of(found) == "second"


def test_of_several_files_the_first_that_names_something_decides(tmp_path: Path) -> None:
    one = write(tmp_path / "one", {"token": "one"})
    two = write(tmp_path / "two", {"token": "two"}, name="there")
    config = load([tmp_path / "missing", one, two])
    assert (config.current, sorted(config.contexts)) == ("here", ["here", "there"])
    found = endpoint_of(way_of(config, "there"), StillClock(), {})
    assert token_of(found) == "one"  # both call their user `u`


def test_the_file_is_the_one_named_else_the_environments_else_the_usual_one() -> None:
    home = Path("/home/me")
    assert files_of("mine", {"KUBECONFIG": "/a:/b"}, home) == [Path("mine")]
    assert files_of("", {"KUBECONFIG": "/a::/b"}, home) == [Path("/a"), Path("/b")]
    assert files_of("", {}, home) == [Path("/home/me/.kube/config")]


@pytest.mark.parametrize(
    ("cluster", "user", "code", "words"),
    [
        ({"insecure-skip-tls-verify": True}, {}, Code.INSECURE, "trusts whoever answers"),
        ({"server": "http://api.example.com"}, {}, Code.INSECURE, "without TLS"),
        ({"server": ""}, {}, Code.KUBECONFIG, "has no server"),
        ({"certificate-authority": "gone.crt"}, {}, Code.KUBECONFIG, "gone.crt"),
        ({"certificate-authority-data": "***"}, {}, Code.KUBECONFIG, "no text in base64"),
        ({}, {"auth-provider": {"name": "gcp"}}, Code.KUBECONFIG, "auth-provider"),
        ({}, {"username": "me", "password": "x"}, Code.KUBECONFIG, "username"),
        ({}, {"as": "root"}, Code.KUBECONFIG, "has as"),
    ],
)
def test_what_cannot_be_used_is_said(
    cluster: dict[str, Any], user: dict[str, Any], code: Code, words: str, tmp_path: Path
) -> None:
    with pytest.raises(ProviderError, match=words) as refused:
        endpoint(write(tmp_path / "config", user, **cluster))
    assert refused.value.code == code


def test_a_proxy_on_this_machine_may_speak_without_tls(tmp_path: Path) -> None:
    assert endpoint(write(tmp_path / "config", server="http://localhost:8001")).server == "http://localhost:8001"


def test_a_context_that_is_missing_is_said_with_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match="no context called prod") as refused:
        endpoint(write(tmp_path / "config"), context="prod")
    assert "there is here" in refused.value.hint
    with pytest.raises(ProviderError, match="there is no kubeconfig"):
        load([tmp_path / "nothing"])
    (tmp_path / "broken").write_text("a: [")
    with pytest.raises(ProviderError, match="cannot be read"):
        load([tmp_path / "broken"])


PLUGIN = """
import json, os, pathlib, sys
runs = pathlib.Path(sys.argv[1])
runs.write_text(str(int(runs.read_text() or 0) + 1) if runs.exists() else "1")
info = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
answer = os.environ["ANSWER"].replace("RUN", runs.read_text())
status = json.loads(answer.replace("SERVER", str(info["spec"].get("cluster"))))
print(json.dumps({"apiVersion": info["apiVersion"], "kind": "ExecCredential", "status": status}))
"""


def plugin(folder: Path, answer: dict[str, Any], **about: Any) -> dict[str, Any]:
    """A user whose credentials come from a program that counts its runs."""
    (folder / "plugin.py").write_text(PLUGIN)
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": [str(folder / "plugin.py"), str(folder / "runs")],
            "env": [{"name": "ANSWER", "value": json.dumps(answer)}],
            "interactiveMode": "Never",
            **about,
        }
    }


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_program_gives_tokens_and_is_run_again_once_one_has_expired(version: str, tmp_path: Path) -> None:
    clock = StillClock()
    answer = {"token": "tokenRUN", "expirationTimestamp": "2026-11-24T12:30:00Z"}
    user = plugin(tmp_path, answer, apiVersion=f"client.authentication.k8s.io/{version}")
    found = endpoint(write(tmp_path / "config", user), clock=clock)
    assert [token_of(found), token_of(found)] == ["token1", "token1"]
    clock.time += timedelta(minutes=29, seconds=30)
    assert token_of(found) == "token2"


def test_a_program_is_told_of_the_cluster_where_it_wants_to_know(tmp_path: Path) -> None:
    user = plugin(tmp_path, {"token": "SERVER"}, provideClusterInfo=True)
    assert "https://api.example.com" in token_of(endpoint(write(tmp_path / "config", user)))


def test_a_program_may_give_a_certificate(tmp_path: Path) -> None:
    user = plugin(tmp_path, {"clientCertificateData": "CERT", "clientKeyData": "KEY"})
    found = endpoint(write(tmp_path / "config", user))
    assert (found.certificate, found.key, found.token) == ("CERT", "KEY", None)


@pytest.mark.parametrize(
    ("about", "words"),
    [
        ({"command": "no-such-program"}, "cannot be run"),
        ({"args": ["-c", "raise SystemExit('log in first')"]}, "ended with 1: log in first"),
        ({"args": ["-c", "print('nonsense s3cret')"]}, "no ExecCredential"),
        ({"args": ["-c", "print('{\"status\": {}}')"]}, "holds no token"),
        ({"apiVersion": "client.authentication.k8s.io/v1alpha1"}, "it speaks client.authentication.k8s.io/v1alpha1"),
    ],
)
def test_a_program_that_gives_nothing_is_named(about: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(AccessDenied, match=words) as refused:
        endpoint(write(tmp_path / "config", plugin(tmp_path, {}, **about)))
    assert refused.value.code == Code.NO_CREDENTIAL
    assert "s3cret" not in str(refused.value)


def test_the_identity_of_a_cluster_is_the_uid_of_its_system_namespace(cluster: Cluster) -> None:
    live = cluster.kubectl.get("v1/namespaces", "kube-system", namespace=None)
    assert read_identity(cluster.endpoint, cluster.clock) == live["metadata"]["uid"]


def test_a_certificate_is_loaded_from_its_text() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "me")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
        .decode()
    )
    form = serialization.PrivateFormat.PKCS8
    text = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()
    context_of(ClusterEndpoint(identity="x", server="https://x", authority=signed, certificate=signed, key=text))
    with pytest.raises(ProviderError, match="client's certificate and key cannot be used"):
        context_of(ClusterEndpoint(identity="x", server="https://x", certificate=signed, key="nonsense"))
    with pytest.raises(ProviderError, match="the authority cannot be used"):
        context_of(ClusterEndpoint(identity="x", server="https://x", authority="nonsense"))
