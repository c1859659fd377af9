"""EKS tokens: who they prove, and which are refused."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.signers import RequestSigner

from mlinfra.sandbox.kubernetes.authentication import AccessEntry, EksAuthenticator, principal_of
from mlinfra.sandbox.kubernetes.cluster import KubernetesCluster
from mlinfra.sandbox.kubernetes.requests import Grant, Identity, Request
from mlinfra.sandbox.kubernetes.values import Object
from tests.sandbox.kubernetes.client import NOW, VERSION, Client, Refused, config_map, connect, deployment

KEY, SECRET = "AKIAEXAMPLE", "not-a-secret"
USER = "arn:aws:iam::123456789012:user/ana"
SESSION = "arn:aws:sts::123456789012:assumed-role/team/ana@example.com"
ROLE = "arn:aws:iam::123456789012:role/team"


def make_token(cluster: str = "prod", key: str = KEY, secret: str = SECRET) -> str:
    """Make a token as `aws eks get-token` does."""
    session: Any = boto3.Session(key, secret, region_name="eu-west-1")
    client = session.client("sts")
    signer = RequestSigner(client.meta.service_model.service_id, "eu-west-1", "sts", "v4",
                           session.get_credentials(), client.meta.events)  # fmt: skip
    url = "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15"
    call = {"method": "GET", "url": url, "body": {}, "headers": {"x-k8s-aws-id": cluster}, "context": {}}
    signed = signer.generate_presigned_url(call, region_name="eu-west-1", expires_in=60, operation_name="")
    return "k8s-aws-v1." + base64.urlsafe_b64encode(signed.encode()).decode().rstrip("=")


def authenticator(arn: str, entry: AccessEntry | None = None, later: timedelta = timedelta(0)) -> EksAuthenticator:
    known = entry or AccessEntry(principal_of(arn))
    return EksAuthenticator(
        "prod",
        lambda: datetime.now(UTC) + later,
        {KEY: arn}.get,
        {known.principal_arn: known}.get,
        {KEY: SECRET}.get,
    )


def test_a_users_token_proves_its_arn() -> None:
    identity = authenticator(USER, AccessEntry(USER, groups=("team",)))(make_token())
    assert identity is not None
    assert (identity.username, identity.groups) == (USER, ("team", "system:authenticated"))
    assert identity.extra["arn"] == (USER,)


def test_a_session_is_known_by_its_role_and_named_by_its_session() -> None:
    identity = authenticator(SESSION)(make_token())
    assert identity is not None
    assert identity.username == "arn:aws:sts::123456789012:assumed-role/team/ana-example.com"
    named = authenticator(SESSION, AccessEntry(ROLE, "ci:{{SessionName}}"))(make_token())
    assert named is not None
    assert named.username == "ci:ana-example.com"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "k8s-aws-v1.",
        "k8s-aws-v1.%%%",
        "other",
        make_token(cluster="staging"),
        make_token(secret="wrong"),
        make_token(key="AKIAUNKNOWN"),
    ],
    ids=["empty", "prefix-alone", "not-base64", "no-token", "other-cluster", "wrong-secret", "unknown-key"],
)
def test_what_proves_nothing_is_nobody(token: str) -> None:
    assert authenticator(USER)(token) is None


def test_a_principal_without_access_entry_is_nobody() -> None:
    assert authenticator(USER, AccessEntry(ROLE))(make_token()) is None


@pytest.mark.parametrize("later", [timedelta(minutes=16), timedelta(minutes=-6)])
def test_a_token_lives_a_quarter_of_an_hour(later: timedelta) -> None:
    assert authenticator(USER)(make_token()) is not None
    assert authenticator(USER, later=later)(make_token()) is None


GRANTS = {
    "admin": Grant("AmazonEKSClusterAdminPolicy"),
    "viewer": Grant("AmazonEKSViewPolicy"),
    "editor": Grant("AmazonEKSEditPolicy", ("team-*",)),
}


@pytest.fixture
def cluster() -> Iterator[KubernetesCluster]:
    people = {name: Identity(name, ("system:authenticated",), grants=(grant,)) for name, grant in GRANTS.items()}
    people["bound"] = Identity("bound", ("readers", "system:authenticated"))
    made = KubernetesCluster("prod", version=VERSION, clock=lambda: NOW, authenticator=people.get)
    yield made
    made.stop()


Ask = Callable[[str], Client]


@pytest.fixture
def ask(cluster: KubernetesCluster) -> Iterator[Ask]:
    """Makes clients, each with somebody's token (empty: nobody's)."""
    with ExitStack() as open_clients:
        yield lambda who: Client(open_clients.enter_context(connect(cluster, who)))


def code_of(call: Any, *args: Any, **query: Any) -> int:
    try:
        call(*args, **query)
    except Refused as refused:
        return refused.code
    return 200


def space(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def test_nobody_gets_401_and_learns_nothing_but_health(ask: Ask) -> None:
    stranger = ask("stranger")
    assert code_of(stranger.get, "v1/configmaps") == 401
    assert ask("").http.get("/readyz").text == "ok"
    assert ask("").http.get("/api").status_code == 401


def test_an_administrator_may_do_everything(ask: Ask) -> None:
    admin = ask("admin")
    admin.create("v1/configmaps", config_map("a"))
    admin.create("v1/namespaces", space("team-a"), namespace=None)
    assert admin.get("v1/secrets")["items"] == []


def test_a_viewer_reads_and_cannot_write(ask: Ask) -> None:
    viewer = ask("viewer")
    assert viewer.get("apps/v1/deployments")["items"] == []
    with pytest.raises(Refused) as caught:
        viewer.create("apps/v1/deployments", deployment("web"))
    assert (caught.value.code, caught.value.reason) == (403, "Forbidden")
    assert caught.value.message == (
        'deployments.apps is forbidden: User "viewer" cannot create resource "deployments" in API group "apps" '
        'in the namespace "default"'
    )
    assert code_of(viewer.get, "v1/secrets") == 403
    assert code_of(viewer.get, "v1/nodes", namespace=None) == 403


def test_an_editor_is_held_to_his_namespaces(ask: Ask) -> None:
    for name in ("team-a", "other"):
        ask("admin").create("v1/namespaces", space(name), namespace=None)
    editor = ask("editor")
    editor.create("v1/secrets", {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}, namespace="team-a")
    assert code_of(editor.create, "v1/configmaps", config_map("a"), namespace="other") == 403
    assert code_of(editor.create, "v1/namespaces", space("mine"), namespace=None) == 403
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "r"}}
    assert code_of(editor.create, "rbac.authorization.k8s.io/v1/roles", role, namespace="team-a") == 403


def test_role_bindings_grant_to_groups(ask: Ask) -> None:
    bound, admin = ask("bound"), ask("admin")
    assert code_of(bound.get, "v1/configmaps") == 403
    admin.create(
        "rbac.authorization.k8s.io/v1/rolebindings",
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "readers"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"},
            "subjects": [{"kind": "Group", "name": "readers"}],
        },
    )
    assert code_of(bound.get, "v1/configmaps") == 200
    assert code_of(bound.get, "v1/configmaps", namespace="kube-system") == 403
    assert code_of(bound.create, "v1/configmaps", config_map("a")) == 403


def test_reviews_say_what_the_asker_may_do(ask: Ask) -> None:
    viewer = ask("viewer")
    spec = {"resourceAttributes": {"verb": "delete", "resource": "pods", "namespace": "default"}}
    review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec}
    path = "authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert viewer.create(path, review, namespace=None)["status"]["allowed"] is False
    assert ask("admin").create(path, review, namespace=None)["status"]["allowed"] is True
    rules = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": "default"},
    }
    found = viewer.create("authorization.k8s.io/v1/selfsubjectrulesreviews", rules, namespace=None)["status"]
    assert not any("create" in rule["verbs"] for rule in found["resourceRules"] if "pods" in rule["resources"])


def test_only_who_may_impersonate_speaks_for_another(ask: Ask) -> None:
    headers = {"Impersonate-User": "viewer-of-nothing"}
    path = "/api/v1/namespaces/default/configmaps"
    assert ask("admin").http.get(path, headers=headers).status_code == 403
    assert ask("viewer").http.get(path, headers=headers).status_code == 403
    assert ask("admin").http.get(path).status_code == 200


def test_a_service_account_token_is_a_service_account(ask: Ask) -> None:
    admin = ask("admin")
    admin.create("v1/serviceaccounts", {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}})
    request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = admin.call("POST", admin.path("v1/serviceaccounts", "robot/token"), request)["status"]["token"]
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    who = ask(token).create("authentication.k8s.io/v1/selfsubjectreviews", review, namespace=None)
    assert who["status"]["userInfo"]["username"] == "system:serviceaccount:default:robot"


def test_a_request_in_process_is_authenticated_too(cluster: KubernetesCluster) -> None:
    assert cluster.handle(Request("GET", "/api/v1/nodes")).status == 401
    admin = Request("GET", "/api/v1/nodes", headers={"authorization": "Bearer admin"})
    assert cluster.handle(admin).status == 200


AWS = shutil.which("aws", path=str(Path(sys.executable).parent)) or shutil.which("aws")


@pytest.mark.skipif(AWS is None, reason="the AWS CLI is not installed")
@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:5555"])
def test_a_token_of_the_aws_cli_is_verified(endpoint: str) -> None:
    settings = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": "eu-west-1",
                "PATH": os.environ["PATH"], "HOME": "/nonexistent"}  # fmt: skip
    settings |= {"AWS_ENDPOINT_URL": endpoint} if endpoint else {}
    command = [str(AWS), "eks", "get-token", "--cluster-name", "prod", "--output", "json"]
    done = subprocess.run(command, env=settings, capture_output=True, text=True, check=True, timeout=60)
    identity = authenticator(USER)(json.loads(done.stdout)["status"]["token"])
    assert identity is not None
    assert identity.username == USER
