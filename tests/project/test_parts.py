"""The lists of parts name exactly what the program needs, in the versions that are tested."""

import json
import re
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from qm_tui import __version__
from scripts.packages.wheels import LOCK, PARTS, PYTHONS, dependencies, locked, requirements

ROOT = Path(__file__).parents[2]

LOCKED = {part.name: part.version for part in locked()}


@pytest.mark.snapshot
def test_locked_parts_are_those_that_the_program_needs():
    needed = dependencies(requirements(), lambda name: requires(name) or ())
    assert sorted(needed) == list(LOCKED)
    assert set().union(*needed.values()) <= LOCKED.keys()
    assert {"textual", "psycopg-binary", "linkify-it-py", "pycparser"} <= LOCKED.keys()


def test_locked_versions_are_those_of_the_constraints():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pinned = {canonicalize_name(line.split("==")[0]): line.split("==")[1] for line in lines}
    assert pinned | LOCKED == pinned


def test_lock_has_only_names_versions_and_a_hash_for_each_python():
    begin, *lines = LOCK.read_text().splitlines()
    assert begin.startswith("# ")
    for line in lines:
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+ \\|    --hash=sha256:[0-9a-f]{64}( \\)?", line)
    hashes = {part.name: len(part.hashes) for part in locked()}
    assert {name: count for name, count in hashes.items() if count != 1} == dict.fromkeys(
        ("cffi", "orjson", "psycopg-binary", "rapidfuzz"), len(PYTHONS)
    )


def test_licenses_and_list_of_parts_name_the_same_parts():
    licenses = (PARTS / "licenses.txt").read_text()
    titles = re.findall(r"^=+\n(\S+) (\S+): (\S.*)\n=+\n\n\S", licenses, re.MULTILINE)
    parts = {"qm-tui": __version__} | LOCKED
    assert {name: number for name, number, _ in titles} == parts
    content = json.loads((PARTS / "qm-tui.cdx.json").read_text())
    listed = [content["metadata"]["component"], *content["components"]]
    assert {part["name"]: part["version"] for part in listed} == parts
    assert {part["ref"] for part in content["dependencies"]} == parts.keys()
