"""The commands of the command line, each with its options."""

from collections import UserDict
from functools import cache
from importlib import import_module
from typing import Any, Final

import typer

COMMANDS: Final = {
    "import": "import_users.import_",
    "export": "export_users.export",
    "list": "list_users.list_",
    "add": "add_user.add",
    "set": "bulk.set_",
    "activate": "bulk.activate",
    "inactivate": "bulk.inactivate",
    "delete": "bulk.delete",
    "rename": "bulk.rename",
    "passwd": "passwd.passwd",
    "activity": "activity.activity",
    "undo": "activity.undo",
    "info": "list_users.info",
    "init": "create_store.init",
    "migrate": "create_store.migrate",
    "backup": "store_files.backup",
    "check": "store_files.check",
    "recover": "store_files.recover",
    "copy": "copy_store.copy",
    "config": "config.config",
    "completion": "completion.completion",
}
"""The module and the function of each command, in the order in which `--help` lists them."""

HIDDEN_COMMANDS: Final = {"complete": "completion.complete"}
"""Called by the completion scripts of shells."""


class LazyCommands(UserDict[str, Any]):
    """The commands as Typer needs them. The module of a command is imported when it is used."""

    def __init__(self) -> None:
        super().__init__(COMMANDS | HIDDEN_COMMANDS)

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - Typer's type of a command is private
        return _command(name, super().__getitem__(name))


@cache
def _command(name: str, function: str) -> Any:  # noqa: ANN401
    module, _, attribute = function.partition(".")
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    called = getattr(import_module(f"{__name__}.{module}"), attribute)
    alone.command(name, hidden=name in HIDDEN_COMMANDS)(called)
    return typer.main.get_command(alone)
