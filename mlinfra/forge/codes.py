"""The codes of what goes wrong with a forge: MLI5900 to MLI5999."""

from __future__ import annotations

from mlinfra.core.codes import Coded


class Code(Coded):
    """Why a comment cannot be posted."""

    NO_FORGE = "MLI5900", "Nothing says which pull request a comment is for."
    NO_TOKEN = "MLI5901", "There is no token for the forge in the environment."
    NO_MARK = "MLI5902", "The text to post does not begin with a mark, so that it could never be found again."
    REFUSED = "MLI5903", "The forge refuses the token, or what is asked with it."
    NOT_FOUND = "MLI5904", "The forge knows no such repository or pull request, or does not show it to this token."
    UNREACHABLE = "MLI5905", "The forge cannot be reached, or fails again and again."
    INVALID = "MLI5906", "The forge does not take what was sent, or its answer cannot be read."
    UNSAFE = "MLI5907", "The address of a forge would show the token to others."
