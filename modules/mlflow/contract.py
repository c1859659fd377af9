"""What MLflow brings onto a cluster."""

from __future__ import annotations

from mlinfra.library.bucket import BUCKET_TYPES, WRITES
from mlinfra.library.contract import Chart, Contract, Credential, Entrance, Namespace, Permission, Teardown, Workload
from mlinfra.library.database import DATABASE_TYPES, KEPT, PASSWORD, PASSWORD_READS
from mlinfra.library.images import AWS
from mlinfra.library.password import PASSWORD_TYPES

NAME = "mlflow"
ADMIN = "mlflow-admin"
PORT = 5000  # on which its pods listen

CONTRACT = Contract(
    charts=(
        Chart(
            name=NAME,
            version="1.11.5",
            digest="sha256:0237fb496b8ae21f34f170711622c605af1225d0448a13808ba67ad095f6be3d",
            repository="https://community-charts.github.io/helm-charts",
            app_version="3.15.1",
            source="https://github.com/community-charts/helm-charts/tree/ae700fffcd2bf190f59b3ed614d82aede1643ae1",
            looked_up="2026-08-22",
        ),
    ),
    images=(AWS,),
    namespaces=(Namespace(name=NAME, entrances=(Entrance("pods", (PORT,)),)),),
    workloads=(Workload("Deployment", NAME, NAME),),
    permissions=(Permission(service_account=NAME, namespace=NAME, statements=(*WRITES, *PASSWORD_READS)),),
    cloud=(*BUCKET_TYPES, *DATABASE_TYPES, *PASSWORD_TYPES),
    secrets=(Credential(ADMIN, "MLflow's administrator; generated inside Secrets Manager"), PASSWORD),
    dashboards=(NAME,),
    sign_in="MLflow's own, as admin with the generated password; who else gets in, the administrator says there",
    teardown=Teardown(
        recipe="The release, then its namespace, its database and its bucket.",
        keeps=("the artifacts, while their bucket is not empty, unless the stack is ephemeral", KEPT),
    ),
)
