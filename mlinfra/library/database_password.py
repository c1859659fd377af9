"""How pods come by the password of their database: a file beside them, kept up to date.

A container of the pod's own reads the secret by pod identity and writes it as a password file of PostgreSQL, into
memory. Clients read that file at every connection, so that a password which RDS has changed is used without a restart,
and none stands in an environment, in etcd or on a disk. Both families of clients know such files: libpq
(https://www.postgresql.org/docs/current/libpq-pgpass.html) and pgx (pgconn/config.go), by `PGPASSFILE` and `passfile`
alike. docs/decisions/0040 says what else was thought of.
"""

from __future__ import annotations

from typing import Any

from mlinfra.core.facts import Facts
from mlinfra.library.database import Database
from mlinfra.library.images import AWS
from mlinfra.library.pod_security import CONTAINER

FOLDER = "/run/database"
PASSFILE = f"{FOLDER}/pgpass"
_NAME = "database-password"

# libpq takes no file that anybody else may read; within one, colons and backslashes are escaped. What is JSON in the
# secret is given back its characters first. Written beside and moved, so that nobody reads half of it.
SCRIPT = r"""
set -eu
umask 077
while :; do
  secret=$(aws secretsmanager get-secret-value --secret-id "$SECRET" --query SecretString --output text)
  [[ $secret =~ \"password\":\ *\"(([^\"\\]|\\.)*)\" ]]
  password=$(printf '%b' "${BASH_REMATCH[1]//\\\"/\\x22}")
  password=${password//\\/\\\\}
  printf '*:*:*:*:%s\n' "${password//:/\\:}" > "$PGPASSFILE.new"
  mv "$PGPASSFILE.new" "$PGPASSFILE"
  sleep 60
done
""".lstrip()


def password_keeper(database: Database, facts: Facts) -> dict[str, Any]:
    """The container, among those that start before the program's own and run beside it: it is there once it has
    written the file (Kubernetes 1.29 and later: an init container that is always restarted)."""
    return {
        "name": _NAME,
        "image": AWS.reference,
        "restartPolicy": "Always",
        "command": ["bash", "-c", SCRIPT],
        "env": [
            {"name": "SECRET", "value": database.password},
            {"name": "PGPASSFILE", "value": PASSFILE},
            {"name": "AWS_REGION", "value": facts.region},
            {"name": "HOME", "value": FOLDER},
        ],
        "startupProbe": {"exec": {"command": ["test", "-s", PASSFILE]}, "periodSeconds": 2, "failureThreshold": 150},
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "256Mi"}},
        "securityContext": CONTAINER,
        "volumeMounts": [password_mount()],
    }


def password_volume() -> dict[str, Any]:
    """The volume that the file lies in."""
    return {"name": _NAME, "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}}


def password_mount() -> dict[str, Any]:
    """Where a container finds it."""
    return {"name": _NAME, "mountPath": FOLDER}
