"""What Flyte brings onto a cluster."""

from __future__ import annotations

from mlinfra.library.bucket import BUCKET_TYPES, WRITES
from mlinfra.library.contract import Chart, Contract, Definition, Namespace, Permission, Teardown, Workload
from mlinfra.library.database import DATABASE_TYPES, KEPT, PASSWORD, PASSWORD_READS
from mlinfra.library.images import AWS

NAMESPACE = "flyte"
TASKS = "flyte-tasks"
SERVER = "flyte"
# Tasks that name no other run under this account.
RUNNERS = "default"
NAME = "flyte-binary"

CONTRACT = Contract(
    charts=(
        # The repository fills the version in at release: it is that of the tag, and so are the images in it.
        Chart(
            name=NAME,
            version="v2.0.43",
            repository="https://flyteorg.github.io/flyte",
            source="https://github.com/flyteorg/flyte/tree/6fadb90d65af26f4db908ec1c5f5af546a3e4299",
            looked_up="2026-08-21",
        ),
    ),
    images=(AWS,),
    namespaces=(
        Namespace(name=NAMESPACE),
        # Tasks bring images and settings of their authors' own.
        Namespace(name=TASKS, level="baseline"),
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
    sign_in="None of its own: who may forward ports in its namespace gets in, and nobody from outside of the cluster",
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
