"""Which services of moto are extended, and by what: the one place that names them all.

`Services` makes a service at its first request, so that a sandbox starts before moto's larger parts are imported.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from importlib import import_module

from moto.backends import SERVICE_NAMES
from moto.moto_server.werkzeug_app import BackendRequest

from mlinfra.sandbox.aws.account import Account
from mlinfra.sandbox.aws.alert_managers import AlertManagers
from mlinfra.sandbox.aws.budgets import Budgets
from mlinfra.sandbox.aws.certificates import Certificates
from mlinfra.sandbox.aws.client_tokens import client_tokens
from mlinfra.sandbox.aws.databases import DatabaseGroups, Databases
from mlinfra.sandbox.aws.ec2.deletions import Deletions
from mlinfra.sandbox.aws.ec2.launch_templates import LaunchTemplates
from mlinfra.sandbox.aws.ec2.nat_gateways import NatGateways
from mlinfra.sandbox.aws.ec2.placement import CapacityReservations, PlacementGroups
from mlinfra.sandbox.aws.ec2.references import References
from mlinfra.sandbox.aws.ec2.security_group_rules import SecurityGroupRules
from mlinfra.sandbox.aws.ec2.subnets import Subnets
from mlinfra.sandbox.aws.ec2.tags import Tags
from mlinfra.sandbox.aws.ec2.vpc_endpoints import VpcEndpoints
from mlinfra.sandbox.aws.efs import ElasticFileSystems
from mlinfra.sandbox.aws.eks.access import AccessEntryOperations, PodIdentityOperations
from mlinfra.sandbox.aws.eks.add_ons import AddOnOperations
from mlinfra.sandbox.aws.eks.clusters import ClusterOperations
from mlinfra.sandbox.aws.eks.fargate import FargateOperations
from mlinfra.sandbox.aws.eks.node_groups import NodeGroupOperations
from mlinfra.sandbox.aws.eks.tags import TagOperations
from mlinfra.sandbox.aws.eks.updates import UpdateOperations
from mlinfra.sandbox.aws.endpoints import ClusterEndpoints
from mlinfra.sandbox.aws.extension import Extension, collect
from mlinfra.sandbox.aws.fsx import LustreFileSystems
from mlinfra.sandbox.aws.iam.account_details import AccountDetails
from mlinfra.sandbox.aws.iam.documents import Documents
from mlinfra.sandbox.aws.iam.identity_of_caller import CallerIdentity
from mlinfra.sandbox.aws.iam.identity_providers import IdentityProviders
from mlinfra.sandbox.aws.iam.instance_profiles import InstanceProfiles
from mlinfra.sandbox.aws.iam.managed_policies import ManagedPolicies
from mlinfra.sandbox.aws.image_parameters import ImageParameters
from mlinfra.sandbox.aws.instance_refreshes import InstanceRefreshes
from mlinfra.sandbox.aws.key_rotation import KeyRotation
from mlinfra.sandbox.aws.keys import Keys
from mlinfra.sandbox.aws.load_balancers import LoadBalancers
from mlinfra.sandbox.aws.log_groups import LogGroups
from mlinfra.sandbox.aws.machine_news import machine_news
from mlinfra.sandbox.aws.protocol import signed_for
from mlinfra.sandbox.aws.queues import Queues
from mlinfra.sandbox.aws.quotas import QuotaOperations
from mlinfra.sandbox.aws.registries import Registries
from mlinfra.sandbox.aws.scaling_operations import ScalingOperations
from mlinfra.sandbox.aws.scaling_settings import ScalingSettings
from mlinfra.sandbox.aws.service import AbsentService, ExtendedService, PlainService, Service
from mlinfra.sandbox.aws.sessions import Sessions
from mlinfra.sandbox.aws.stored_secrets import StoredSecrets
from mlinfra.sandbox.aws.tagging import Tagging
from mlinfra.sandbox.aws.topics import Topics
from mlinfra.sandbox.aws.zones import HostedZones

# moto's name of a backend -> botocore's name of the service, and moto's response class. Load balancing has two
# versions behind one name, told apart by the version that every request names.
_RESPONSES = {
    "acm": ("acm", "moto.acm.responses:AWSCertificateManagerResponse"),
    "amp": ("amp", "moto.amp.responses:PrometheusServiceResponse"),
    "autoscaling": ("autoscaling", "moto.autoscaling.responses:AutoScalingResponse"),
    "budgets": ("budgets", "moto.budgets.responses:BudgetsResponse"),
    "cloudwatch": ("cloudwatch", "moto.cloudwatch.responses:CloudWatchResponse"),
    "ec2": ("ec2", "moto.ec2.responses:EC2Response"),
    "ecr": ("ecr", "moto.ecr.responses:ECRResponse"),
    "efs": ("efs", "moto.efs.responses:EFSResponse"),
    "eks": ("eks", "moto.eks.responses:EKSResponse"),
    "elb": ("elb", "moto.elb.responses:ELBResponse"),
    "elbv2": ("elbv2", "moto.elbv2.responses:ELBV2Response"),
    "events": ("events", "moto.events.responses:EventsHandler"),
    "fsx": ("fsx", "moto.fsx.responses:FSxResponse"),
    "iam": ("iam", "moto.iam.responses:IamResponse"),
    "kms": ("kms", "moto.kms.responses:KmsResponse"),
    "logs": ("logs", "moto.logs.responses:LogsResponse"),
    "rds": ("rds", "moto.rds.responses:RDSResponse"),
    "resourcegroupstaggingapi": (
        "resourcegroupstaggingapi",
        "moto.resourcegroupstaggingapi.responses:ResourceGroupsTaggingAPIResponse",
    ),
    "route53": ("route53", "moto.route53.responses:Route53"),
    "secretsmanager": ("secretsmanager", "moto.secretsmanager.responses:SecretsManagerResponse"),
    "servicequotas": ("service-quotas", "moto.servicequotas.responses:ServiceQuotasResponse"),
    "sns": ("sns", "moto.sns.responses:SNSResponse"),
    "sqs": ("sqs", "moto.sqs.responses:SQSResponse"),
    "ssm": ("ssm", "moto.ssm.responses:SimpleSystemManagerResponse"),
    "sts": ("sts", "moto.sts.responses:TokenResponse"),
}


# Services that never touch a machine: they need not wait for moto's EC2, which takes most of a second to import.
_WITHOUT_MACHINES = {"iam", "s3", "sts"}


def extensions(account: Account, endpoints: ClusterEndpoints) -> Iterable[Extension]:
    """Everything that extends moto; for one operation, those that stand first are asked first."""
    yield from client_tokens(account)
    yield from machine_news(account, endpoints)
    yield References(account)
    yield Subnets(account)
    yield SecurityGroupRules(account)
    yield Deletions(account)
    yield NatGateways(account)
    yield VpcEndpoints(account)
    yield LaunchTemplates(account)
    yield Tags(account)
    yield PlacementGroups(account)
    yield CapacityReservations(account)
    yield ClusterOperations(account, endpoints)
    yield UpdateOperations(account, endpoints)
    yield NodeGroupOperations(account, endpoints)
    yield AddOnOperations(account, endpoints)
    yield AccessEntryOperations(account)
    yield PodIdentityOperations(account)
    yield FargateOperations(account)
    yield TagOperations(account)
    yield QuotaOperations(account)
    yield InstanceRefreshes(account)
    yield ScalingOperations(account)
    yield ScalingSettings(account)
    yield ManagedPolicies(account)
    yield InstanceProfiles(account)
    yield IdentityProviders(account)
    yield AccountDetails(account)
    yield Queues(account)
    yield Topics(account)
    yield Budgets(account)
    yield AlertManagers(account)
    yield Documents(account)
    yield Keys(account)
    yield KeyRotation(account)
    yield Registries(account)
    yield LogGroups(account)
    yield StoredSecrets(account)
    yield Databases(account)
    yield DatabaseGroups(account)
    yield ElasticFileSystems(account)
    yield LustreFileSystems(account)
    yield HostedZones(account)
    yield Certificates(account)
    yield LoadBalancers(account)
    yield Tagging(account)
    yield ImageParameters(account)
    yield Sessions(account)
    yield CallerIdentity(account)


class Services:
    """The services of one account."""

    def __init__(self, account: Account, endpoints: ClusterEndpoints) -> None:
        self._account = account
        self._handlers = collect(extensions(account, endpoints))
        self._services: dict[str, Service] = {}
        self._lock = threading.Lock()

    def __call__(self, backend: SERVICE_NAMES | None, request: BackendRequest) -> Service:
        """The service that a request to one of moto's backends is for."""
        if backend is None:  # moto knows of no such service
            return AbsentService(signed_for(request))
        name = str(backend)
        if name == "elb" and request.values.get("Version") == "2015-12-01":
            name = "elbv2"
        return self._service(name)

    def warm(self) -> None:
        """Make the services that nearly every stack needs."""
        for name in ("ec2", "iam", "eks", "autoscaling"):
            self._service(name)

    def reset(self) -> None:
        """Empty the account, while no service is being made: that brings parts of moto which have to be emptied too."""
        with self._lock:
            self._account.reset()

    def _service(self, name: str) -> Service:
        with self._lock:
            if name not in self._services:
                self._services[name] = self._make(name)
            return self._services[name]

    def _make(self, backend: str) -> Service:
        if backend == "s3":
            self._use_our_buckets()
        elif backend not in _WITHOUT_MACHINES:
            self._use_our_backends()
        if backend not in _RESPONSES:
            return PlainService(backend)  # type: ignore[arg-type]
        service, where = _RESPONSES[backend]
        module, _, name = where.partition(":")
        return ExtendedService(
            service, getattr(import_module(module), name), self._handlers.get(service, {}), self._account
        )

    def _use_our_buckets(self) -> None:
        from mlinfra.sandbox.aws.buckets import Buckets

        self._account.specialise("s3", Buckets)

    def _use_our_backends(self) -> None:
        from mlinfra.sandbox.aws.ec2.backend import LeanEC2Backend
        from mlinfra.sandbox.aws.scaling import ScalingBackend

        account = self._account
        account.specialise("ec2", LeanEC2Backend)
        account.specialise("autoscaling", lambda region, account_id: ScalingBackend(region, account_id, account))
