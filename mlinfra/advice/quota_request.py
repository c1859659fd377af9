"""How a user asks AWS for more of something. For hints."""

from __future__ import annotations


def increase(service: str, code: str, wanted: float, region: str) -> str:
    """The command that asks for `wanted` of the quota `code`."""
    return (
        f"ask for more: aws service-quotas request-service-quota-increase --service-code {service} "
        f"--quota-code {code} --desired-value {wanted:.0f} --region {region}"
    )
