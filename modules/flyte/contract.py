"""What Flyte brings onto a cluster."""

from __future__ import annotations

from mlinfra.library.bucket import BUCKET_TYPES, WRITES
from mlinfra.library.contract import Chart, Contract, Definition, Entrance, Namespace, Permission, Teardown, Workload
from mlinfra.library.database import DATABASE_TYPES, KEPT, PASSWORD, PASSWORD_READS
from mlinfra.library.images import AWS

NAMESPACE = "flyte"
TASKS = "flyte-tasks"
SERVER = "flyte"
# Tasks that name no other run under this account.
RUNNERS = "default"
NAME = "flyte-binary"
API, CONSOLE = 8090, 8080  # on which its pods listen

CONTRACT = Contract(
    charts=(
        # The sources fill the version in at release: it is that of the tag, and so are the images in it.
        Chart(
            name=NAME,
            version="v2.0.42",
            digest="sha256:1404906e6372a54d256e137c3c3d3f0cc3b77e59710c58e94a61a28d9d9ee69e",
            repository="https://flyteorg.github.io/flyte",
            source="https://github.com/flyteorg/flyte/tree/508f1ae8d1fcf620d4298b8ab970c531110604f7",
            looked_up="2026-08-15",
        ),
    ),
    images=(AWS,),
    namespaces=(
        # Its API, its console, and its webhook, which sees the pods of tasks.
        Namespace(
            name=NAMESPACE,
            entrances=(Entrance("pods", (API, CONSOLE)), Entrance("control-plane", (9443,))),
        ),
        # Tasks bring images and settings of their authors' own.
        Namespace(name=TASKS, level="baseline", entrances=()),
    ),
    crds=(Definition("taskactions.flyte.org", "TaskAction", ("v1",)),),
    workloads=(Workload("Deployment", NAMESPACE, NAME), Workload("Deployment", NAMESPACE, f"{NAME}-console")),
    permissions=(
        Permission(service_account=SERVER, namespace=NAMESPACE, statements=(*WRITES, *PASSWORD_READS)),
        Permission(service_account=RUNNERS, namespace=TASKS, statements=WRITES),
    ),
    cloud=(*BUCKET_TYPES, *DATABASE_TYPES),
    secrets=(PASSWORD,),
    dashboards=("flyte",),
    sign_in="None of its own: the load balancer asks people who they are; whatever is in the cluster reaches it",
    teardown=Teardown(
        recipe="Its tasks, while it still runs, then the release, its namespaces, its database and its bucket.",
        drain=("TaskAction.flyte.org",),
        keeps=(
            "the data of its runs, while their bucket is not empty, unless the stack is ephemeral",
            KEPT,
            "the webhook that it registers itself, which is asked about pods with secrets of Flyte alone",
        ),
    ),
)
