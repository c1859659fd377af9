"""The shape that add-ons share: namespaces, roles by pod identity, releases, made from a contract.

For modules that put something onto a cluster; `Cluster` and `NodeGroup` stand in their `NEEDS`. Adds resources to the
scope and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from mlinfra.core.address import Address
from mlinfra.core.facts import Facts
from mlinfra.core.language import COMPONENTS
from mlinfra.core.value import Concat, Json, Properties, Value
from mlinfra.library.codes import Code
from mlinfra.library.contract import Chart, Contract, Namespace, Permission, Statement
from mlinfra.library.enclosure import add_enclosure
from mlinfra.library.outputs import Cluster, NodeGroup
from mlinfra.library.pod_identity import trust
from mlinfra.library.problem import Problem
from mlinfra.library.scope import Handle, Scope

NAMESPACE = "kubernetes:core/v1:Namespace"
RELEASE = "kubernetes:helm.sh/v3:Release"

_HOLE = re.compile(r"\{([a-z_]+)\}")
# What the pod-security standards are called by (https://kubernetes.io/docs/concepts/security/pod-security-admission/).
_ENFORCE = "pod-security.kubernetes.io/enforce"
# Why a namespace takes pods that no standard allows; the rule MLP-POD-002 reads it.
_BECAUSE = "mlinfra/privileged-because"


def add_addon(
    scope: Scope,
    contract: Contract,
    facts: Facts,
    values: Properties,
    *,
    names: Mapping[str, Value] | None = None,
    of_crds: Mapping[str, Properties] | None = None,
    after: Iterable[Handle | Address] = (),
) -> Handle:
    """Add all that a chart needs, and its release; answers that.

    names: what the statements of the contract leave open (`{bucket}`). of_crds: values of the charts that come before
    the main one, by their name. after: what must stand before.
    """
    ground = add_ground(scope, contract, facts, names=names)
    before: list[Handle | Address] = [*ground, *after]
    early = []
    for chart in contract.charts[:-1]:
        of_chart = (of_crds or {}).get(chart.name, {})
        early.append(add_release(scope, chart.name, chart, contract, of_chart, before))
    return add_release(scope, "", contract.chart, contract, values, [*before, *early])


def add_ground(
    scope: Scope, contract: Contract, facts: Facts, *, names: Mapping[str, Value] | None = None
) -> list[Handle]:
    """Add namespaces and roles; answers what pods must not start before: their identities, and who may come to them.

    That namespaces and nodes come before what lives in them, the library sees to itself (`precedence`).
    """
    _report_without_nodes(scope)
    made = [one for one in contract.namespaces if one.made]
    ground: list[Handle] = []
    for one in made:
        local_name = "namespace" if len(made) == 1 else f"namespace.{one.name}"
        _add_namespace(scope, one, local_name)
        ground += add_enclosure(scope, one, local_name)
    alone = len(contract.permissions) == 1
    return [
        *ground,
        *(
            add_identity(scope, one, facts, names=names, suffix="" if alone else f".{one.service_account}")
            for one in contract.permissions
        ),
    ]


def component(name: str) -> Address:
    """Where a component stands once it runs, to depend on; the module's `USES` names it."""
    return Address(f"{COMPONENTS}.{name}")


def _report_without_nodes(scope: Scope) -> None:
    """Groups that have no room for the cluster's own pods are the cluster's affair, and refused by it, once."""
    if not scope.every(NodeGroup):
        summary = "the stack has no node group, and what runs in its cluster needs nodes to run on"
        hint = "add a node group without an accelerator and without taints, and with a min of 1 or more"
        scope.report(Problem(Code.NO_ROOM, summary, detail=f"for {scope.name}", hint=hint))


def _add_namespace(scope: Scope, namespace: Namespace, local_name: str) -> None:
    labels = {_ENFORCE: namespace.level, f"{_ENFORCE}-version": "latest"}
    metadata: Properties = {"name": namespace.name, "labels": labels}
    if namespace.because:
        metadata["annotations"] = {_BECAUSE: namespace.because}
    scope.add(local_name, NAMESPACE, {"metadata": metadata})


def add_identity(
    scope: Scope,
    permission: Permission,
    facts: Facts,
    *,
    names: Mapping[str, Value] | None = None,
    suffix: str = "",
) -> Handle:
    """Add a role for one service account, what it may do, and then its association; answers that.

    suffix: of their local names, where an entry has several.
    """
    known = {
        "partition": facts.partition,
        "region": facts.region,
        "account": facts.account,
        "cluster": scope.one(Cluster).name,
        **(names or {}),
    }
    role = scope.add(f"role{suffix}", "aws:iam/role:Role", {"assumeRolePolicy": Json(trust())})
    document = {"Version": "2012-10-17", "Statement": [_statement(one, known) for one in permission.statements]}
    policy = scope.add(
        f"role{suffix}.policy", "aws:iam/rolePolicy:RolePolicy", {"role": role.id, "policy": Json(document)}
    )
    who = {"namespace": permission.namespace, "serviceAccount": permission.service_account}
    return scope.add(
        f"identity{suffix}",
        "aws:eks/podIdentityAssociation:PodIdentityAssociation",
        {"clusterName": known["cluster"], **who, "roleArn": role.arn},
        depends_on=[policy],
    )


def _statement(statement: Statement, names: Mapping[str, Value]) -> Properties:
    conditions = {"Condition": filled(statement.conditions, names)} if statement.conditions else {}
    return {
        "Effect": "Allow",
        "Action": list(statement.actions),
        "Resource": list(_spread(filled(list(statement.resources), names))),
        **conditions,
    }


def _spread(resources: Value) -> Iterator[Value]:
    """Each by itself: a name may stand for several."""
    for one in resources if isinstance(resources, list) else [resources]:
        yield from _spread(one) if isinstance(one, list) else (one,)


def filled(value: Value, names: Mapping[str, Value]) -> Value:
    """`value` with each `{name}` in its texts, keys included, replaced. Raises `KeyError` for a name nobody gave."""
    if isinstance(value, str):
        parts = tuple(_parts(value, names))
        return parts[0] if len(parts) == 1 else Concat(parts) if parts else ""
    if isinstance(value, dict):
        return {filled(key, names): filled(item, names) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [filled(item, names) for item in value]
    return value


def _parts(text: str, names: Mapping[str, Value]) -> Iterator[Value]:
    """The pieces of a text; neighbours that are known are one piece."""
    known = ""
    for index, piece in enumerate(_HOLE.split(text)):
        value = names[piece] if index % 2 else piece
        if isinstance(value, str):
            known += value
            continue
        if known:
            yield known
        known = ""
        yield value
    if known:
        yield known


def add_release(
    scope: Scope,
    local_name: str,
    chart: Chart,
    contract: Contract,
    values: Properties,
    after: Iterable[Handle | Address],
) -> Handle:
    """Add one release, named like its chart, into the first namespace of the contract."""
    properties: Properties = {
        "name": chart.name,
        "namespace": contract.namespace.name,
        **chart_reference(chart),
        "values": values,
    }
    return scope.add(local_name, RELEASE, properties, depends_on=after)


def chart_reference(chart: Chart) -> Properties:
    """Where a chart is, and which very one, as releases say it: the only place that spells it."""
    version = f"{chart.version}@{chart.digest}" if chart.digest else chart.version
    if chart.repository.startswith("oci://"):
        return {"chart": f"{chart.repository}/{chart.name}", "version": version}
    return {"chart": chart.name, "version": version, "repositoryOpts": {"repo": chart.repository}}
