"""Credentials that do not work: whose they were to be, by which setting, and what to do about it.

`errors` calls it for the SDK's and AWS's refusals, and the S3 state for its own. Reads the environment and the names in
the user's AWS configuration; asks nobody, and repeats no key.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from difflib import get_close_matches

from mlinfra.core.errors import NoCredentials

# AWS's common errors of requests that are signed with credentials that nobody has, or no longer (IAM user guide,
# "Common errors", and S3's "Error responses", November 2026).
_UNUSABLE = re.compile(
    r"^(ExpiredToken\w*|InvalidToken|InvalidClientTokenId|InvalidAccessKeyId|UnrecognizedClient\w*|SignatureDoesNotMatch"
    r"|AuthFailure|TokenRefreshRequired|MissingAuthenticationToken)$"
)
_PROFILES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE")
_KEY = "AWS_ACCESS_KEY_ID"
_MAKE_ONE = "`aws configure sso` makes one; or unset it"
_ROLE, _TOKEN = "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"


def refusal(error: BaseException, doing: str, environ: Mapping[str, str] | None = None) -> NoCredentials | None:
    """Our error for one of missing or unusable credentials; `None` for any other. doing: the call, and its object."""
    from botocore import exceptions as sdk

    where = os.environ if environ is None else environ
    if isinstance(error, sdk.ProfileNotFound):
        return _no_profile(where)
    if isinstance(error, sdk.ClientError):
        about = error.response.get("Error", {})
        code = str(about.get("Code", ""))
        if not _UNUSABLE.fullmatch(code):
            return None
        said = f"{doing}: AWS does not take the credentials of {whose(where)}: {about.get('Message') or code} ({code})"
        return NoCredentials(said, hint=_remedy(where))
    if isinstance(error, sdk.NoCredentialsError | sdk.NoAuthTokenError):
        said = f"there are no AWS credentials: {whose(where)} has none" if _chosen(where) else _nothing()
        return NoCredentials(f"{doing}: {said}", hint=_remedy(where))
    unread = (
        *(sdk.PartialCredentialsError, sdk.CredentialRetrievalError, sdk.TokenRetrievalError, sdk.SSOError),
        *(sdk.InvalidConfigError, sdk.ConfigParseError, sdk.ConfigNotFound, sdk.UnknownCredentialError),
    )
    if isinstance(error, unread):
        return NoCredentials(f"{doing}: {whose(where)} gives no credentials: {error}", hint=_remedy(where))
    return None


def whose(environ: Mapping[str, str] | None = None) -> str:
    """Whose credentials calls are made with, by the setting that says so: `the profile acme (AWS_PROFILE)`."""
    where = os.environ if environ is None else environ
    if profile := _profile(where):
        role = _role_of(profile)
        return f"the profile {profile} ({_setting(where)})" + (f", which takes the role {role}" if role else "")
    if where.get(_KEY):
        return f"the key in {_KEY}"
    if where.get(_ROLE) and where.get(_TOKEN):
        return f"the role {where[_ROLE]} ({_ROLE})"
    return "the default profile"


def _profile(environ: Mapping[str, str]) -> str:
    return next((environ[name] for name in _PROFILES if environ.get(name)), "")


def _setting(environ: Mapping[str, str]) -> str:
    return next(name for name in _PROFILES if environ.get(name))


def _chosen(environ: Mapping[str, str]) -> bool:
    return bool(_profile(environ) or environ.get(_KEY) or environ.get(_ROLE))


def _nothing() -> str:
    return f"there are no AWS credentials: neither {_PROFILES[0]} nor {_KEY} is set, and no default profile has any"


def _no_profile(environ: Mapping[str, str]) -> NoCredentials:
    profile = _profile(environ)
    setting = _setting(environ) if profile else _PROFILES[0]
    there = sorted(_configured())
    near = get_close_matches(profile, there, 1)
    hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(there)}" if there else _MAKE_ONE
    return NoCredentials(f"{setting} names the profile {profile}, and the AWS configuration has none", hint=hint)


def _remedy(environ: Mapping[str, str]) -> str:
    profile = _profile(environ)
    if profile:
        return f"`aws sso login --profile {profile}`, or name another profile; `aws sts get-caller-identity` tells more"
    return (
        f"set {_PROFILES[0]} (then `aws sso login`), or {_KEY} and its secret; in CI let the job assume a role; "
        "`aws sts get-caller-identity` tells whether it works"
    )


def _role_of(profile: str) -> str:
    return str(_configured().get(profile, {}).get("role_arn", ""))


def _configured() -> Mapping[str, Mapping[str, object]]:
    """All profiles, where the configuration can be read."""
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    try:
        found: Mapping[str, Mapping[str, object]] = Session().full_config.get("profiles", {})
    except BotoCoreError:
        return {}
    return found
