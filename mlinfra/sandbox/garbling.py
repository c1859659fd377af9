"""Garbling: what comes back in the place of an answer, under a status that says that all is well.

What a proxy, a gateway or a broken connection makes of answers. Rules ask for it; the damage to calls to AWS and to
clusters is done with it.
"""

from __future__ import annotations

from mlinfra.sandbox.faults import FaultRule

PAGE = b"<!DOCTYPE html>\n<html><head><title>Bad gateway</title></head><body>Please try again later.</body></html>\n"
HTML = "text/html"


def garbled(rule: FaultRule, body: bytes | None) -> tuple[bytes, str]:
    """What is answered, and its content type; "" for the one that the answer has.

    `code` says which: a page, as in "" as well; `empty`; `half` of what was answered, and a page where nothing was
    (`None`). A `message` is answered as it stands.
    """
    if rule.message:
        return rule.message.encode(), HTML if rule.message.startswith("<") else "application/json"
    if rule.code == "empty":
        return b"", HTML if body is None else ""
    if rule.code == "half" and body:
        return body[: len(body) // 2], ""
    return PAGE, HTML
