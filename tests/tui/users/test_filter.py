"""Filter, sort order, views, columns and marks on the Users page."""

import pytest
from textual import events
from textual.widgets import Static

from qm_tui.config.saved_views import load_views
from qm_tui.store import open_store
from qm_tui.tui.app import QmTuiApp
from qm_tui.tui.terminal import clipboard
from qm_tui.tui.users.dialogs.mark_list import MarkListDialog
from qm_tui.tui.users.filter_bar import FilterBar
from qm_tui.tui.widgets.text_area import SafeTextArea
from qm_tui.users.fields import FIELD
from tests.helpers import user
from tests.tui.pages import (
    SAMPLES,
    app_on,
    commit,
    has_text,
    page_of,
    press_at_once,
    sample_users,
    shown,
    started,
    status_of,
    table_of,
    top,
    users_in,
    wait_until,
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
    return [user.first_name for user in users_in(table)]


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
    await pressed(pilot, *text)


async def listed(pilot):
    """Wait until the users who are wanted are shown."""
    session = page_of(pilot).session
    await pilot.pause()
    await wait_until(
        pilot,
        lambda: (
            (session.view is not None and session.view.query == session.query)
            or bar_of(pilot).has_error
        ),
    )
    await pilot.pause()


async def pressed(pilot, *keys):
    await pilot.press(*keys)
    await listed(pilot)


@pytest.fixture
def app(home):
    return app_on(home / "users.json", USERS)


ALL = ["Anna", "Bo", "Cy", "Di"]


async def test_list_follows_each_key_and_escape_clears_filter(app):
    async with started(app) as pilot:
        assert not bar_of(pilot).display
        await pilot.press("escape")  # without a filter, it does nothing
        assert pilot.app.focused is table_of(pilot)
        await pilot.press("down")
        await typed(pilot, "/sale")
        assert names(pilot) == ["Anna", "Bo"]
        await typed(pilot, " -emea")
        assert names(pilot) == ["Bo"]
        assert count(pilot) == "1 of 4 shown"
        assert users_said(pilot) == "4 users"
        await pressed(pilot, "enter")
        assert pilot.app.focused is table_of(pilot)
        assert "/ sale -emea" in shown(pilot)
        await pressed(pilot, "escape")
        assert names(pilot) == ALL
        assert not bar_of(pilot).display
        assert table_of(pilot).cursor_user_id == "u-bo"  # it stays on its user


async def test_filters_are_recalled_replaced_and_continued(app):
    async with started(app) as pilot:
        await typed(pilot, "/berg")
        await pressed(pilot, "escape", "slash", "up")
        assert bar_of(pilot).field.value == "berg"
        assert names(pilot) == ["Bo"]
        await pilot.press("enter")
        await typed(pilot, "/young")  # the text was selected
        assert names(pilot) == ["Cy"]
        await pilot.press("enter", "slash", "end")
        await typed(pilot, "|berg")
        assert names(pilot) == ["Bo", "Cy"]
        await pressed(pilot, "up", "down", "down")  # the last one goes to the list
        assert bar_of(pilot).field.value == ""
        assert pilot.app.focused is table_of(pilot)


async def test_invalid_filter_shows_error_and_keeps_list(app):
    async with started(app) as pilot:
        for text in ("foo:bar", "dept:sales", "password:abc", 'location:x"'):
            await typed(pilot, f"/{text}")
            await wait_until(pilot, lambda: said(pilot).startswith("! "))
            assert count(pilot) == "list unchanged"
            assert "No users match the filter." not in shown(pilot)
            await pressed(pilot, "escape", "slash", "up")
            assert bar_of(pilot).field.value == ""  # an invalid filter is not in the history
            await pressed(pilot, "escape")
        await typed(pilot, "/active:no")
        await typed(pilot, "pe")
        assert said(pilot) == '! Invalid value nope for active: use yes, no or "".'
        assert names(pilot) == ["Di"]
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.focused is bar_of(pilot).field  # to be corrected first
        await pressed(pilot, "backspace", "backspace")
        assert "!" not in said(pilot)
        await pressed(pilot, "escape")
        await typed(pilot, "/department")
        for key, character in (("colon", ":"), ("enter", "\r")):  # an error only at Enter
            pilot.app.post_message(events.Key(key, character))
        await wait_until(pilot, lambda: said(pilot).startswith("! department: needs a value"))


async def test_filter_without_matches_shows_message(app):
    async with started(app) as pilot:
        await typed(pilot, "/zzz")
        assert "No users match the filter." in shown(pilot)
        assert count(pilot) == "0 of 4 shown"
        await typed(pilot, ":")
        assert "The filter is invalid." in shown(pilot)
        await pressed(pilot, "backspace")
        assert "No users match the filter." in shown(pilot)
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.focused is None  # the keys of the page work
        await pressed(pilot, "escape")
        assert names(pilot) == ALL
        assert pilot.app.focused is table_of(pilot)


async def test_untrusted_filter_is_sanitized_and_control_characters_match(home):
    value = "x\u202eOps\x1b]52;c;eA==\x07"
    hostile = user("eve", first_name="Eve", department=value)
    async with started(app_on(home / "users.json", [*USERS, hostile])) as pilot:
        await typed(pilot, "/")
        bar_of(pilot).field.insert_text_at_cursor("[@click=app.quit]x[/]\x1b]52;c;eA==\x07:[b]")
        await listed(pilot)
        assert "[@click=app.quit]x[/]" in shown(pilot)
        page_of(pilot).show_filter(f'department:="{value}"')
        await listed(pilot)
        assert names(pilot) == ["Eve"]
        assert not {"\x1b", "\u202e"} & {*shown(pilot)}


async def test_tab_completes_names_and_values(app):
    async with started(app) as pilot:
        await typed(pilot, "/dep")
        assert said(pilot) == "department:"
        await pressed(pilot, "tab")
        assert bar_of(pilot).field.value == "department:"
        await typed(pilot, "sal")
        offered = set()
        for _ in range(2):
            await pressed(pilot, "tab")
            offered.add(bar_of(pilot).field.value)
        assert offered == {'department:"Sales EMEA"', 'department:"Sales Nord"'}
        await pilot.press("shift+tab")
        assert pilot.app.focused is not bar_of(pilot).field


async def test_sort_by_current_column_reverses_and_adds_key(app, home):
    async with started(app) as pilot:
        await pressed(pilot, "right", "right", "s")  # Extension
        assert names(pilot) == ["Bo", "Di", "Anna", "Cy"]
        assert "Exten▲" in shown(pilot)
        await pressed(pilot, "s")
        assert names(pilot) == ["Cy", "Anna", "Di", "Bo"]
        assert "Exten▼" in shown(pilot)
        await pressed(pilot, "right", "right", "right", "s")  # active
        assert names(pilot)[0] == "Di"
        await pressed(pilot, "left", "left", "left", "S")
        assert names(pilot) == ["Di", "Bo", "Anna", "Cy"]
        await pressed(pilot, "s")
        await typed(pilot, "/sales")
        commit(home / "users.json", USERS[2]._replace(department="Sales South", extension="3"))
        await wait_until(pilot, lambda: names(pilot) == ["Bo", "Cy", "Anna"])
        assert count(pilot) == "3 of 4 shown"


async def test_import_lifts_filter_that_hides_imported_users(app):
    async with started(app) as pilot:
        await typed(pilot, "/department:support")
        await pilot.press("enter")
        await import_file(pilot, SAMPLES / "users.csv")
        assert status_of(pilot) == "Imported: 250 added"
        assert len(names(pilot)) == 254
        assert table_of(pilot).cursor_row == 4
        assert not bar_of(pilot).display
        await typed(pilot, "/import:last")
        assert count(pilot) == "250 of 254 shown"
        queries = page_of(pilot).session.queries
        await wait_until(
            pilot, lambda: "Quality Assurance" in queries.values_of(FIELD["department"])
        )
        await pilot.press("ctrl+u")
        await typed(pilot, "department:qual")
        await pressed(pilot, "tab")
        assert bar_of(pilot).field.value == 'department:"Quality Assurance"'


async def test_marks_survive_filter_and_hidden_ones_are_counted(app):
    async with started(app) as pilot:
        await pilot.press("space", "down", "space", "down", "space")
        await typed(pilot, "/berg")
        await pilot.press("enter")
        await wait_until(pilot, lambda: users_said(pilot) == "4 users   3 marked (2 not shown)")
        await pressed(pilot, "escape")
        await wait_until(pilot, lambda: users_said(pilot) == "4 users   3 marked")
        await typed(pilot, "/marked:no")
        assert names(pilot) == ["Di"]
        app.save_view()
        last = load_views().last  # the marks are lost, and with them what the filter means
        assert last is None or (last.name, last.filter) == ("All users", "")
        await pilot.press("enter", "space")
        await wait_until(pilot, lambda: names(pilot) == [])


async def test_users_are_marked_from_pasted_list(app):
    async with started(app) as pilot:
        await pilot.press("L")
        await wait_until(pilot, lambda: isinstance(top(pilot), MarkListDialog))
        top(pilot).query_one(SafeTextArea).insert("bo\nCy Young\nnobody\n")
        await wait_until(pilot, lambda: has_text(pilot, "[F2 Mark 2 users]"))
        await pilot.press("f2")
        await wait_until(pilot, lambda: users_said(pilot) == "4 users   2 marked")


async def test_copies_omit_secrets(app, monkeypatch):
    sent = []

    async def copied(_app, text):
        sent.append(text)
        return ""

    monkeypatch.setattr(clipboard, "copy", copied)
    async with started(app) as pilot:
        await pilot.press("right", "right", "y")
        await wait_until(pilot, lambda: status_of(pilot) == "Copied Extension of anna: 10")
        await pilot.press("Y")
        await wait_until(pilot, lambda: len(sent) > 1)
        assert sent[0] == "10"
        assert sent[1].startswith("Anna,Müller,10,")
        assert USERS[0].password not in sent[1]
        while table_of(pilot).current_key != "password":
            await pilot.press("right")
        await pilot.press("y")
        await wait_until(pilot, lambda: "Passwords cannot be copied." in status_of(pilot))
        assert len(sent) == 2


async def test_last_applied_view_is_restored_at_start(app, home):
    async with started(app) as pilot:
        await pilot.press("v", "down", "down", "enter")
        await wait_until(pilot, lambda: title(pilot) == "Users   Inactive")
        await listed(pilot)
        assert names(pilot) == ["Di"]
        assert bar_of(pilot).field.value == "active:no"
        await pilot.press("slash", "end")
        await typed(pilot, " -qqq")
        assert title(pilot) == "Users   Inactive (modified)"
        await pressed(pilot, "enter")
        await typed(pilot, "/zz")  # not applied
        assert names(pilot) == []
        app.save_view()
    again = QmTuiApp(open_store(home / "users.json"), login="mheller", views=load_views())
    async with started(again) as pilot:
        assert title(pilot) == "Users   Inactive (modified)"
        assert names(pilot) == ["Di"]
        await pressed(pilot, "escape")
        assert title(pilot) == "Users   All users"
        assert names(pilot) == ALL


async def test_columns_and_counts_dialogs_change_view(app):
    async with started(app) as pilot:
        await pilot.press("c", "space", "enter")  # First Name is hidden
        await wait_until(pilot, lambda: not has_text(pilot, "First Name"))
        await typed(pilot, "/department:")  # incomplete: it is replaced
        pilot.app.screen.set_focus(table_of(pilot))
        await pilot.press("F", "enter")
        await wait_until(pilot, lambda: bar_of(pilot).field.value.startswith('department:"'))
        await listed(pilot)
        assert len(names(pilot)) == 1


async def test_burst_of_keys_goes_to_field_and_dialogs(app):
    async with started(app) as pilot:
        await press_at_once(pilot, "slash", *"sales")
        await listed(pilot)
        assert bar_of(pilot).field.value == "sales"
        assert names(pilot) == ["Anna", "Bo"]
        await pilot.press("slash")  # in the field it is a letter
        assert bar_of(pilot).field.value.endswith("/")
        await press_at_once(pilot, *"zz", "escape")
        await listed(pilot)
        assert page_of(pilot).session.current_view.filter == ""
        for key in ("v", "c", "F", "L"):  # the second one is the dialog's
            await press_at_once(pilot, key, key)
            assert len(pilot.app.screen_stack) <= 3  # Textual's own, the page, the dialog
            await pilot.press("escape")  # which asks about the letter in the list, at last
            await pilot.pause()


LONG_FILTER = "active:yes -trainee -intern -freelancer -apprentice -temporary -location:atlantis"


async def test_long_filter_shows_start_and_end_unless_it_is_edited(home):
    app = app_on(home / "users.json", sample_users(300))
    async with started(app, (60, 16)) as pilot:
        await pilot.press("slash", "a")
        bar_of(pilot).field.insert_text_at_cursor(LONG_FILTER[1:])
        await pilot.pause()
        line = next(line for line in shown(pilot).splitlines() if " / " in f" {line}")
        assert "location:atlantis" in line
        assert "active" not in line
        await pressed(pilot, "enter")
        line = next(line for line in shown(pilot).splitlines() if " / " in f" {line}")
        assert "/ active:yes" in line
        assert " … " in line
        assert "atlantis " in line
