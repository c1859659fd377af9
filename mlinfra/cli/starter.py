"""The starter stack file: small, complete, and explained line by line."""

from __future__ import annotations

import re
from pathlib import Path

from mlinfra.cli.codes import Code
from mlinfra.core.errors import MlinfraError

NAME = re.compile(r"[a-z][a-z0-9-]{1,38}")

_TARGETS = {
    "sandbox": """\
  platform: sandbox                      # the simulated cloud on this machine; aws for the real one
  region: {region}""",
    "aws": """\
  platform: aws                          # sandbox rehearses the same stack without an account
  region: {region}
  # account: "123456789012"              # any other account is then refused""",
    "kubernetes": """\
  platform: kubernetes                   # a cluster that exists; no cloud account is asked for anything
  # kubeconfig: ~/.kube/config           # KUBECONFIG, or this, where nothing is said
  # context: on-premises                 # the current one, where nothing is said""",
}

_STACK = """\
# A cluster for machine learning. `mlinfra schema > stack.schema.json` lets editors complete and check this file;
# `mlinfra show STACK --expanded` shows every default.
apiVersion: mlinfra/v1
kind: Stack
metadata:
  name: {name:<31}  # unique in the account and region; everything made bears it

inputs:                                  # --set gpuMax=4
  gpuMax: {{type: integer, default: 2, minimum: 0, description: most GPU nodes at once}}

target:
{target}
{state}
lifecycle:
  environment: development               # production protects and spreads more

network:
  cidr: 10.40.0.0/16                     # the range of addresses; it cannot be changed later
  zones: 2                               # how many, or which by name
  nat: single                            # the way out of private subnets: single, per-zone or none

cluster:
  version: "1.35"                        # a later one is upgraded to, hop by hop

nodeGroups:
  system: {{instances: [m6i.large], min: 1, max: 3}}
  gpu:
    instances: [g5.xlarge]               # in order of preference; more of them are easier to get as spot
    capacity: {{type: spot}}               # or on-demand, mixed, reserved
    min: 0
    max: ${{inputs.gpuMax}}

registries:
  models: {{immutable: true, scanOnPush: true}}

outputs:
  registry: ${{registries.models.url}}     # mlinfra output STACK registry
"""

_OWN_CLUSTER = """\
# What runs on a cluster that exists. `mlinfra schema > stack.schema.json` lets editors complete and check this file;
# any object goes by kubernetes:GROUP/VERSION:KIND, any chart by kubernetes:helm.sh/v3:Release.
apiVersion: mlinfra/v1
kind: Stack
metadata:
  name: {name:<31}  # unique in the cluster; everything made bears it

inputs:                                  # --set replicas=4
  replicas: {{type: integer, default: 2, minimum: 1, description: how many serve at once}}

target:
{target}
{state}
lifecycle:
  environment: development

resources:
  namespace:
    type: kubernetes:core/v1:Namespace
    properties:
      metadata: {{name: {name}, labels: {{pod-security.kubernetes.io/enforce: restricted}}}}

  closed:                                # nobody reaches pods of this namespace but who is let in
    type: kubernetes:networking.k8s.io/v1:NetworkPolicy
    properties:
      metadata: {{name: closed, namespace: {name}}}
      spec: {{podSelector: {{}}, policyTypes: [Ingress]}}

  settings:
    type: kubernetes:core/v1:ConfigMap
    properties:
      metadata: {{name: settings, namespace: {name}}}
      data: {{replicas: "${{inputs.replicas}}"}}

outputs:
  namespace: ${{resources.namespace.metadata.name}}
"""


def starter(name: str, platform: str, region: str, bucket: str = "") -> str:
    """The text for a stack called `name`, or after the current folder, with its state in `bucket` if one is named.

    Raises `MlinfraError` for a bad name.
    """
    name = name or _folder_name()
    if not NAME.fullmatch(name):
        raise MlinfraError(
            f"{name!r} cannot be a stack's name",
            code=Code.BAD_STACK_NAME,
            hint="2 to 39 characters: small letters, digits and dashes, a letter first",
        )
    state = f"\nstate: s3://{bucket}/{name}\n" if bucket else ""
    text = _OWN_CLUSTER if platform == "kubernetes" else _STACK
    return text.format(name=name, target=_TARGETS[platform].format(region=region), state=state)


def is_there(path: str) -> bool:
    """Whether there is a file, or anything else, at `path`."""
    return Path(path).exists()


def write_new(path: str, text: str) -> None:
    """Write a file that is not there yet. Raises `MlinfraError` where it is, or cannot be."""
    try:
        with Path(path).open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        hint = f"name another file: mlinfra init other.yaml; or look at it: mlinfra show {path}"
        raise MlinfraError(f"{path} exists already, and is left as it is", code=Code.FILE_EXISTS, hint=hint) from error
    except OSError as error:
        raise MlinfraError(f"{path} cannot be written: {error.strerror}", code=Code.UNWRITABLE) from error


def _folder_name() -> str:
    name = re.sub(r"[^a-z0-9]+", "-", Path.cwd().name.lower()).strip("-")[:39].rstrip("-")
    return name if NAME.fullmatch(name) else "ml-cluster"
