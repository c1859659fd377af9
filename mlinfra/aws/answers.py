"""Answers: whether what came back is an answer of the operation that was called.

botocore takes almost anything for one: of an HTML page with status 200 that a proxy sent, of half a document and of an
empty one it makes an answer that shows nothing, and whoever believes that takes objects for gone that are there.
`clients` puts this around botocore's parsers. A body is not parsed twice: JSON is gone through without being read
(a hundredth of what its parsing costs), of XML the first tag is looked at, and the rest is left to the parser.

The forms are those of the protocols (Smithy 2.0, AWS protocols, read November 2026): a JSON object; the root element
`<Operation>Response` of query and EC2. S3's roots are those of its API reference, since the model leaves them out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import msgspec
from botocore.parsers import ResponseParserError

Shape = Any  # botocore's models are made at run time, without types
_ERROR = 300  # from this status on
_REFUSED = 400
_FAULT = 500  # from this status on nobody expects a form
_ROOT = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*<(?:[\w.-]+:)?([\w.-]+)", re.DOTALL)
_PAGE = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*<(?:html|!doctype\s+html)\b", re.DOTALL | re.I)
_NOTHING = (b"", b"null")  # servers that speak like AWS say `null` where there is nothing to say
_S3_ROOTS = {
    "DeleteObjects": "DeleteResult",
    "GetBucketLifecycleConfiguration": "LifecycleConfiguration",
    "GetBucketTagging": "Tagging",
    "GetBucketVersioning": "VersioningConfiguration",
    "ListBuckets": "ListAllMyBucketsResult",
    "ListObjectVersions": "ListVersionsResult",
    "ListObjectsV2": "ListBucketResult",
}
_MARKED = frozenset({"GetObject", "HeadObject", "PutObject"})  # S3 says with each of these which version it is


class Garbled(ResponseParserError):  # type: ignore[misc]  # botocore is untyped
    """What came back is no answer of the operation. Never repeats what it holds: that may be secret."""


class _Anything(msgspec.Struct):
    """A JSON object, of which nothing is read."""


_of_object = msgspec.json.Decoder(_Anything).decode


class Parsers:
    """A factory of botocore's parsers, each of which refuses what has not the form that it is to parse."""

    def __init__(self, factory: Any) -> None:
        self._factory = factory

    def set_parser_defaults(self, **defaults: Any) -> None:
        """What botocore's own factory takes."""
        self._factory.set_parser_defaults(**defaults)

    def create_parser(self, protocol: str) -> Parser:
        """The parser of a protocol, by botocore's name for it."""
        return Parser(self._factory.create_parser(protocol), protocol)


class Parser:
    """One protocol's parser. `parse` raises `Garbled`."""

    def __init__(self, parser: Any, protocol: str) -> None:
        self._parser = parser
        self._protocol = protocol

    def parse(self, response: Mapping[str, Any], shape: Shape | None) -> Any:
        """What botocore makes of an answer that has the form of one."""
        refused = response["status_code"] >= _ERROR
        if not refused and (instead := _instead(self._protocol, response, shape)):
            raise Garbled(f"what came back is no answer of it, but {instead}")
        try:
            parsed = self._parser.parse(response, shape)
        except (ResponseParserError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise Garbled(f"what came back is no answer of it: {_kind_of(response)}") from error
        if refused and _says_nothing(self._protocol, response, shape, parsed):
            raise Garbled(f"what came back is no answer of it: {_kind_of(response)}")
        return parsed


def _instead(protocol: str, response: Mapping[str, Any], shape: Shape | None) -> str:
    """What an answer is, in the place of what it has to be; "" where it is that."""
    body, operation = response["body"], response["context"]["operation_name"]
    if protocol == "rest-xml" and operation in _MARKED and "etag" not in response["headers"]:
        return "something without an ETag"
    if not isinstance(body, bytes):
        return ""  # a stream, which whoever reads it judges
    if _PAGE.match(body):
        return "an HTML page"
    payload = shape.members.get(shape.serialization.get("payload")) if shape is not None else None
    if payload is not None and payload.type_name in ("string", "blob"):
        return ""
    match protocol:
        case "json" | "rest-json":
            return _instead_of_json(body, needed=_is_in_body(shape))
        case "query" | "ec2":
            return _instead_of_xml(body, f"{operation}Response")
        case "rest-xml" if _is_in_body(shape):
            return _instead_of_xml(body, _root_of(operation, shape, payload), f"{operation}Response")
        case "smithy-rpc-v2-cbor":
            is_map = body[:1] and body[0] >> 5 == 5  # the first three bits are the kind of what follows
            return "" if is_map or not (body or _is_in_body(shape)) else "no map"
    return ""


def _is_in_body(shape: Shape | None) -> bool:
    """Whether any of the output stands in the body, and not in headers."""
    members = shape.members.values() if shape is not None else ()
    return any(member.serialization.get("location") is None for member in members)


def _instead_of_json(body: bytes, *, needed: bool) -> str:
    if body.strip() in _NOTHING:
        return "nothing" if needed else ""
    try:
        _of_object(body)
    except msgspec.MsgspecError:
        return "" if _is_loose_object(body) else "no whole JSON object"
    return ""


def _is_loose_object(body: bytes) -> bool:
    """Whether Python takes it for a JSON object: it also reads `NaN`, and halves of characters."""
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False


def _root_of(operation: str, shape: Shape, payload: Shape | None) -> str:
    """The root element of a rest-xml answer; "" where the model does not say it."""
    if payload is not None:
        return str(payload.serialization.get("name", payload.name))
    return _S3_ROOTS.get(operation, "" if shape.name.endswith("Output") else shape.name)


def _instead_of_xml(body: bytes, root: str, spelling: str = "") -> str:
    """`root` is the element to be found, in another `spelling` with servers that name all answers alike."""
    if not body.strip():
        return "nothing"
    found = _ROOT.match(body)
    if found is None:
        return "no XML"
    name = found[1].decode()
    return "" if root in ("", name) or name == spelling else f"<{name}> in the place of <{root}>"


def _says_nothing(protocol: str, response: Mapping[str, Any], shape: Shape | None, parsed: Any) -> bool:
    """Whether a refusal names no error of the service: who knows who sent it. HEAD has no body to name one in."""
    if not _REFUSED <= response["status_code"] < _FAULT or (shape is not None and shape.metadata.get("exception")):
        return False
    if protocol == "rest-xml" and response["context"]["operation_name"].startswith("Head"):
        return False
    code = parsed.get("Error", {}).get("Code", "")
    return code in ("", str(response["status_code"]))


def _kind_of(response: Mapping[str, Any]) -> str:
    body, status = response["body"], response["status_code"]
    what = "an HTML page" if isinstance(body, bytes) and _PAGE.match(body) else "nothing that can be read"
    return f"{what}, with status {status}" if body else f"nothing, with status {status}"
