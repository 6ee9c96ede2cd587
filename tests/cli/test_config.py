"""`qm-tui config` shows and checks the settings; an invalid file is refused at the start, too."""

import re
import tomllib

import pytest

from qm_tui.config.settings import load_settings, settings_path
from qm_tui.tui.keys.actions import ACTIONS
from tests.cli.terminal import on_terminal
from tests.program import output, refusal, run


@pytest.fixture
def write(home):
    """A function that writes the settings."""

    def write(text):
        settings_path().parent.mkdir(parents=True, exist_ok=True)
        settings_path().write_text(text)

    return write


def test_show_prints_all_settings_as_a_valid_file_with_defaults(write):
    assert output("config", "show").startswith(f"# {settings_path()} (does not exist)\n")
    defaults = tomllib.loads(output("config", "show"))
    assert defaults == {
        "store": {"lock_wait_seconds": 10, "history_days": 90, "history_megabytes": 1024},
        "keys": {},
    }
    text = '[store]\nhistory_megabytes = 1048576\n[keys]\nusers.import = "F5, Ctrl+G"\n'
    write(text)
    shown = output("config", "show")
    assert shown.startswith(f"# {settings_path()}\n")
    assert "history_megabytes = 1048576  # default: 1024\n" in shown
    line = 'users.import = "F5, Ctrl+G"  # Import users from a .csv file; default: "i"\n'
    assert line in shown
    given = tomllib.loads(text)
    assert tomllib.loads(shown) == {"store": defaults["store"] | given["store"]} | {
        "keys": given["keys"]
    }


def test_show_lists_all_actions_with_their_keys_so_that_they_can_be_set(write):
    shown = output("config", "show")
    assert '# users.import = "i"  # Import users from a .csv file\n' in shown
    assert '# list.page_down = "PgDn,Ctrl+F"  # Page down\n' in shown
    write(re.sub("(?m)^# (?=[a-z_.]+ = )", "", shown))
    assert output("config", "check").endswith("is valid.\n")
    assert load_settings().keys.keys() == ACTIONS.keys()


def test_show_lists_the_actions_even_if_one_in_the_file_is_unknown(write):
    write('[keys]\nnothing.like.it = "f5"\nusers.import = "f6"\n')
    done = run("config", "show")
    assert done.code == 2
    assert "unknown action nothing.like.it. To list all actions, run qm-tui config" in done.err
    assert 'users.import = "f6"  # Import' in done.out
    assert '# users.export = "x"  # Export' in done.out


def test_default_that_show_prints_is_valid_in_the_file(write):
    write('[keys]\ndialog.close = "x"\n')
    assert 'dialog.close = "x"  # Close; default: "Esc,q"\n' in output("config", "show")
    write('[keys]\ndialog.close = "Esc,q"\n')
    assert output("config", "check").endswith("is valid.\n")


def test_check_says_whether_the_file_is_valid(write):
    assert output("config", "check").endswith("does not exist. All settings are defaults.\n")
    write('[keys]\n"users.import" = "f5"\n')
    assert output("config", "check") == f"{settings_path()} is valid.\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[key]\n", "unknown table key (valid: [store] and [keys]). Did you mean keys? Correct"),
        ("[store]\nhistory_day = 3", "Did you mean history_days? Correct the file, or move it."),
        ('[keys]\nusers.imprt = "f5"', "unknown action users.imprt. Did you mean users.import?"),
        ("[keys]\nusers.import = 5", "users.import must be text in quotes"),
        ('keys = "f5"', "keys must be a table, [keys]"),
        ('[keys]\nusers.import = "v"', "v would be the key of users.views (Open or save a view)"),
        ('[keys]\nusers.import = "f99"', "not every terminal sends the key f99."),
    ],
)
def test_invalid_settings_are_refused_by_show_and_check_and_at_the_start(write, text, says):
    write(text)
    assert says in refusal("config", "check")
    done = run("config", "show")
    assert says in done.err
    assert done.code == 2
    status, shown = on_terminal(answer="")
    assert status == 2
    assert says in " ".join(shown.split())


def test_other_commands_need_no_valid_keys(write):
    write('[keys]\nusers.import = "f99"')
    assert "Settings" in output("info")


def test_version_has_a_short_option():
    assert output("-V") == output("--version")
