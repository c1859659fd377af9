from __future__ import annotations

from mlinfra.providers.aws.services.eks_fargate import FARGATE_PROFILE
from tests.providers.aws.lifecycle import Account, Case, live
from tests.providers.aws.test_eks import A_CLUSTER, BEFORE_CLUSTER, role

PROFILE = Case(
    type=FARGATE_PROFILE,
    needs={**BEFORE_CLUSTER, "cluster": A_CLUSTER, "pods": role("eks-fargate-pods", "pods")},
    properties=lambda account: {
        "clusterName": "demo",
        "fargateProfileName": "system",
        "podExecutionRoleArn": account.output("pods", "arn"),
        "subnetIds": [account.id("a"), account.id("b")],
        "selectors": [{"namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}}, {"namespace": "flux"}],
        "tags": {"team": "recsys"},
    },
    changes=(lambda account: {"tags": {"team": "search"}},),
)


def test_it_lives(account: Account) -> None:
    live(account, PROFILE)
