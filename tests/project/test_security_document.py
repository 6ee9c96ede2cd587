"""Each promise in SECURITY.md names existing tests."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PAGE = (ROOT / "SECURITY.md").read_text()
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
_LINK = re.compile(r"^\| \[([\w ]+)\]", re.MULTILINE)

SECTIONS = {
    title: text
    for title, _, text in (section.partition("\n") for section in _PAGE.split("\n## ")[1:])
}
THREATS = _LINK.findall(SECTIONS["Threats"])


def items(section: str, part: str) -> list[str]:
    """Return the items of a list of a section: what is prevented, or what is not."""
    text = SECTIONS[section].partition(f"\n{part}:\n\n")[2].partition("\n\n")[0]
    return re.split(r"^- ", text, flags=re.MULTILINE)[1:]


PROMISES = [promise for threat in THREATS for promise in items(threat, "Prevented")]


def test_promise_names_existing_tests_of_which_one_is_run_by_make_test():
    assert len(PROMISES) >= 30
    for promise in PROMISES:
        named = _TEST.findall(promise)
        sources = [(name, (ROOT / path).read_text()) for path, name in named]
        for name, source in sources:
            assert re.search(rf"^(async )?def {name or 'test_'}", source, re.MULTILINE), name
        assert any(not name or not _is_long(name, source) for name, source in sources), promise


def _is_long(name: str, source: str) -> bool:
    before = source.split(f"def {name}(", maxsplit=1)[0].rsplit("\n\n\n", 1)[-1]
    return "@pytest.mark.long" in before


def test_each_threat_has_what_is_prevented_and_what_is_not():
    assert [*SECTIONS] == ["Threats", *THREATS, "Reporting"]
    for threat in THREATS:
        assert items(threat, "Prevented"), threat
        assert items(threat, "Not prevented"), threat


def test_every_named_test_is_one_of_a_promise():
    assert {*_TEST.findall(_PAGE)} == {
        one for promise in PROMISES for one in _TEST.findall(promise)
    }
