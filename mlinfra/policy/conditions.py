"""Conditions: whether what a statement of IAM asks besides narrows who may use it, or what it is about.

The readers of policies and of principals ask, each from its own side: the holder of a policy cannot choose what his
account calls things, a stranger chooses the name of his role, his session and his bucket. A test narrows where most of
those who come by chance do not meet it: its values, all of them together, are tried on accounts, networks, services and
names that nobody has chosen. What a request may lack, what is denied, and how it comes narrow nothing.

Operators and keys: IAM user guide, "IAM JSON policy elements: Condition operators" and "AWS global condition context
keys", and the pages on keys of KMS, Lambda and Systems Manager (November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import msgspec

from mlinfra.core.value import Expression, Value
from mlinfra.documents.verdict import Verdict
from mlinfra.policy.networks import is_world
from mlinfra.policy.patterns import HOLE, NAMES, fits, text_in
from mlinfra.policy.scene import many

# By account, organisation, network or identifier: what a request says of whose it is. Nobody else can say the same.
_ACCOUNT_KEYS = frozenset(
    {
        "aws:principalaccount", "aws:sourceaccount", "aws:sourceowner", "aws:vpceaccount", "kms:calleraccount",
        "s3:dataaccesspointaccount",
    }
)  # fmt: skip
_ORGANISATION_KEYS = frozenset(
    {
        "aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths", "aws:vpceorgid",
        "aws:vpceorgpaths",
    }
)  # fmt: skip
_NETWORK_KEYS = frozenset({"aws:ec2instancesourcevpc", "aws:sourcevpc", "aws:sourcevpce"})
_ARN_KEYS = frozenset(
    {
        "aws:principalarn", "aws:sourcearn", "ec2:sourceinstancearn", "lambda:sourcefunctionarn",
        "ssm:sourceinstancearn",
    }
)  # fmt: skip
_USER = "aws:userid"
_ADDRESS = "aws:sourceip"
_TELLING = _ACCOUNT_KEYS | _ORGANISATION_KEYS | _NETWORK_KEYS | _ARN_KEYS | {_USER, _ADDRESS}
# What every holder of a policy meets, or can see to: how and when a request comes, and whose account its sides are in.
_IDLE = frozenset(
    {
        "aws:currenttime", "aws:epochtime", "aws:principalaccount", "aws:principalorgid", "aws:principalorgpaths",
        "aws:principaltype", "aws:referer", "aws:requestedregion", "aws:resourceaccount", "aws:resourceorgid",
        "aws:resourceorgpaths", "aws:securetransport", "aws:tokenissuetime", "aws:useragent",
    }
)  # fmt: skip
# What no request lacks: asked "if it exists", it is asked.
_ALWAYS_THERE = frozenset({"aws:principalarn", "aws:userid", "iam:passedtoservice"})
_SERVICE_KEYS = frozenset(
    {"aws:calledvia", "aws:calledviafirst", "aws:calledvialast", "aws:principalservicename", "iam:passedtoservice"}
)
_OLD_SIGN_IN = "aws:multifactorauthage"

_EQUAL = re.compile(r"(ForAnyValue:)?(String(Equals|EqualsIgnoreCase|Like)|Arn(Equals|Like)|IpAddress)", re.IGNORECASE)
_IF_EXISTS = "ifexists"
_COLONS = 5
_KIND = re.compile(r"[a-zA-Z-]+[:/]")

# Those who come by chance.
_ACCOUNTS = tuple(f"{n * 823_543_612_817 % 10**12:012d}" for n in range(1, 41))
_ORGANISATIONS = tuple(f"o-{name.replace('-', '') * 3}"[:12] for name in NAMES)
_PATHS = tuple(f"{name}/r-{name[:2]}/ou-{name[2:]}/" for name in _ORGANISATIONS)
_NETWORKS = tuple(f"0{n * 8_235_436_128_179 % 16**16:016x}" for n in range(1, 41))
_USERS = tuple(f"AROA{name.replace('-', '').upper() * 4}:{name}" for name in NAMES)
_ROLES = tuple(f"arn:aws:iam::{account}:role/{name}" for account, name in zip(_ACCOUNTS, NAMES, strict=False))
# Those that a role can be passed to and that then act with it: IAM user guide, "AWS services that work with IAM".
_SERVICES = (
    "apprunner.amazonaws.com", "bedrock.amazonaws.com", "build.apprunner.amazonaws.com",
    "cloudformation.amazonaws.com", "codebuild.amazonaws.com", "codepipeline.amazonaws.com",
    "datapipeline.amazonaws.com", "ec2.amazonaws.com", "ecs.amazonaws.com", "ecs-tasks.amazonaws.com",
    "eks.amazonaws.com", "elasticmapreduce.amazonaws.com", "events.amazonaws.com", "firehose.amazonaws.com",
    "glue.amazonaws.com", "lambda.amazonaws.com", "pods.eks.amazonaws.com", "sagemaker.amazonaws.com",
    "scheduler.amazonaws.com", "ssm.amazonaws.com", "states.amazonaws.com", "transfer.amazonaws.com",
)  # fmt: skip


class Test(msgspec.Struct, frozen=True):
    """One thing that is asked: operator, key in small letters, and the values that will do."""

    operator: str
    key: str
    values: tuple[Value, ...]


def tests(condition: Value) -> Iterator[Test]:
    """What a statement asks besides."""
    for operator, asked in condition.items() if isinstance(condition, dict) else ():
        for key, values in asked.items() if isinstance(asked, dict) else ():
            yield Test(str(operator), key.lower() if isinstance(key, str) else HOLE, tuple(many(values)))


def narrows(condition: Value, *, strangers: bool = False) -> Verdict:
    """Whether it leaves out most of who holds the policy, or of what it is about; or, of `strangers`, all but some.

    `UNKNOWN` while that depends on what is not known yet.
    """
    if isinstance(condition, Expression):
        return Verdict.UNKNOWN
    judge = _leaves_out_strangers if strangers else _leaves_out
    return max((judge(test) for test in tests(condition)), default=Verdict.FAIL)


def _leaves_out_strangers(test: Test) -> Verdict:
    if test.key not in _TELLING or not _EQUAL.fullmatch(test.operator):
        return Verdict.FAIL
    return _is_chosen(test, strangers=True)


def _leaves_out(test: Test) -> Verdict:
    operator, key = test.operator.lower(), test.key
    if key in _IDLE:
        return Verdict.FAIL
    if operator.endswith(_IF_EXISTS):
        if key not in _ALWAYS_THERE:
            return Verdict.FAIL
        operator = operator.removesuffix(_IF_EXISTS)
    if operator == "bool":
        return _all_are(test.values, "true")
    if operator == "null":  # to have a tag at all, whichever it is, is to have been chosen
        return _all_are(test.values, "false") if _is_tag(key) else Verdict.FAIL
    if operator.startswith("numericlessthan"):
        return Verdict.of(key == _OLD_SIGN_IN)
    if not _EQUAL.fullmatch(operator) or not test.values:
        return Verdict.FAIL
    return Verdict.PASS if _is_tag(key) else _is_chosen(test, strangers=False)


def _is_tag(key: str) -> bool:
    return "tag/" in key


def _all_are(values: tuple[Value, ...], word: str) -> Verdict:
    if any(isinstance(one, Expression) for one in values):
        return Verdict.UNKNOWN
    return Verdict.of(bool(values) and all(str(one).lower() == word for one in values))


def _is_chosen(test: Test, *, strangers: bool) -> Verdict:
    """Whether the values, taken together, name some, and not whoever comes."""
    if not test.values:
        return Verdict.FAIL
    if test.key == _ADDRESS:
        return Verdict(Verdict.PASS - is_world(test.values))
    if _will_most_do(test, strangers=strangers, wide=False):
        return Verdict.FAIL
    return Verdict.UNKNOWN if _will_most_do(test, strangers=strangers, wide=True) else Verdict.PASS


def _will_most_do(test: Test, *, strangers: bool, wide: bool) -> bool:
    texts = [text_in(one, wide=wide) if isinstance(one, str | Expression) else str(one) for one in test.values]
    if strangers and test.key == _USER:  # what stands after the colon is what somebody calls his session
        texts = [text.partition(":")[0] for text in texts]
        return _most(texts, tuple(user.partition(":")[0] for user in _USERS))
    arns = [text for text in texts if text[:4].lower() == "arn:" and text.count(":") >= _COLONS]
    if strangers and any(_is_anybodys(arn) for arn in arns):
        return True
    if not strangers and any(_most(tails, NAMES) for tails in _tails(arns).values()):
        return True
    others = [text for text in texts if text not in arns]
    return any(_most(others, group) for group in _samples(test.key))


def _most(patterns: list[str], samples: tuple[str, ...]) -> bool:
    return 2 * sum(any(fits(sample, one) for one in patterns) for sample in samples) >= len(samples)


def _is_anybodys(arn: str) -> bool:
    """Whether anybody can have something that is called so: in an account of his own, or a bucket of any name."""
    parts = arn.split(":", _COLONS)
    account, name = parts[4], parts[5]
    if account:
        # A name that is known later has its account with it, and a pattern of accounts names none.
        return _most([account], _ACCOUNTS)
    return _most([name.partition("/")[0]], NAMES)


def _tails(arns: list[str]) -> Mapping[str, list[str]]:
    """What things are called, by service and kind."""
    found: dict[str, list[str]] = {}
    for arn in arns:
        parts = arn.split(":", _COLONS)
        kind = _KIND.match(parts[5])
        head = f"{parts[2]}:{kind[0] if kind else ''}"
        found.setdefault(head, []).append(parts[5][kind.end() if kind else 0 :])
    return found


def _samples(key: str) -> tuple[tuple[str, ...], ...]:
    """Those who come by chance, by what a key says of them."""
    if key in _ACCOUNT_KEYS:
        return (_ACCOUNTS,)
    if key in _ORGANISATION_KEYS:
        return (_PATHS,) if key.endswith("paths") else (_ORGANISATIONS,)
    if key in _NETWORK_KEYS:
        prefix = "vpce-" if key.endswith("vpce") else "vpc-"
        arns = tuple(f"arn:aws:ec2:us-east-1:{account}:vpc/vpc-{account}" for account in _ACCOUNTS)
        return (tuple(f"{prefix}{name}" for name in _NETWORKS), arns)
    if key in _SERVICE_KEYS:
        return (_SERVICES,)
    return (_USERS, NAMES) if key == _USER else (NAMES, _ROLES)
