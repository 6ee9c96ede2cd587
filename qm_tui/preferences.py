"""The last-used options of an admin, saved between sessions.

They are a convenience: a file that is invalid or cannot be written is ignored.
"""

import tomllib
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from qm_tui.files import make_private_folder, read_small, replacing
from qm_tui.paths import settings_folder
from qm_tui.transfer.options.export_options import ExportChoices
from qm_tui.transfer.options.import_options import Choices

_IMPORT: Final = "import"
_EXPORT: Final = "export"
_THEME: Final = "theme"

Chosen = TypeVar("Chosen", Choices, ExportChoices)


class Theme(StrEnum):
    """The colors of the terminal UI."""

    DARK = "dark"
    LIGHT = "light"


@dataclass(frozen=True, slots=True)
class Remembered:
    """The saved options, or the defaults.

    Attributes:
        import_choices: the import options.
        export_choices: the export options.
        theme: the theme of the terminal UI.
    """

    import_choices: Choices = field(default_factory=Choices)
    export_choices: ExportChoices = field(default_factory=ExportChoices)
    theme: Theme = Theme.DARK


def choices_path() -> Path:
    """Return the path of the saved options."""
    return settings_folder() / "choices.toml"


def remembered() -> Remembered:
    """Return the saved options. Invalid ones are replaced by their defaults."""
    try:
        tables = tomllib.loads(read_small(choices_path()).decode())
    except (OSError, ValueError, RecursionError):
        return Remembered()
    theme = tables.get(_THEME)
    return Remembered(
        _chosen(tables.get(_IMPORT), Choices()),
        _chosen(tables.get(_EXPORT), ExportChoices()),
        Theme(theme) if theme in list(Theme) else Theme.DARK,
    )


def remember(
    import_choices: Choices | None = None,
    export_choices: ExportChoices | None = None,
    theme: Theme | None = None,
) -> None:
    """Save the last-used options. If the file cannot be written, do nothing.

    Args:
        import_choices: the import options; None keeps the saved ones.
        export_choices: the export options; None keeps the saved ones.
        theme: the theme; None keeps the saved one.
    """
    before = remembered()
    after = Remembered(
        import_choices or before.import_choices,
        export_choices or before.export_choices,
        theme or before.theme,
    )
    path = choices_path()
    if after == before and (path.exists() or after == Remembered()):
        return
    # imported here: most commands do not save options
    import tomli_w  # noqa: PLC0415

    text = tomli_w.dumps(
        {
            _THEME: after.theme,
            _IMPORT: asdict(after.import_choices),
            _EXPORT: asdict(after.export_choices),
        }
    )
    with suppress(OSError):
        make_private_folder(path.parent)
        with replacing(path) as file:
            file.write(text.encode())


def _chosen(table: object, usual: Chosen) -> Chosen:
    """Return the options in a table of the file, with defaults for missing and invalid ones."""
    if not isinstance(table, dict):
        return usual
    values: dict[str, Any] = {}
    for option in fields(usual):
        value, default = table.get(option.name), getattr(usual, option.name)
        if isinstance(default, StrEnum) and isinstance(value, str):
            with suppress(ValueError):
                values[option.name] = type(default)(value)
        elif isinstance(default, bool) and isinstance(value, bool):
            values[option.name] = value
    return type(usual)(**values)
