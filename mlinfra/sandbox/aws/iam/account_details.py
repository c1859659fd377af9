"""The account's details: managed policies in the shape that IAM gives them, names and ids included.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_ManagedPolicyDetail.html (2026).
"""

from __future__ import annotations

from typing import Any

from mlinfra.sandbox.aws.call import Answer, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension


class AccountDetails(Extension):
    """GetAccountAuthorizationDetails."""

    service = "iam"

    def get_account_authorization_details(self, call: Call, proceed: Proceed) -> Answer:
        """moto's answer, its policies described as AWS describes them."""
        answer = proceed()
        answer.result["Policies"] = [_detail(policy) for policy in answer.result["Policies"]]
        return answer


def _detail(policy: Any) -> dict[str, Any]:
    versions = [
        {
            "Document": version.document,
            "VersionId": version.version_id,
            "IsDefaultVersion": version.is_default,
            "CreateDate": version.create_date,
        }
        for version in policy.versions
    ]
    return {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default_version_id,
        "AttachmentCount": policy.attachment_count,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "Description": policy.description,
        "CreateDate": policy.create_date,
        "UpdateDate": policy.update_date,
        "PolicyVersionList": versions,
    }
