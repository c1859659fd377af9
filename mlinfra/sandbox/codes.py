"""The codes of the simulated cloud: MLI6001 to MLI6099."""

from __future__ import annotations

from mlinfra.core.codes import Coded


class Code(Coded):
    """What can go wrong with the sandbox itself."""

    NO_SUCH_PATH = "MLI6001", "The sandbox's control path does not have what was asked for."
    BAD_RULE = "MLI6002", "A fault rule makes no sense."
    NO_START = "MLI6010", "The sandbox could not be started."
    OTHER_PORT = "MLI6011", "The sandbox runs on another port than the one asked for."
    NOT_RUNNING = "MLI6012", "No sandbox runs here."
    NO_ANSWER = "MLI6013", "The sandbox does not answer."
    NO_END = "MLI6014", "The sandbox's process does not end."
