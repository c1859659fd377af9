"""Derived names: what an object is called where the stack file gives it no name.

Used by the planner, once for each create attempt; from then on the record knows the name.
"""

from __future__ import annotations

import hashlib
import re

from mlinfra.core.address import Address
from mlinfra.core.resource_type import NameRule

_LONGEST_END = 14  # a digest with its dash, and the suffix of a generation of up to six digits


def derive_name(rule: NameRule, *, stack: str, region: str, address: Address, generation: int) -> str:
    """The name of `generation` of `address`: readable, the same each time, different from every other address's.

    A name that would be too long is cut in the middle of the sentence, so to speak: its end becomes a digest.
    """
    parts = [stack, *([] if rule.regional else [region]), *address.parts]
    suffix = f"-{generation}" if generation > 1 else ""
    full = "-".join(parts)
    # Two addresses can spell alike once dots are dashes ("a.b-c", "a-b.c"), or once case is lost: the digest of the
    # address tells them apart wherever the spelling alone does not give the address back.
    name = full.lower() if rule.lower else full
    ambiguous = any("-" in part for part in address.parts) or name != full
    room = rule.longest - len(suffix)
    if ambiguous or len(name) > room:
        digest = hashlib.sha256("/".join([stack, region, address]).encode()).hexdigest()[:6]
        name = f"{_cut(name, room - 7)}-{digest}"
    return name + suffix


def derived_prefix(rule: NameRule, *, stack: str, region: str) -> str:
    """What every name derived for a stack begins with; names of other stacks may begin so, too."""
    prefix = "-".join([stack, *([] if rule.regional else [region]), ""])
    return (prefix.lower() if rule.lower else prefix)[: rule.longest - _LONGEST_END]


def _cut(name: str, room: int) -> str:
    return re.sub(r"-+$", "", name[:room])


def client_token(*, lineage: str, address: Address, generation: int) -> str:
    """The idempotency token of one create attempt: the same after a crash, 64 characters of hexadecimal."""
    return hashlib.sha256(f"{lineage}/{address}/{generation}".encode()).hexdigest()
