"""Each promise in SECURITY.md names existing tests."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PAGE = (ROOT / "SECURITY.md").read_text()
_PROMISED = _PAGE.split("## What is promised")[1].split("## What is not promised")[0]
_TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")

PROMISES = [one.strip() for one in re.split(r"^- ", _PROMISED, flags=re.MULTILINE)[1:]]


def test_promise_names_existing_tests_of_which_one_is_run_by_make_test():
    for promise in PROMISES:
        named = _TEST.findall(promise)
        sources = [(name, (ROOT / path).read_text()) for path, name in named]
        for name, source in sources:
            assert re.search(rf"^(async )?def {name or 'test_'}", source, re.MULTILINE), name
        assert any(not name or not _is_long(name, source) for name, source in sources), promise


def _is_long(name: str, source: str) -> bool:
    before = source.split(f"def {name}(", maxsplit=1)[0].rsplit("\n\n\n", 1)[-1]
    return "@pytest.mark.long" in before


def test_page_has_reporting_and_what_is_not_promised():
    assert "## Reporting" in _PAGE
    assert len(PROMISES) >= 12
