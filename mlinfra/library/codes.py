"""The codes of the library and of the modules that travel with it: MLI2000 to MLI2999.

docs/codes.md is generated from the members. A user's own module has `REFUSED`, or codes of its own.
"""

from __future__ import annotations

from mlinfra.core.codes import Coded


class Code(Coded):
    """What can be wrong with modules, and with what a stack asks of them."""

    BROKEN_MODULE = "MLI2001", "A module folder cannot be loaded."
    BREACH_OF_CONTRACT = "MLI2002", "A module does not keep the contract of modules."
    MODULES_CLASH = "MLI2003", "Two modules claim one name or one section."
    MODULES_IN_A_CIRCLE = "MLI2004", "Modules need each other in a circle."
    NOT_PLANNED_YET = "MLI2005", "A section that no module can plan yet."
    WRONG_FORM = "MLI2006", "An input has the wrong form."
    SECTION_MISSING = "MLI2007", "A section needs another one that the stack does not have."
    REFERENCE_TO_NOTHING = "MLI2008", "A reference names nothing."
    MODULE_FAILED = "MLI2009", "A module failed."
    WRONG_PLATFORM = "MLI2010", "A section cannot be made on this platform."
    ADDRESS_TAKEN = "MLI2011", "Two resources have one address."
    DEPENDS_ON_NOTHING = "MLI2012", "DependsOn names nothing."
    NO_CONNECTION = "MLI2013", "A resource needs a connection that the stack does not have."
    MODULE_REPLACED = "MLI2014", "A module of the project stands in for another one (a note)."
    UNKNOWN_SECTION = "MLI2015", "A section that no module implements."
    REFUSED = "MLI2020", "A module refuses its inputs."
    ADDRESS_RANGE = "MLI2101", "The address range of the network cannot be divided."
    NETWORK_ZONES = "MLI2102", "The network asks for zones that the region does not have."
    NETWORK_USED_AND_CHANGED = "MLI2103", "A network that exists is used, and to be changed, at once."
    ENDPOINT_TWICE = "MLI2105", "A VPC endpoint is named twice."
    CLUSTER_VERSION = "MLI2201", "EKS does not offer this Kubernetes version."
    CLUSTER_ENDPOINT = "MLI2202", "Nobody, or everybody, could reach the cluster's API."
    ACCESS_AMBIGUOUS = "MLI2203", "An access entry is ambiguous."
    ACCESS_PRINCIPAL = "MLI2204", "An access entry names an identity that cannot be one."
    CLUSTER_ZONES = "MLI2205", "A cluster needs subnets in two zones."
    ACCESS_NAMESPACES = "MLI2206", "A policy of the whole cluster is limited to namespaces."
    NO_ROOM = "MLI2207", "No node group has room for the cluster's own pods."
    INSTANCE_TYPE = "MLI2301", "The region does not offer an instance type."
    INSTANCE_TYPES_MIXED = "MLI2302", "Instance types that cannot share one machine image."
    GROUP_SIZE = "MLI2303", "The sizes of a node group contradict each other."
    CAPACITY_FIELDS = "MLI2304", "A field that this kind of capacity does not have."
    GROUP_ZONES = "MLI2306", "A node group asks for zones that the network does not have."
    NODES_CUT_OFF = "MLI2307", "Nodes could not reach what they need to join."
    VOLUME_PERFORMANCE = "MLI2308", "A volume with impossible performance."
    LABEL_OR_TAINT = "MLI2309", "A label or taint that Kubernetes or mlinfra keeps for itself."
    FABRIC = "MLI2310", "A node group with EFA that could not use it."
    PLACEMENT = "MLI2311", "A node group that its placement group cannot hold."
    MACHINE_IMAGE = "MLI2312", "EKS has no machine image for a node group."
    MIRROR_OR_REPOSITORY = "MLI2401", "A registry is a mirror and a repository at once."
    REGISTRY_NAME = "MLI2402", "A name that ECR refuses."
    BALANCER_RANGES = "MLI2501", "Nobody, or everybody, could use a load balancer."
    BALANCER_GATEWAY = "MLI2502", "A gateway that does not go with the kind of load balancer."
    BALANCER_SUBNETS = "MLI2503", "A load balancer has no subnets to stand in."
    ALERT_RECEIVER = "MLI2601", "A receiver of alerts that cannot be told."
    LOG_RETENTION = "MLI2602", "A time that CloudWatch keeps no logs for."
    METRIC_RETENTION = "MLI2603", "A retention of metrics that cannot be chosen."
