"""Stand-ins for charts: what takes the place of one that cannot be fetched, in the sandbox and nowhere else.

Made from a module's contract: the kinds that the chart defines, the workloads that must become ready, their service
accounts. So a whole stack can be rehearsed without any registry; what a real chart does besides is not shown. The
session writes the files, and says of which releases it did.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.value import canonical_json
from mlinfra.library.contract import Chart, Contract, Definition, Permission, Workload
from mlinfra.library.library import Library
from mlinfra.library.placement import on_nodes_with

# Any image will do where no container is ever started; this one says so.
_IMAGE = "sandbox.mlinfra.dev/stand-in:{version}"
# How contracts call the name of a release, and how Helm does.
_RELEASE = ("{release}", "{{ .Release.Name }}")
# What a value of the release stands for is no text: Helm puts it in as it is.
_VALUE = re.compile(r'"(\{\{ \.Values\.[\w.]+ \| toJson \}\})"')


def stand_in(library: Library, chart: str, version: str) -> Mapping[str, str] | None:
    """The files of a chart of that name and version, by their path in it; `None` for one that no contract names."""
    for module in library.modules.values():
        contract = module.contract
        for one in contract.every_chart if contract is not None else ():
            if one.name == chart and one.version == version:
                assert contract is not None
                return _files(one, contract)
    return None


def _files(chart: Chart, contract: Contract) -> dict[str, str]:
    about = {
        "apiVersion": "v2",
        "name": chart.name,
        "version": chart.version,
        "appVersion": chart.app_version,
        "description": "Made from a contract of mlinfra, in the place of the chart itself.",
        "annotations": {"mlinfra.io/stand-in": "true"},
    }
    files = {"Chart.yaml": _text(about), "values.yaml": "{}\n"}
    # The charts of a contract's definitions come first, so that the kinds are there before the program.
    if chart in contract.charts[:1]:
        files |= {f"crds/{one.name}.yaml": _text(_definition(one)) for one in contract.crds}
    accounts = _accounts(contract.permissions) if chart in contract.charts[-1:] else ()
    objects = [*accounts, *_workloads(chart, contract)]
    if objects:
        files["templates/objects.yaml"] = "---\n".join(_text(one) for one in objects).replace(*_RELEASE)
    return files


def _text(content: Mapping[str, Any]) -> str:
    """JSON, which is YAML; sorted, so that the digest of a stand-in is the same each time."""
    text = json.dumps(json.loads(canonical_json(content)), indent=1, sort_keys=True)
    return _VALUE.sub(r"\1", text) + "\n"


def _definition(definition: Definition) -> dict[str, Any]:
    open_schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    plural = definition.name.partition(".")[0]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": definition.name},
        "spec": {
            "group": definition.group,
            "scope": "Namespaced" if definition.namespaced else "Cluster",
            "names": {
                "kind": definition.kind,
                "listKind": f"{definition.kind}List",
                "plural": plural,
                "singular": definition.kind.lower(),
            },
            "versions": [
                {
                    "name": version,
                    "served": True,
                    "storage": index == 0,
                    "schema": {"openAPIV3Schema": open_schema},
                    "subresources": {"status": {}},
                }
                for index, version in enumerate(definition.versions)
            ],
        },
    }


def _accounts(permissions: tuple[Permission, ...]) -> Iterator[dict[str, Any]]:
    """Those that the contract gives rights to, but for the one that every namespace has by itself."""
    for permission in permissions:
        if permission.service_account == "default":
            continue
        metadata = {"name": permission.service_account, "namespace": permission.namespace}
        yield {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}


def _workloads(chart: Chart, contract: Contract) -> Iterator[dict[str, Any]]:
    levels = {namespace.name: namespace.level for namespace in contract.namespaces}
    for workload in contract.brought_by(chart):
        pod = _pod(chart, levels[workload.namespace])
        if workload.kind == "DaemonSet":
            # What serves a node must be there before that is of use, whatever keeps others away.
            pod["tolerations"] = [{"operator": "Exists"}]
        pod |= _placement(workload)
        labels = {"app.kubernetes.io/name": workload.name, "app.kubernetes.io/instance": chart.name}
        spec: dict[str, Any] = {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        }
        if workload.kind != "DaemonSet":
            spec["replicas"] = 1  # as charts say it, so that whoever changes it is seen
        if workload.kind == "StatefulSet":
            spec["serviceName"] = workload.name
        yield {
            "apiVersion": "apps/v1",
            "kind": workload.kind,
            "metadata": {"name": workload.name, "namespace": workload.namespace, "labels": labels},
            "spec": spec,
        }


def _placement(workload: Workload) -> dict[str, Any]:
    """Where it runs: as the chart has it, by the values that the release has."""
    if workload.affinity:
        return {"affinity": _value(workload.affinity)}
    if not workload.nodes:
        return {}
    affinity = on_nodes_with(workload.nodes)
    if workload.among:
        (term,) = affinity["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]["nodeSelectorTerms"]
        (asked,) = term["matchExpressions"]
        asked |= {"operator": "In", "values": _value(workload.among)}
    return {"affinity": affinity}


def _value(path: str) -> str:
    return f"{{{{ .Values.{path} | toJson }}}}"


def _pod(chart: Chart, level: str) -> dict[str, Any]:
    image = _IMAGE.format(version=chart.version.lstrip("v"))
    if level != "restricted":
        return {"containers": [{"name": "stand-in", "image": image}]}
    container = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return {
        "securityContext": {"runAsNonRoot": True, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": "stand-in", "image": image, "securityContext": container}],
    }
