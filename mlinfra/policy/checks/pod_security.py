"""Pods keep to the baseline of Kubernetes' own pod security standards: no way from a pod to its node."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mlinfra.core.resource import Resource
from mlinfra.core.value import Expression, Path, Value
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.pods import Pod, containers, notes, pods
from mlinfra.policy.scene import Breach, Scene

# https://kubernetes.io/docs/concepts/security/pod-security-standards/ (v1.37, read November 2026), "Baseline".
_CAPABILITIES = frozenset(
    {
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP",
        "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    }
)  # fmt: skip
_SYSCTLS = frozenset(
    {
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
    }
)  # fmt: skip
_NAMESPACE, _SYSTEM = "kubernetes:core/v1:Namespace", "kube-system"
_LEVEL, _WHY = "pod-security.kubernetes.io/enforce", "mlinfra/privileged-because"
_VOLUME = "kubernetes:core/v1:PersistentVolume"
_SELINUX = frozenset({"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"})
_PROBES = (
    ("livenessProbe",),
    ("readinessProbe",),
    ("startupProbe",),
    ("lifecycle", "postStart"),
    ("lifecycle", "preStop"),
)
_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_HOST = ("hostNetwork", "hostPID", "hostIPC")


def check(scene: Scene, resources: list[Resource], given: Mapping[str, Any]) -> Iterator[Breach]:
    """One breach for everything that the baseline forbids, and one where that cannot be seen yet."""
    open_spaces = set(_open_spaces(scene))
    for one in resources:
        spec = one.properties.get("spec")
        if one.type == _VOLUME and isinstance(spec, dict) and "hostPath" in spec:
            yield Breach(one, "it gives pods a path of their node", path=("spec", "hostPath"))
    for pod in pods(resources):
        if scene.is_brought(pod.resource) and _is_excused(pod.resource, open_spaces):
            continue
        if pod.spec is None:
            yield Breach(pod.resource, "the pod is not known yet", Verdict.UNKNOWN, pod.path)
            continue
        yield from _of_pod(pod, pod.spec)
        for path, container in containers(pod):
            yield from _of_container(pod, path, container)


def _open_spaces(scene: Scene) -> Iterator[Value]:
    """The namespaces of the stack that say themselves for what their pods need the node."""
    for one in scene.of(_NAMESPACE):
        metadata = one.properties.get("metadata")
        labels, notes = (
            metadata.get(part) if isinstance(metadata, dict) else None for part in ("labels", "annotations")
        )
        if (
            isinstance(labels, dict)
            and isinstance(notes, dict)
            and labels.get(_LEVEL) == "privileged"
            and notes.get(_WHY)
        ):
            yield metadata.get("name") if isinstance(metadata, dict) else None


def _is_excused(brought: Resource, open_spaces: set[Value]) -> bool:
    """Whether a chart's pod may have its way: in such a namespace; or of a component, in that of the cluster itself."""
    space = brought.properties["metadata"].get("namespace")
    return space in open_spaces or (space == _SYSTEM and brought.address.section == "components")


def _of_pod(pod: Pod, spec: dict[Any, Any]) -> Iterator[Breach]:
    for name in _HOST:
        yield from _refused(pod, spec.get(name), (*pod.path, name), f"it shares its node's {name.removeprefix('host')}")
    for path, volume in _items(spec, "volumes", pod.path):
        if isinstance(volume, dict) and "hostPath" in volume:
            yield Breach(pod.resource, "it mounts a path of its node", path=(*path, "hostPath"))
        elif isinstance(volume, Expression):
            yield _judged(pod, volume, path, "")
    noted = notes(pod)
    for name, profile in noted.items() if isinstance(noted, dict) else ():
        if isinstance(name, str) and name.startswith(_ARMOR) and not _is_armor(profile):
            yield _judged(pod, profile, pod.path, f"its AppArmor profile is {profile}" if _is_text(profile) else "")
    inner, context = (*pod.path, "securityContext"), spec.get("securityContext")
    yield from _of_context(pod, inner, context)
    for path, one in _items(context, "sysctls", inner):
        setting = one.get("name") if isinstance(one, dict) else one
        if setting not in _SYSCTLS:
            words = f"it sets {setting} of its node's kernel" if isinstance(setting, str) else ""
            yield _judged(pod, setting, path, words)


def _of_container(pod: Pod, path: Path, container: Value) -> Iterator[Breach]:
    if not isinstance(container, dict):
        yield Breach(pod.resource, "a container is not known yet", Verdict.UNKNOWN, path)
        return
    for place, port in _items(container, "ports", path):
        taken = port.get("hostPort") if isinstance(port, dict) else port
        if taken is not None and taken != 0:
            yield _judged(pod, taken, (*place, "hostPort"), "it takes a port of its node")
    for place, host in _hosts(container, path):
        yield _judged(pod, host, place, "a probe or hook may ask any host in its node's name")
    inner, context = (*path, "securityContext"), container.get("securityContext")
    yield from _of_context(pod, inner, context)
    if not isinstance(context, dict):
        return
    yield from _refused(pod, context.get("privileged"), (*inner, "privileged"), "a container is privileged")
    if context.get("procMount", "Default") != "Default":
        yield _judged(pod, context["procMount"], (*inner, "procMount"), "a container sees /proc unmasked")
    capabilities = context.get("capabilities")
    if isinstance(capabilities, Expression):
        yield _judged(pod, capabilities, (*inner, "capabilities"), "")
    for place, name in _items(capabilities, "add", (*inner, "capabilities")):
        if name not in _CAPABILITIES:
            yield _judged(pod, name, place, f"a container has {name}" if isinstance(name, str) else "")


def _of_context(pod: Pod, path: Path, context: Value) -> Iterator[Breach]:
    """What pods and containers say alike."""
    if isinstance(context, Expression):
        yield Breach(pod.resource, "what it may do is not known yet", Verdict.UNKNOWN, path)
    if not isinstance(context, dict):
        return
    windows = context.get("windowsOptions")
    if isinstance(windows, dict):
        where = (*path, "windowsOptions", "hostProcess")
        yield from _refused(pod, windows.get("hostProcess"), where, "it is a process of its node")
    labels = context.get("seLinuxOptions")
    for name, label in labels.items() if isinstance(labels, dict) else ():
        if (label and name in ("user", "role")) or (name == "type" and label not in _SELINUX):
            yield _judged(pod, label, (*path, "seLinuxOptions", name), f"it chooses its SELinux {name}")
    for name in ("seccompProfile", "appArmorProfile"):
        profile = context.get(name)
        kind = profile.get("type") if isinstance(profile, dict) else profile
        if kind == "Unconfined" or isinstance(kind, Expression):
            yield _judged(pod, kind, (*path, name), f"its {name} is Unconfined")


def _hosts(container: dict[Any, Any], path: Path) -> Iterator[tuple[Path, Value]]:
    """The hosts that probes and hooks are sent to, where that is not the pod itself."""
    for names in _PROBES:
        asked: Value = container
        for name in names:
            asked = asked.get(name) if isinstance(asked, dict) else None
        for means in ("httpGet", "tcpSocket"):
            target = asked.get(means) if isinstance(asked, dict) else None
            host = target.get("host") if isinstance(target, dict) else None
            if host is not None and host != "":
                yield (*path, *names, means, "host"), host


def _is_armor(profile: Value) -> bool:
    return _is_text(profile) and (profile == "runtime/default" or profile.startswith("localhost/"))


def _is_text(value: Value) -> bool:
    return isinstance(value, str)


def _items(holder: Value, name: str, path: Path) -> Iterator[tuple[Path, Value]]:
    """The items of a list within `holder`, each with its path; where the list is not known yet, that."""
    found = holder.get(name) if isinstance(holder, dict) else None
    if isinstance(found, Expression):
        yield (*path, name), found
    for index, one in enumerate(found if isinstance(found, list | tuple) else ()):
        yield (*path, name, index), one


def _refused(pod: Pod, value: Value, path: Path, words: str) -> Iterator[Breach]:
    if value is not None and value is not False:
        yield _judged(pod, value, path, words)


def _judged(pod: Pod, value: Value, path: Path, words: str) -> Breach:
    """A breach for what is there; undecided for what may yet be something harmless."""
    if isinstance(value, Expression):
        return Breach(pod.resource, "it is not known yet", Verdict.UNKNOWN, path)
    return Breach(pod.resource, words, path=path)
