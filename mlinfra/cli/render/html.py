"""Self-contained HTML pages: style and script within, nothing fetched, nothing obeyed that a value says."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from mlinfra.cli.render.value import inert

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def page_html(title: str, body: str) -> str:
    """A whole page around `body`."""
    from importlib.resources import files

    here = files("mlinfra.cli.render")
    style = here.joinpath("page.css").read_text(encoding="utf-8")
    script = here.joinpath("page.js").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{text(title)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        f'<a class="skip" href="#main">Skip to the content</a>\n{body}\n<script>\n{script}</script>\n</body>\n</html>\n'
    )


def text(words: object) -> str:
    """Words as text or attribute: no tag, no entity, no control character."""
    return escape(inert(str(words)))


def code(words: object) -> str:
    """Words in a monospaced face."""
    return f"<code>{text(words)}</code>"


def about_html(about: Mapping[str, str]) -> str:
    """What the page is about: names and values."""
    rows = "".join(f"<div><dt>{text(name)}</dt><dd>{code(what)}</dd></div>" for name, what in about.items())
    return f'<dl class="about">{rows}</dl>'
