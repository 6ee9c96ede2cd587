"""Take the screenshots of the README from the running app.

python -m scripts.make_pictures
"""

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from qm_tui.tui.app import QmTuiApp
from tests.tui.pages import SMALL
from tests.tui.screens import (
    DIRECTORY_SCREENS,
    SCREENS,
    app_with_directory,
    app_with_file,
    visit,
)

DOCS: Final = Path(__file__).parents[1] / "docs"

PICTURES: Final = {
    "open": "open",
    "preview": "preview",
    "imported": "users",
    "activity": "activity",
    "licenses": "licenses",
    "form with error": "form",
}
"""The names of the files, by screen."""


async def draw(
    home: Path,
    size: tuple[int, int],
    pictures: dict[str, str],
    app_in: Callable[[Path], QmTuiApp] = app_with_file,
    screens: Mapping[str, tuple[str, str]] = SCREENS,
) -> None:
    """Visit screens of an app with a temporary home folder, and save pictures of some."""
    os.environ |= {"SUDO_USER": "mheller", "SSH_CONNECTION": "10.1.2.3 50000 10.0.0.1 22"}
    os.environ["HOME"] = str(home)
    (home / "incoming").mkdir(parents=True)
    os.chdir(home / "incoming")
    app = app_in(home)
    missing = set(pictures)
    async with app.run_test(size=size) as pilot:
        async for name in visit(pilot, screens):
            if name in missing:
                file = DOCS / f"{pictures[name]}.svg"
                file.write_text(app.export_screenshot(title="qm-tui", simplify=True))
                print(file.name)
                missing.remove(name)
            if not missing:
                break


def main() -> None:
    """Take all screenshots."""
    with TemporaryDirectory() as folder:
        asyncio.run(draw(Path(folder, "small"), SMALL, PICTURES))
        mapping = {"mapping of a directory": "mapping"}
        directory = Path(folder, "directory")
        asyncio.run(draw(directory, SMALL, mapping, app_with_directory, DIRECTORY_SCREENS))
        asyncio.run(draw(Path(folder, "wide"), (120, 30), {"details": "details"}))


if __name__ == "__main__":
    main()
