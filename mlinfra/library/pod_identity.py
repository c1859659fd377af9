"""Pod identity: who may take a role on behalf of pods."""

from __future__ import annotations

from typing import Any


def trust() -> dict[str, Any]:
    """The trust policy of a role that pods have (EKS user guide, "Assign an IAM role", November 2026)."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
    return {"Version": "2012-10-17", "Statement": [statement]}
