"""The last-used options of an admin, saved between sessions.

They are a convenience: a file that is invalid or cannot be written is ignored.
"""

from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from qm_tui.files import atomic_write, create_private_folder
from qm_tui.paths import settings_folder
from qm_tui.toml_files import InvalidTomlFile, read_toml
from qm_tui.transfer.options.export_options import ExportOptions
from qm_tui.transfer.options.import_options import ImportOptions, SpreadsheetValues

_IMPORT: Final = "import"
_EXPORT: Final = "export"
_THEME: Final = "theme"
_EXPORT_FOLDER: Final = "export_folder"

_ONCE: Final = "missing_password"
"""An import option that must be set for each import: what is saved of it does not count."""

Options = TypeVar("Options", ImportOptions, ExportOptions)


class Theme(StrEnum):
    """The colors of the terminal UI. The ANSI themes have the 16 colors of the terminal."""

    DARK = "dark"
    LIGHT = "light"
    ANSI_DARK = "ansi-dark"
    ANSI_LIGHT = "ansi-light"


@dataclass(frozen=True, slots=True)
class Preferences:
    """The saved options, or the defaults.

    Attributes:
        import_options: the import options.
        export_options: the export options.
        theme: the theme of the terminal UI.
        export_folder: the folder of the last export; None before the first.
    """

    import_options: ImportOptions = field(default_factory=ImportOptions)
    export_options: ExportOptions = field(default_factory=ExportOptions)
    theme: Theme = Theme.DARK
    export_folder: Path | None = None


def preferences_path() -> Path:
    """Return the path of the saved options."""
    return settings_folder() / "preferences.toml"


def load_preferences() -> Preferences:
    """Return the saved options. Invalid ones are replaced by their defaults."""
    try:
        tables = read_toml(preferences_path())
    except (OSError, InvalidTomlFile):
        return Preferences()
    imports = tables.get(_IMPORT)
    if isinstance(imports, dict) and imports.get("take_numbers") is True:
        # its name and type before 0.2
        imports = {"spreadsheet_values": SpreadsheetValues.FILE.value, **imports}
    theme, folder = tables.get(_THEME), tables.get(_EXPORT_FOLDER)
    return Preferences(
        _options_in(imports, ImportOptions()),
        _options_in(tables.get(_EXPORT), ExportOptions()),
        Theme(theme) if theme in list(Theme) else Theme.DARK,
        Path(folder) if isinstance(folder, str) and folder else None,
    )


def save_preferences(
    import_options: ImportOptions | None = None,
    export_options: ExportOptions | None = None,
    theme: Theme | None = None,
    export_folder: Path | None = None,
) -> None:
    """Save the last-used options. If the file cannot be written, do nothing.

    Args:
        import_options: the import options; None keeps the saved ones.
        export_options: the export options; None keeps the saved ones.
        theme: the theme; None keeps the saved one.
        export_folder: the folder of the last export; None keeps the saved one. A path that is not
            UTF-8 cannot be saved.
    """
    before = load_preferences()
    if export_folder is None or not _is_utf8(export_folder):
        export_folder = before.export_folder
    after = Preferences(
        import_options or before.import_options,
        export_options or before.export_options,
        theme or before.theme,
        export_folder,
    )
    path = preferences_path()
    if after == before and (path.exists() or after == Preferences()):
        return
    # imported here: most commands do not save options
    import tomli_w  # noqa: PLC0415

    text = tomli_w.dumps(
        {
            _THEME: after.theme,
            **({_EXPORT_FOLDER: str(after.export_folder)} if after.export_folder else {}),
            _IMPORT: asdict(after.import_options),
            _EXPORT: asdict(after.export_options),
        }
    )
    with suppress(OSError):
        create_private_folder(path.parent)
        with atomic_write(path) as file:
            file.write(text.encode())


def _is_utf8(path: Path) -> bool:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def _options_in(table: object, default: Options) -> Options:
    """Return the options in a table of the file, with defaults for missing and invalid ones."""
    if not isinstance(table, dict):
        return default
    values: dict[str, Any] = {}
    for option in fields(default):
        if option.name == _ONCE:
            continue
        value, initial = table.get(option.name), getattr(default, option.name)
        if isinstance(initial, StrEnum) and isinstance(value, str):
            with suppress(ValueError):
                values[option.name] = type(initial)(value)
        elif isinstance(initial, bool) and isinstance(value, bool):
            values[option.name] = value
    return type(default)(**values)
