"""The names of a load balancer: its domain and all below it, as records in Route 53.

They are the stack's own, and no controller's: a plan shows them, and they go before the load balancer does.
"""

from __future__ import annotations

from collections.abc import Iterator

from mlinfra.core.value import Properties
from mlinfra.library import Handle, Problem, Scope
from mlinfra.library.codes import Code


def name_problems(zone: str, domain: str) -> Iterator[Problem]:
    """A zone in which nothing is to be written."""
    if zone and not domain:
        hint = "add domain, a name within the zone; or take zone out"
        yield Problem(Code.BALANCER_NAMES, "there is a zone, and no domain to write into it", at=("zone",), hint=hint)


def add_names(scope: Scope, zone: str, domain: str, balancer: Handle) -> None:
    """Add an alias for the domain, and one for whatever stands before it."""
    alias = {"name": balancer["dnsName"], "zoneId": balancer["zoneId"], "evaluateTargetHealth": True}
    for local_name, name in (("name", domain), ("names-below", f"*.{domain}")):
        properties: Properties = {"zoneId": zone, "name": name, "type": "A", "aliases": [alias]}
        scope.add(local_name, "aws:route53/record:Record", properties)
