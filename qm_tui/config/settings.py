"""The admin's settings: `settings.toml` in the settings folder."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from qm_tui.errors import UserError, os_error_text
from qm_tui.paths import settings_folder
from qm_tui.text import listed, most_similar, sanitize
from qm_tui.toml_files import InvalidTomlFile, read_toml

STORE_TABLE: Final = "store"
KEYS_TABLE: Final = "keys"
_TABLES: Final = (STORE_TABLE, KEYS_TABLE)

_MAX_SHOWN: Final = 60
_CORRECT: Final = "Correct the file, or move it."
_ALLOWED: Final = {
    "lock_wait_seconds": (0, 3600),
    "history_days": (0, 36_500),
    "history_megabytes": (0, 1024**2),
}
"""The minimum and the maximum of each setting."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings and their defaults.

    Attributes:
        lock_wait_seconds: how long to wait if another program writes to the store.
        history_days: how long the changes of each user are available.
        history_megabytes: the maximum size of these changes.
        keys: by the ID of an action of the terminal UI, its keys, as they are written.
    """

    lock_wait_seconds: float = 10
    history_days: float = 90
    history_megabytes: float = 1024
    keys: Mapping[str, str] = field(default_factory=dict)

    @property
    def history_bytes(self) -> int:
        """The maximum size of the changes of each user, in bytes."""
        return int(self.history_megabytes * 1024**2)

    @property
    def of_store(self) -> dict[str, float]:
        """The settings of the store by name."""
        return {name: getattr(self, name) for name in _ALLOWED}

    def __str__(self) -> str:
        return ", ".join(f"{name} = {value:g}" for name, value in self.of_store.items())


def settings_path() -> Path:
    """Return the path of the settings."""
    return settings_folder() / "settings.toml"


def load_settings() -> Settings:
    """Return the settings of the admin; the defaults if there is no file.

    Raises:
        UserError: the file cannot be read, or has an unknown or invalid setting.
    """
    path = settings_path()
    try:
        tables = read_toml(path)
    except (FileNotFoundError, NotADirectoryError):
        return Settings()
    except OSError as error:
        raise invalid_setting(os_error_text(error)) from error
    except InvalidTomlFile as error:
        raise invalid_setting(str(error)) from error
    for name in tables:
        if name in _ALLOWED:
            where = f"{name} must be in the table [{STORE_TABLE}]"
            raise invalid_setting(where, f"Move it below a line [{STORE_TABLE}].")
        _check_name(name, _TABLES, "table", f" (valid: {listed([f'[{one}]' for one in _TABLES])})")
    store, keys = (_table(tables, name) for name in (STORE_TABLE, KEYS_TABLE))
    for name, value in store.items():
        _check_store_setting(name, value)
    return replace(Settings(), **store, keys=dict(_written_keys(keys)))


def _table(tables: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise invalid_setting(f"{name} must be a table, [{name}]")
    return table


def _check_store_setting(name: str, value: Any) -> None:  # noqa: ANN401 - as TOML has it
    where = f" in [{STORE_TABLE}] (valid: {listed([*_ALLOWED])})"
    _check_name(name, _ALLOWED, "setting", where)
    least, most = _ALLOWED[name]
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not least <= value <= most:
        must = f"[{STORE_TABLE}] {name} must be a number from {least:,} to {most:,}"
        raise invalid_setting(f"{must}, not {sanitize(str(value), _MAX_SHOWN)}")


def _check_name(name: str, known: Collection[str], kind: str, valid: str) -> None:
    if name not in known:
        near = most_similar(name, known)
        fix = f"Did you mean {near}? {_CORRECT}" if near else _CORRECT
        raise invalid_setting(f"unknown {kind} {sanitize(name, _MAX_SHOWN)}{valid}", fix)


def _written_keys(table: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    """Yield IDs of actions and their keys. In TOML, a dot in a name makes a table."""
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _written_keys(value, f"{before}{name}.")
        elif isinstance(value, str):
            yield before + name, value
        else:
            shown = sanitize(before + name, _MAX_SHOWN)
            must = f'[{KEYS_TABLE}] {shown} must be text in quotes, as in "f5" or "i,f5"'
            raise invalid_setting(must)


def invalid_setting(reason: str, fix: str = _CORRECT) -> UserError:
    """Return the error that a setting is invalid.

    Args:
        reason: what is wrong, without the file and without a full stop.
        fix: what to do, as a sentence.
    """
    return UserError(f"Cannot read the settings {sanitize(str(settings_path()))}: {reason}. {fix}")
