"""Each promise of the page on security names tests, and they are there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_PAGE = (ROOT / "SECURITY.md").read_text()
_PROMISED = _PAGE.split("## What is promised")[1].split("## What is not promised")[0]
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")

PROMISES = [one.strip() for one in re.split(r"^- ", _PROMISED, flags=re.MULTILINE)[1:]]


@pytest.mark.parametrize("promise", PROMISES, ids=[one[:40] for one in PROMISES])
def test_a_promise_names_tests_that_are_there(promise):
    named = _TEST.findall(promise)
    assert named
    for path, name in named:
        source = (ROOT / path).read_text()
        assert re.search(rf"^(async )?def {name or 'test_'}", source, re.MULTILINE), (path, name)


@pytest.mark.parametrize("promise", PROMISES, ids=[one[:40] for one in PROMISES])
def test_a_promise_is_kept_by_make_test(promise):
    """At least one of its tests is not among those that run for minutes."""

    def is_short(path, name):
        before = (ROOT / path).read_text().split(f"def {name}(")[0].rsplit("\n\n\n", 1)[-1]
        return "@pytest.mark.long" not in before

    assert any(not name or is_short(path, name) for path, name in _TEST.findall(promise))


def test_it_says_how_to_report_and_what_is_not_promised():
    assert "## Reporting" in _PAGE
    assert len(PROMISES) >= 12
