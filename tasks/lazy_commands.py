"""Commands that other floors add through the entry points ``slmkit.commands``, imported only when they are called."""

from __future__ import annotations

import ast
import importlib.util
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

GROUP = "slmkit.commands"


class LazyGroup(TyperGroup):
    """A group that lists its added commands by name and help, and imports one when it is called."""

    @cached_property
    def _added(self) -> dict[str, EntryPoint]:
        # Our own commands are not to be replaced by another package's.
        found = sorted(entry_points(group=GROUP), key=lambda entry: entry.name)
        return {entry.name: entry for entry in found if entry.name not in self.commands}

    def list_commands(self, ctx: Any) -> list[str]:
        """Return our own commands, then the added ones."""
        return [*super().list_commands(ctx), *self._added]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; for an added one, a stand-in that has only its name and help."""
        own = super().get_command(ctx, cmd_name)
        if own is not None or cmd_name not in self._added:
            return own
        return TyperCommand(cmd_name, help=_read_help(self._added[cmd_name]), rich_markup_mode=None)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command to run; an added one is imported here."""
        name, command, rest = super().resolve_command(ctx, args)
        if name in self._added:
            command = get_command(self._added[name].load())
            command.name = name
        return name, command, rest


def _read_help(entry: EntryPoint) -> str:
    """Read the help of ``app = typer.Typer(help="…")`` from the module's source, without running it."""
    try:
        spec = importlib.util.find_spec(entry.module)
        tree = ast.parse(Path(spec.origin).read_text("utf-8")) if spec and spec.origin else ast.Module([], [])
    except (ImportError, OSError, SyntaxError):
        return ""
    for node in tree.body:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or not isinstance(node.value, ast.Call):
            continue
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id == entry.attr for target in targets):
            for keyword in node.value.keywords:
                if keyword.arg == "help" and isinstance(keyword.value, ast.Constant):
                    return str(keyword.value.value)
    return (ast.get_docstring(tree) or "").partition("\n")[0]
