"""What the admin chose last, kept from one session to the next, for this admin alone.

It is a convenience: a file that is broken or cannot be written is forgotten, and never an error.
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
    """The colours of the interface."""

    DARK = "dark"
    LIGHT = "light"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What was chosen last; where nothing was, what counts without a choice.

    Attributes:
        import_choices: for an import.
        export_choices: for an export.
        theme: for the interface.
    """

    import_choices: Choices = field(default_factory=Choices)
    export_choices: ExportChoices = field(default_factory=ExportChoices)
    theme: Theme = Theme.DARK


def choices_path() -> Path:
    """Where the choices are kept."""
    return settings_folder() / "choices.toml"


def remembered() -> Remembered:
    """What the admin chose last. What cannot be read, or is no choice, is passed over."""
    try:
        said = tomllib.loads(read_small(choices_path()).decode())
    except (OSError, ValueError, RecursionError):
        return Remembered()
    theme = said.get(_THEME)
    return Remembered(
        _chosen(said.get(_IMPORT), Choices()),
        _chosen(said.get(_EXPORT), ExportChoices()),
        Theme(theme) if theme in list(Theme) else Theme.DARK,
    )


def remember(
    import_choices: Choices | None = None,
    export_choices: ExportChoices | None = None,
    theme: Theme | None = None,
) -> None:
    """Keep what the admin chose. Where it cannot be written, it is forgotten.

    Args:
        import_choices: for an import; None leaves those that were kept.
        export_choices: for an export; None leaves those that were kept.
        theme: for the interface; None leaves the one that was kept.
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
    # imported here: most commands remember nothing
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
    """The choices that a table of the file says, and the usual ones where it says none."""
    if not isinstance(table, dict):
        return usual
    made: dict[str, Any] = {}
    for one in fields(usual):
        value, instead = table.get(one.name), getattr(usual, one.name)
        if isinstance(instead, StrEnum) and isinstance(value, str):
            with suppress(ValueError):
                made[one.name] = type(instead)(value)
        elif isinstance(instead, bool) and isinstance(value, bool):
            made[one.name] = value
    return type(usual)(**made)
