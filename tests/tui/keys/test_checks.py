"""Which keys can be set in the settings, and which are refused."""

import pytest

from qm_tui.config.settings import settings_path
from qm_tui.errors import UserError
from qm_tui.text import sanitize
from qm_tui.tui.keys.actions import ACTIONS
from qm_tui.tui.keys.checks import checked_keys
from qm_tui.tui.keys.keymap import default_keys, default_setting, with_fixed

IMPORT, VIEWS = "users.import (Import users from a .csv file)", "users.views (Open or save a view)"
PALETTE = "app.palette (Open the command palette)"


@pytest.mark.parametrize(
    ("texts", "keys"),
    [
        ({}, {}),
        ({"users.import": "f5"}, {"users.import": ("f5",)}),
        ({"users.import": " f5 , Ctrl+G,ö "}, {"users.import": ("f5", "ctrl+g", "ö")}),
        ({"files.hidden": "comma,!"}, {"files.hidden": ("comma", "exclamation_mark")}),
        ({"user.add": "+"}, {"user.add": ("plus",)}),
        # the keys of two actions are exchanged
        (
            {"users.import": "x", "users.export": "i"},
            {"users.import": ("x",), "users.export": ("i",)},
        ),
        # they are never active at the same time
        ({"users.import": "w"}, {"users.import": ("w",)}),
        # both have it by default: the nearer one comes first
        ({"counts.previous": "h,b"}, {"counts.previous": ("h", "b")}),
        ({"form.save": "f10,ctrl+t"}, {"form.save": ("f10", "ctrl+t")}),
        # fixed keys that the action has anyway
        ({"dialog.close": "Esc,x"}, {"dialog.close": ("escape", "x")}),
    ],
)
def test_valid_keys_are_returned_as_textual_names_them(texts, keys):
    assert checked_keys(texts) == keys


def test_default_keys_can_be_set_as_they_are_shown_and_stay_the_same():
    keys = checked_keys({name: default_setting(name) for name in ACTIONS})
    assert keys == {name: default_keys(name) for name in ACTIONS}
    assert {name: with_fixed(name, own) for name, own in keys.items()} == keys


@pytest.mark.parametrize(
    ("texts", "says"),
    [
        (
            {"users.import": "v"},
            f"v would be the key of {VIEWS} and of {IMPORT}. Give one of them another key.",
        ),
        ({"users.import": "ctrl+p"}, f"Ctrl+P would be the key of {PALETTE} and of {IMPORT}."),
        ({"app.palette": "f2"}, f"F2 would be the key of {PALETTE} and of form.save"),
        ({"list.mark": "i"}, "i would be the key of list.mark (Mark or unmark the user) and of"),
        ({"user.edit": "f5", "user.add": "F5"}, "F5 would be the key of user.edit (Edit the user)"),
        ({"preview.import": "n"}, "n would be the key of preview.import (Import) and of preview."),
        ({"page.quit": "escape"}, "page.quit: Esc cannot be set. Choose a key other than Esc, "),
        ({"list.first": "up"}, "list.first: ↑ cannot be set."),
        ({"app.palette": "p"}, "app.palette: p is needed in text fields. Choose a function key"),
        ({"form.save": "ctrl+k"}, "form.save: Ctrl+K is needed in text fields."),
        ({"search.page_up": "home"}, "search.page_up: Home is needed in text fields."),
        ({"users.import": "alt+i"}, "users.import: not every terminal sends the key alt+i. Use"),
        ({"users.import": "ctrl+i"}, "users.import: not every terminal sends the key ctrl+i."),
        ({"users.import": "shift+a"}, "users.import: not every terminal sends the key shift+a."),
        ({"users.import": "ctrl+1"}, "users.import: not every terminal sends the key ctrl+1."),
        ({"users.import": "ctrl+\x1b"}, "not every terminal sends the key ctrl+␛."),
        ({"users.import": ""}, "users.import has no key. Enter a key (comma for ,), or"),
        ({"users.import": "i,,x"}, "users.import has no key."),
        ({"user.import": "f5"}, "unknown action user.import. Did you mean users.import?"),
        ({"import": "f5"}, "unknown action import. Did you mean users.import?"),
        ({"nothing.like.it": "f5"}, "unknown action nothing.like.it. To list all actions, run"),
        ({"\x1b]52": "f5"}, "unknown action ␛]52."),
    ],
)
def test_keys_that_cannot_be_used_are_refused_in_a_sentence(home, texts, says):
    with pytest.raises(UserError) as refused:
        checked_keys(texts)
    sentence = str(refused.value)
    assert sentence.startswith(f"Cannot read the settings {settings_path()}: [keys] ")
    assert says in sentence
    assert sentence == sanitize(sentence)
    assert sentence.endswith(".")
