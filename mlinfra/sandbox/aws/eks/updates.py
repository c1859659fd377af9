"""Changes to clusters, each an update of its own that takes its time.

Also the bookkeeping of updates for node groups and add-ons: `begin`.
https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeUpdate.html (2026).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import Answer, Call, Proceed
from mlinfra.sandbox.aws.eks import catalogue, references
from mlinfra.sandbox.aws.eks.clusters import logging
from mlinfra.sandbox.aws.eks.store import Body, Cluster, Clusters, Item, invalid_parameter, invalid_request, not_found
from mlinfra.sandbox.aws.endpoints import ClusterEndpoints
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.identity import page

Errors = list[dict[str, Any]]


def begin(
    account: Account,
    cluster: Cluster,
    item: Item,
    kind: str,
    params: Mapping[str, Any],
    finish: Callable[[], Errors | None],
    *,
    part: tuple[str, str] = ("", ""),
) -> Body:
    """Begin an update of a cluster or of its `part` (`nodegroup` or `addon`, and its name).

    The item is UPDATING until `finish` has run, which answers the errors of an update that failed.
    """
    update: Body = {
        "id": str(uuid.uuid4()),
        "status": "InProgress",
        "type": kind,
        "params": [{"type": name, "value": _text(value)} for name, value in params.items()],
        "createdAt": account.now(),
        "errors": [],
    }
    cluster.updates[update["id"]] = update
    cluster.update_of[update["id"]] = part
    item.body["status"] = "UPDATING"
    begun = dict(update)

    def end() -> None:
        item.body["status"] = "ACTIVE"
        errors = finish() or []
        update["errors"] = errors
        update["status"] = "Failed" if errors else "Successful"

    account.timeline.after(account.pace.update, end)
    return begun


def _text(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


class UpdateOperations(Extension):
    """UpdateClusterVersion, UpdateClusterConfig, AssociateEncryptionConfig, DescribeUpdate, ListUpdates."""

    service = "eks"

    def __init__(self, account: Account, endpoints: ClusterEndpoints) -> None:
        super().__init__(account)
        self._endpoints = endpoints

    def update_cluster_version(self, call: Call, proceed: Proceed) -> Answer:
        """Upgrade the control plane by one minor version: more is refused, and so are nodes left too far behind.

        https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html (2026).
        """
        cluster = self.account.store(Clusters, call.region).find_active(call["name"])
        present, wanted = cluster.body["version"], call["version"]
        if not catalogue.is_offered(wanted):
            raise invalid_parameter(f"unsupported Kubernetes version {wanted}")
        if catalogue.minor(wanted) != catalogue.minor(present) + 1:
            raise invalid_parameter(f"Unsupported Kubernetes minor version update from {present} to {wanted}")
        for name, group in cluster.node_groups.items():
            if catalogue.minor(wanted) - catalogue.minor(group.body["version"]) > catalogue.NODE_SKEW:
                raise invalid_request(f"Nodegroup {name} must be updated before the cluster can be at {wanted}")

        def finish() -> None:
            cluster.body["version"] = wanted
            self._endpoints.version_changed(cluster.body["arn"], wanted)

        asked = {"Version": wanted, "PlatformVersion": "eks.1"}
        return {"update": begin(self.account, cluster, cluster, "VersionUpdate", asked, finish)}

    def update_cluster_config(self, call: Call, proceed: Proceed) -> Answer:
        """Change one aspect of a cluster: EKS takes one a call."""
        cluster = self.account.store(Clusters, call.region).find_active(call["name"])
        asked = {name: value for name, value in call.params.items() if name in _ASPECTS and value is not None}
        if len(asked) != 1:
            raise invalid_parameter("Only one type of update can be allowed")
        ((name, value),) = asked.items()
        changed, kind, params = _ASPECTS[name](self, call, cluster, value)
        if _includes(cluster.body, changed):
            raise invalid_parameter("Cluster is already at the desired configuration")

        def finish() -> None:
            for key, content in changed.items():
                merged = isinstance(content, dict) and key != "logging"
                cluster.body[key] = {**cluster.body.get(key, {}), **content} if merged else content

        return {"update": begin(self.account, cluster, cluster, kind, params, finish)}

    def associate_encryption_config(self, call: Call, proceed: Proceed) -> Answer:
        """Encrypt the secrets of a cluster: once and for all."""
        cluster = self.account.store(Clusters, call.region).find_active(call["clusterName"])
        for config in call["encryptionConfig"]:
            references.require_key(self.account, call.region, config["provider"]["keyArn"])
        if cluster.body.get("encryptionConfig"):
            raise invalid_parameter(
                "Encryption config cannot be associated: the cluster has one", clusterName=cluster.name
            )
        config = call["encryptionConfig"]

        def finish() -> None:
            cluster.body["encryptionConfig"] = config

        asked = {"EncryptionConfig": config}
        return {"update": begin(self.account, cluster, cluster, "AssociateEncryptionConfig", asked, finish)}

    def describe_update(self, call: Call, proceed: Proceed) -> Answer:
        """One update as it stands."""
        cluster = self.account.store(Clusters, call.region).find(call["name"])
        if call["updateId"] not in cluster.updates:
            raise not_found(f"No update found for ID: {call['updateId']}", clusterName=cluster.name)
        return {"update": cluster.updates[call["updateId"]]}

    def list_updates(self, call: Call, proceed: Proceed) -> Answer:
        """The updates of a cluster itself, or of its node group or add-on that is named."""
        cluster = self.account.store(Clusters, call.region).find(call["name"])
        part = ("", "")
        for kind in ("nodegroup", "addon"):
            if name := call.get(f"{kind}Name"):
                part = (kind, name)
        ids = [key for key, of in cluster.update_of.items() if of == part]
        found, token = page(ids, call.get("maxResults"), call.get("nextToken"))
        return {"updateIds": found, "nextToken": token}

    def _network(self, call: Call, cluster: Cluster, value: Body) -> tuple[Body, str, Body]:
        subnets, groups = value.get("subnetIds"), value.get("securityGroupIds")
        if subnets:
            references.require_subnets(self.account, call.region, subnets, zones=2)
        if groups:
            references.require_security_groups(self.account, call.region, groups, cluster.vpc)
        asked = {name: content for name, content in value.items() if content is not None}
        after = {**cluster.body["resourcesVpcConfig"], **asked}
        if not after["endpointPublicAccess"] and not after["endpointPrivateAccess"]:
            raise invalid_parameter("Private and public endpoint access cannot be both disabled")
        vpc = bool(subnets or groups)
        names = {
            "endpointPublicAccess": "EndpointPublicAccess",
            "endpointPrivateAccess": "EndpointPrivateAccess",
            "publicAccessCidrs": "PublicAccessCidrs",
            "subnetIds": "Subnets",
            "securityGroupIds": "SecurityGroups",
        }
        params = {names[name]: content for name, content in asked.items() if name in names}
        return {"resourcesVpcConfig": asked}, "VpcConfigUpdate" if vpc else "EndpointAccessUpdate", params

    def _logging(self, call: Call, cluster: Cluster, value: Body) -> tuple[Body, str, Body]:
        after = logging(value, cluster.body["logging"])
        return {"logging": after}, "LoggingUpdate", {"ClusterLogging": value["clusterLogging"]}

    def _access(self, call: Call, cluster: Cluster, value: Body) -> tuple[Body, str, Body]:
        modes = ["CONFIG_MAP", "API_AND_CONFIG_MAP", "API"]
        present, wanted = cluster.body["accessConfig"]["authenticationMode"], value["authenticationMode"]
        # https://docs.aws.amazon.com/eks/latest/userguide/setting-up-access-entries.html: there is no way back.
        if modes.index(wanted) < modes.index(present):
            raise invalid_parameter(f"Unsupported authentication mode update from {present} to {wanted}")
        return {"accessConfig": {"authenticationMode": wanted}}, "AccessConfigUpdate", {"AuthenticationMode": wanted}

    def _upgrade_policy(self, call: Call, cluster: Cluster, value: Body) -> tuple[Body, str, Body]:
        return {"upgradePolicy": value}, "UpgradePolicyUpdate", {"UpgradePolicy": value}

    def _zonal_shift(self, call: Call, cluster: Cluster, value: Body) -> tuple[Body, str, Body]:
        return {"zonalShiftConfig": value}, "ZonalShiftConfigUpdate", {"ZonalShiftConfig": value}

    def _deletion_protection(self, call: Call, cluster: Cluster, value: bool) -> tuple[Body, str, Body]:
        return {"deletionProtection": value}, "DeletionProtectionUpdate", {"DeletionProtection": value}


_ASPECTS: Mapping[str, Callable[[UpdateOperations, Call, Cluster, Any], tuple[Body, str, Body]]] = {
    "resourcesVpcConfig": UpdateOperations._network,
    "logging": UpdateOperations._logging,
    "accessConfig": UpdateOperations._access,
    "upgradePolicy": UpdateOperations._upgrade_policy,
    "zonalShiftConfig": UpdateOperations._zonal_shift,
    "deletionProtection": UpdateOperations._deletion_protection,
}


def _includes(body: Body, changed: Body) -> bool:
    """Whether a cluster is already as it shall be."""
    for key, value in changed.items():
        present = body.get(key)
        if isinstance(value, dict) and isinstance(present, dict):
            if any(_sorted(present.get(name)) != _sorted(content) for name, content in value.items()):
                return False
        elif present != value:
            return False
    return True


def _sorted(value: Any) -> Any:
    return sorted(value) if isinstance(value, list) and all(isinstance(item, str) for item in value) else value
