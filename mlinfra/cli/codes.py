"""The codes of everything that can go wrong on the command line itself: MLI9001 to MLI9999.

Every error raised in this package takes its code from here; docs/command-line.md prints the table. A code, once
published, keeps its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Code(StrEnum):
    """Stable names of the codes."""

    UNEXPECTED = "MLI9001"
    USAGE = "MLI9002"
    NO_TERMINAL = "MLI9003"
    NOT_CONFIRMED = "MLI9004"
    UNKNOWN_NAME = "MLI9005"
    BAD_STACK_NAME = "MLI9006"
    FILE_EXISTS = "MLI9007"
    UNWRITABLE = "MLI9008"
    TWO_LINEAGES = "MLI9009"
    NO_STATE = "MLI9010"


MEANINGS: Mapping[Code, str] = MappingProxyType(
    {
        Code.UNEXPECTED: "a defect of mlinfra; the details are in the log that the message names",
        Code.USAGE: "the command was called with options or arguments that it does not have",
        Code.NO_TERMINAL: "a confirmation is needed, and there is no terminal to ask on",
        Code.NOT_CONFIRMED: "the confirmation was not given; nothing was done",
        Code.UNKNOWN_NAME: "no output, record or module bears this name",
        Code.BAD_STACK_NAME: "this cannot be the name of a stack",
        Code.FILE_EXISTS: "the file exists already, and is left as it is",
        Code.UNWRITABLE: "the file cannot be written",
        Code.TWO_LINEAGES: "objects of two stacks of the same name were found; neither state can be rebuilt",
        Code.NO_STATE: "there is no state to print",
    }
)
