"""Tokens: Pulumi's names of kinds, `kubernetes:apps/v1:Deployment`, and what they say.

The spelling is that of Pulumi's Kubernetes registry (4.34, November 2026): the group as the API has it, `core` for the
group without a name. Any group will do, those of custom resources included.
"""

from __future__ import annotations

import re

import msgspec

_TOKEN = re.compile(r"kubernetes:([a-z0-9.-]+)/(v[0-9]+(?:(?:alpha|beta)[0-9]+)?):([A-Z][A-Za-z0-9]*)")
_CORE = "core"
_OF_HELM = "helm.sh"  # releases are no objects of an API


class Kind(msgspec.Struct, frozen=True):
    """A kind of object: `Kind("apps", "v1", "Deployment")`. The core group is the empty text."""

    group: str
    version: str
    name: str

    @classmethod
    def of(cls, token: str) -> Kind:
        """The kind that a token names. Raises `ValueError` for any other text."""
        match = _TOKEN.fullmatch(token)
        if match is None or match[1] == _OF_HELM:
            raise ValueError(f"{token!r} is no kind of object: expected kubernetes:GROUP/VERSION:KIND")
        return cls("" if match[1] == _CORE else match[1], match[2], match[3])

    @property
    def api_version(self) -> str:
        """As objects say it: `apps/v1`, `v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def token(self) -> str:
        """The token that names it."""
        return f"kubernetes:{self.group or _CORE}/{self.version}:{self.name}"

    @property
    def same(self) -> tuple[str, str]:
        """What it has in common with other versions of itself."""
        return (self.group, self.name)
