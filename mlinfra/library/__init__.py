"""The library: finds modules and runs them, so that a stack becomes resources.

What stands here is what an author of a module needs. The session uses `library`, `sections` and `assembly` besides.
Pure, apart from reading module folders.
"""

from __future__ import annotations

from mlinfra.library.block import Block
from mlinfra.library.check import Check
from mlinfra.library.place import Place
from mlinfra.library.problem import Problem
from mlinfra.library.scope import Handle, Scope
from mlinfra.library.wish import Wish

__all__ = ["Block", "Check", "Handle", "Place", "Problem", "Scope", "Wish"]
