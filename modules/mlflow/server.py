"""The server: its pods, and how they reach their database and their bucket.

Values of chart 1.11.5 and its templates (source in the contract). The chart hands PostgreSQL's own client a name and a
password by environment; ours is empty there, and the client then looks into its password file.
"""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.core.value import Properties
from mlinfra.library import Handle
from mlinfra.library.database import PORT, Database
from mlinfra.library.database_password import PASSFILE, password_keeper, password_mount, password_volume
from mlinfra.library.pod_security import CONTAINER, POD

from .contract import ADMIN, CONTRACT, NAME

USER_KEY, ADMIN_KEY, NOTHING = "admin", "admin-password", "nothing"

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
_MIGRATION = (
    "from mlflow.store.db import utils; utils._initialize_tables(utils.create_sqlalchemy_engine_with_retry({}))"
)


def server_values(database: Database, bucket: Handle, facts: Facts, *, copies: int) -> Properties:
    """The values of the chart. copies: of the server."""
    where = {"enabled": True, "host": database.host, "port": PORT, "database": database.name}
    owner = {"name": ADMIN, "usernameKey": "owner", "passwordKey": NOTHING}
    return {
        "replicaCount": copies,
        "podSecurityContext": {**POD, "runAsUser": _USER, "runAsGroup": _USER, "fsGroup": _USER},
        "serviceAccount": {"name": NAME, "automount": False},
        "resources": {"requests": {"cpu": "250m", "memory": "1Gi"}, "limits": {"memory": "3Gi"}},
        "backendStore": {"postgres": where, "existingDatabaseSecret": owner},
        # Clients hand artifacts to the server and get them from it: they need no rights on the bucket.
        "artifactRoot": {"proxiedArtifactStorage": True, "s3": {"enabled": True, "bucket": bucket["bucket"]}},
        "auth": {
            "enabled": True,
            "existingAdminSecret": {"name": ADMIN, "usernameKey": USER_KEY, "passwordKey": ADMIN_KEY},
            # Beside the records, in tables of their own (MLflow 3.6 and later).
            "postgres": {**where, "existingSecret": owner},
        },
        "serverAllowedHosts": _CALLED,
        "extraEnvVars": {**_CONNECTING, "AWS_DEFAULT_REGION": facts.region},
        "initContainers": [password_keeper(database, facts), _migration(database)],
        "extraVolumes": [password_volume()],
        "extraVolumeMounts": [password_mount()],
    }


def _migration(database: Database) -> Properties:
    """Brings the tables to the version of the server, before that starts: the chart's own would run before the
    password is there."""
    connecting = {**_CONNECTING, "PGHOST": database.host, "PGDATABASE": database.name, "PGUSER": database.user}
    return {
        "name": "migration",
        "image": f"burakince/mlflow:{CONTRACT.chart.app_version}",
        "command": ["python", "-c", _MIGRATION.format("'postgresql://'")],
        "env": [{"name": name, "value": value} for name, value in connecting.items()],
        "resources": {"requests": {"cpu": "100m", "memory": "512Mi"}, "limits": {"memory": "1Gi"}},
        "securityContext": CONTAINER,
        "volumeMounts": [password_mount(), {"name": "tmp", "mountPath": "/tmp"}],
    }
