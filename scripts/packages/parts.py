"""Write constraints-server.txt, the licenses of the parts, and the CycloneDX list of the parts.

    python -m scripts.packages.parts

Run it after a change of the requirements, of constraints.txt or of the version.
"""

import json
from importlib.metadata import PathDistribution
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from qm_tui import __version__
from scripts.packages.wheels import (
    PARTS,
    ROOT,
    dependencies,
    distribution,
    lock,
    locked,
    requirements,
    wheels_in,
)

LICENSES: Final = PARTS / "licenses.txt"
BILL: Final = PARTS / "qm-tui.cdx.json"

_LINE: Final = "=" * 80
_LICENSE_FILES: Final = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS")


def licenses(folder: Path) -> str:
    """Return the license and its text for each part of which a folder has a wheel."""
    own = (ROOT / "LICENSE").read_text()
    entries = [f"{_title('qm-tui', __version__, 'MIT')}{own}"]
    for name, part in _distributions(folder).items():
        title = _title(name, part.version, _license(part))
        entries.append(title + "\n".join(_license_texts(part)))
    return "\n".join(entries)


def bill(folder: Path) -> str:
    """Return the list of the parts of which a folder has wheels, in CycloneDX's format."""
    parts = _distributions(folder)
    needed = dependencies(requirements(), lambda name: parts[name].requires or ())
    hashes = {part.name: part.hashes for part in locked()}
    program = Component(
        name="qm-tui",
        version=__version__,
        type=ComponentType.APPLICATION,
        bom_ref="qm-tui",
        licenses=[LicenseFactory().make_from_string("MIT")],
    )
    components = {
        name: Component(
            name=name,
            version=part.version,
            type=ComponentType.LIBRARY,
            bom_ref=name,
            purl=PackageURL("pypi", name=name, version=part.version),
            licenses=[LicenseFactory().make_from_string(_license(part))],
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=one) for one in hashes[name]],
        )
        for name, part in parts.items()
    }
    bom = Bom(components=components.values())
    bom.metadata.component = program
    direct = {canonicalize_name(Requirement(text).name) for text in requirements()}
    bom.register_dependency(program, [components[name] for name in direct])
    for name, others in needed.items():
        bom.register_dependency(components[name], [components[other] for other in others])
    content = json.loads(JsonV1Dot6(bom).output_as_string())
    # else each list would differ from the one before
    del content["serialNumber"], content["metadata"]["timestamp"]
    return json.dumps(content, indent=2, sort_keys=True) + "\n"


def _title(name: str, version: str, license_id: str) -> str:
    return f"{_LINE}\n{name} {version}: {license_id}\n{_LINE}\n\n"


def _distributions(folder: Path) -> dict[str, PathDistribution]:
    """Return the metadata of each part by its name."""
    found: dict[str, PathDistribution] = {}
    for wheel in wheels_in(folder):
        part = distribution(wheel)
        found.setdefault(canonicalize_name(part.name), part)
    return dict(sorted(found.items()))


def _license(part: PathDistribution) -> str:
    """Return the license of a part as an SPDX expression."""
    about = part.metadata
    classifiers = [
        text for text in about.get_all("Classifier", ()) if text.startswith("License ::")
    ]
    stated = about["License-Expression"] or about["License"] or classifiers[0].split(" :: ")[-1]
    return stated.removesuffix(" License")


def _license_texts(part: PathDistribution) -> list[str]:
    """Return the texts of the licenses of a part."""
    return [
        file.read_text(encoding="utf-8").strip() + "\n"
        for file in sorted(part.files or (), key=str)
        if file.name.upper().startswith(_LICENSE_FILES) and ".dist-info" in str(file)
    ]


def main() -> None:
    """Write all of them."""
    PARTS.mkdir(exist_ok=True)
    with TemporaryDirectory() as name:
        folder = Path(name)
        lock(folder)
        LICENSES.write_text(licenses(folder))
        BILL.write_text(bill(folder))


if __name__ == "__main__":
    main()
