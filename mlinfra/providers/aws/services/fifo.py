"""First in, first out: what queues and topics of that kind must be called, and what they alone may be asked.

SQS API reference, "CreateQueue" (2012-11-05), and SNS API reference, "CreateTopic" (2010-03-31), November 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from mlinfra.core.value import Path, Properties

_END = ".fifo"


def fifo_rule(flag: str, longest: int, *alone: str) -> Callable[[Properties], Iterator[tuple[Path, str]]]:
    """What is against a name that does not fit `flag`, and against properties that such objects `alone` have."""

    def against(properties: Properties) -> Iterator[tuple[Path, str]]:
        first_out, name = properties.get(flag, False), properties.get("name")
        if not isinstance(first_out, bool):
            return  # it is not known yet
        if isinstance(name, str):
            if first_out and not name.endswith(_END):
                yield ("name",), f"is {name}, and must end with {_END}, since {flag} is true"
            elif not first_out and name.endswith(_END):
                yield ("name",), f"is {name}, and only with {flag}: true may it end with {_END}"
            if name.endswith(_END) and len(name) > longest:
                yield ("name",), f"has {len(name)} characters with its {_END}, and may have {longest}"
        for one in alone if not first_out else ():
            if properties.get(one) not in (None, False):
                yield (one,), f"is for those with {flag}: true"

    return against
