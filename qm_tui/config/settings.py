"""The admin's settings: `settings.toml` in the settings folder."""

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from qm_tui.errors import UserError, os_error_text
from qm_tui.paths import settings_folder
from qm_tui.text import listed, sanitize
from qm_tui.toml_files import InvalidTomlFile, read_toml

_TABLE: Final = "store"


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
    """

    lock_wait_seconds: float = 10
    history_days: float = 90
    history_megabytes: float = 1024

    @property
    def history_bytes(self) -> int:
        """The maximum size of the changes of each user, in bytes."""
        return int(self.history_megabytes * 1024**2)

    def __str__(self) -> str:
        return ", ".join(f"{name} = {value:g}" for name, value in asdict(self).items())


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
        return _read(path, read_toml(path))
    except (FileNotFoundError, NotADirectoryError):
        return Settings()
    except OSError as error:
        raise _invalid_setting(path, os_error_text(error)) from error
    except InvalidTomlFile as error:
        raise _invalid_setting(path, str(error)) from error


def _read(path: Path, tables: dict[str, Any]) -> Settings:
    for name in tables:
        if name != _TABLE:
            raise _invalid_setting(path, f"unknown table {sanitize(name, 60)} (valid: [{_TABLE}])")
    table = tables.get(_TABLE, {})
    if not isinstance(table, dict):
        raise _invalid_setting(path, f"{_TABLE} must be a table, [{_TABLE}]")
    for name, value in table.items():
        if name not in _ALLOWED:
            shown, valid = sanitize(name, 60), listed([*_ALLOWED])
            raise _invalid_setting(path, f"unknown setting {shown} in [{_TABLE}] (valid: {valid})")
        least, most = _ALLOWED[name]
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or not least <= value <= most:
            must = f"[{_TABLE}] {name} must be a number from {least:,} to {most:,}"
            raise _invalid_setting(path, f"{must}, not {sanitize(str(value), 60)}")
    return replace(Settings(), **table)


def _invalid_setting(path: Path, reason: str) -> UserError:
    return UserError(
        f"Cannot read the settings {sanitize(str(path))}: {reason}. Correct the file, or move it."
    )
