"""Small files with User Names in several spellings, imported into a store with three users."""

import pytest

from qm_tui.transfer.options.import_options import ImportOptions
from tests.helpers import counts
from tests.transfer.test_cases import import_case


@pytest.fixture
def folder(tmp_path):
    base = import_case(tmp_path, "base-names")
    assert [one.user_name for one in base.users] == ["anna.berg", "iscan", "jürgen.müller"]
    return tmp_path


def test_decomposed_name_is_the_same_user(folder):
    found = import_case(folder, "name-decomposed")
    assert counts(found.report.plan) == (0, 0, 0, 1)
    ((severity, line, message),) = found.problems
    assert (severity, line) == ("error", 2)
    assert message.endswith("is already used by Jürgen Müller")
    found = import_case(folder, "name-decomposed", ImportOptions(match_user_name=True))
    assert counts(found.report.plan) == (0, 1, 0, 0)
    assert [one.extension for one in found.users] == ["0411", "0412", "0700"]


def test_look_alikes_are_the_same_user_rejected_or_a_warning(folder):
    found = import_case(folder, "name-lookalikes")
    assert counts(found.report.plan) == (1, 0, 0, 6)
    assert [one.user_name for one in found.users][3:] == ["\u0430nna.berg"]
    problems = {line: (severity, message) for severity, line, message in found.problems}
    for line in (2, 3, 5, 6, 7):  # at an end, or full-width
        severity, message = problems.pop(line)
        assert severity == "error"
        assert message.startswith("User Name")
        assert "is already used" in message
    severity, message = problems.pop(4)  # a soft hyphen inside
    assert severity == "error"
    assert "U+00AD" in message
    assert problems == {
        8: ("warning", "User Name '\u0430nna.berg' looks like 'anna.berg' of Anna Berg")
    }
