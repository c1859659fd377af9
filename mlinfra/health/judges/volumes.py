"""Volume claims without a volume."""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.claims import claims_of, missing_driver
from mlinfra.health.seen import Live, Seen, subject_of

_DEFAULT = "storageclass.kubernetes.io/is-default-class"


def find(seen: Seen) -> Iterator[Finding]:
    """Why each has none. Where one is made for its first pod only, it waits rightly until that has a node."""
    classes = {one["metadata"]["name"]: one for one in seen.objects.get("StorageClass", ())}
    placed = {claim for pod in seen.each("Pod") if (pod.get("spec") or {}).get("nodeName") for claim in claims_of(pod)}
    wanted = {claim for pod in seen.each("Pod") for claim in claims_of(pod)}
    for claim in seen.each("PersistentVolumeClaim"):
        phase = (claim.get("status") or {}).get("phase", "Pending")
        subject = subject_of("PersistentVolumeClaim", claim)
        if phase == "Lost":
            yield _finding(subject, "its volume is gone, and the data in it", "restore it from a snapshot")
        elif phase != "Bound" and (
            told := _why(seen, claim, classes, placed=subject in placed, wanted=subject in wanted)
        ):
            yield _finding(subject, *told)


def _why(seen: Seen, claim: Live, classes: dict[str, Live], *, placed: bool, wanted: bool) -> tuple[str, str] | None:
    name = (claim.get("spec") or {}).get("storageClassName")
    if name is None:
        name = next((key for key, one in classes.items() if _is_default(one)), None)
        if name is None:
            return "it names no storage class, and none is the default", "name one, or mark one as the default"
    if name and name not in classes:
        known = ", ".join(sorted(classes)) or "none at all"
        return f"there is no storage class {name} (there is {known})", "name one that is there, or make that one"
    said = seen.warning_about(claim)
    late = bool(name) and classes[name].get("volumeBindingMode") == "WaitForFirstConsumer"
    if name and (wanted or not late) and (driver := missing_driver(seen, classes[name])):
        words = f"nothing makes its volume: the driver of its class {name} ({classes[name]['provisioner']}) is not here"
        return words, f"name it in the stack: cluster.volumes: [{driver}]"
    if late and not placed and not said:
        return None
    if said:
        return f"its volume cannot be made: {said}", "the CSI driver of its class says more in its log"
    return "it has no volume yet", "see that the CSI driver of its class runs"


def _is_default(one: Live) -> bool:
    return (one["metadata"].get("annotations") or {}).get(_DEFAULT) == "true"


def _finding(subject: str, words: str, remedy: str) -> Finding:
    return Finding(severity=Severity.BROKEN, subject=subject, words=words, remedy=remedy, layer=3)
