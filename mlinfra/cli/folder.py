"""Commands found in a folder: a file is a command, a folder with an `__init__.py` a group of them.

A command's file holds `run`, whose signature is its options and whose docstring is its help; `EXAMPLES`; and, to
stand elsewhere than last, `PLACE` (heading and rank). Files are imported when they are asked for, so what they import
at their top must be light; bodies import the rest.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple, Protocol

import typer
import typer.main
from typer.core import TyperCommand, TyperGroup

from mlinfra.cli.coercion import spared
from mlinfra.cli.shell import Asked, Shell

CONTEXT = {"help_option_names": ["-h", "--help"]}


class Place(NamedTuple):
    """Where help lists a command: below which heading, and after which others. A heading stands with its first."""

    heading: str
    rank: int


_LAST = Place("Others", 99)


class Page(Protocol):
    """As much of the help formatter as is used here."""

    def write_dl(self, rows: Sequence[tuple[str, str]]) -> None:
        """Write a list of terms and descriptions."""
        ...

    def write(self, string: str) -> None:
        """Write as it is."""
        ...

    def section(self, name: str) -> AbstractContextManager[None]:
        """Write a heading, and indent while inside."""
        ...


class Command(TyperCommand):
    """One command. Its epilog is its examples, one a line."""

    place: Place = _LAST

    def get_params(self, ctx: Any) -> list[Any]:
        """Its parameters, and the help option."""
        return spared(super().get_params(ctx))

    def invoke(self, ctx: Any) -> Any:
        """Run it. The shell is told what was asked for, so that a failure can be told in the same form."""
        if isinstance(ctx.obj, Shell):
            ctx.obj.asked = Asked(ctx.command_path.partition(" ")[2], ctx.params)
        return super().invoke(ctx)

    def format_epilog(self, ctx: object, formatter: Page) -> None:
        """Print the examples as they are typed."""
        _write_examples(self.epilog, formatter)


class Folder(TyperGroup):
    """The commands of one package."""

    package: str = ""
    place: Place = _LAST

    def get_params(self, ctx: Any) -> list[Any]:
        """Its parameters, and the help option."""
        return spared(super().get_params(ctx))

    def list_commands(self, ctx: object) -> list[str]:
        """The names, by place; imports every command."""
        names = [_spoken(found.name) for found in pkgutil.iter_modules(import_module(self.package).__path__)]
        return sorted(names, key=lambda name: (_place(self._load(name)).rank, name))

    def get_command(self, ctx: object, cmd_name: str) -> Command | Folder | None:
        """One command; imports its file alone."""
        if cmd_name not in self.commands:
            try:
                module = self._load(cmd_name)
            except ModuleNotFoundError as error:
                if error.name != self._module_name(cmd_name):
                    raise
                # Every name is known now, and the suggestion of a near one needs them.
                self.commands.update({name: self._built(name, self._load(name)) for name in self.list_commands(ctx)})
                return None
            self.commands[cmd_name] = self._built(cmd_name, module)
        found = self.commands[cmd_name]
        return found if isinstance(found, Command | Folder) else None

    def format_commands(self, ctx: object, formatter: Page) -> None:
        """List the commands below their headings."""
        headings: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            if (command := self.get_command(ctx, name)) is not None:
                headings.setdefault(command.place.heading, []).append((name, command.get_short_help_str(200)))
        for heading, rows in headings.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(10), text) for name, text in rows])

    def format_epilog(self, ctx: object, formatter: Page) -> None:
        """Print the examples as they are typed."""
        _write_examples(self.epilog, formatter)

    def _module_name(self, name: str) -> str:
        return f"{self.package}.{name.replace('-', '_')}"

    def _load(self, name: str) -> ModuleType:
        return import_module(self._module_name(name))

    def _built(self, name: str, module: ModuleType) -> Command | Folder:
        if hasattr(module, "__path__"):
            return open_folder(module.__name__, name)
        app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
        app.command(name, cls=Command, context_settings=CONTEXT, epilog="\n".join(module.EXAMPLES))(module.run)
        command = typer.main.get_command(app)
        if not isinstance(command, Command):
            raise TypeError(f"{module.__name__} is no command")
        command.place = _place(module)
        return command


def open_folder(
    package: str, name: str, *, root: Callable[..., None] | None = None, add_completion: bool = False
) -> Folder:
    """The group of commands in `package`, whose docstring is its help; `root` declares options of its own."""
    module = import_module(package)
    app = typer.Typer(
        name=name,
        cls=Folder,
        help=module.__doc__,
        epilog="\n".join(module.EXAMPLES),
        context_settings=CONTEXT,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        subcommand_metavar="COMMAND ...",
        add_completion=add_completion,
    )
    app.callback()(root or _nothing)
    folder = typer.main.get_command(app)
    if not isinstance(folder, Folder):
        raise TypeError(f"{package} is no folder of commands")
    folder.package, folder.place = package, _place(module)
    return folder


def _nothing() -> None:
    pass


def _spoken(name: str) -> str:
    return name.replace("_", "-")


def _place(module: ModuleType) -> Place:
    return Place(*getattr(module, "PLACE", _LAST))


def _write_examples(epilog: str | None, formatter: Page) -> None:
    if epilog:
        with formatter.section("Examples"):
            for line in epilog.splitlines():
                formatter.write(f"  {line}".rstrip() + "\n")
