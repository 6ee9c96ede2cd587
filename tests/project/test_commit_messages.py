"""The hook that checks commit messages."""

from scripts.check_commit_message import main


def test_hook_names_what_is_wrong_with_a_message(tmp_path, capsys):
    for message, problem in (
        ("store: Report a torn entry", ""),
        ("Fix a wait\n\nThe reason, in lines of at most 72 characters.\n", ""),
        ("Add a link\n\nhttps://example.org/" + "x" * 80, ""),
        (f"Add {'x' * 68}", ""),
        ("fixup! a subject of another commit;", ""),
        (f"Add a field\n# {'-' * 24} >8 {'-' * 24}\ndiff --git a b\n{'x ' * 50}\n", ""),
        ("# only a comment", "empty"),
        (f"Add {'x' * 69}", "73 characters"),
        ("Add a field.", "full stop"),
        ("store: add a field", "small letter"),
        ("Added a field", "imperative"),
        ("Adds a field", "imperative"),
        ("The form has a field", "imperative"),
        ("Add a field; fix a wait", "two topics"),
        ("Add a field\nand why", "second line"),
        (f"Add a field\n\n{'word ' * 20}", "A line has"),
    ):
        (tmp_path / "message").write_text(message)
        assert main(tmp_path / "message") == bool(problem)
        said = capsys.readouterr().err
        assert problem in said if problem else not said
