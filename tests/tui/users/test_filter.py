"""Filter, sort order, views, columns and marks on the Users page."""

from typing import cast

import pytest
from textual.widgets import Static

from qm_tui.config.saved_views import load_views
from qm_tui.store import open_store
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.terminal import clipboard
from qm_tui.tui.users.filter_bar import FilterBar
from qm_tui.users.fields import FIELD
from qm_tui.users.query.columns import DEFAULT_LAYOUT
from qm_tui.users.query.views import SavedView
from tests.helpers import user
from tests.tui.pages import (
    SAMPLES,
    SMALL,
    app_on,
    commit,
    page_of,
    press_at_once,
    sample_users,
    shown,
    status_of,
    table_of,
    wait_until,
    wait_until_idle,
)
from tests.tui.previews import import_file

USERS = [
    user("anna", first_name="Anna", last_name="Müller", department="Sales EMEA", extension="10"),
    user("bo", first_name="Bo", last_name="Berg", department="Sales Nord", extension="2"),
    user("cy", first_name="Cy", last_name="Young", department="Support", extension="101"),
    user("di", first_name="Di", last_name="Ek", department="", extension="7", is_active="0"),
]


def names(pilot):
    """The first names in the table, from top to bottom."""
    table = table_of(pilot)
    if not table.display:
        return []
    view = page_of(pilot).session.view
    assert view is not None
    return [view.state.users[user_id].first_name for user_id in view.user_ids]


def bar_of(pilot):
    return page_of(pilot).query_one(FilterBar)


def said(pilot):
    return str(page_of(pilot).query_one("#filter-said", Static).render())


def count(pilot):
    return str(page_of(pilot).query_one("#shown-count", Static).render())


def title(pilot):
    return str(page_of(pilot).query_one("#page-name", Static).render())


def users_said(pilot):
    page = page_of(pilot)
    texts = (str(page.query_one(name, Static).render()) for name in ("#count", "#marked"))
    return "   ".join(filter(None, texts))


async def typed(pilot, text):
    """Type into what has the focus, and wait until that is shown."""
    for character in text:
        await pilot.press(character)
    await listed(pilot)


async def listed(pilot):
    """Wait until the users who are wanted are shown."""
    page = page_of(pilot)
    await pilot.pause()
    for _ in range(200):
        await pilot.pause(0.01)
        view = page.session.view
        answered = view is not None and view.query == page.session.query
        if answered or bar_of(pilot).has_error:
            break
    else:
        raise AssertionError("the users were not found")
    await pilot.pause()


@pytest.fixture
def app(home):
    return app_on(home / "users.json", USERS)


async def test_list_follows_each_key(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        assert not bar_of(pilot).display
        await typed(pilot, "/sale")
        assert names(pilot) == ["Anna", "Bo"]
        await typed(pilot, " -nord")
        assert names(pilot) == ["Anna"]
        assert count(pilot) == "1 of 4 shown"
        assert users_said(pilot) == "4 users"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("muller", ["Anna"]),
        ("department:sales", ["Anna", "Bo"]),
        ("extension:10*", ["Anna", "Cy"]),
        ('department:""', ["Di"]),
        ("active:no", ["Di"]),
        ('"sales nord"', ["Bo"]),
        ("berg|young", ["Bo", "Cy"]),
        ("license:none", []),
    ],
)
async def test_terms_of_each_kind_match(app, text, found):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await typed(pilot, f"/{text}")
        assert names(pilot) == found


async def test_enter_applies_escape_clears_up_recalls_filter(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await typed(pilot, "/berg")
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.focused is table_of(pilot)
        assert names(pilot) == ["Bo"]
        assert "/ berg" in shown(pilot)
        await pilot.press("escape")
        await listed(pilot)
        assert names(pilot) == ["Anna", "Bo", "Cy", "Di"]
        assert not bar_of(pilot).display
        await pilot.press("slash", "up")
        await listed(pilot)
        assert bar_of(pilot).field.value == "berg"
        assert names(pilot) == ["Bo"]
        await pilot.press("escape")
        await listed(pilot)
        assert len(names(pilot)) == 4
        assert pilot.app.focused is table_of(pilot)


async def test_slash_selects_filter_and_end_continues_it(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await typed(pilot, "/berg")
        await pilot.press("enter")
        await typed(pilot, "/young")
        assert names(pilot) == ["Cy"]
        await pilot.press("enter", "slash", "end")
        await typed(pilot, "|berg")
        assert names(pilot) == ["Bo", "Cy"]


async def test_invalid_filter_shows_error_and_keeps_list(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await typed(pilot, "/active:no")
        assert names(pilot) == ["Di"]
        await typed(pilot, "pe")
        assert said(pilot) == '! Invalid value nope for active: use yes, no or "".'
        assert names(pilot) == ["Di"]
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.focused is bar_of(pilot).field  # to be corrected first
        await pilot.press("backspace", "backspace")
        await listed(pilot)
        assert said(pilot) == "yes  no" or "!" not in said(pilot)


async def test_incomplete_term_shows_error_at_enter(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await typed(pilot, "/department:")
        assert names(pilot) == ["Anna", "Bo", "Cy", "Di"]
        await pilot.press("enter")
        await pilot.pause()
        assert said(pilot).startswith("! department: needs a value")


async def test_untrusted_filter_is_sanitized(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await typed(pilot, "/")
        bar_of(pilot).field.insert_text_at_cursor("[@click=app.quit]x[/]\x1b]52;c;eA==\x07:[b]")
        await listed(pilot)
        assert "[@click=app.quit]x[/]" in shown(pilot)
        assert "\x1b" not in shown(pilot)


async def test_tab_completes_names_and_values(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await typed(pilot, "/dep")
        assert said(pilot) == "department:"
        await pilot.press("tab")
        await listed(pilot)
        assert bar_of(pilot).field.value == "department:"
        await typed(pilot, "sal")
        await pilot.press("tab")
        await listed(pilot)
        first = bar_of(pilot).field.value
        await pilot.press("tab")
        await listed(pilot)
        assert {first, bar_of(pilot).field.value} == {
            'department:"Sales EMEA"',
            'department:"Sales Nord"',
        }
        await pilot.press("shift+tab")
        assert pilot.app.focused is not bar_of(pilot).field


async def test_filter_without_matches_shows_message(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await typed(pilot, "/zzz")
        assert "No users match the filter." in shown(pilot)
        assert count(pilot) == "0 of 4 shown"
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.focused is None  # the keys of the page work
        await pilot.press("escape")
        await listed(pilot)
        assert len(names(pilot)) == 4
        assert pilot.app.focused is table_of(pilot)


async def test_cursor_stays_on_its_user(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("down", "down")
        assert table_of(pilot).cursor_user_id == "u-cy"
        await typed(pilot, "/o")
        await pilot.press("enter")
        await pilot.press("escape")
        await listed(pilot)
        assert table_of(pilot).cursor_user_id == "u-cy"


async def test_sort_by_current_column_reverses_and_adds_key(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("right", "right", "s")  # Extension
        await listed(pilot)
        assert names(pilot) == ["Bo", "Di", "Anna", "Cy"]
        assert "Exten▲" in shown(pilot)
        await pilot.press("s")
        await listed(pilot)
        assert names(pilot) == ["Cy", "Anna", "Di", "Bo"]
        assert "Exten▼" in shown(pilot)
        await pilot.press("right", "right", "right", "s")  # active
        await listed(pilot)
        assert names(pilot)[0] == "Di"
        await pilot.press("left", "left", "left", "S")
        await listed(pilot)
        assert names(pilot) == ["Di", "Bo", "Anna", "Cy"]


async def test_changes_by_other_admins_keep_filter_and_order(app, home):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("right", "right", "s")
        await typed(pilot, "/sales")
        assert names(pilot) == ["Bo", "Anna"]
        commit(home / "users.json", USERS[2]._replace(department="Sales South", extension="3"))
        for _ in range(200):
            await pilot.pause(0.02)
            if len(names(pilot)) == 3:
                break
        assert names(pilot) == ["Bo", "Cy", "Anna"]
        assert bar_of(pilot).field.value == "sales"
        assert count(pilot) == "3 of 4 shown"


async def test_import_clears_filter_that_hides_imported_users(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await typed(pilot, "/department:support")
        await pilot.press("enter")
        await import_file(pilot, SAMPLES / "users.csv")
        assert status_of(pilot) == "Imported: 250 added"
        assert len(names(pilot)) == 254
        assert table_of(pilot).cursor_row == 4
        assert not bar_of(pilot).display
        await typed(pilot, "/import:last")
        assert count(pilot) == "250 of 254 shown"


async def test_values_and_names_are_ready_after_first_import(home):
    app = app_on(home / "users.json")
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await import_file(pilot, SAMPLES / "users.csv")
        runner = page_of(pilot).session.query_runner
        await wait_until(
            pilot, lambda: "Quality Assurance" in runner.values_of(FIELD["department"])
        )
        await typed(pilot, "/department:qual")
        await pilot.press("tab")
        await listed(pilot)
        assert bar_of(pilot).field.value == 'department:"Quality Assurance"'


async def test_import_keeps_filter_that_hides_no_imported_users(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await typed(pilot, "/a")
        await pilot.press("enter")
        before = bar_of(pilot).field.value
        await import_file(pilot, SAMPLES / "users.csv")
        assert bar_of(pilot).field.value in (before, "")


async def test_marks_survive_filter_and_hidden_ones_are_counted(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("space", "down", "space", "down", "space")
        await typed(pilot, "/berg")
        await pilot.press("enter")
        await pilot.pause(0.1)
        assert users_said(pilot) == "4 users   3 marked (2 not shown)"
        await pilot.press("escape")
        await listed(pilot)
        await pilot.pause(0.1)
        assert users_said(pilot) == "4 users   3 marked"
        await typed(pilot, "/marked:no")
        assert names(pilot) == ["Di"]
        await pilot.press("enter", "space")
        await listed(pilot)
        await pilot.pause(0.1)
        assert names(pilot) == []


async def test_changed_today_follows_changes_by_other_admins(home):
    path = home / "users.json"
    app = app_on(path, USERS)
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await typed(pilot, "/changed:yesterday")
        assert names(pilot) == []
        assert open_store(path).load().number == 1
        await pilot.press("ctrl+u")
        await typed(pilot, "changed:today")
        assert len(names(pilot)) == 4


async def test_escape_without_filter_does_nothing(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("escape")
        await pilot.pause()
        assert pilot.app.focused is table_of(pilot)
        assert title(pilot) == "Users   All users"


async def test_control_characters_can_be_filtered_by(home):
    hostile = user("eve", first_name="Eve", department="x\u202eOps\x1b]52;c;eA==\x07")
    async with app_on(home / "users.json", [*USERS, hostile]).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        page_of(pilot)._add_to_filter('department:="x\u202eOps\x1b]52;c;eA==\x07"')
        await listed(pilot)
        assert names(pilot) == ["Eve"]
        assert "\x1b" not in shown(pilot)
        assert "\u202e" not in shown(pilot)


async def test_count_is_added_to_incomplete_filter(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await typed(pilot, "/department:")
        page_of(pilot).set_focus(table_of(pilot))
        await pilot.pause()
        await pilot.press("F")
        await pilot.pause(0.2)
        await pilot.press("enter")
        await listed(pilot)
        assert len(names(pilot)) == 1
        assert bar_of(pilot).field.value.startswith("department:")


async def test_copies_omit_secrets(app, monkeypatch):
    sent = []

    async def copied(_app, text):
        sent.append(text)
        return ""

    monkeypatch.setattr(clipboard, "copy", copied)
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("right", "right", "y")
        await pilot.pause(0.05)
        assert sent == ["10"]
        assert status_of(pilot) == "Copied Extension of anna: 10"
        await pilot.press("Y")
        await pilot.pause(0.05)
        assert sent[1].startswith("Anna,Müller,10,")
        assert USERS[0].password not in sent[1]
        while table_of(pilot).current_key != "password":
            await pilot.press("right")
        await pilot.press("y")
        await pilot.pause(0.05)
        assert len(sent) == 2
        assert "Passwords cannot be copied." in status_of(pilot)


async def test_last_view_is_restored_at_start(home):
    path = home / "users.json"
    async with app_on(path, USERS).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("v", "down", "down", "enter")
        await pilot.pause(0.1)
        await listed(pilot)
        assert title(pilot) == "Users   Inactive"
        assert names(pilot) == ["Di"]
        assert bar_of(pilot).field.value == "active:no"
        await pilot.press("slash", "end")
        await typed(pilot, " -qqq")
        assert title(pilot) == "Users   Inactive (modified)"
        await pilot.press("enter")
        await listed(pilot)
        cast("QmTuiApp", pilot.app).save_view()
    again = QmTuiApp(open_store(path), login="mheller", views=load_views())
    async with again.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        assert title(pilot) == "Users   Inactive (modified)"
        assert names(pilot) == ["Di"]
        await pilot.press("escape")
        await listed(pilot)
        assert title(pilot) == "Users   All users"
        assert len(names(pilot)) == 4


async def test_filter_by_marks_is_not_remembered(home):
    path = home / "users.json"
    async with app_on(path, USERS).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("space")
        await typed(pilot, "/marked:yes")
        assert names(pilot) == ["Anna"]
        await pilot.pause(1.3)  # it is kept once it has been the same for a second
    assert load_views().last in (None, SavedView("All users", layout=DEFAULT_LAYOUT))


async def test_columns_and_counts_dialogs_change_view(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("c", "space", "enter")  # First Name is hidden
        await pilot.pause()
        assert "First Name" not in shown(pilot)
        await pilot.press("F")
        await pilot.pause(0.2)
        await pilot.press("enter")
        await listed(pilot)
        assert bar_of(pilot).field.value.startswith("department:")
        assert len(names(pilot)) == 1


async def test_users_are_marked_from_pasted_list(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("L")
        await pilot.pause(0.2)
        pilot.app.focused.insert("bo\nCy Young\nnobody\n")
        await pilot.pause(0.8)
        assert "nobody" in shown(pilot)
        await pilot.press("f2")
        await pilot.pause(0.2)
        assert users_said(pilot) == "4 users   2 marked"
        await typed(pilot, "/anna")
        await pilot.pause(0.1)
        assert users_said(pilot) == "4 users   2 marked (2 not shown)"


@pytest.mark.parametrize("text", ["foo:bar", "dept:sales", "password:abc", 'location:x"'])
async def test_error_is_shown_while_typing(app, text):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await typed(pilot, f"/{text}")
        await pilot.pause(0.2)
        assert said(pilot).startswith("! ")
        assert count(pilot) == "list unchanged"
        assert "No users match the filter." not in shown(pilot)
        await pilot.press("escape", "slash", "up")
        await listed(pilot)
        assert bar_of(pilot).field.value == ""  # an invalid filter is not in the history


async def test_corrected_filter_hides_error(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await typed(pilot, "/zzz")
        await typed(pilot, ":")
        assert "The filter is invalid." in shown(pilot)
        await pilot.press("backspace")
        await listed(pilot)
        assert "No users match the filter." in shown(pilot)
        assert count(pilot) == "0 of 4 shown"


async def test_escape_closes_filter_in_empty_store(home):
    async with app_on(home / "users.json").run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("slash", "a", "escape")
        await pilot.pause()
        assert not bar_of(pilot).display
        await pilot.press("question_mark")
        await pilot.pause()
        assert "Keyboard shortcuts" in shown(pilot)


async def test_burst_of_keys_filters(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await press_at_once(pilot, "slash", *"sales")
        await listed(pilot)
        assert bar_of(pilot).field.value == "sales"
        assert names(pilot) == ["Anna", "Bo"]
        await pilot.press("slash")  # in the field it is a letter
        assert bar_of(pilot).field.value.endswith("/")


async def test_escape_in_burst_clears_filter(app):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await press_at_once(pilot, "slash", *"zz", "escape")
        await listed(pilot)
        assert page_of(pilot).session.current_view.filter == ""
        assert len(names(pilot)) == 4


@pytest.mark.parametrize("key", ["v", "c", "F", "L"])
async def test_repeated_key_goes_to_the_dialog(app, key):
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await press_at_once(pilot, key, key)
        assert len(pilot.app.screen_stack) <= 3  # Textual's own, the page, the dialog


async def test_filter_being_typed_is_not_remembered(home):
    path = home / "users.json"
    async with app_on(path, USERS).run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await typed(pilot, "/sales")
        await pilot.press("enter")
        await typed(pilot, "/zz")
        assert names(pilot) == []
        await pilot.pause(1.3)
        cast("QmTuiApp", pilot.app).save_view()
    last = load_views().last
    assert last is not None
    assert last.filter == "sales"


LONG_FILTER = "active:yes -trainee -intern -freelancer -apprentice -temporary -location:atlantis"


@pytest.mark.parametrize("size", [(60, 16), SMALL])
async def test_long_filter_shows_start_and_end_unless_it_is_edited(home, size):
    app = app_on(home / "users.json", sample_users(300))
    async with app.run_test(size=size) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("slash", "a")
        bar_of(pilot).field.insert_text_at_cursor(LONG_FILTER[1:])
        await pilot.pause()
        line = next(line for line in shown(pilot).splitlines() if " / " in f" {line}")
        assert "location:atlantis" in line
        assert "active" not in line
        await pilot.press("enter")
        await pilot.pause()
        line = next(line for line in shown(pilot).splitlines() if " / " in f" {line}")
        assert "/ active:yes" in line
        assert " … " in line
        assert "atlantis " in line


async def test_filter_has_the_room_that_the_count_leaves(home):
    app = app_on(home / "users.json", sample_users(300))
    async with app.run_test(size=SMALL) as pilot:
        await wait_until_idle(pilot)
        await pilot.press("slash", "a")
        await pilot.pause()
        field, count = page_of(pilot).query_one("#users-filter"), "300 of 300 shown"
        assert field.region.right == 80 - len(count) - 2
