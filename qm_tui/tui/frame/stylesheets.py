"""The style sheets: next to the package in a checkout, inside it when installed."""

from pathlib import Path

import qm_tui


def style_sheets() -> list[Path]:
    """Return the paths of all style sheets, in the order in which they apply.

    The sheet of the program is first, then those of the widgets, which others may override.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    package = Path(qm_tui.__file__).parent
    for folder in (package / "styles", package.parent / "styles"):
        sheets = sorted(folder.rglob("*.tcss"), key=_place)
        if sheets:
            return sheets
    msg = f"Style sheets not found in {package / 'styles'}. Reinstall qm-tui."
    raise FileNotFoundError(msg)


def _place(sheet: Path) -> tuple[int, bool, Path]:
    """Return the sort key of a sheet: outer folders first, of these the widgets first."""
    return len(sheet.parts), sheet.parent.name != "widgets", sheet
