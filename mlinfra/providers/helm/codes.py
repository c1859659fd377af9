"""The codes of Helm and of charts: MLI5150 to MLI5199. What they are kinds of stands in `core.errors`."""

from __future__ import annotations

from mlinfra.core.codes import Coded


class Code(Coded):
    """What can go wrong with a chart or with a release of it."""

    NO_HELM = "MLI5150", "Neither the Helm SDK nor the `helm` program is installed."
    FAILED = "MLI5151", "Helm refuses what is asked, or did not get through with it."
    NOT_READY = "MLI5152", "Objects of a release did not become ready in time, or never will."
    IN_USE = "MLI5153", "A release of that name exists already, and does not say that it is ours."
    UNFINISHED = "MLI5154", "It is not known how far a release came."
    NOT_RENDERED = "MLI5155", "A chart cannot be rendered with these values."
    WRONG_CLUSTER_VERSION = "MLI5156", "A chart does not run on this version of Kubernetes."

    NO_CHART = "MLI5160", "There is no such chart, or none of that version."
    OTHER_DIGEST = "MLI5161", "A chart is not the one whose digest is pinned."
    NO_REPOSITORY = "MLI5162", "A chart repository or registry cannot be reached, or does not answer as one."
    BROKEN_CHART = "MLI5163", "What should be a chart is none."
    BAD_REFERENCE = "MLI5164", "A release does not say properly which chart it is of."
    SECRET_IN_VALUES = "MLI5165", "Values of a chart hold a secret: Helm would store it in the cluster in the clear."
