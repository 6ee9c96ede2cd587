"""What `make package` builds: the same bytes each time, with all that an installation needs."""

import hashlib
import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from qm_tui import __version__
from scripts.packages.build import build_single_file, build_wheel
from scripts.packages.wheels import PARTS, PYTHONS, locked, wheels_in

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
WHEEL = f"qm_tui-{__version__}-py3-none-any.whl"


def _checkout(folder: Path, when: int, mask: int) -> Path:
    """Copy the files of this checkout, with another time and other permissions."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    ).stdout
    for name in listed.split("\0")[-2::-1]:
        if (ROOT / name).exists():
            copy = folder / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, copy)
            copy.chmod(copy.stat().st_mode & ~mask)
            os.utime(copy, (when, when))
    return folder


def test_two_builds_in_different_folders_have_the_same_bytes(dist, tmp_path, monkeypatch):
    built = []
    for name, when, mask, zone in (("a", 10**9, 0o022, "UTC"), ("other", 1, 0o077, "Asia/Tokyo")):
        monkeypatch.setenv("TZ", zone)
        folder = _checkout(tmp_path / name / "checkout", when, mask)
        wheel = build_wheel(folder, tmp_path / name)
        build_single_file(wheel, reversed(wheels_in(dist / "wheels")), tmp_path / name / "qm-tui")
        built.append((wheel.read_bytes(), (tmp_path / name / "qm-tui").read_bytes()))
    assert built[0] == built[1]
    assert built[0] == ((dist / WHEEL).read_bytes(), (dist / "qm-tui").read_bytes())


def test_checksums_are_those_of_all_packages(dist):
    sums = (dist / "SHA256SUMS").read_text()
    names = {path.name for path in dist.iterdir() if path.is_file()} - {"SHA256SUMS"}
    constraints = {"constraints.txt", "constraints-server.txt"}
    assert names == {"qm-tui", WHEEL, *constraints, "licenses.txt", "qm-tui.cdx.json"}
    for name in names:
        assert f"{hashlib.sha256((dist / name).read_bytes()).hexdigest()}  {name}\n" in sums
    hashes = {hashlib.sha256(path.read_bytes()).hexdigest() for path in wheels_in(dist / "wheels")}
    assert hashes == {one for part in locked() for one in part.hashes}


def test_single_file_has_compiled_parts_for_each_python_licenses_and_man_pages(dist):
    names = zipfile.ZipFile(dist / "qm-tui").namelist()
    for module in ("orjson/orjson", "rapidfuzz/fuzz_cpp", "_cffi_backend", "psycopg_binary/pq"):
        for major, minor in PYTHONS:
            assert f"lib/{module}.cpython-{major}{minor}-x86_64-linux-gnu.so" in names
    assert "lib/_argon2_cffi_bindings/_ffi.abi3.so" in names
    assert {name for name in names if name.startswith("share/") and not name.endswith(".1")} == {
        "share/bash-completion/completions/qm-tui",
        "share/doc/qm-tui/licenses.txt",
        "share/fish/vendor_completions.d/qm-tui.fish",
        "share/zsh/site-functions/_qm-tui",
    }
    assert "share/man/man1/qm-tui-import.1" in names
    assert f"lib/qm_tui-{__version__}.dist-info/sboms/qm-tui.cdx.json" in names


def test_licenses_and_list_of_parts_are_up_to_date_and_the_list_is_valid(dist):
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.spdx import is_expression
    from cyclonedx.validation.json import JsonStrictValidator

    from scripts.packages import parts

    wheels = dist / "wheels"
    assert (PARTS / "licenses.txt").read_text() == parts.licenses(wheels)
    text = (PARTS / "qm-tui.cdx.json").read_text()
    assert text == parts.bill(wheels)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    for part in json.loads(text)["components"]:
        (entry,) = part["licenses"]
        assert is_expression(entry.get("expression") or entry["license"]["id"])
