"""The public parameters that name the images for EKS nodes, which moto lacks.

https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html (2026): a path for each Kubernetes version,
architecture and variant, with `image_id`, `image_name` and `release_version` below it.
"""

from __future__ import annotations

import re
from typing import Any

from mlinfra.sandbox.aws.call import Answer, Call, Proceed
from mlinfra.sandbox.aws.eks import catalogue
from mlinfra.sandbox.aws.extension import Extension

_PATH = re.compile(
    r"/aws/service/eks/optimized-ami/(?P<version>1\.\d+)/amazon-linux-2023/(?P<architecture>x86_64|arm64)/"
    r"(?P<variant>standard|nvidia|neuron)/recommended/(?P<what>image_id|image_name|release_version)"
)


class ImageParameters(Extension):
    """GetParameter and GetParameters for those paths; all others are moto's."""

    service = "ssm"

    def get_parameter(self, call: Call, proceed: Proceed) -> Answer:
        """One parameter."""
        found = self._parameter(call, call["Name"])
        return {"Parameter": found} if found else proceed()

    def get_parameters(self, call: Call, proceed: Proceed) -> Answer:
        """Several; those that are not of ours are moto's to find."""
        ours = {name: self._parameter(call, name) for name in call["Names"]}
        found = [parameter for parameter in ours.values() if parameter]
        if not found:
            return proceed()
        answer = proceed().result
        missing = [name for name in answer["InvalidParameters"] if not ours.get(name)]
        return {"Parameters": [*answer["Parameters"], *found], "InvalidParameters": missing}

    def _parameter(self, call: Call, name: str) -> dict[str, Any] | None:
        match = _PATH.fullmatch(name)
        if match is None or not catalogue.is_offered(match["version"]):
            return None
        image = self._image(call.region, match["architecture"], match["version"])
        release = catalogue.release_version(match["version"], "AL2023")
        values = {
            "image_id": image,
            "image_name": f"amazon-eks-node-al2023-{match['architecture']}-{match['variant']}-{release}",
            "release_version": release,
        }
        return {
            "Name": name,
            "Type": "String",
            "Value": values[match["what"]],
            "Version": 1,
            "LastModifiedDate": self.account.now(),
            "ARN": f"arn:aws:ssm:{call.region}::parameter{name}",
            "DataType": "text",
        }

    def _image(self, region: str, architecture: str, version: str) -> str:
        """One of the account's images; another version has another one, as far as there are several."""
        amis = self.account.ec2(region).amis.values()
        images = sorted(image.id for image in amis if image.architecture == architecture)
        return images[catalogue.minor(version) % len(images)] if images else "ami-00000000000000000"
