"""The hook that checks commit messages, and the file that installs it."""

import re
from pathlib import Path

from scripts.check_commit_message import main, problems

ROOT = Path(__file__).parents[2]
CONFIGURATION = (ROOT / ".pre-commit-config.yaml").read_text()


def test_message_of_the_right_form_has_no_problems():
    for message in (
        "Add a field",
        "store: Report a torn entry",
        "tui/widgets: Process keys in order",
        "Bring the figures up to date",
        "Fix a wait\n\nThe reason, in lines of at most 72 characters.\n",
        "Add a link\n\nhttps://example.org/" + "x" * 80,
        f"Add {'x' * 68}",
        "Merge branch 'a' into b",
        "fixup! a subject of another commit;",
        "Add a field\n# Please enter the commit message; lines with '#' are ignored\n",
        f"Add a field\n# {'-' * 24} >8 {'-' * 24}\ndiff --git a b\n{'x ' * 50}\n",
    ):
        assert list(problems(message)) == []


def test_message_of_another_form_has_a_problem():
    for message, problem in (
        ("", "empty"),
        ("# only a comment", "empty"),
        (f"Add {'x' * 69}", "73 characters"),
        ("Add a field.", "full stop"),
        ("add a field", "small letter"),
        ("store: add a field", "small letter"),
        ("Added a field", "imperative"),
        ("Adding a field", "imperative"),
        ("Adds a field", "imperative"),
        ("The form has a field", "imperative"),
        ("Users are counted", "imperative"),
        ("Add a field; fix a wait", "two topics"),
        ("Add a field\nand why", "second line"),
        (f"Add a field\n\n{'word ' * 20}", "A line has"),
    ):
        assert any(problem in one for one in problems(message))


def test_script_ends_with_a_status_for_git(tmp_path, capsys):
    for message, status in {"Add a field": 0, "Added a field": 1}.items():
        (tmp_path / "message").write_text(message)
        assert main(tmp_path / "message") == status
        assert bool(capsys.readouterr().err) == bool(status)


def test_hooks_are_local_and_run_scripts_that_exist():
    assert set(re.findall(r"repo: (.*)", CONFIGURATION)) == {"local"}
    entries = re.findall(r"entry: (.*)", CONFIGURATION)
    assert CONFIGURATION.count("language: system") == len(entries) == 3
    assert "://" not in CONFIGURATION
    assert "additional_dependencies" not in CONFIGURATION
    for script in re.findall(r"scripts/\w+\.py", CONFIGURATION):
        assert (ROOT / script).exists()
