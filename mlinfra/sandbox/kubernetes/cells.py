"""The columns of built-in kinds after Name, and how their cells are read from an object. Called by `tables`.

Age comes where a kind's columns name it, else last of those that are always shown. Worded after kubernetes/kubernetes,
pkg/printers/internalversion/printers.go (1.33). Pure.
"""

from __future__ import annotations

from collections.abc import Callable

from mlinfra.sandbox.kubernetes.kinds import Column
from mlinfra.sandbox.kubernetes.values import Json, Object, at

Since = Callable[[str, str], str]
"""Says how long it is from one written time to another (empty: to now), as kubectl does."""
Cells = Callable[[Object, Since], list[Json]]


def _columns(text: str) -> tuple[Column, ...]:
    """Read `Ready, Status, IP+`: a plus marks those that only `-o wide` shows, a hash whole numbers."""
    found = []
    for word in text.split(", "):
        name = word.rstrip("+#")
        found.append(Column(name, "integer" if "#" in word else "string", priority=1 if "+" in word else 0))
    return tuple(found)


def _status(obj: Object, *path: str) -> int:
    return int(at(obj, ("status", *path), 0) or 0)


def _containers(template: Object) -> tuple[str, str]:
    found = at(template, ("spec", "containers"), []) or []
    return ",".join(item.get("name", "") for item in found), ",".join(item.get("image", "") for item in found)


def _selector(obj: Object) -> str:
    labels = at(obj, ("spec", "selector", "matchLabels"), None) or {}
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "<none>"


def _pod(obj: Object, since: Since) -> list[Json]:
    statuses = at(obj, ("status", "containerStatuses"), []) or []
    containers = at(obj, ("spec", "containers"), []) or []
    ready = sum(1 for item in statuses if item.get("ready"))
    restarts = sum(item.get("restartCount", 0) for item in statuses)
    reason = at(obj, ("status", "reason")) or at(obj, ("status", "phase"), "Unknown")
    for item in statuses:
        state = item.get("state") or {}
        reason = at(state, ("waiting", "reason")) or at(state, ("terminated", "reason")) or reason
    if "deletionTimestamp" in obj["metadata"]:
        reason = "Terminating"
    addresses = at(obj, ("status", "podIP"), "<none>"), at(obj, ("spec", "nodeName"), "<none>")
    nominated = at(obj, ("status", "nominatedNodeName"), "<none>")
    gates = at(obj, ("spec", "readinessGates"), None)
    return [f"{ready}/{len(containers)}", reason, str(restarts), *addresses, nominated, "<none>" if not gates else "0"]


def _deployment(obj: Object, since: Since) -> list[Json]:
    names, images = _containers(at(obj, ("spec", "template"), {}))
    ready = f"{_status(obj, 'readyReplicas')}/{at(obj, ('spec', 'replicas'), 0)}"
    counts = _status(obj, "updatedReplicas"), _status(obj, "availableReplicas")
    return [ready, *counts, names, images, _selector(obj)]


def _replica_set(obj: Object, since: Since) -> list[Json]:
    names, images = _containers(at(obj, ("spec", "template"), {}))
    counts = at(obj, ("spec", "replicas"), 0), _status(obj, "replicas"), _status(obj, "readyReplicas")
    return [*counts, names, images, _selector(obj)]


def _stateful_set(obj: Object, since: Since) -> list[Json]:
    names, images = _containers(at(obj, ("spec", "template"), {}))
    return [f"{_status(obj, 'readyReplicas')}/{at(obj, ('spec', 'replicas'), 0)}", names, images]


def _daemon_set(obj: Object, since: Since) -> list[Json]:
    names, images = _containers(at(obj, ("spec", "template"), {}))
    parts = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled",
             "numberAvailable")  # fmt: skip
    nodes = at(obj, ("spec", "template", "spec", "nodeSelector"), None) or {}
    chosen = ",".join(f"{key}={value}" for key, value in sorted(nodes.items())) or "<none>"
    return [*(_status(obj, part) for part in parts), chosen, names, images, _selector(obj)]


def _job(obj: Object, since: Since) -> list[Json]:
    names, images = _containers(at(obj, ("spec", "template"), {}))
    conditions = {item["type"] for item in at(obj, ("status", "conditions"), []) or () if item.get("status") == "True"}
    state = next((name for name in ("Complete", "Failed", "Suspended") if name in conditions), "Running")
    done = f"{_status(obj, 'succeeded')}/{at(obj, ('spec', 'completions'), 1)}"
    started, ended = at(obj, ("status", "startTime"), ""), at(obj, ("status", "completionTime"), "")
    return [state, done, since(started, ended) if started else "", names, images, _selector(obj)]


def _cron_job(obj: Object, since: Since) -> list[Json]:
    spec = obj.get("spec") or {}
    active = len(at(obj, ("status", "active"), []) or [])
    last = at(obj, ("status", "lastScheduleTime"), "")
    last = since(last, "") if last else "<none>"
    return [spec.get("schedule", ""), spec.get("timeZone", "<none>"), str(bool(spec.get("suspend"))), active, last]


def _service(obj: Object, since: Since) -> list[Json]:
    spec = obj.get("spec") or {}
    entries = at(obj, ("status", "loadBalancer", "ingress"), []) or []
    external = ",".join(item.get("hostname") or item.get("ip", "") for item in entries)
    if not external:
        external = "<pending>" if spec.get("type") == "LoadBalancer" else spec.get("externalName", "<none>")
    ports = ",".join(_port(item) for item in spec.get("ports") or ()) or "<none>"
    selector = ",".join(f"{key}={value}" for key, value in sorted((spec.get("selector") or {}).items())) or "<none>"
    return [spec.get("type", ""), spec.get("clusterIP", "<none>"), external, ports, selector]


def _port(port: Object) -> str:
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{port.get('port')}{node}/{port.get('protocol', 'TCP')}"


def _node(obj: Object, since: Since) -> list[Json]:
    conditions = at(obj, ("status", "conditions"), []) or []
    ready = next((item.get("status") for item in conditions if item.get("type") == "Ready"), "Unknown")
    state = {"True": "Ready", "False": "NotReady"}.get(ready, "Unknown")
    if at(obj, ("spec", "unschedulable")):
        state += ",SchedulingDisabled"
    prefix = "node-role.kubernetes.io/"
    labels = obj["metadata"].get("labels") or {}
    roles = ",".join(sorted(key.removeprefix(prefix) for key in labels if key.startswith(prefix))) or "<none>"
    info = at(obj, ("status", "nodeInfo"), {}) or {}
    found = {item.get("type"): item.get("address") for item in at(obj, ("status", "addresses"), []) or ()}
    addresses = found.get("InternalIP", "<none>"), found.get("ExternalIP", "<none>")
    details = (info.get(key, "<unknown>") for key in ("osImage", "kernelVersion", "containerRuntimeVersion"))
    return [state, roles, info.get("kubeletVersion", ""), *addresses, *details]


def _namespace(obj: Object, since: Since) -> list[Json]:
    return [at(obj, ("status", "phase"), "")]


def _config_map(obj: Object, since: Since) -> list[Json]:
    return [len(obj.get("data") or {}) + len(obj.get("binaryData") or {})]


def _secret(obj: Object, since: Since) -> list[Json]:
    return [obj.get("type", ""), len(obj.get("data") or {})]


def _claim(obj: Object, since: Since) -> list[Json]:
    spec, modes = obj.get("spec") or {}, at(obj, ("status", "accessModes"), None) or []
    phase, size = at(obj, ("status", "phase"), ""), at(obj, ("status", "capacity", "storage"), "")
    return [phase, spec.get("volumeName", ""), size,
            _modes(modes), spec.get("storageClassName", ""), "<unset>", spec.get("volumeMode", "")]  # fmt: skip


def _volume(obj: Object, since: Since) -> list[Json]:
    spec = obj.get("spec") or {}
    reference = spec.get("claimRef") or {}
    claim = f"{reference.get('namespace')}/{reference.get('name')}" if reference else ""
    return [at(spec, ("capacity", "storage"), ""), _modes(spec.get("accessModes") or []),
            spec.get("persistentVolumeReclaimPolicy", ""), at(obj, ("status", "phase"), ""), claim,
            spec.get("storageClassName", ""), "<unset>", at(obj, ("status", "reason"), ""),
            spec.get("volumeMode", "")]  # fmt: skip


_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}


def _modes(modes: list[str]) -> str:
    return ",".join(_MODES.get(mode, mode) for mode in modes)


def _ingress(obj: Object, since: Since) -> list[Json]:
    spec = obj.get("spec") or {}
    hosts = ",".join(rule.get("host") or "*" for rule in spec.get("rules") or ()) or "*"
    entries = at(obj, ("status", "loadBalancer", "ingress"), []) or []
    address = ",".join(item.get("hostname") or item.get("ip", "") for item in entries)
    return [spec.get("ingressClassName", "<none>"), hosts, address, "80, 443" if spec.get("tls") else "80"]


def _autoscaler(obj: Object, since: Since) -> list[Json]:
    spec = obj.get("spec") or {}
    target = spec.get("scaleTargetRef") or {}
    told = {at(item, ("resource", "name")): item for item in at(obj, ("status", "currentMetrics"), []) or ()}
    targets = [_metric(item, told) for item in spec.get("metrics") or () if item.get("type") == "Resource"]
    bounds = str(spec.get("minReplicas", 1)), str(spec.get("maxReplicas", 0)), _status(obj, "currentReplicas")
    return [f"{target.get('kind')}/{target.get('name')}", ", ".join(targets) or "<unknown>", *bounds]


def _metric(metric: Object, told: Object) -> str:
    name, wanted = at(metric, ("resource", "name"), ""), at(metric, ("resource", "target"), {})
    now = at(told.get(name), ("resource", "current"), {})
    if "averageUtilization" in wanted:
        current = f"{now['averageUtilization']}%" if "averageUtilization" in now else "<unknown>"
        return f"{name}: {current}/{wanted['averageUtilization']}%"
    return f"{name}: {now.get('averageValue', '<unknown>')}/{wanted.get('averageValue')}"


def _storage_class(obj: Object, since: Since) -> list[Json]:
    expands = bool(obj.get("allowVolumeExpansion"))
    return [obj.get("provisioner", ""), obj.get("reclaimPolicy", ""), obj.get("volumeBindingMode", ""), expands]


def _event(obj: Object, since: Since) -> list[Json]:
    about = obj.get("involvedObject") or {}
    shown = f"{about.get('kind', '').lower()}/{about.get('name', '')}"
    first = obj.get("firstTimestamp") or obj.get("eventTime") or obj["metadata"].get("creationTimestamp", "")
    last = obj.get("lastTimestamp") or first
    source = ", ".join((obj.get("source") or {}).values())
    wide = about.get("fieldPath", ""), source, since(first, ""), obj.get("count", 1), obj["metadata"]["name"]
    return [
        since(last, ""),
        obj.get("type", ""),
        obj.get("reason", ""),
        shown,
        (obj.get("message") or "").strip(),
        *wide,
    ]


def _budget(obj: Object, since: Since) -> list[Json]:
    spec = obj.get("spec") or {}
    bounds = (str(spec.get(key, "N/A")) for key in ("minAvailable", "maxUnavailable"))
    return [*bounds, _status(obj, "disruptionsAllowed")]


def _endpoints(obj: Object, since: Since) -> list[Json]:
    found = [
        f"{address.get('ip')}:{port.get('port')}"
        for subset in obj.get("subsets") or ()
        for port in subset.get("ports") or ()
        for address in subset.get("addresses") or ()
    ]
    more = f" + {len(found) - 3} more..." if len(found) > 3 else ""
    return [",".join(found[:3]) + more or "<none>"]


def _quota(obj: Object, since: Since) -> list[Json]:
    hard, used = at(obj, ("status", "hard"), {}), at(obj, ("status", "used"), {})
    told = {key: f"{key}: {used.get(key, 0)}/{hard[key]}" for key in sorted(hard)}
    limits = [text for key, text in told.items() if key.startswith("limits")]
    return [", ".join(text for text in told.values() if text not in limits), ", ".join(limits)]


def _binding(obj: Object, since: Since) -> list[Json]:
    role, subjects = obj.get("roleRef") or {}, obj.get("subjects") or []
    named = [
        ", ".join(f"{item['namespace']}/{item['name']}" if "namespace" in item else item.get("name", "")
                  for item in subjects if item.get("kind") == kind)
        for kind in ("User", "Group", "ServiceAccount")
    ]  # fmt: skip
    return [f"{role.get('kind')}/{role.get('name')}", *named]


def _definition(obj: Object, since: Since) -> list[Json]:
    return [obj["metadata"]["name"], obj["metadata"].get("creationTimestamp", "")]


_TEMPLATE = "Containers+, Images+, Selector+"
CELLS: dict[str, tuple[tuple[Column, ...], Cells]] = {
    "pods": (_columns("Ready, Status, Restarts, IP+, Node+, Nominated Node+, Readiness Gates+"), _pod),
    "deployments.apps": (_columns(f"Ready, Up-to-date#, Available#, {_TEMPLATE}"), _deployment),
    "replicasets.apps": (_columns(f"Desired#, Current#, Ready#, {_TEMPLATE}"), _replica_set),
    "statefulsets.apps": (_columns("Ready, Containers+, Images+"), _stateful_set),
    "daemonsets.apps": (
        _columns(f"Desired#, Current#, Ready#, Up-to-date#, Available#, Node Selector, {_TEMPLATE}"),
        _daemon_set,
    ),
    "jobs.batch": (_columns(f"Status, Completions, Duration, {_TEMPLATE}"), _job),
    "cronjobs.batch": (_columns("Schedule, Timezone, Suspend, Active#, Last Schedule"), _cron_job),
    "services": (_columns("Type, Cluster-IP, External-IP, Port(s), Selector+"), _service),
    "nodes": (
        _columns("Status, Roles, Age, Version, Internal-IP+, External-IP+, OS-Image+, Kernel-Version+, "
                 "Container-Runtime+"),
        _node,
    ),
    "poddisruptionbudgets.policy": (_columns("Min Available, Max Unavailable, Allowed Disruptions#"), _budget),
    "endpoints": (_columns("Endpoints"), _endpoints),
    "leases.coordination.k8s.io": (
        _columns("Holder"),
        lambda obj, _: [at(obj, ("spec", "holderIdentity"), "")],
    ),
    "priorityclasses.scheduling.k8s.io": (
        _columns("Value#, Global-Default, Age, PreemptionPolicy"),
        lambda obj, _: [obj.get("value", 0), bool(obj.get("globalDefault")), obj.get("preemptionPolicy", "")],
    ),
    "ingressclasses.networking.k8s.io": (
        _columns("Controller, Parameters"),
        lambda obj, _: [at(obj, ("spec", "controller"), ""), at(obj, ("spec", "parameters", "name"), "<none>")],
    ),
    "resourcequotas": (_columns("Age, Request, Limit"), _quota),
    "rolebindings.rbac.authorization.k8s.io": (_columns("Role, Users+, Groups+, ServiceAccounts+"), _binding),
    "clusterrolebindings.rbac.authorization.k8s.io": (_columns("Role, Users+, Groups+, ServiceAccounts+"), _binding),
    "namespaces": (_columns("Status"), _namespace),
    "configmaps": (_columns("Data#"), _config_map),
    "secrets": (_columns("Type, Data#"), _secret),
    "persistentvolumeclaims": (
        _columns("Status, Volume, Capacity, Access Modes, StorageClass, VolumeAttributesClass, VolumeMode+"),
        _claim,
    ),
    "persistentvolumes": (
        _columns("Capacity, Access Modes, Reclaim Policy, Status, Claim, StorageClass, VolumeAttributesClass, Reason, "
                 "VolumeMode+"),
        _volume,
    ),
    "ingresses.networking.k8s.io": (_columns("Class, Hosts, Address, Ports"), _ingress),
    "horizontalpodautoscalers.autoscaling": (
        _columns("Reference, Targets, MinPods, MaxPods, Replicas#"),
        _autoscaler,
    ),
    "storageclasses.storage.k8s.io": (
        _columns("Provisioner, ReclaimPolicy, VolumeBindingMode, AllowVolumeExpansion"),
        _storage_class,
    ),
}  # fmt: skip

WHOLE: dict[str, tuple[tuple[Column, ...], Cells]] = {
    "events": (
        _columns("Last Seen, Type, Reason, Object, Message, Subobject+, Source+, First Seen+, Count+#, Name+"),
        _event,
    ),
    **dict.fromkeys(
        (
            "customresourcedefinitions.apiextensions.k8s.io",
            "limitranges",
            "roles.rbac.authorization.k8s.io",
            "clusterroles.rbac.authorization.k8s.io",
        ),
        (_columns("Name, Created At"), _definition),
    ),
}
"""The kinds whose rows neither begin with a name nor end with an age."""
