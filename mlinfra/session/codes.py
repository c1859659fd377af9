"""The codes of putting things together: MLI3060 to MLI3099, MLI3155 to MLI3158, MLI3250, and the session's refusals."""

from __future__ import annotations

from mlinfra.core.codes import Coded


class Code(Coded):
    """What can be wrong where stack, cloud and state meet."""

    LEFT_BEHIND = "MLI3008", "A destroy has ended and something is left."
    DATA_KEPT = "MLI3009", "A cluster is gone, and volumes or snapshots of it were kept for the data in them."
    OTHER_CONNECTION = "MLI3060", "What the state holds was made in another account or region, or in another cluster."
    NO_SECRET = "MLI3061", "A secret that is referred to cannot be read."
    CLUSTER_CLOSED = "MLI3063", "A cluster that a plan reaches into is gone, or cannot be seen."
    NO_REPOSITORY = "MLI3064", "What is to be compared lies in no git repository."
    NO_REVISION = "MLI3065", "The repository has no such revision."
    GIT_FAILED = "MLI3066", "git cannot be run, or fails."
    NO_STACK_AT_ALL = "MLI3067", "Neither of two revisions has the stack file."
    OTHER_STACK = "MLI3068", "Two revisions of a stack file describe stacks of other names or places (a warning)."
    FORMER_NAME = "MLI3098", "A stack is new by its name, and another beside it is made of the same things (a warning)."
    GUARDED = "MLI3099", "What is replaced has a protection of AWS's own, which keeps it (a warning)."
    FILE_GONE = (
        "MLI3069",
        "A revision no longer has the stack file; its objects stay until they are destroyed (a warning).",
    )
    NEIGHBOUR_NEEDED = "MLI3074", "An output of another stack would be needed, and no state is read."
    PLAN_UNWRITABLE = "MLI3070", "A plan file cannot be written."
    PLAN_UNREADABLE = "MLI3071", "A plan file cannot be read."
    NO_PLAN = "MLI3072", "A file is no plan, or a damaged one."
    OTHER_PLAN_FORMAT = "MLI3073", "A plan file has the format of another version."
    DONE_MEANWHILE = "MLI3078", "Another run has done the same while this one planned."
    STOOD_IN = "MLI3076", "Charts are stood in for by objects made from contracts, in the sandbox (a note)."
    PARTS_UNSEEN = (
        "MLI3075",
        "What a change carries with it cannot be shown; an error where it could not be made either.",
    )
    KEPT_ON_PURPOSE = "MLI3140", "What a deletion leaves on purpose, and what that costs (a note)."
    MAJOR_VERSION = "MLI3170", "A chart or a database engine goes to another major version (a warning)."
    ONE_WAY = "MLI3161", "A size or a version would go down that can only go up."
    NODES_ROLL = "MLI3160", "Every node of a group is replaced by an update of it (a note)."
    BY_THE_STATE = "MLI3082", "A stack file cannot be followed, and what was last applied is gone by (a warning)."
    READ_BY_OTHERS = "MLI3083", "Other stacks read the outputs of one that is destroyed (a warning)."
    LODGERS = "MLI3250", "Other stacks stand in a network that is deleted (a warning)."
    NO_REACH = "MLI3085", "A cluster's API is private, and nothing says how apply reaches it."
    NO_PROXY = "MLI3155", "A cluster is reached through a proxy, and none is named, or it cannot be spoken to."
    NO_PLUGIN = "MLI3156", "A cluster is reached through Session Manager, and its plugin is not installed here."
    NO_BASTION = "MLI3157", "No machine of the network can carry a tunnel to the cluster."
    NO_TUNNEL = "MLI3158", "A tunnel to a cluster did not open."
    HOPS = "MLI3086", "An upgrade is made in several steps, one after the other (a note)."
    TOO_FAR = "MLI3087", "An upgrade goes further than the nodes of the cluster may lie behind."
    VERSION_DOWN = "MLI3088", "A cluster would go to an older version, which EKS refuses."
    PERHAPS_RENAMED = "MLI3089", "An entry goes and another of the same shape comes (a note)."
    UNVALIDATED = "MLI3079", "Objects of a kind are planned without anything to hold them against (a note)."
    REFUSED_PROPERTY = "MLI3080", "The cloud would refuse a property of a resource."
    SAME_OBJECT = "MLI3120", "Two resources of a stack are one and the same object."
    RANGES_OVERLAP = "MLI3121", "Ranges of addresses that cannot stand beside each other."
    WAYS_CLASH = "MLI3122", "Two resources answer the same requests."
    NO_NAMESPACE = "MLI3123", "An object stands in a namespace that nothing in the stack makes (a warning)."
    UNKNOWN_MACHINE = "MLI3124", "A machine type that this version does not know, and cannot check (a warning)."
    UNKNOWN_ADDON = "MLI3125", "An EKS add-on that this version does not know, and cannot check (a warning)."
    DEFAULTS_CLASH = "MLI3128", "Two objects are both to be the default of a cluster that has one."
    DOMAINS_CLASH = "MLI3127", "Two load balancers answer to one domain."
    NO_MACHINE = "MLI3126", "No machine type can have that name."
    NO_CLUSTER = "MLI3062", "The stack has no cluster to connect to."
    ADDRESS_HELD = "MLI3091", "The address to adopt an object at holds another one already."
    RENAMES_NOTHING = "MLI3195", "A rename is from an address that nothing has, or nothing has any more (a note)."
    IDLE_NAME = "MLI3081", "Protection or a rename names nothing that the stack has (a warning)."
    NO_RECORD = "MLI3090", "The state has no record of that address."
    NO_SANDBOX = "MLI6000", "The simulated cloud is not installed."
