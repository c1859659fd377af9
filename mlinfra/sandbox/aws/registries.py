"""ECR: pull-through cache rules, which moto lacks, and keys that must exist.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html (2026).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from mlinfra.sandbox.aws.call import Answer, AwsError, Call, Proceed
from mlinfra.sandbox.aws.extension import Extension
from mlinfra.sandbox.aws.identity import page
from mlinfra.sandbox.aws.keys import is_usable_key

# Upstreams that need credentials, and those that do not.
_OPEN = {"public.ecr.aws": "ecr-public", "registry.k8s.io": "k8s", "quay.io": "quay"}
_CLOSED = {
    "registry-1.docker.io": "docker-hub",
    "ghcr.io": "github-container-registry",
    "registry.gitlab.com": "gitlab-container-registry",
}
_PREFIX = re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*|ROOT")


@dataclass
class PullThroughRules:
    """The rules of one region, by prefix."""

    rules: dict[str, dict[str, Any]] = field(default_factory=dict)

    def contents(self) -> list[tuple[str, str]]:
        """For the inventory."""
        return [("ecr:pull-through-cache-rule", prefix) for prefix in self.rules]


class Registries(Extension):
    """Pull-through cache rules and the checks of CreateRepository."""

    service = "ecr"

    def create_repository(self, call: Call, proceed: Proceed) -> Answer:
        """Encrypted with a key that exists."""
        encryption = call.get("encryptionConfiguration", {})
        key = encryption.get("kmsKey")
        if key and not is_usable_key(self.account, call.region, key):
            raise AwsError("KmsException", f"The KMS key {key} does not exist or cannot be used")
        return proceed()

    def create_pull_through_cache_rule(self, call: Call, proceed: Proceed) -> Answer:
        """Make a rule; a second one of its prefix is refused, as is an upstream that ECR does not know."""
        rules, prefix = self._rules(call), call["ecrRepositoryPrefix"]
        upstream = call["upstreamRegistryUrl"]
        if prefix in rules:
            raise AwsError(
                "PullThroughCacheRuleAlreadyExistsException",
                f"A pull through cache rule with the prefix '{prefix}' already exists",
            )
        if not _PREFIX.fullmatch(prefix):
            raise AwsError("InvalidParameterException", f"The repository prefix '{prefix}' is not valid")
        known = {**_OPEN, **_CLOSED}
        if upstream not in known and not upstream.endswith((".azurecr.io", ".amazonaws.com")):
            raise AwsError(
                "UnsupportedUpstreamRegistryException", f"The upstream registry '{upstream}' is not supported"
            )
        if upstream in _CLOSED and not call.get("credentialArn"):
            raise AwsError("InvalidParameterException", f"The upstream registry '{upstream}' needs credentials")
        now = self.account.now()
        rules[prefix] = {
            "ecrRepositoryPrefix": prefix,
            "upstreamRegistryUrl": upstream,
            "upstreamRegistry": call.get("upstreamRegistry") or known.get(upstream, "ecr"),
            "createdAt": now,
            "updatedAt": now,
            "registryId": self.account.id,
            **{
                name: call.get(name)
                for name in ("credentialArn", "customRoleArn", "upstreamRepositoryPrefix")
                if call.get(name)
            },
        }
        return rules[prefix]

    def describe_pull_through_cache_rules(self, call: Call, proceed: Proceed) -> Answer:
        """The rules, or those of some prefixes, which must exist."""
        rules, wanted = self._rules(call), call.get("ecrRepositoryPrefixes", [])
        for prefix in wanted:
            self._require(call, prefix)
        shown = [rule for prefix, rule in rules.items() if not wanted or prefix in wanted]
        found, token = page(shown, call.get("maxResults"), call.get("nextToken"))
        return {"pullThroughCacheRules": found, "nextToken": token}

    def update_pull_through_cache_rule(self, call: Call, proceed: Proceed) -> Answer:
        """Change the credentials."""
        rule = self._require(call, call["ecrRepositoryPrefix"])
        for name in ("credentialArn", "customRoleArn"):
            if call.get(name):
                rule[name] = call.get(name)
        rule["updatedAt"] = self.account.now()
        return rule

    def delete_pull_through_cache_rule(self, call: Call, proceed: Proceed) -> Answer:
        """Remove a rule; what was cached stays."""
        rule = self._require(call, call["ecrRepositoryPrefix"])
        del self._rules(call)[call["ecrRepositoryPrefix"]]
        return rule

    def _rules(self, call: Call) -> dict[str, dict[str, Any]]:
        return self.account.store(PullThroughRules, call.region).rules

    def _require(self, call: Call, prefix: str) -> dict[str, Any]:
        if prefix not in self._rules(call):
            raise AwsError(
                "PullThroughCacheRuleNotFoundException",
                f"The pull through cache rule with the prefix '{prefix}' does not exist",
            )
        return self._rules(call)[prefix]
