"""Secrets in texts: what is of the form that secrets have, what a name says of its value, and what is left without it.

`written_secrets` looks through values with it, the rules through what a stack declares, and whatever prints a text
blots out what it finds. It knows forms alone: what is called a password, is given to one, begins as tokens of known
makers do, or holds one of these encoded. A reference, a placeholder, a path, a name and a digest is no secret.

Forms: AWS (IAM user guide, "IAM identifiers"), GitHub, GitLab, Hugging Face, OpenAI, Anthropic, Google, NVIDIA, Slack,
npm, Stripe, SendGrid, Databricks, HashiCorp Vault, LangSmith, PEM (RFC 7468) and JWT (RFC 7519), November 2026.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator
from enum import IntEnum
from functools import lru_cache

BLOT = "(secret)"
SHORTEST = 12  # characters of a text that can hold a name and a secret, or a token
_LARGEST = 1 << 20  # of what is decoded
_KEPT = 256  # characters of a text whose answer is remembered
_DEEPEST = 4  # encodings within encodings

# What a text has in it that may be read any further: a quick look, since every text of every plan passes here.
_HINTS = (
    "pass", "pwd", "secret", "token", "key", "cred", "auth", "akia", "asia", "ghp_", "gho_", "ghs_", "ghu_", "ghr_",
    "github_pat_", "hf_", "xox", "glpat-", "sk-", "_live_", "aiza", "eyj", "npm_", "sg.", "hvs.", "nvapi-", "lsv2_",
    "dapi", "hooks.slack.com", "curl", "@",
)  # fmt: skip
_TOKEN = re.compile(
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----(?:[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----)?"
    r"|\bgh[pousr]_[0-9A-Za-z]{36}\b|\bgithub_pat_[0-9A-Za-z_]{22,}|\bglpat-[0-9A-Za-z_-]{20,}"
    r"|\bhf_[0-9A-Za-z]{30,}\b|\bxox[abeoprs]-[0-9A-Za-z-]{10,}|\bhooks\.slack\.com/services/[0-9A-Za-z/]{20,}"
    r"|\bsk-[0-9A-Za-z_-]{20,}|\b[sr]k_live_[0-9A-Za-z]{16,}|\bAIza[0-9A-Za-z_-]{35}\b|\bnvapi-[0-9A-Za-z_-]{40,}"
    r"|\bnpm_[0-9A-Za-z]{36}\b|\bSG\.[0-9A-Za-z_-]{16,}\.[0-9A-Za-z_-]{16,}|\bhvs\.[0-9A-Za-z_-]{24,}"
    r"|\blsv2_(?:pt|sk)_[0-9a-f]{32}\w*|\bdapi[0-9a-f]{32}\b"
    r"|\beyJ[0-9A-Za-z_-]{10,}\.eyJ[0-9A-Za-z_-]{10,}\.[0-9A-Za-z_-]{10,}"
)
_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^/\s:@'\"]*:([^/\s@'\"]+)@", re.IGNORECASE)
_HEADER = re.compile(r"authorization['\"]?\s*[:=]\s*['\"]?(?:bearer|basic|token)\s+([0-9A-Za-z+/=._~-]{8,})", re.I)
_LOGIN = re.compile(r"\bcurl\b[^\n]*\s(?:-u|--user)[\s=]+['\"]?[^\s:'\"]+:([^\s'\"]+)")
_NAME = r"(?P<name>[\w.-]{0,60}(?:passw(?:or)?d|passphrase|pwd|pass|secret|token|creds|credentials?|key))"
_ASSIGNED = re.compile(  # not within an ARN, whose parts colons part
    r"(?<![:\w.-])"
    + _NAME
    + r"['\"]?[ \t]{0,3}(?P<sign>[:=])[ \t]{0,3}(?P<quote>\\?['\"]?)(?P<value>[^\s'\"\\&;,<>|\]})]{1,400})",
    re.I,
)
_FLAG = re.compile(r"(?<![\w-])--?" + _NAME + r"[ \t]+(?P<quote>['\"]?)(?P<value>[^\s'\"-][^\s'\"]*)", re.I)
_RUN = re.compile(r"[0-9A-Za-z+/]{20,}(?:\r?\n[ \t]*[0-9A-Za-z+/]+)*={0,2}")
_WHOLE = re.compile(r"[0-9A-Za-z+/\s]{16,}={0,2}\s*")

# What names say, once they are spelt with underscores.
_SURE = re.compile(
    r"(password|passwd|passphrase|pwd|(^|_|pg|db)pass|secret_access_key|client_secret|secret_string"
    r"|(api|access|auth|bearer|bot)_?token)$"
)
_LIKELY = re.compile(
    r"(secret|token|credentials?|creds|(api|access|secret|private|encryption|signing|master|auth)_?key)$"
)
_LIKELY_OF = re.compile(
    r"(password|passwd)_([a-z0-9_]+_)?(?!(file|path|dir|name|key|url|uri|arn|id|ref|length|hash)$)[a-z0-9]+$"
)
_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[-./ ]+")

# What stands for a secret, and is none.
_PLACEHOLDER = re.compile(
    r"[$<@#%(]|\{\{|\{[\w.]+\}$|enc\[|arn:|sha(256|512):|vault:|file:|env:|ref\+|op://|projects/|[\W_x]*$"
    r"|/[\w.-]+(/[\w.{}-]+)+/?$|/[a-z_-]*$"
    r"|(true|false|yes|no|on|off|null|none|nil|string|text|required|optional|enabled|disabled|redacted|unset)$"
    r"|(replace|change|insert|your|todo|fixme)[-_ ].*|.*[-_ ](here|placeholder)$|placeholder$|example$|\(secret",
    re.IGNORECASE,
)
_PLAIN_URL = re.compile(r"[a-z][a-z0-9+.-]*://[^@]*$", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_TOKENS = re.compile(r"[0-9A-Za-z+/=_.~:!@#%^*-]{8,}")
_WORD = re.compile(r"[A-Za-z]{0,20}[0-9]{0,4}|[0-9]+")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+|\w*(password|passwd|secret|token|key|pwd)\w*", re.IGNORECASE)
_CALL = re.compile(r"[\w.]*[(\[]")


class Claim(IntEnum):
    """What a name says of its value: nothing; that it may be a secret, or the name of one; that it is one."""

    NONE = 0
    LIKELY = 1
    SURE = 2


@lru_cache(maxsize=1 << 14)
def claim(name: str) -> Claim:
    """What `name` says: `adminPassword` and `AWS_SECRET_ACCESS_KEY` are sure, `token` and `existingSecret` are not."""
    spelt = _HUMPS.sub("_", name).lower()
    if _SURE.search(spelt):
        return Claim.SURE
    return Claim.LIKELY if _LIKELY.search(spelt) or _LIKELY_OF.search(spelt) else Claim.NONE


def is_secret(name: str, text: str) -> bool:
    """Whether a text that is called so is a secret, written out."""
    said = claim(name)
    if said is Claim.NONE or not text.strip() or is_placeholder(text):
        return False
    return said is Claim.SURE or _is_random(text)


def is_placeholder(text: str) -> bool:
    """Whether a text stands for a secret, refers to one, or says where it is."""
    text = text.strip()
    return _PLACEHOLDER.match(text) is not None or _PLAIN_URL.match(text) is not None


def _is_random(text: str) -> bool:
    """Whether nobody would call anything so: what is made of words, and of numbers that words end in, is a name."""
    if not _TOKENS.fullmatch(text) or _UUID.fullmatch(text):
        return False
    return not all(_WORD.fullmatch(word) for word in re.split(r"[-_./:@*]", text))


def holds_secret(text: str) -> bool:
    """Whether there is a secret anywhere in a text, encoded ones included."""
    if len(text) < SHORTEST:
        return False
    return _found(text) if len(text) < _KEPT else next(spans(text), None) is not None


@lru_cache(maxsize=1 << 15)
def _found(text: str) -> bool:
    return next(spans(text), None) is not None


def blotted(text: str) -> str:
    """The text, with every secret in it blotted out. What is encoded and holds one goes as a whole."""
    if not holds_secret(text):
        return text
    kept, end = [], 0
    for start, stop in sorted(spans(text)):
        if start >= end:
            kept += [text[end:start], BLOT]
        end = max(end, stop)
    return "".join((*kept, text[end:]))


def spans(text: str, depth: int = 0) -> Iterator[tuple[int, int]]:
    """Where the secrets are in a text: first and last character, in no order; some overlap."""
    lower = text.lower()
    if any(hint in lower for hint in _HINTS):
        yield from (found.span() for found in _TOKEN.finditer(text))
        for pattern in (_URL, _HEADER, _LOGIN):
            yield from (found.span(1) for found in pattern.finditer(text) if not is_placeholder(found[1]))
        yield from (found.span("value") for found in _ASSIGNED.finditer(text) if _is_assigned(found))
        yield from (found.span("value") for found in _FLAG.finditer(text) if is_secret(found["name"], found["value"]))
    if depth < _DEEPEST and len(text) <= _LARGEST:
        if _WHOLE.fullmatch(text):
            if any(True for _ in spans(decoded(text), depth + 1)):
                yield 0, len(text)
            return
        for run in _RUN.finditer(text):
            if any(True for _ in spans(decoded(run[0]), depth + 1)):
                yield run.span()


def _is_assigned(found: re.Match[str]) -> bool:
    """Whether a name is given a secret. In programs and prose much follows a colon, or an equals sign, that is none."""
    value, quoted = found["value"], bool(found["quote"])
    if not is_secret(found["name"], value):
        return False
    if not quoted and (_CALL.match(value) or _IDENTIFIER.fullmatch(value)):
        return False
    least = 8 if found["sign"] == "=" else 1 << 10
    return len(value) >= (5 if quoted or not value.isalpha() else least)


def decoded(text: str) -> str:
    """The text that is written in base64, compressed or not; empty where it is none."""
    try:
        raw = base64.b64decode("".join(text.split()), validate=True)
        if raw[:2] == b"\x1f\x8b":
            raw = zlib.decompressobj(31).decompress(raw, _LARGEST)
        found = raw.decode()
    except (binascii.Error, zlib.error, ValueError):
        return ""
    return found if found.replace("\n", "").replace("\t", "").replace("\r", "").isprintable() else ""
