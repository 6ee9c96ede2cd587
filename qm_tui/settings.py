"""The admin's own settings: `settings.toml` in the settings folder, read only if it is there."""

import tomllib
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, NamedTuple

from qm_tui.errors import Refused, reason
from qm_tui.files import read_small
from qm_tui.paths import settings_folder
from qm_tui.text import visible

_TABLE: Final = "store"


class _Range(NamedTuple):
    """What a setting may be."""

    least: int
    most: int


_ALLOWED: Final = {
    "lock_wait_seconds": _Range(0, 3600),
    "history_days": _Range(0, 36_500),
    "history_megabytes": _Range(0, 1024**2),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """What the admin may choose; without a file, what is built in.

    Attributes:
        lock_wait_seconds: how long to wait for another writer.
        history_days: how long it is kept what a transaction did to each user.
        history_megabytes: how many megabytes of that are kept.
    """

    lock_wait_seconds: float = 10
    history_days: float = 90
    history_megabytes: float = 1024

    @property
    def history_bytes(self) -> int:
        """How many bytes of the history are kept."""
        return int(self.history_megabytes * 1024**2)

    def __str__(self) -> str:
        return ", ".join(f"{name} = {value:g}" for name, value in asdict(self).items())


def settings_path() -> Path:
    """Where the settings are read from."""
    return settings_folder() / "settings.toml"


def settings() -> Settings:
    """The settings that count for this admin.

    Raises:
        Refused: the file cannot be read, or says something that is no setting.
    """
    path = settings_path()
    try:
        text = read_small(path).decode()
    except (FileNotFoundError, NotADirectoryError):
        return Settings()
    except OSError as error:
        raise _refused(path, reason(error)) from error
    except UnicodeDecodeError as error:
        raise _refused(path, "it is not UTF-8 text") from error
    try:
        return _read(path, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise _refused(path, f"it is not TOML: {visible(str(error), 200)}") from error
    except RecursionError as error:
        raise _refused(path, "it is nested too deeply") from error


def _read(path: Path, said: dict[str, Any]) -> Settings:
    for name in said:
        if name != _TABLE:
            raise _refused(path, f"{visible(name, 60)} is unknown; there is only [{_TABLE}]")
    table = said.get(_TABLE, {})
    if not isinstance(table, dict):
        raise _refused(path, f"{_TABLE} must be a table, [{_TABLE}]")
    known = [one.name for one in fields(Settings)]
    for name, value in table.items():
        if name not in known:
            one_of = f"{', '.join(known[:-1])} and {known[-1]}"
            raise _refused(path, f"[{_TABLE}] {visible(name, 60)} is unknown; there are {one_of}")
        least, most = _ALLOWED[name]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not least <= value <= most:
            why = f"[{_TABLE}] {name} must be a number from {least:,} to {most:,}"
            raise _refused(path, f"{why}, not {visible(str(value), 60)}")
    return replace(Settings(), **table)


def _refused(path: Path, why: str) -> Refused:
    where = visible(str(path))
    return Refused(f"The settings {where} cannot be used: {why}. Correct the file or move it away.")
