"""The codes of policies: MLI7000 to MLI7099. docs/policies.md lists them."""

from __future__ import annotations

from mlinfra.core.codes import Coded


class Code(Coded):
    """What rules find, and what can be wrong with rules and waivers."""

    BROKEN = "MLI7001", "A mandatory rule is broken."
    UNDECIDED = "MLI7002", "Whether a mandatory rule is kept is known only after apply, which is no pass."
    ADVICE = "MLI7003", "An advisory rule is broken (a warning)."
    ADVICE_UNDECIDED = "MLI7004", "Whether an advisory rule is kept is known only after apply (a note)."
    ASKS_ACCOUNT = (
        "MLI7070",
        "Whether a rule is kept is for an account or another stack to tell, which were not asked (a warning).",
    )
    WAIVED = "MLI7005", "A rule is broken, and set aside for a reason until a date (a note)."
    EXPIRED = "MLI7010", "A waiver has expired (a warning)."
    UNUSED = "MLI7011", "A waiver sets aside what no rule finds (a warning)."
    NO_SUCH_RULE = "MLI7012", "A waiver names a rule that there is not."
    BROKEN_RULE = "MLI7020", "The file of a rule or pack cannot be used."
    NO_SUCH_PACK = "MLI7021", "The stack asks for a pack of rules that there is not."
    RULES_CLASH = "MLI7022", "Two rules have one id."
    UNASKED = "MLI7024", "The stack takes itself out of the rules that are for every one (a warning)."
    CHECK_FAULT = (
        "MLI7050",
        "A rule cannot be asked: it fails, takes too long, or answers what is no finding.",
    )
    FAR_AWAY = "MLI7062", "A waiver ends in more than a year, so that nobody will look at it again (a warning)."
    PASSED_OVER = "MLI7060", "A file among the rules of a project is none that is read (a warning)."
    NO_SUCH_TYPE = "MLI7061", "A rule is about a type that no provider declares (a warning)."
    CASE_FAILED = "MLI7051", "A case in a rule's file does not come out as the file says."
    RULE_REPLACED = "MLI7023", "A rule of the project stands in for one of ours (a note)."


VIOLATIONS = frozenset({Code.BROKEN.value, Code.UNDECIDED.value})
