"""The catalogue: every declared type, found in the service files of this package.

A service's file exports `TYPES`; that it lies in `services/` is its registration. Files there without `TYPES` hold what
several declarations of one service share.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from mlinfra.providers.aws import services
from mlinfra.providers.aws.aws_type import AwsType


@cache
def catalogue() -> Mapping[str, AwsType]:
    """All types by token. A token declared twice raises `ValueError`."""
    found: dict[str, AwsType] = {}
    for module in sorted(info.name for info in iter_modules(services.__path__)):
        for kind in getattr(import_module(f"{services.__name__}.{module}"), "TYPES", ()):
            if kind.token in found:
                raise ValueError(f"{kind.token} is declared twice")
            found[kind.token] = kind
    return found
