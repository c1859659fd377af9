"""Databases of the stack's entries that nobody can use: stopped, full, gone, or on their way.

Statuses: Amazon RDS user guide, "Viewing DB instance status" (November 2026).
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.health import Finding, Severity
from mlinfra.health.seen import Database, Seen

_PASSING = ("creating", "starting", "rebooting", "upgrading", "resetting-master-credentials", "renaming")
_REMEDIES = {
    "stopped": "start it: aws rds start-db-instance --db-instance-identifier {name}",
    "stopping": "start it once it has stopped: aws rds start-db-instance --db-instance-identifier {name}",
    "storage-full": "give it more storage; RDS lets it write again once that is there",
    "inaccessible-encryption-credentials": "its KMS key is disabled, or is to be deleted: enable it again",
    "inaccessible-encryption-credentials-recoverable": "enable its KMS key again, and start it",
    "incompatible-network": "its subnets have no free address, or are gone: see its subnet group",
    "incompatible-parameters": "take back what was last changed in its parameter group, and reboot it",
    "failed": "RDS could not bring it up: restore its last snapshot",
    "deleting": "somebody deletes it; apply makes an empty one, and a snapshot has what was in it",
    "gone": "somebody deleted it; apply makes an empty one, and a snapshot, where there is one, has what was in it",
}


def find(seen: Seen) -> Iterator[Finding]:
    """What is wrong with each. One that is only being changed or backed up answers all the same."""
    for one in seen.databases:
        if one.status in _REMEDIES or one.status in _PASSING:
            passing = one.status in _PASSING
            words = "it is gone from the account" if one.status == "gone" else f"RDS calls it {one.status}"
            yield Finding(
                severity=Severity.WARNING if passing else Severity.BROKEN,
                subject=one.subject,
                words=f"{words}: what keeps its records there cannot",
                remedy=_remedy(one),
                layer=2,
                address=one.address,
            )


def _remedy(one: Database) -> str:
    return _REMEDIES.get(one.status, "it takes some minutes").format(name=one.name)
