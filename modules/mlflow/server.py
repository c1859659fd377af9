"""The server: its pods, how they reach their database and their bucket, and who is their administrator.

Values of chart 1.11.5 and its templates (source in the contract). The chart hands PostgreSQL's own client a name and a
password from a Secret; ours holds no password, and the client then looks into its password file. MLflow's file of
accounts is written by a container of ours: the chart's own would take the names from Secrets as well.
"""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.core.value import Properties
from mlinfra.library import Handle
from mlinfra.library.database import PORT, Database
from mlinfra.library.database_password import FOLDER, PASSFILE, password_keeper, password_mount, password_volume
from mlinfra.library.pod_security import CONTAINER, POD

from .contract import ADMIN, CONTRACT, NAME

ADMIN_KEY = "password"
# What the chart reads from a Secret without a secret in it.
_OWNER, _NOTHING = "mlflow-database-owner", "nothing"
_USER = 1001  # of the chart; the file with the password is read by its owner alone
# libpq's own variables: for the server, for its migrations, and for whatever else connects in its pods.
_CONNECTING = {"PGPASSFILE": PASSFILE, "PGSSLMODE": "require"}
# What a client within the cluster may call it, or through a forwarded port: MLflow refuses other names, so that no
# page in somebody's browser reaches it by a name of its own.
_CALLED = [
    *(".".join([NAME, NAME, "svc", "cluster", "local"][:parts]) for parts in (1, 2, 3, 5)),
    "localhost",
    "localhost:*",
    "127.0.0.1:*",
]
# Beside the records, in tables of their own, MLflow 3.6 and later keep accounts.
_ACCOUNTS = f"{FOLDER}/accounts.ini"
_PREPARATION = f"""
import os
from mlflow.store.db import utils

os.umask(0o077)
with open("{_ACCOUNTS}", "w") as accounts:
    accounts.write(
        "[mlflow]\\ndefault_permission = READ\\ndatabase_uri = postgresql://\\nadmin_username = admin\\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\\n"
        "admin_password = " + os.environ["ADMIN_PASSWORD"] + "\\n"
    )
utils._initialize_tables(utils.create_sqlalchemy_engine_with_retry("postgresql://"))
""".lstrip()


def server_values(database: Database, bucket: Handle, facts: Facts, *, copies: int, domain: str) -> Properties:
    """The values of the chart. copies: of the server. domain: its name outside of the cluster; empty for none."""
    where = {"enabled": True, "host": database.host, "port": PORT, "database": database.name}
    names = {"owner": database.user, _NOTHING: ""}
    owner = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": _OWNER}, "stringData": names}
    return {
        "replicaCount": copies,
        "podSecurityContext": {**POD, "runAsUser": _USER, "runAsGroup": _USER, "fsGroup": _USER},
        "serviceAccount": {"name": NAME, "automount": False},
        "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "3Gi"}},
        "backendStore": {
            "postgres": where,
            "existingDatabaseSecret": {"name": _OWNER, "usernameKey": "owner", "passwordKey": _NOTHING},
        },
        # Clients hand artifacts to the server and get them from it: they need no rights on the bucket.
        "artifactRoot": {"proxiedArtifactStorage": True, "s3": {"enabled": True, "bucket": bucket["bucket"]}},
        "serverAllowedHosts": [*_CALLED, *([domain] if domain else [])],
        "corsAllowedOrigins": [f"https://{domain}"] if domain else [],
        "extraArgs": {"appName": "basic-auth"},
        "extraEnvVars": {
            **_CONNECTING,
            "MLFLOW_AUTH_CONFIG_PATH": _ACCOUNTS,
            "AWS_DEFAULT_REGION": facts.region,
        },
        "extraDeploy": [owner],
        "initContainers": [password_keeper(database, facts), _preparation(database)],
        "extraVolumes": [password_volume()],
        "extraVolumeMounts": [password_mount()],
    }


def _preparation(database: Database) -> Properties:
    """Brings the tables to the version of the server, and writes who its administrator is, before that starts: the
    chart's own containers would run before the database's password is there."""
    connecting = {**_CONNECTING, "PGHOST": database.host, "PGDATABASE": database.name, "PGUSER": database.user}
    admin = {"secretKeyRef": {"name": ADMIN, "key": ADMIN_KEY}}
    return {
        "name": "preparation",
        "image": f"burakince/mlflow:{CONTRACT.chart.app_version}",
        "command": ["python", "-c", _PREPARATION],
        "env": [
            *({"name": name, "value": value} for name, value in connecting.items()),
            {"name": "ADMIN_PASSWORD", "valueFrom": admin},
        ],
        "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": CONTAINER,
        "volumeMounts": [password_mount(), {"name": "tmp", "mountPath": "/tmp"}],
    }
