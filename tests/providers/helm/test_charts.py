"""Charts from repositories and registries: fetched once, believed only as far as their digest goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mlinfra.core.errors import ProviderError
from mlinfra.core.value import Secret
from mlinfra.providers.helm.codes import Code
from mlinfra.providers.helm.reference import reference_of
from mlinfra.providers.helm.store import ChartStore
from tests.providers.helm.chart_server import ChartServer, digest_of, packed, served
from tests.providers.helm.place import nothing_secret

NOTHING = "0" * 64


@pytest.fixture
def server() -> Iterator[ChartServer]:
    with served() as here:
        yield here


@pytest.fixture
def store(tmp_path: Path) -> ChartStore:
    return ChartStore(tmp_path / "charts", nothing_secret)


def get(store: ChartStore, server: ChartServer, version: str = "0.1.0", chart: str = "web", **options: Any) -> Any:
    properties = {"chart": chart, "version": version, "repositoryOpts": {"repo": server.url, **options}}
    return store.chart(reference_of(properties, Path()))


def get_oci(store: ChartStore, server: ChartServer, version: str = "0.1.0") -> Any:
    return store.chart(reference_of({"chart": f"{server.registry}/charts/web", "version": version}, Path()))


def refused(call: Any, *arguments: Any, **options: Any) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        call(*arguments, **options)
    return caught.value


def test_a_chart_of_a_repository_is_fetched_once(store: ChartStore, server: ChartServer) -> None:
    archive = server.publish()
    chart = get(store, server)
    assert (chart.name, chart.version, chart.digest) == ("web", "0.1.0", digest_of(archive))
    assert chart.path.read_bytes() == archive
    server.pages.clear()
    assert get(store, server) == chart
    assert get(store, server, chart.pin) == chart
    assert server.asked == ["/index.yaml", "/web.tgz"]


def test_a_chart_of_a_registry_is_fetched_once(store: ChartStore, server: ChartServer) -> None:
    archive = server.push()
    chart = get_oci(store, server)
    assert chart.digest == digest_of(archive)
    asked = len(server.asked)
    assert get_oci(store, server) == chart == get_oci(store, server, chart.pin)
    assert len(server.asked) == asked


def test_a_registry_that_wants_a_token_is_given_one(store: ChartStore, server: ChartServer) -> None:
    server.push()
    server.token = "let-me-in"
    assert get_oci(store, server).name == "web"
    assert server.logins[-1] == "Bearer let-me-in"


def test_a_password_is_read_when_it_is_needed_and_goes_to_its_repository_alone(
    tmp_path: Path, server: ChartServer
) -> None:
    server.publish()
    store = ChartStore(tmp_path, lambda secret: f"{secret.name}'s")
    with served() as elsewhere:
        elsewhere.publish()
        server.pages["/web.tgz"] = f"{elsewhere.url}/web.tgz"
        server.password = "Basic bWU6cGFzcydz"  # me:pass's
        get(store, server, username="me", password=Secret("env", "pass"))
        assert elsewhere.logins == [""]
    assert refused(get, ChartStore(tmp_path / "other", nothing_secret), server).code == Code.NO_REPOSITORY


def test_an_archive_that_is_not_the_pinned_one_is_refused(store: ChartStore, server: ChartServer) -> None:
    server.publish()
    server.push()
    for call in (get, get_oci):
        error = refused(call, store, server, f"0.1.0@sha256:{NOTHING}")
        assert error.code == Code.OTHER_DIGEST


def test_an_archive_that_is_not_what_its_index_promises_is_refused(store: ChartStore, server: ChartServer) -> None:
    server.publish(digest=NOTHING)
    assert refused(get, store, server).code == Code.OTHER_DIGEST


def test_a_layer_that_is_not_what_its_manifest_says_is_refused(store: ChartStore, server: ChartServer) -> None:
    archive = server.push()
    server.pages[f"/v2/charts/web/blobs/sha256:{digest_of(archive)}"] = packed("platform")
    assert refused(get_oci, store, server).code == Code.OTHER_DIGEST


def test_what_somebody_did_to_the_store_is_noticed(store: ChartStore, server: ChartServer) -> None:
    server.publish()
    chart = get(store, server)
    chart.path.write_bytes(packed("platform"))
    assert get(store, server) == chart
    assert server.asked.count("/web.tgz") == 2


@pytest.mark.parametrize(
    ("page", "code"),
    [
        (b"<html>sign in</html>", Code.NO_REPOSITORY),
        (b"entries: [1]", Code.NO_REPOSITORY),
        (b"\xff\xfe", Code.NO_REPOSITORY),
        (b"entries: {web: [{version: 0.1.0}]}", Code.NO_REPOSITORY),
        (b"entries: {web: [{version: 0.1.0, urls: ['file:///etc/passwd']}]}", Code.NO_REPOSITORY),
        (b"entries: {web: [3, {version: 7, urls: [x]}]}", Code.NO_CHART),
        (b"entries: {wep: []}", Code.NO_CHART),
        (
            b"a: &a [x,x,x,x,x,x,x,x,x]\n"
            + b"".join(
                b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % (b, b, *[b - 1] * 9) for b in range(98, 108)
            ),
            Code.NO_REPOSITORY,
        ),
        (b"[" * 5000, Code.NO_REPOSITORY),
    ],
    ids=lambda value: str(value)[:40],
)
def test_an_index_that_is_none(store: ChartStore, server: ChartServer, page: bytes, code: Code) -> None:
    server.pages["/index.yaml"] = page
    assert refused(get, store, server).code == code


@pytest.mark.parametrize("version", ["v0.1.0", "0.1.0"])
def test_a_version_may_begin_with_v(store: ChartStore, server: ChartServer, version: str) -> None:
    server.publish(version=version)
    assert get(store, server, "0.1.0").version == "0.1.0"


def test_a_version_that_is_not_there_is_refused_with_those_that_are(store: ChartStore, server: ChartServer) -> None:
    server.publish()
    error = refused(get, store, server, "0.9.0")
    assert error.code == Code.NO_CHART
    assert "0.1.0" in error.hint
    assert refused(get_oci, store, server, "0.9.0").code == Code.NO_CHART


@pytest.mark.parametrize("archive", [b"", b"no archive", packed()[:100]], ids=["nothing", "text", "half"])
def test_an_archive_that_is_none_is_not_kept(store: ChartStore, server: ChartServer, archive: bytes) -> None:
    server.publish(archive=archive)
    assert refused(get, store, server).code == Code.BROKEN_CHART
    server.publish()
    assert get(store, server).name == "web"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://example.com/web.tgz"])
def test_a_redirect_to_elsewhere_than_the_web_is_not_followed(
    store: ChartStore, server: ChartServer, target: str
) -> None:
    server.publish()
    server.pages["/web.tgz"] = target
    assert refused(get, store, server).code == Code.NO_REPOSITORY


def test_nobody_at_the_address(store: ChartStore, server: ChartServer) -> None:
    error = refused(get, store, server, repo="http://127.0.0.1:1/charts")
    assert error.code == Code.NO_REPOSITORY
    assert "http://127.0.0.1:1/charts/index.yaml" in str(error)
