"""Add-ons of clusters.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAddon.html and its neighbours;
https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html (2026).
"""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import Answer, Call, Proceed
from mlinfra.sandbox.aws.eks import catalogue, references
from mlinfra.sandbox.aws.eks.access import PodIdentities
from mlinfra.sandbox.aws.eks.store import Body, Cluster, Clusters, Item, in_use, invalid_parameter, not_found, replay
from mlinfra.sandbox.aws.eks.updates import begin
from mlinfra.sandbox.aws.endpoints import ClusterEndpoints
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.identity import page


class AddOnOperations(Extension):
    """CreateAddon, DescribeAddon, UpdateAddon, DeleteAddon, ListAddons, DescribeAddonVersions, its configuration."""

    service = "eks"

    def __init__(self, account: Account, endpoints: ClusterEndpoints) -> None:
        super().__init__(account)
        self._endpoints = endpoints

    def create_addon(self, call: Call, proceed: Proceed) -> Answer:
        """Begin to install an add-on."""
        cluster = self.account.store(Clusters, call.region).find_active(call["clusterName"])
        name = call["addonName"]
        existing = cluster.add_ons.get(name)
        if replay(existing, call.params):
            assert existing is not None
            return {"addon": existing.body}
        if existing is not None:
            raise in_use("Addon already exists.", clusterName=cluster.name, addonName=name)
        found = _offered(name)
        version = self._check(cluster, found, call)
        now = self.account.now()
        arn = self.account.arn("eks", f"addon/{cluster.name}/{name}/{uuid.uuid4()}", region=call.region)
        add_on = Item(
            body={
                "addonName": name,
                "clusterName": cluster.name,
                "status": "CREATING",
                "addonVersion": version,
                "health": {"issues": []},
                "addonArn": arn,
                "createdAt": now,
                "modifiedAt": now,
                "tags": dict(call.get("tags", {})),
                "namespaceConfig": call.get("namespaceConfig") or {"namespace": found.namespace},
            },
            asked=call.params,
        )
        _set_optional(add_on.body, call)
        cluster.add_ons[name] = add_on
        self._associate(cluster, add_on, call)
        self._endpoints.machines_changed()
        created = dict(add_on.body)
        self.account.timeline.after(self.account.pace.add_on, lambda: add_on.body.update(status="ACTIVE"))
        return {"addon": created}

    def describe_addon(self, call: Call, proceed: Proceed) -> Answer:
        """One add-on as it is."""
        return {"addon": self._find(call)[1].body}

    def list_addons(self, call: Call, proceed: Proceed) -> Answer:
        """The names of a cluster's add-ons."""
        cluster = self.account.store(Clusters, call.region).find(call["clusterName"])
        found, token = page(sorted(cluster.add_ons), call.get("maxResults"), call.get("nextToken"))
        return {"addons": found, "nextToken": token}

    def update_addon(self, call: Call, proceed: Proceed) -> Answer:
        """Change the version, the role or the configuration."""
        cluster, add_on = self._find(call)
        if add_on.status in ("CREATING", "UPDATING", "DELETING"):
            raise in_use(f"Addon is in {add_on.status} state", clusterName=cluster.name, addonName=call["addonName"])
        version = self._check(cluster, _offered(call["addonName"]), call, add_on.body["addonVersion"])

        def finish() -> None:
            add_on.body["addonVersion"] = version
            add_on.body["modifiedAt"] = self.account.now()
            if not call.get("serviceAccountRoleArn"):
                add_on.body.pop("serviceAccountRoleArn", None)  # an update without the role takes it away
            _set_optional(add_on.body, call)
            if call.get("podIdentityAssociations") is not None:
                self._associate(cluster, add_on, call)
            self._endpoints.machines_changed()

        params = {
            "AddonVersion": version,
            "ServiceAccountRoleArn": call.get("serviceAccountRoleArn"),
            "ResolveConflicts": call.get("resolveConflicts"),
            "ConfigurationValues": call.get("configurationValues"),
        }
        given = {name: value for name, value in params.items() if value is not None}
        part = ("addon", call["addonName"])
        return {"update": begin(self.account, cluster, add_on, "AddonUpdate", given, finish, part=part)}

    def delete_addon(self, call: Call, proceed: Proceed) -> Answer:
        """Begin to remove an add-on."""
        cluster, add_on = self._find(call)
        add_on.body["status"] = "DELETING"
        self.account.timeline.after(self.account.pace.deletion, lambda: self._remove(cluster, call["addonName"]))
        return {"addon": add_on.body}

    def describe_addon_versions(self, call: Call, proceed: Proceed) -> Answer:
        """What is on offer, and for which Kubernetes versions."""
        kubernetes = call.get("kubernetesVersion")
        names = [version.name for version in catalogue.VERSIONS if kubernetes in (None, version.name)]
        wanted = call.get("addonName")
        shown = [_shown(found, names) for found in catalogue.ADD_ONS if wanted in (None, found.name)]
        found, token = page(shown, call.get("maxResults"), call.get("nextToken"))
        return {"addons": found, "nextToken": token}

    def describe_addon_configuration(self, call: Call, proceed: Proceed) -> Answer:
        """The schema of an add-on's configuration: any object, as the sandbox knows no more of it."""
        _offered(call["addonName"])
        schema = {"$schema": "http://json-schema.org/draft-07/schema#", "type": "object"}
        return {
            "addonName": call["addonName"],
            "addonVersion": call["addonVersion"],
            "configurationSchema": msgspec.json.encode(schema).decode(),
        }

    def _find(self, call: Call) -> tuple[Cluster, Item]:
        cluster = self.account.store(Clusters, call.region).find(call["clusterName"])
        name = call["addonName"]
        if name not in cluster.add_ons:
            raise not_found(
                f"No addon: {name} found in cluster: {cluster.name}", clusterName=cluster.name, addonName=name
            )
        return cluster, cluster.add_ons[name]

    def _check(self, cluster: Cluster, found: catalogue.AddOn, call: Call, present: str = "") -> str:
        """Refuse what cannot be installed; answers the version that will be."""
        offered = catalogue.add_on_versions(found, cluster.body["version"])
        version = call.get("addonVersion") or present or offered[0]
        if version not in offered and version != present:
            raise invalid_parameter(f"Addon version specified is not supported: {version}", addonName=found.name)
        if role := call.get("serviceAccountRoleArn"):
            references.require_existing_role(self.account, role)
        if values := call.get("configurationValues"):
            _check_configuration(values)
        return str(version)

    def _associate(self, cluster: Cluster, add_on: Item, call: Call) -> None:
        """Make the pod identity associations that the add-on owns, in place of those that it had."""
        owned = PodIdentities(self.account, call.region)
        owned.drop(cluster, add_on.body["addonArn"])
        arns = []
        for asked in call.get("podIdentityAssociations", []):
            params = {**asked, "namespace": add_on.body["namespaceConfig"]["namespace"]}
            arns.append(owned.make(cluster, params, owner=add_on.body["addonArn"]).body["associationArn"])
        if arns:
            add_on.body["podIdentityAssociations"] = arns
        else:
            add_on.body.pop("podIdentityAssociations", None)

    def _remove(self, cluster: Cluster, name: str) -> None:
        add_on = cluster.add_ons.pop(name, None)
        if add_on is not None:
            PodIdentities(self.account, self.account.region).drop(cluster, add_on.body["addonArn"])
            self._endpoints.machines_changed()


def _offered(name: str) -> catalogue.AddOn:
    found = catalogue.add_on(name)
    if found is None:
        raise invalid_parameter(f"Addon {name} specified is not supported", addonName=name)
    return found


def _set_optional(body: Body, call: Call) -> None:
    for name in ("serviceAccountRoleArn", "configurationValues"):
        if call.get(name):
            body[name] = call.get(name)


def _check_configuration(values: str) -> None:
    """JSON or YAML is taken; what looks like JSON must be it."""
    if values.lstrip().startswith("{"):
        try:
            msgspec.json.decode(values)
        except msgspec.DecodeError as error:
            raise invalid_parameter(f"ConfigurationValue is not in valid JSON or YAML format: {error}") from error


def _shown(found: catalogue.AddOn, kubernetes: list[str]) -> dict[str, Any]:
    by_version: dict[str, list[str]] = {}
    for name in kubernetes:
        for version in catalogue.add_on_versions(found, name):
            by_version.setdefault(version, []).append(name)
    return {
        "addonName": found.name,
        "type": found.kind,
        "publisher": found.publisher,
        "owner": "aws" if found.publisher == "eks" else found.publisher,
        "defaultNamespace": found.namespace,
        "addonVersions": [
            {
                "addonVersion": version,
                "architecture": ["amd64", "arm64"],
                "computeTypes": ["ec2", "fargate", "hybrid"],
                "requiresConfiguration": False,
                "requiresIamPermissions": found.needs_role,
                "compatibilities": [
                    {
                        "clusterVersion": name,
                        "platformVersions": ["*"],
                        "defaultVersion": catalogue.add_on_versions(found, name)[0] == version,
                    }
                    for name in names
                ],
            }
            for version, names in by_version.items()
        ],
    }
