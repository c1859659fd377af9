"""Addresses: the stable names of resources, which users read in plans and write in `moved`.

An address is the path in the stack file that caused a resource, then its local name. Used as key everywhere; knows
nothing of what it names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches

_PART = r"[A-Za-z][A-Za-z0-9]*(?:-[A-Za-z0-9]+)*"
_ADDRESS = re.compile(rf"{_PART}(?:\.{_PART})*", re.ASCII)


class Address(str):
    """A dotted path such as `network.vpc` or `nodeGroups.gpu-inference.launch-template`.

    A string in every respect (ordered, hashable, its own text), that can only be made from well-formed text.
    Raises `ValueError` otherwise.
    """

    __slots__ = ()

    def __new__(cls, text: str) -> Address:
        """Check the form of `text` once, so that every holder of an address may rely on it."""
        if not _ADDRESS.fullmatch(text):
            raise ValueError(f"{text!r} is not an address: expected parts like network.vpc, of letters, digits and '-'")
        return super().__new__(cls, text)

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts between the dots."""
        return tuple(self.split("."))

    @property
    def section(self) -> str:
        """The section of the stack file that it belongs to: its first part."""
        return self.partition(".")[0]

    def child(self, *names: str) -> Address:
        """The address below this one; with no names, this one."""
        return Address(".".join((self, *names)))

    def is_within(self, ancestor: str) -> bool:
        """Whether this is `ancestor` or lies below it."""
        return self == ancestor or self.startswith(ancestor + ".")

    def moved(self, source: str, target: str) -> Address:
        """This address after its ancestor `source` was renamed `target`; must lie within `source`."""
        return Address(target + self[len(source) :])


def meant_by(name: str, known: Iterable[Address]) -> str:
    """A hint for a name that nothing bears: the addresses that are called almost so, or where they are listed."""
    near = get_close_matches(name, {*known, *(".".join(address.parts[:2]) for address in known)}, n=3)
    return f"did you mean {', '.join(near)}?" if near else "`mlinfra graph STACK` lists the addresses"
