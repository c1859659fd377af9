"""The server: one program for all of Flyte, and how it reaches its database and its bucket.

Values of the chart and its templates at v2.0.42, and flytestdlib/database/postgres.go there (August 2026): without a
password Flyte asks for a connection that is not encrypted, and with one it takes further options. So it is given an
empty one, in quotes, from a file; its client then looks into the password file that the options name.
"""

from __future__ import annotations

from mlinfra.core.facts import Facts
from mlinfra.core.value import Concat, Properties
from mlinfra.library import Handle
from mlinfra.library.database import PORT, Database
from mlinfra.library.database_password import PASSFILE, password_keeper, password_mount, password_volume
from mlinfra.library.pod_security import POD

from .contract import SERVER, TASKS

NOTHING = "flyte-no-password"
_FOLDER = "/etc/flyte/no-password"
_USER = 65534  # the image has no user of its own
# Its images write where they please.
_CONTAINER = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}


def server_values(
    database: Database, bucket: Handle, facts: Facts, *, projects: tuple[str, ...], programs: Properties
) -> Properties:
    """The values of the chart. programs: what programs are told of where they sign in."""
    runs: Properties = {
        # Nothing before it says who somebody is: what a request claims to be is not believed.
        "trustForwardedIdentityHeaders": False,
        **({"seedProjects": list(projects)} if projects else {}),
        **programs,
    }
    return {
        "flyte-core-components": {
            "runs": {"storagePrefix": Concat(("s3://", bucket["bucket"]))},
            "actions": {"kubernetes": {"namespace": TASKS}},
        },
        "configuration": {
            "database": {"postgres": _connection(database)},
            "storage": {
                "metadataContainer": bucket["bucket"],
                "providerConfig": {"s3": {"region": facts.region, "authType": "iam"}},
            },
            "inline": {"runs": runs},
        },
        "deployment": {
            "podSecurityContext": {"enabled": True, **POD, "runAsUser": _USER, "runAsGroup": _USER, "fsGroup": _USER},
            "securityContext": _CONTAINER,
            "waitForDB": {"securityContext": _CONTAINER},
            "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "2Gi"}},
            "preInitContainers": [password_keeper(database, facts)],
            "extraVolumes": [password_volume(), {"name": NOTHING, "configMap": {"name": NOTHING}}],
            "extraVolumeMounts": [password_mount(), {"name": NOTHING, "mountPath": _FOLDER, "readOnly": True}],
        },
        # Its pod takes the security of its container alone.
        "console": {"securityContext": {**_CONTAINER, **POD, "runAsUser": _USER}},
        "serviceAccount": {"name": SERVER},
        # Connects tasks to services elsewhere: nobody has asked for one.
        "flyteconnector": {"enabled": False},
    }


def _connection(database: Database) -> Properties:
    return {
        "host": database.host,
        "port": PORT,
        "dbname": database.name,
        "username": database.user,
        "passwordPath": f"{_FOLDER}/{NOTHING}",
        "options": f"sslmode=require passfile={PASSFILE}",
    }
