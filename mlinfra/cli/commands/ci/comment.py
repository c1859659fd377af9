"""`mlinfra ci comment`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from mlinfra.cli.options import Form
from mlinfra.cli.shell import Shell

PLACE = ("Commands", 1)
EXAMPLES = (
    "mlinfra plan stack.yaml -o markdown | mlinfra ci comment",
    "mlinfra ci comment comment.md --forge github --repository acme/platform --number 12",
)


def run(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="[FILE]", help="The comment; left out, standard input.")] = "-",
    forge: Annotated[
        Literal["", "github", "gitlab"], typer.Option("--forge", help="By default the one that the job runs on.")
    ] = "",
    repository: Annotated[
        str, typer.Option("--repository", metavar="OWNER/NAME", help="By default the job's own.")
    ] = "",
    number: Annotated[
        int | None, typer.Option("--number", min=1, help="Of the pull request; by default the job's.")
    ] = None,
    form: Form = "text",
) -> int:
    """Post a plan as a comment on its pull request, or bring the one that is there up to date.

    The token comes from GITHUB_TOKEN (or GH_TOKEN), or from GITLAB_TOKEN. A comment is found again by the mark on its
    first line, among those that the token's owner wrote.
    """
    from mlinfra.cli.render.document import document
    from mlinfra.cli.texts import read_text

    shell = Shell.of(context)
    body = read_text(shell, file)
    with shell.progress("posting"):
        posted = shell.sessions.post_comment(body, shell.environ, forge=forge, repository=repository, number=number)
    if form == "json":
        shell.write(document({"comment": posted.done, "place": posted.place}))
    else:
        shell.write(f"{posted.place}: the comment is {posted.done}")
    return 0
