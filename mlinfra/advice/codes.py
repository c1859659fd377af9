"""The codes of advice: MLI8000 to MLI8099."""

from __future__ import annotations

from mlinfra.core.codes import Coded


class Code(Coded):
    """What advisers find."""

    BUDGET_EXCEEDED = "MLI8001", "The stack is expected to cost more than its budget."
    BUDGET_AT_RISK = "MLI8002", "The stack could come to cost more than its budget, at its largest."
    BAD_PRICES = "MLI8003", "A file of prices cannot be read or written."
    NO_PRICE_LIST = "MLI8004", "The price list could not be read."
    BUDGET_UNDECIDED = "MLI8071", "Whether the stack keeps to its budget is not known, for want of a price."
    PARTLY_READ = "MLI8072", "Some prices could not be read, and stay as they were (a warning)."
    NOTHING_TO_COMPARE = "MLI8070", "What runs is not known, so no change in cost is shown (a note)."
    SHORT = "MLI8010", "The account or its region has no room for what the stack wants."
    MISSING = "MLI8012", "Something that the stack names and does not make is not there, or cannot be used."
    NOT_LOOKED_FOR = "MLI8030", "Whether something that the stack names is there could not be looked for (a note)."
    NOT_REFERRED_TO = "MLI8031", "Something that the stack makes is named without a reference to it (a warning)."
    TIGHT = "MLI8011", "There is room to make it, and none to let it grow as large as it may."
