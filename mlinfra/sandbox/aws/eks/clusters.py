"""Clusters: made, described, changed and deleted, with all that EKS makes in the VPC for them.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html and its neighbours; the cluster security
group: https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html; the control plane's network interfaces:
https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html (2026).
"""

from __future__ import annotations

import base64
from typing import Any

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.call import Answer, Call, Proceed
from mlinfra.sandbox.aws.eks import catalogue, references
from mlinfra.sandbox.aws.eks.store import (
    AccessEntry,
    Body,
    Cluster,
    Clusters,
    in_use,
    invalid_parameter,
    replay,
)
from mlinfra.sandbox.aws.endpoints import ClusterDescription, ClusterEndpoints
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.identity import hexadecimal, letters_and_digits, page

_LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


class ClusterOperations(Extension):
    """CreateCluster, DescribeCluster, ListClusters, DeleteCluster, DescribeClusterVersions."""

    service = "eks"

    def __init__(self, account: Account, endpoints: ClusterEndpoints) -> None:
        super().__init__(account)
        self._endpoints = endpoints

    def create_cluster(self, call: Call, proceed: Proceed) -> Answer:
        """Begin to make a cluster."""
        clusters = self.account.store(Clusters, call.region)
        existing = clusters.by_name.get(call["name"])
        if replay(existing, call.params):
            assert existing is not None
            return {"cluster": existing.body}
        if existing is not None:
            raise in_use(f"Cluster already exists with name: {call['name']}", clusterName=call["name"])
        subnets = self._check(call)
        creator = _role_of(self.account.principal(call.access_key))
        cluster = Cluster(body=self._body(call, subnets[0].vpc_id), asked=call.params, creator=creator)
        clusters.by_name[cluster.name] = cluster
        self._make_network(cluster, call.region, subnets)
        created = dict(cluster.body)
        self.account.timeline.after(self.account.pace.cluster, lambda: self._activate(cluster, call.region))
        return {"cluster": created}

    def describe_cluster(self, call: Call, proceed: Proceed) -> Answer:
        """One cluster as it is."""
        return {"cluster": self.account.store(Clusters, call.region).find(call["name"]).body}

    def list_clusters(self, call: Call, proceed: Proceed) -> Answer:
        """The names of the clusters of the region."""
        names = sorted(self.account.store(Clusters, call.region).by_name)
        found, token = page(names, call.get("maxResults"), call.get("nextToken"))
        return {"clusters": found, "nextToken": token}

    def delete_cluster(self, call: Call, proceed: Proceed) -> Answer:
        """Begin to delete a cluster: refused while it has node groups or Fargate profiles, or is being changed."""
        cluster = self.account.store(Clusters, call.region).find(call["name"])
        name = cluster.name
        if cluster.node_groups:
            raise in_use("Cluster has nodegroups attached", clusterName=name, nodegroupName=min(cluster.node_groups))
        if cluster.fargate_profiles:
            raise in_use("Cluster has Fargate profiles attached", clusterName=name)
        if cluster.status in ("CREATING", "UPDATING"):
            raise in_use(f"Cluster {name} currently has an update in progress", clusterName=name)
        if cluster.body.get("deletionProtection"):
            raise in_use(f"Cluster {name} is protected from deletion", clusterName=name)
        if cluster.status != "DELETING":
            cluster.body["status"] = "DELETING"
            self.account.timeline.after(self.account.pace.deletion, lambda: self._remove(cluster, call.region))
        return {"cluster": cluster.body}

    def describe_cluster_versions(self, call: Call, proceed: Proceed) -> Answer:
        """The Kubernetes versions on offer."""
        wanted = call.get("clusterVersions", [])
        shown = [_version(version, self.account) for version in reversed(catalogue.VERSIONS)]
        shown = [v for v in shown if not wanted or v["clusterVersion"] in wanted]
        if call.get("defaultOnly"):
            shown = [v for v in shown if v["defaultVersion"]]
        if status := call.get("versionStatus") or call.get("status", "").replace("-", "_").upper():
            shown = [v for v in shown if v["versionStatus"] == status]
        found, token = page(shown, call.get("maxResults"), call.get("nextToken"))
        return {"clusterVersions": found, "nextToken": token}

    def _check(self, call: Call) -> list[Any]:
        """Refuse what refers to nothing; answers the subnets."""
        references.require_role(self.account, call["roleArn"], "eks.amazonaws.com")
        network = call["resourcesVpcConfig"]
        subnets = references.require_subnets(self.account, call.region, network.get("subnetIds") or [], zones=2)
        if not subnets:
            raise invalid_parameter("Subnets specified must be in at least two different AZs")
        groups = network.get("securityGroupIds") or []
        references.require_security_groups(self.account, call.region, groups, subnets[0].vpc_id)
        if (version := call.get("version")) and not catalogue.is_offered(version):
            raise invalid_parameter(f"unsupported Kubernetes version {version}")
        public, private = network.get("endpointPublicAccess", True), network.get("endpointPrivateAccess", False)
        if not public and not private:
            raise invalid_parameter("Private and public endpoint access cannot be both disabled")
        for config in call.get("encryptionConfig", []):
            references.require_key(self.account, call.region, config["provider"]["keyArn"])
        return subnets

    def _body(self, call: Call, vpc: str) -> Body:
        network = call["resourcesVpcConfig"]
        access = call.get("accessConfig", {})
        version = call.get("version", catalogue.DEFAULT_VERSION)
        return {
            "name": call["name"],
            "arn": self.account.arn("eks", f"cluster/{call['name']}", region=call.region),
            "createdAt": self.account.now(),
            "version": version,
            "roleArn": call["roleArn"],
            "resourcesVpcConfig": {
                "subnetIds": network.get("subnetIds") or [],
                "securityGroupIds": network.get("securityGroupIds") or [],
                "vpcId": vpc,
                "endpointPublicAccess": network.get("endpointPublicAccess", True),
                "endpointPrivateAccess": network.get("endpointPrivateAccess", False),
                "publicAccessCidrs": network.get("publicAccessCidrs") or ["0.0.0.0/0"],
            },
            "kubernetesNetworkConfig": _kubernetes_network(call.get("kubernetesNetworkConfig", {})),
            "logging": logging(call.get("logging", {}), {}),
            "status": "CREATING",
            "certificateAuthority": {},
            "clientRequestToken": call.get("clientRequestToken"),
            "platformVersion": "eks.1",
            "tags": dict(call.get("tags", {})),
            "encryptionConfig": call.get("encryptionConfig"),
            "health": {"issues": []},
            # Without accessConfig the API's own default is CONFIG_MAP; the console's is not:
            # https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessConfigRequest.html
            "accessConfig": {
                "bootstrapClusterCreatorAdminPermissions": access.get("bootstrapClusterCreatorAdminPermissions", True),
                "authenticationMode": access.get("authenticationMode", "CONFIG_MAP"),
            },
            "upgradePolicy": {"supportType": call.get("upgradePolicy", {}).get("supportType", "EXTENDED")},
            "deletionProtection": call.get("deletionProtection", False),
            **({"zonalShiftConfig": call.get("zonalShiftConfig")} if call.get("zonalShiftConfig") else {}),
            **({"remoteNetworkConfig": call.get("remoteNetworkConfig")} if call.get("remoteNetworkConfig") else {}),
        }

    def _make_network(self, cluster: Cluster, region: str, subnets: list[Any]) -> None:
        """The cluster security group, and an interface in each of up to two subnets."""
        ec2 = self.account.ec2(region)
        name = cluster.name
        group = ec2.create_security_group(
            f"eks-cluster-sg-{name}-{int(hexadecimal(7), 16)}",
            "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as "
            "any managed workloads.",
            vpc_id=subnets[0].vpc_id,
            tags={
                "Name": f"eks-cluster-sg-{name}",
                f"kubernetes.io/cluster/{name}": "owned",
                "aws:eks:cluster-name": name,
            },
        )
        ec2.authorize_security_group_ingress(
            group_name_or_id=group.id,
            ip_protocol="-1",
            from_port=None,
            to_port=None,
            ip_ranges=[],
            source_groups=[{"GroupId": group.id}],
        )
        network = cluster.body["resourcesVpcConfig"]
        network["clusterSecurityGroupId"] = group.id
        by_zone = {subnet.availability_zone: subnet for subnet in reversed(subnets)}
        for subnet in [by_zone[zone] for zone in sorted(by_zone)][:2]:
            interface = ec2.create_network_interface(
                subnet, [], group_ids=[group.id, *network["securityGroupIds"]], description=f"Amazon EKS {name}"
            )
            interface.requester_managed = True
            interface.status = "in-use"
            cluster.interfaces.append(interface.id)

    def _activate(self, cluster: Cluster, region: str) -> None:
        url, authority = self._endpoints.create(
            ClusterDescription(
                name=cluster.name,
                arn=cluster.body["arn"],
                version=cluster.body["version"],
                region=region,
                account=self.account.id,
            )
        )
        cluster.body |= {
            "endpoint": url,
            "certificateAuthority": {"data": base64.b64encode(authority.encode()).decode()},
            "identity": {
                "oidc": {
                    "issuer": f"https://oidc.eks.{region}.amazonaws.com/id/{letters_and_digits(32, '0123456789ABCDEF')}"
                }
            },
            "status": "ACTIVE",
        }
        access = cluster.body["accessConfig"]
        if access["bootstrapClusterCreatorAdminPermissions"] and access["authenticationMode"] != "CONFIG_MAP":
            self._admit_creator(cluster, region)

    def _admit_creator(self, cluster: Cluster, region: str) -> None:
        """https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html: the creator's own entry."""
        entry = access_entry(self.account, cluster, region, cluster.creator, {})
        policy = catalogue.access_policy_arn("AmazonEKSClusterAdminPolicy")
        now = self.account.now()
        entry.policies[policy] = {
            "policyArn": policy,
            "accessScope": {"type": "cluster", "namespaces": []},
            "associatedAt": now,
            "modifiedAt": now,
        }

    def _remove(self, cluster: Cluster, region: str) -> None:
        self._endpoints.delete(cluster.body["arn"])
        ec2 = self.account.ec2(region)
        for interface in cluster.interfaces:
            if interface in ec2.enis:
                ec2.enis[interface].delete()
        in_service = {group.id for eni in ec2.enis.values() for group in eni.group_set}
        if cluster.security_group not in in_service:  # EKS leaves one behind that is still in use
            ec2.groups.get(cluster.vpc, {}).pop(cluster.security_group, None)
        self.account.store(Clusters, region).by_name.pop(cluster.name, None)


def _role_of(arn: str) -> str:
    """The principal that access entries know: for a session of a role, the role."""
    if ":assumed-role/" not in arn:
        return arn
    head, _, rest = arn.replace(":sts:", ":iam:").partition(":assumed-role/")
    return f"{head}:role/{rest.partition('/')[0]}"


def logging(asked: Body, present: Body) -> Body:
    """The logging of a cluster after a change: what is asked for, on top of what is enabled now."""
    enabled = {kind for setup in present.get("clusterLogging", []) if setup["enabled"] for kind in setup["types"]}
    for setup in asked.get("clusterLogging", []):
        kinds = set(setup.get("types") or [])
        enabled = enabled | kinds if setup.get("enabled") else enabled - kinds
    on = [kind for kind in _LOG_TYPES if kind in enabled]
    off = [kind for kind in _LOG_TYPES if kind not in enabled]
    setups = [{"types": on, "enabled": True}] if on else []
    return {"clusterLogging": [*setups, *([{"types": off, "enabled": False}] if off else [])]}


def access_entry(account: Account, cluster: Cluster, region: str, principal: str, asked: Body) -> AccessEntry:
    """Make an access entry. Its ARN names principal's kind, account and name, as EKS's does."""
    kind, _, name = principal.rpartition(":")[2].partition("/")
    resource = f"access-entry/{cluster.name}/{kind}/{account.id}/{name.rpartition('/')[2]}/{hexadecimal(8)}"
    sort = asked.get("type") or "STANDARD"
    now = account.now()
    names = {
        "EC2_LINUX": "system:node:{{EC2PrivateDNSName}}",
        "EC2_WINDOWS": "system:node:{{EC2PrivateDNSName}}",
        "FARGATE_LINUX": "system:node:{{SessionName}}",
    }
    groups = {
        "EC2_LINUX": ["system:nodes"],
        "FARGATE_LINUX": ["system:bootstrappers", "system:nodes", "system:node-proxier"],
    }
    entry = AccessEntry(
        body={
            "clusterName": cluster.name,
            "principalArn": principal,
            "kubernetesGroups": asked.get("kubernetesGroups") or groups.get(sort, []),
            "accessEntryArn": account.arn("eks", resource, region=region),
            "createdAt": now,
            "modifiedAt": now,
            "tags": dict(asked.get("tags") or {}),
            "username": asked.get("username") or names.get(sort, principal),
            "type": sort,
        },
        asked=asked,
    )
    cluster.access_entries[principal] = entry
    return entry


def _kubernetes_network(asked: Body) -> Body:
    family = asked.get("ipFamily") or "ipv4"
    cidr = (
        {"serviceIpv6Cidr": "fd00::/108"}
        if family == "ipv6"
        else {"serviceIpv4Cidr": asked.get("serviceIpv4Cidr") or "172.20.0.0/16"}
    )
    balancing = asked.get("elasticLoadBalancing") or {"enabled": False}
    return {**cidr, "ipFamily": family, "elasticLoadBalancing": balancing}


def _version(version: catalogue.ClusterVersion, account: Account) -> Body:
    standard = account.now() <= version.standard_until
    return {
        "clusterVersion": version.name,
        "clusterType": "eks",
        "defaultPlatformVersion": "eks.1",
        "defaultVersion": version.name == catalogue.DEFAULT_VERSION,
        "releaseDate": version.released,
        "endOfStandardSupportDate": version.standard_until,
        "endOfExtendedSupportDate": version.extended_until,
        "status": "standard-support" if standard else "extended-support",
        "versionStatus": "STANDARD_SUPPORT" if standard else "EXTENDED_SUPPORT",
        "kubernetesPatchVersion": f"{version.name}.4",
    }
