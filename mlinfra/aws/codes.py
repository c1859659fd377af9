"""The codes of AWS: MLI5000 to MLI5099. Those up to MLI5009 are the kinds of `core.errors.ProviderError`."""

from __future__ import annotations

from mlinfra.core.codes import Coded


class Code(Coded):
    """What can go wrong with a call to the cloud."""

    FAILED = "MLI5000", "A call to the cloud failed."
    THROTTLED = "MLI5001", "The cloud takes no more calls at the moment, or is briefly unavailable."
    DENIED = "MLI5002", "The caller may not do this."
    QUOTA = "MLI5003", "A service quota is exhausted."
    CAPACITY = "MLI5004", "The cloud has no such machine at the moment."
    NOT_FOUND = "MLI5005", "An object, or one that it refers to, does not exist."
    CONFLICT = "MLI5006", "An object exists already, is in use, or is being changed by someone else."
    INVALID = "MLI5007", "The cloud refuses the parameters."
    AMBIGUOUS = "MLI5008", "Nobody knows whether a call took effect, or which of several objects is meant."
    OTHER_ACCOUNT = "MLI5010", "The credentials belong to another account than the stack."
    UNKNOWN_TYPE = "MLI5012", "No such resource type is declared."
    NO_CREDENTIALS = "MLI5020", "There are no AWS credentials, or AWS does not take them."
    NO_REGION = "MLI5013", "There is no region of that name."
    GARBLED = (
        "MLI5070",
        "What came back from the cloud is no answer of the call: a proxy's page, half of one, or nothing.",
    )
