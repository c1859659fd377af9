"""The codes of the Kubernetes provider: MLI5100 to MLI5149. What they are kinds of stands in `core.errors`."""

from __future__ import annotations

from mlinfra.core.codes import Coded


class Code(Coded):
    """What can go wrong with a call to a cluster."""

    UNREACHABLE = "MLI5100", "The API of a cluster cannot be reached, or does not prove who it is."
    UNKNOWN_KIND = "MLI5101", "The API does not have that kind of object: its definition is not installed."
    MANAGED = "MLI5102", "A field of an object is managed by somebody else."
    NOT_OURS = "MLI5103", "An object of that name exists already, and does not say that it is ours."
    NOT_READY = "MLI5104", "An object exists, and did not become ready in time, or never will."
    HELD = "MLI5105", "An object is being deleted, and something holds on to it."
    WEBHOOK = "MLI5106", "A webhook that has to admit what is written does not answer."
    NO_TOKEN = "MLI5107", "The API takes the credentials for nobody's."
    CAME_BACK = "MLI5108", "What was taken down before a cluster is deleted came back."
    KUBECONFIG = "MLI5110", "A kubeconfig cannot be used."
    NO_CREDENTIAL = "MLI5111", "The program that a kubeconfig names gives no credentials."
    INSECURE = "MLI5112", "A kubeconfig asks to trust whoever answers."
    OTHER_CLUSTER = "MLI5113", "The cluster is another than the one that the state was made with."
    GARBLED = "MLI5170", "What came back from a cluster is no answer: a proxy's page, another list, or nothing."
