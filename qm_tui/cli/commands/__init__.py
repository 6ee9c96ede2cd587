"""The commands of the command line, each with its options."""

from collections.abc import Callable
from typing import Final

from qm_tui.cli.commands import (
    activity,
    add_user,
    bulk,
    completion,
    export_users,
    import_users,
    list_users,
    passwd,
    store_files,
)

COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "import": import_users.import_,
    "export": export_users.export,
    "list": list_users.list_,
    "add": add_user.add,
    "set": bulk.set_,
    "activate": bulk.activate,
    "inactivate": bulk.inactivate,
    "delete": bulk.delete,
    "rename": bulk.rename,
    "passwd": passwd.passwd,
    "activity": activity.activity,
    "undo": activity.undo,
    "info": list_users.info,
    "init": store_files.init,
    "backup": store_files.backup,
    "check": store_files.check,
    "recover": store_files.recover,
    "completion": completion.completion,
}
"""In the order in which `--help` lists them."""

HIDDEN_COMMANDS: Final[dict[str, Callable[..., None]]] = {"complete": completion.complete}
"""Called by the completion scripts of shells."""
