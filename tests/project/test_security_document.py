"""Each promise in SECURITY.md names existing tests."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_PAGE = (ROOT / "SECURITY.md").read_text()
_PROMISED = _PAGE.split("## What is promised")[1].split("## What is not promised")[0]
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")

PROMISES = [one.strip() for one in re.split(r"^- ", _PROMISED, flags=re.MULTILINE)[1:]]


@pytest.mark.parametrize("promise", PROMISES, ids=[one[:40] for one in PROMISES])
def test_promise_names_existing_tests(promise):
    named = _TEST.findall(promise)
    assert named
    for path, name in named:
        source = (ROOT / path).read_text()
        assert re.search(rf"^(async )?def {name or 'test_'}", source, re.MULTILINE), (path, name)


@pytest.mark.parametrize("promise", PROMISES, ids=[one[:40] for one in PROMISES])
def test_promise_is_tested_by_make_test(promise):
    """At least one of its tests is not a long one."""

    def is_short(path, name):
        before = (ROOT / path).read_text().split(f"def {name}(")[0].rsplit("\n\n\n", 1)[-1]
        return "@pytest.mark.long" not in before

    assert any(not name or is_short(path, name) for path, name in _TEST.findall(promise))


def test_page_has_reporting_and_what_is_not_promised():
    assert "## Reporting" in _PAGE
    assert len(PROMISES) >= 12
