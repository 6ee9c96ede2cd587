"""Where the style sheets are: beside the package in a checkout, inside it once installed."""

from pathlib import Path

import qm_tui


def style_sheets() -> list[Path]:
    """The paths of all style sheets, in the order in which they apply.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    package = Path(qm_tui.__file__).parent
    for folder in (package / "styles", package.parent / "styles"):
        sheets = sorted(folder.glob("*.tcss"))
        if sheets:
            return sheets
    msg = f"The style sheets are missing from {package / 'styles'}: install qm-tui again."
    raise FileNotFoundError(msg)
