"""The codes of everything that can go wrong on the command line itself: MLI9001 to MLI9999.

Every error raised in this package takes its code from here; docs/command-line.md prints the table. A code, once
published, keeps its meaning.
"""

from __future__ import annotations

from mlinfra.core.codes import Coded


class Code(Coded):
    """What can go wrong on the command line itself."""

    UNEXPECTED = "MLI9001", "a defect of mlinfra; the details are in the log that the message names"
    USAGE = "MLI9002", "the command was called with options or arguments that it does not have"
    NO_TERMINAL = "MLI9003", "a confirmation is needed, and there is no terminal to ask on"
    NOT_CONFIRMED = "MLI9004", "the confirmation was not given; nothing was done"
    UNKNOWN_NAME = "MLI9005", "no output, record or module bears this name"
    BAD_STACK_NAME = "MLI9006", "this cannot be the name of a stack"
    FILE_EXISTS = "MLI9007", "the file exists already, and is left as it is"
    UNWRITABLE = "MLI9008", "the file cannot be written"
    TWO_LINEAGES = "MLI9009", "objects of two stacks of the same name were found; neither state can be rebuilt"
    NO_STATE = "MLI9010", "there is no state to print"
    NO_TEXT = "MLI9011", "the text that a command was to be given cannot be read"
    LEFT_UNREAD = "MLI9012", "an apply left alone what it could not read, so that it is not complete"
    UNWRITABLE_OUTPUT = "MLI9013", "what a command says cannot be written; what it did is done"
    SURROUNDINGS = "MLI9014", "the machine has no more of something: open files, memory, room on a disk"
