"""Launch templates: listed in pages with their present tags, and made of what was asked for and nothing else.

moto lists fifteen, shows the tags of their creation for ever, puts a template's own tags among those that it gives to
others, and ignores the version that a new one starts from.
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeLaunchTemplates.html and its neighbours (2026).
"""

from __future__ import annotations

from typing import Any

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Params, Proceed
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.identity import page, specified_tags

_PAGE = 200


class LaunchTemplates(Extension):
    """CreateLaunchTemplate, the making and deleting of versions, and the listings."""

    service = "ec2"

    def create_launch_template(self, call: Call, proceed: Proceed) -> Answer:
        """Make a template and its first version."""
        if call.get("DryRun"):
            return proceed()
        data = _data(call["LaunchTemplateData"])
        if not data:
            raise AwsError("MissingParameter", "The request must contain the parameter LaunchTemplateData")
        tags = {"launch-template": specified_tags(call.params, "launch-template")}
        made = self._ec2(call).create_launch_template(
            call["LaunchTemplateName"], call.get("VersionDescription", ""), data, tags
        )
        return {"LaunchTemplate": self._shown(made)}

    def create_launch_template_version(self, call: Call, proceed: Proceed) -> Answer:
        """Make a version, on top of the one it starts from where that is said."""
        template = self._find(call)
        data = _data(call["LaunchTemplateData"])
        if source := call.get("SourceVersion"):
            data = {**template.get_version(source).data, **data}
        version = template.create_version(data, call.get("VersionDescription", ""))
        return {"LaunchTemplateVersion": self._shown_version(template, version)}

    def delete_launch_template_versions(self, call: Call, proceed: Proceed) -> Answer:
        """Delete versions, except the default; each is answered for itself."""
        template = self._find(call)
        deleted, kept = [], []
        for number in call["Versions"]:
            about = {
                "LaunchTemplateId": template.id,
                "LaunchTemplateName": template.name,
                "VersionNumber": int(number),
            }
            version = next((one for one in template.versions if one.number == int(number)), None)
            if version is None:
                said = f"Could not find the specified version {number} for the launch template with ID {template.id}."
                kept.append({**about, "ResponseError": {"Code": "launchTemplateVersionDoesNotExist", "Message": said}})
            elif template.is_default(version):
                said = f"Cannot delete version {number} of the launch template: it is the default version."
                kept.append({**about, "ResponseError": {"Code": "unexpectedError", "Message": said}})
            else:
                template.versions.remove(version)
                deleted.append(about)
        return {
            "SuccessfullyDeletedLaunchTemplateVersions": deleted,
            "UnsuccessfullyDeletedLaunchTemplateVersions": kept,
        }

    def describe_launch_templates(self, call: Call, proceed: Proceed) -> Answer:
        """Templates in pages of 200."""
        ec2 = self._ec2(call)
        for key in call.get("LaunchTemplateIds", []):
            if key not in ec2.launch_templates:
                raise AwsError(
                    "InvalidLaunchTemplateId.NotFound",
                    f"The specified launch template, with template ID {key}, does not exist.",
                )
        filters = {f["Name"]: f.get("Values", []) for f in call.get("Filters", [])}
        templates = ec2.describe_launch_templates(
            template_names=call.get("LaunchTemplateNames", []),
            template_ids=call.get("LaunchTemplateIds", []),
            filters=filters,
        )
        found, token = page(templates, call.get("MaxResults"), call.get("NextToken"), default=_PAGE)
        return {"LaunchTemplates": [self._shown(template) for template in found], "NextToken": token}

    def describe_launch_template_versions(self, call: Call, proceed: Proceed) -> Answer:
        """Versions of one template in pages of 200; without a template, `$Latest` or `$Default` of them all."""
        ec2, wanted = self._ec2(call), call.get("Versions", [])
        named = call.get("LaunchTemplateId") or call.get("LaunchTemplateName")
        templates = [self._find(call)] if named else list(ec2.launch_templates.values())
        pairs = [(template, version) for template in templates for version in _chosen(template, wanted, call)]
        found, token = page(pairs, call.get("MaxResults"), call.get("NextToken"), default=_PAGE)
        return {
            "LaunchTemplateVersions": [self._shown_version(template, version) for template, version in found],
            "NextToken": token,
        }

    def _ec2(self, call: Call) -> Any:
        return self.account.ec2(call.region)

    def _find(self, call: Call) -> Any:
        if key := call.get("LaunchTemplateId"):
            return self._ec2(call).get_launch_template(key)
        return self._ec2(call).get_launch_template_by_name(call["LaunchTemplateName"])

    def _shown(self, template: Any) -> dict[str, Any]:
        return {
            "CreateTime": template.create_time,
            "CreatedBy": self.account.caller,
            "DefaultVersionNumber": template.default_version_number,
            "LatestVersionNumber": template.latest_version_number,
            "LaunchTemplateId": template.id,
            "LaunchTemplateName": template.name,
            "Tags": template.get_tags(),
        }

    def _shown_version(self, template: Any, version: Any) -> dict[str, Any]:
        return {
            "CreateTime": version.create_time,
            "CreatedBy": self.account.caller,
            "DefaultVersion": template.is_default(version),
            "LaunchTemplateData": version.data,
            "LaunchTemplateId": template.id,
            "LaunchTemplateName": template.name,
            "VersionDescription": version.description,
            "VersionNumber": version.number,
        }


def _data(asked: Params) -> Params:
    """The content of a version; user data in moto's own type, which its launches insist on."""
    from moto.ec2.utils import parse_user_data

    data = dict(asked)
    if user_data := data.pop("UserData", ""):  # Terraform sends an empty one where there is none
        data["UserData"] = parse_user_data(user_data)
    return data


def _chosen(template: Any, wanted: list[str], call: Call) -> list[Any]:
    if wanted:
        return [template.get_version(number) for number in wanted]
    low, high = int(call.get("MinVersion", 1)), int(call.get("MaxVersion", template.latest_version_number))
    return [version for version in reversed(template.versions) if low <= version.number <= high]
