"""Where the style sheets are: beside the package in a checkout, inside it once installed."""

from pathlib import Path

import qm_tui


def style_sheets() -> list[Path]:
    """The paths of all style sheets, in the order in which they apply.

    That of the whole program comes first, then those of the widgets, which others may override.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    package = Path(qm_tui.__file__).parent
    for folder in (package / "styles", package.parent / "styles"):
        sheets = sorted(folder.rglob("*.tcss"), key=_place)
        if sheets:
            return sheets
    msg = f"The style sheets are missing from {package / 'styles'}: install qm-tui again."
    raise FileNotFoundError(msg)


def _place(sheet: Path) -> tuple[int, bool, Path]:
    """Where among the sheets one applies: outer folders first, of these the widgets first."""
    return len(sheet.parts), sheet.parent.name != "widgets", sheet
