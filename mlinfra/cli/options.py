"""The options that several commands share, declared once."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import typer

StackFile: TypeAlias = Annotated[str, typer.Argument(metavar="STACK", help="The stack file.", show_default=False)]
Sets: TypeAlias = Annotated[
    list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Give an input; may be repeated.")
]
Inputs: TypeAlias = Annotated[
    list[str] | None, typer.Option("--inputs", metavar="FILE", help="Read inputs from a YAML file; may be repeated.")
]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Full: TypeAlias = Annotated[bool, typer.Option("--full", help="Show every property of what is created or deleted.")]
RemoveForeign: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--remove-foreign",
        help="Take away what others added to objects of the stack: policies of roles, rules of security groups.",
    ),
]
Form: TypeAlias = Annotated[Literal["text", "json"], typer.Option("-o", "--output", help="The form of the answer.")]
PlanForm: TypeAlias = Annotated[
    Literal["text", "json", "markdown", "html"], typer.Option("-o", "--output", help="The form of the plan.")
]
GraphForm: TypeAlias = Annotated[
    Literal["text", "json", "mermaid", "html"], typer.Option("-o", "--output", help="The form of the graph.")
]
StatusForm: TypeAlias = Annotated[
    Literal["text", "json", "markdown"], typer.Option("-o", "--output", help="The form of the answer.")
]
