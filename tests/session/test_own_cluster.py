"""Stacks whose target is a cluster that exists: planned, applied, mended and destroyed without any account."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlinfra.core.diagnostic import Diagnostic, errors_in
from mlinfra.core.errors import ApplyIncomplete, ConfigError, PlanError
from mlinfra.core.plan import Action, Cause
from mlinfra.sandbox.kubernetes.requests import ADMINISTRATOR, Identity
from mlinfra.session import Options, Session, open_session
from mlinfra.session.codes import Code
from tests.providers.kubernetes.cluster import Cluster, cluster_with

STACK = """
apiVersion: mlinfra/v1
kind: Stack
metadata: {name: serving}
target: {platform: kubernetes, kubeconfig: kubeconfig}
policies: {packs: []}
resources:
  custom:
    type: kubernetes:test.example.com/v1:Widget
    properties:
      metadata: {name: one, namespace: serving}
      spec: {parts: [{a: y}]}
  definition:
    type: kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition
    properties:
      metadata: {name: widgets.test.example.com}
      spec:
        group: test.example.com
        scope: Namespaced
        names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList}
        versions:
          - name: v1
            served: true
            storage: true
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec:
                    type: object
                    properties:
                      size: {type: integer, default: 1}
                      parts:
                        type: array
                        items: {type: object, properties: {a: {type: string}, b: {type: string, default: x}}}
  settings:
    type: kubernetes:core/v1:ConfigMap
    properties: {metadata: {name: settings, namespace: serving}, data: {size: 3}}
  space:
    type: kubernetes:core/v1:Namespace
    properties: {metadata: {name: serving}}
  web:
    type: kubernetes:apps/v1:Deployment
    properties:
      metadata: {name: web, namespace: serving}
      spec:
        selector: {matchLabels: {app: web}}
        template:
          metadata: {labels: {app: web}}
          spec:
            containers:
              - name: main
                image: example.com/web:1
                env: [{name: KEY, valueFrom: {secretKeyRef: {name: key, key: key}}}]
  key:
    type: kubernetes:core/v1:Secret
    properties: {metadata: {name: key, namespace: serving}, stringData: {key: "${secret.env:SERVING_KEY}"}}
outputs:
  uid: ${resources.space.metadata.uid}
"""


def quiet(event: object) -> None:
    """Listens to nothing."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the stack in it, and no account anywhere."""
    for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SERVING_KEY", "tr0ub4dor-and-3")
    monkeypatch.chdir(tmp_path)
    Path("stack.yaml").write_text(STACK)
    return tmp_path


@pytest.fixture
def cluster(place: Path) -> Iterator[Cluster]:
    with cluster_with() as made:
        lead_to(made)
        yield made


def lead_to(cluster: Cluster, token: str = "any") -> None:
    """Write the kubeconfig that leads to a cluster."""
    authority = base64.b64encode(cluster.endpoint.authority.encode()).decode()
    about = {"server": cluster.endpoint.server, "certificate-authority-data": authority}
    document = {
        "current-context": "here",
        "clusters": [{"name": "c", "cluster": about}],
        "contexts": [{"name": "here", "context": {"cluster": "c", "user": "u"}}],
        "users": [{"name": "u", "user": {"token": token}}],
    }
    Path("kubeconfig").write_text(json.dumps(document))


def session() -> Session:
    return open_session(Options("stack.yaml"))


def apply(*, destroy: bool = False) -> None:
    made = session()
    made.apply(made.plan(destroy=destroy), listener=quiet, stop=made.stop())


def pending() -> dict[str, Action]:
    return {str(change.address): change.action for change in session().plan().pending()}


def test_the_first_plan_is_whole_the_second_empty_and_nothing_is_left_after_destroy(cluster: Cluster) -> None:
    planned = pending()
    assert len(planned) == 6
    assert session().plan().cost is None  # nobody is asked to pay for what stands in a cluster of their own
    assert set(planned.values()) == {Action.CREATE}
    apply()
    assert pending() == {}
    assert session().outputs()["uid"]
    apply(destroy=True)
    assert "serving" not in cluster.kubectl.names("v1/namespaces", namespace=None)
    assert session().inventory() == ()


def test_secrets_are_in_the_cluster_and_nowhere_else(cluster: Cluster, tmp_path: Path) -> None:
    apply()
    live = cluster.kubectl.get("v1/secrets", "key", namespace="serving")
    assert base64.b64decode(live["data"]["key"]) == b"tr0ub4dor-and-3"
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"tr0ub4dor" not in kept
    assert live["data"]["key"].encode() not in kept


def test_what_others_changed_is_drift_and_is_mended(cluster: Cluster) -> None:
    apply()
    cluster.kubectl.call(
        "PATCH", cluster.kubectl.path("v1/configmaps", "settings", "serving"), {"data": {"size": "9"}},
        "application/merge-patch+json", fieldManager="flux",
    )  # fmt: skip
    drifted = {str(change.address): change for change in session().drift().pending()}
    (field,) = drifted["resources.settings"].fields
    assert (field.path, field.cause, field.by) == (("data", "size"), Cause.DRIFT, "flux")
    never_made = "  later: {type: 'kubernetes:x.io/v1:Thing', properties: {metadata: {name: later}}}\n"
    Path("stack.yaml").write_text(STACK.replace("resources:\n", "resources:\n" + never_made))
    assert "resources.later" not in {change.address for change in session().drift().changes}
    Path("stack.yaml").write_text(STACK)
    apply()
    assert pending() == {}
    assert cluster.kubectl.get("v1/configmaps", "settings", namespace="serving")["data"] == {"size": "3"}


def test_an_object_that_somebody_deleted_is_made_again(cluster: Cluster) -> None:
    apply()
    cluster.kubectl.delete("v1/configmaps", "settings", namespace="serving")
    assert pending() == {"resources.settings": Action.CREATE}
    apply()
    assert pending() == {}


def test_one_that_exists_already_is_a_conflict_before_anything_is_done(cluster: Cluster) -> None:
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "serving"}}
    cluster.kubectl.create("v1/namespaces", space, namespace=None)
    found = [one for one in errors_in(session().plan().diagnostics) if one.address == "resources.space"]
    assert ["exists already" in one.summary for one in found] == [True]
    assert "mlinfra adopt STACK resources.space serving" in found[0].hint


def test_an_adopted_object_is_ours_from_then_on(cluster: Cluster) -> None:
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "serving"}}
    cluster.kubectl.create("v1/namespaces", space, namespace=None)
    made = session()
    made.apply(made.adopt("resources.space", "serving"), listener=quiet, stop=made.stop())
    apply()
    assert pending() == {}


def test_a_state_that_was_lost_is_rebuilt_from_the_marks(cluster: Cluster, tmp_path: Path) -> None:
    apply()
    for path in sorted((tmp_path / ".mlinfra" / "state").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    again = session()
    rebuilt = again.rebuild()
    again.accept(rebuilt)
    assert len(rebuilt.state.records) == 6
    assert pending() == {}


def test_the_example_comes_and_goes(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    example = Path(__file__).parents[2] / "examples" / "own-cluster" / "stack.yaml"
    Path("stack.yaml").write_text(example.read_text())
    monkeypatch.setenv("KUBECONFIG", "kubeconfig")
    apply()
    assert pending() == {}
    assert cluster.kubectl.get("apps/v1/deployments", "ranker", namespace="ranking")["status"]["availableReplicas"] == 2
    assert cluster.kubectl.get("v1/configmaps", "ranker", namespace="ranking")["data"]["batch"] == "32"
    assert session().outputs()["address"]
    apply(destroy=True)
    assert session().inventory() == ()


WHO = {"admin": ADMINISTRATOR, "reader": Identity("reader", ("system:authenticated",))}
_RBAC = "rbac.authorization.k8s.io"


def test_a_planner_that_may_only_read_gets_the_same_plan(place: Path) -> None:
    with cluster_with(authenticator=WHO.get) as cluster:
        lead_to(cluster, "admin")
        apply()
        cluster.kubectl.delete("v1/configmaps", "settings", namespace="serving")
        Path("stack.yaml").write_text(STACK.replace("example.com/web:1", "example.com/web:2"))
        by_admin = session().plan()
        rules = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list", "watch"]}]
        role = {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRole", "metadata": {"name": "reader"}, "rules": rules}
        cluster.kubectl.create(f"{_RBAC}/v1/clusterroles", role, namespace=None)
        reference = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "reader"}
        subjects = [{"apiGroup": _RBAC, "kind": "User", "name": "reader"}]
        head = {"apiVersion": f"{_RBAC}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": "reader"}}
        bound = {**head, "roleRef": reference, "subjects": subjects}
        cluster.kubectl.create(f"{_RBAC}/v1/clusterrolebindings", bound, namespace=None)
        lead_to(cluster, "reader")
        by_reader = session().plan()
        made = session()
        with pytest.raises(ApplyIncomplete):
            made.apply(by_reader, listener=quiet, stop=made.stop())
    assert [str(step.key) for step in by_admin.steps] == [str(step.key) for step in by_reader.steps] != []
    assert (by_reader.steps, by_reader.changes, by_reader.seal) == (by_admin.steps, by_admin.changes, by_admin.seal)


def test_another_cluster_is_refused(cluster: Cluster) -> None:
    apply()
    with cluster_with() as other:
        lead_to(other)
        with pytest.raises(PlanError) as refused:
            session().plan()
    assert refused.value.code == Code.OTHER_CONNECTION
    there, here = (f"context here ({one.endpoint.server})" for one in (cluster, other))
    assert str(refused.value).startswith(f"the stack was made in {there}, and this is {here}: ")


def test_whoever_is_to_say_yes_reads_which_cluster_it_is(cluster: Cluster) -> None:
    assert session().whereabouts() == {"cluster": f"context here ({cluster.endpoint.server}), by kubeconfig"}


def test_a_section_that_needs_an_account_is_refused(cluster: Cluster) -> None:
    Path("stack.yaml").write_text(STACK + "network: {cidr: 10.0.0.0/16}\n")
    with pytest.raises(ConfigError, match="cannot be made on platform kubernetes"):
        session().plan()


def test_a_type_of_an_account_is_refused(cluster: Cluster) -> None:
    bucket = "  bucket: {type: 'aws:s3/bucket:Bucket', properties: {bucket: acme-scratch}}\n"
    Path("stack.yaml").write_text(STACK.replace("resources:\n", "resources:\n" + bucket))
    with pytest.raises(ConfigError, match="for which the stack has no connection"):
        session().plan()


def test_a_property_that_a_kind_does_not_have_is_said_at_its_line(cluster: Cluster) -> None:
    Path("stack.yaml").write_text(STACK.replace("image: ", "imagge: "))
    with pytest.raises(ConfigError) as refused:
        session().plan()
    said = refused.value.diagnostics[0]
    assert "imagge" in said.summary
    assert said.source is not None
    assert "imagge" in STACK.replace("image: ", "imagge: ").splitlines()[said.source.line - 1]


def test_a_custom_resource_is_held_against_the_definition_beside_it(cluster: Cluster) -> None:
    Path("stack.yaml").write_text(STACK.replace("parts: [{a: y}]", "parts: [{a: 1}]"))
    with pytest.raises(ConfigError, match=r"resources\.custom: spec\.parts\[0\]\.a") as refused:
        session().plan()
    (found,) = refused.value.diagnostics
    assert str(found.source) == "stack.yaml:12:23"
    assert found.hint == "the definition of Widget in this stack says so"


def test_a_custom_resource_is_held_against_what_the_cluster_serves(cluster: Cluster) -> None:
    apply()
    definition, other = STACK.index("  definition:"), STACK.index("  settings:")
    Path("stack.yaml").write_text(
        (STACK[:definition] + STACK[other:])
        .replace("name: serving}\ntarget", "name: another}\ntarget")
        .replace("name: one", "name: two")
        .replace("parts: [{a: y}]", "parts: [{a: 1}], siz: 3")
    )
    with pytest.raises(ConfigError) as refused:
        session().plan()
    found = [one for one in refused.value.diagnostics if one.code == "MLI3080"]
    assert [(one.summary, one.hint) for one in found] == [
        (f"resources.custom: {said}", "the definition of Widget in the cluster says so")
        for said in ("spec.parts[0].a is 1, but must be text", 'spec has no "siz": did you mean size?')
    ]
    others = {one.code for one in refused.value.diagnostics} - {"MLI3080"}
    assert others == {"MLI3030"}, "what else keeps the plan from being applied is told with it"


CHART = """
  batcher:
    type: kubernetes:helm.sh/v3:Release
    properties:
      name: batcher
      namespace: serving
      chart: {chart}
      values:
        queue: here
        replicas: 2
  nightly:
    type: kubernetes:batches.example.com/v1:Batch
    properties:
      metadata: {{name: nightly, namespace: serving}}
      spec: {{schedule: "0 3 * * *", items: 1000}}
"""


def test_a_custom_resource_is_held_against_the_chart_that_brings_its_kind(cluster: Cluster) -> None:
    chart = Path(__file__).parents[2] / "examples" / "in-cluster" / "charts" / "batcher"
    text = STACK.replace("outputs:", CHART.format(chart=chart).lstrip("\n") + "outputs:")
    Path("stack.yaml").write_text(text)
    assert Code.UNVALIDATED not in [one.code for one in session().plan().diagnostics]
    value = refused_alone(text.replace("replicas: 2", "replicas: two"))
    assert value.summary == "resources.batcher: values.replicas: got string, want integer"
    field = refused_alone(text.replace("items: 1000", "items: many"))
    assert field.hint == "the definition of Batch in the chart of resources.batcher says so"
    lines = text.splitlines()
    assert value.source is not None
    assert field.source is not None
    assert "replicas: 2" in lines[value.source.line - 1]
    assert "items: 1000" in lines[field.source.line - 1]


def refused_alone(text: str) -> Diagnostic:
    """The one thing that is wrong with a stack."""
    Path("stack.yaml").write_text(text)
    with pytest.raises(ConfigError) as refused:
        session().plan()
    (found,) = refused.value.diagnostics
    return found


def test_a_kind_that_reads_almost_like_one_of_kubernetes_is_a_slip(place: Path) -> None:
    kinds = {
        "apps/v1:Deploymnt": "apps/v1:Deployment",
        "core/v1:Configmap": "core/v1:ConfigMap",
        "app/v1:Deployment": "apps/v1:Deployment",
        "v1:Pod": "core/v1:Pod",
    }
    entry = "  slip{}: {{type: 'kubernetes:{}', properties: {{metadata: {{name: x}}}}}}\n"
    slips = "".join(entry.format(number, kind) for number, kind in enumerate(kinds))
    newer = entry.format("-no", "core/v1:SomethingNew")
    Path("stack.yaml").write_text(STACK.replace("resources:\n", "resources:\n" + slips + newer))
    with pytest.raises(ConfigError) as refused:
        session()
    hints = [one.hint for one in refused.value.diagnostics]
    assert hints == [f"did you mean kubernetes:{meant}?" for meant in kinds.values()]


def test_a_custom_resource_without_a_definition_is_said_to_be_unvalidated(cluster: Cluster) -> None:
    assert Code.UNVALIDATED not in [one.code for one in session().plan().diagnostics]
    Path("stack.yaml").write_text(STACK.replace("kubernetes:test.example.com/v1:Widget", "kubernetes:x.io/v1:Thing"))
    notes = [one.summary for one in session().plan().diagnostics if one.code == Code.UNVALIDATED]
    assert notes == [
        "Thing of x.io/v1 is planned unvalidated: neither the stack nor a chart in this plan brings its definition, "
        "and the cluster does not have it"
    ]
