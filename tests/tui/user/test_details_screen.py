"""The details of a user: fields in their groups, problems, history."""

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from rich.cells import cell_len
from textual.app import App

from qm_tui.progress import Phase
from qm_tui.store import open_store
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import (
    Action,
    TransactionKind,
    TransactionSummary,
    UserChange,
    UserHistoryEntry,
)
from qm_tui.store.tinydb import TinyDBUserStore
from qm_tui.tui.frame.stylesheets import style_sheets
from qm_tui.tui.text.user_details import (
    UserHistory,
    details_lines,
    history_lines,
    user_title,
    value_text,
    wrap_text,
)
from qm_tui.tui.user import details_pane
from qm_tui.tui.user.details_pane import MAX_ENTRIES, DetailsPane
from qm_tui.tui.user.details_screen import DetailsScreen
from qm_tui.users.fields import FIELD, FIELDS, GROUPED
from qm_tui.users.query.query import ALL, these
from tests.helpers import ANNA, EDIT, user
from tests.tui.dialogs import open_dialog
from tests.tui.pages import rows_of

WIDTHS = (32, 60, 118)

HOSTILE = "[@click=app.quit]x[/] \x1b]52;c;cm0=\x07 \u202eevil"
LONG = ANNA._replace(
    first_name="陈大文" * 60,
    agent_id="x" * 4096,
    department="Sales EMEA and all that belongs to it, " * 100,
    location="😀" * 300,
    additional_extensions="0413,0414," * 400,
    windows_login=HOSTILE,
    sip_uri="nothing of the kind " * 30,
)
FAULTY = user(
    "bo",
    unlimited_license="0",
    on_demand_license="0",
    recording_profile="All calls",
    windows_login="",
    extension="",
    sip_uri="sip:somebody.else@example.com",
    agent_id="A\x071",
)


def texts(one, width):
    return [line.plain for line in details_lines(one, width)]


def flat(lines):
    """Lines as one text, with single blanks."""
    return " ".join(" ".join(lines).split())


# Fields


@pytest.mark.parametrize("width", WIDTHS)
def test_all_fields_are_listed_in_groups_with_what_they_are_used_for(width):
    lines = texts(ANNA, width)
    headings = [at for at, line in enumerate(lines) if line.startswith("──")]
    assert [lines[at].strip("─ ").removesuffix(" only") for at in headings] == [*GROUPED]
    for at, end, fields in zip(headings, [*headings[1:], None], GROUPED.values(), strict=True):
        below = lines[at + 1 : end]
        names = [line[2:] for line in below if line[2] != " "]
        assert len(names) == len(fields)
        for line, field in zip(names, fields, strict=True):
            assert f"{line}  ".startswith(f"{field.name}  ")
        for use in {field.only_for for field in fields if field.only_for}:
            assert f"(only for {use})" in flat(below) or lines[at].startswith(f"── {use} only ")


@pytest.mark.parametrize("width", WIDTHS)
def test_long_values_are_wrapped_and_secrets_never_shown(width):
    for one in (ANNA, LONG, FAULTY):
        assert max(map(cell_len, texts(one, width))) <= width
        assert one.password not in "".join(texts(one, width))
        assert one.salt not in "".join(texts(one, width))
    text = "".join(texts(LONG, width)).replace(" ", "")
    for key in ("first_name", "agent_id", "department", "location", "additional_extensions"):
        assert LONG[FIELD[key].index].replace(" ", "") in text
    for field in FIELDS:  # in the history
        assert ("PLANTED" in value_text(field, "PLANTED")) != field.is_secret


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("password", "ENC", "set"),
        ("password", "", "not set"),
        ("salt", "", "not set"),
        ("is_active", "1", "yes"),
        ("is_active", "yes", "yes"),
        ("lookback_enabled", "", "–"),
        ("extension", "0412", "0412"),
        ("location", "[b]Oslo[/b]", "[b]Oslo[/b]"),
        ("location", "Os\x07lo", "Os␇lo"),
    ],
)
def test_values_are_formatted(key, value, shown):
    name = FIELD[key].name
    line = next(line for line in texts(ANNA._replace(**{key: value}), 76) if name in line)
    assert line.split(name)[1].split("(only")[0].strip() == shown


@pytest.mark.parametrize(
    ("key", "sign", "words", "remedy"),
    [
        ("extension", "!", "Extension is required.", "Enter Extension."),
        ("on_demand_license", "!", "exactly one is required", "and the other to 0."),
        ("agent_id", "!", "Agent ID contains the control character U+0007.", "Remove the control"),
        ("windows_login", "?", "Windows Login is empty, but a Computer", "Enter a Windows Login"),
        ("sip_uri", "?", "SIP URI does not match User Name or", "Check the SIP URI"),
    ],
)
def test_problems_are_shown_at_field(key, sign, words, remedy):
    lines, name = texts(FAULTY, 44), FIELD[key].name
    at = next(at for at, line in enumerate(lines) if line.startswith(f"{sign} {name}"))
    said = flat(itertools.takewhile(lambda line: line.startswith("    "), lines[at + 1 :]))
    assert words in said
    assert remedy in said
    assert not [line for line in texts(ANNA, 44) if line[0] in "!?"]


def test_title_names_user():
    assert user_title(ANNA) == "Anna Berg, anna"
    assert user_title(ANNA._replace(first_name="\x1b[2J")) == "␛[2J Berg, anna"
    assert user_title(ANNA._replace(first_name="", last_name="")) == "anna"
    assert user_title(ANNA._replace(user_name="")) == "Anna Berg, u2222222222a"


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("", 5, [""]),
        ("one two three", 7, ["one two", "three"]),
        ("0413,0414,0415", 10, ["0413,0414,", "0415"]),
        ("a abcdefgh", 4, ["a", "abcd", "efgh"]),
        ("abcdefgh ij", 4, ["abcd", "efgh", "ij"]),
        ("陈大文 abc", 6, ["陈大文", "abc"]),
        ("a  b", 10, ["a  b"]),
    ],
)
def test_text_is_wrapped_at_blanks_and_commas(text, width, lines):
    assert wrap_text(text, width) == lines


# The history


WHEN = datetime(2026, 11, 23, 9, 12, 5, tzinfo=UTC)


def touch(number, before, after, *, action=EDIT, address=""):
    when = WHEN + timedelta(hours=number)
    entry = TransactionSummary(number, when, "mheller", address, action, 1, 0, 0)
    return UserHistoryEntry(entry, UserChange(ANNA.user_id, before, after))


TOUCHES = (
    touch(
        42,
        {"location": "Oslo", "is_active": "0", "agent_id": "", "password": "OLD-PW"},
        {"location": "", "is_active": "1", "agent_id": "A-17", "password": "NEW-PW"},
        action=Action(TransactionKind.IMPORT, "sales.csv"),
        address="10.20.30.40",
    ),
    touch(41, None, ANNA._asdict()),
    touch(40, ANNA._asdict(), None),
)


@pytest.fixture
def utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")


@pytest.mark.usefixtures("utc")
def test_history_shows_changes():
    lines = [line.plain for line in history_lines(UserHistory(TOUCHES, is_complete=True), 76)]
    assert lines[1:] == [
        "  2026-11-25 03:12:05, mheller from 10.20.30.40",
        "    Changed by transaction 42: Import of sales.csv",
        "    Agent ID: (empty) → A-17",
        "    Password: changed",
        "    Is User Active: no → yes",
        "    Location: Oslo → (empty)",
        "  2026-11-25 02:12:05, mheller",
        "    Added by transaction 41: Edit of 1 user",
        "  2026-11-25 01:12:05, mheller",
        "    Deleted by transaction 40: Edit of 1 user",
    ]


@pytest.mark.usefixtures("utc")
@pytest.mark.parametrize(
    ("history", "said"),
    [
        (UserHistory(), "Loading…"),
        (UserHistory(TOUCHES), "Loading…"),
        (UserHistory(is_complete=True), "No changes recorded for this user."),
        (
            UserHistory(TOUCHES, is_complete=True, history_removed_until=WHEN),
            "Changes until 2026-11-23 09:12:05 are no longer available.",
        ),
        (
            UserHistory(TOUCHES, is_complete=True, has_older=True, history_removed_until=WHEN),
            "Older changes are not shown. See the Activity page.",
        ),
        (UserHistory(TOUCHES, message="It cannot be read."), "It cannot be read."),
    ],
)
def test_history_shows_whether_it_is_complete(history, said):
    lines = [line.plain.strip() for line in history_lines(history, 76)]
    assert lines[-1] == said
    assert "Loading…" not in lines[:-1]


@pytest.mark.parametrize("width", WIDTHS)
def test_history_fits_width_and_is_sanitized(width):
    long = touch(1, {"location": "陈" * 999, "salt": ""}, {"location": HOSTILE, "salt": "PLANTED"})
    hostile = touch(
        2,
        {"location": HOSTILE},
        {"location": "y"},
        action=Action(TransactionKind.EDIT, HOSTILE),
        address=HOSTILE,
    )
    lines = [line.plain for line in history_lines(UserHistory((long, hostile)), width)]
    assert max(map(cell_len, lines)) <= width
    text = "".join(lines)
    assert not {"\x1b", "\x07", "\u202e"} & {*text}
    assert "PLANTED" not in text


# The pane


class PaneApp(App[None]):
    """The pane alone."""

    CSS_PATH = [*style_sheets()]  # noqa: RUF012 - as Textual has it

    def compose(self):
        yield DetailsPane()

    @property
    def pane(self):
        return self.query_one(DetailsPane)


def shown(app):
    """All that stands on the screen."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


BO, CY = user("bo"), user("cy")


@pytest.fixture
def store(tmp_path):
    """A store with Anna, Bo and Cy, of whom Anna moved once."""
    made = open_store(tmp_path / "users.json")
    for users in ((ANNA, BO, CY), (ANNA._replace(location="Bergen"),)):
        with made.transaction(EDIT) as transaction:
            transaction.commit({one.user_id: one for one in users})
    return made


@pytest.fixture
def asked(monkeypatch):
    """Whose history was asked for."""
    found = []
    user_history = TinyDBUserStore.user_history

    def noted(self, user_id, tick):
        found.append(user_id)
        return user_history(self, user_id, tick)

    monkeypatch.setattr(TinyDBUserStore, "user_history", noted)
    return found


async def at_rest(pilot):
    """Wait until the history was read and drawn."""
    pane = pilot.app.screen.query_one(DetailsPane)
    for _ in range(500):
        await pilot.pause(0.02)
        if pane.lines and pane.lines[-1].strip() != "Loading…":
            break
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def test_history_is_read_when_cursor_rests(store, asked):
    app = PaneApp()
    async with app.run_test(size=(60, 40)) as pilot:
        for _ in range(3):
            for one in (ANNA, BO, None, CY):
                app.pane.show(one, store)
                await pilot.pause(0.01)
                if one is None:
                    assert app.pane.lines == ["No user selected."]
        assert asked == []
        assert app.pane.lines[-1].strip() == "Loading…"
        await at_rest(pilot)
        assert asked == [CY.user_id]
        assert "Added by transaction 1: " in flat(app.pane.lines[-3:])
        app.pane.show(ANNA, store)
        await at_rest(pilot)
        assert asked == [CY.user_id, ANNA.user_id]
        assert "Location: Oslo → Bergen" in flat(app.pane.lines)
        app.pane.show(ANNA, store)  # unchanged: it is not read again
        await pilot.pause(details_pane.HISTORY_DELAY + 0.1)
        assert len(asked) == 2
        moved = ANNA._replace(location="Rome")
        with store.transaction(EDIT) as transaction:
            transaction.commit({moved.user_id: moved})
        app.pane.show(moved, store)
        assert "Changed by transaction 2: " in flat(app.pane.lines)  # kept during the read
        while len(asked) < 3:
            await pilot.pause(0.02)
        await at_rest(pilot)
        assert "Changed by transaction 3: " in flat(app.pane.lines)


async def test_history_of_previous_user_is_canceled(store, monkeypatch):
    started, ended = Event(), Event()

    def endless(self, user_id, tick):
        if user_id != ANNA.user_id:
            yield TOUCHES[1]
            return
        started.set()
        try:
            while True:
                tick(Phase.OPENING, 0, 1)
        finally:
            ended.set()

    monkeypatch.setattr(TinyDBUserStore, "user_history", endless)
    app = PaneApp()
    async with app.run_test(size=(60, 40)) as pilot:
        app.pane.show(ANNA, store)
        assert await asyncio.to_thread(started.wait, 5)
        assert not ended.is_set()
        app.pane.show(BO, store)
        assert ended.wait(5)
        await at_rest(pilot)
        assert "Added by transaction 41: " in flat(app.pane.lines[-3:])


async def test_slow_history_is_shown_in_parts(store, monkeypatch):
    may_go_on = Event()

    def slow(self, user_id, tick):
        yield from TOUCHES[:2]
        may_go_on.wait(10)
        yield TOUCHES[2]

    monkeypatch.setattr(TinyDBUserStore, "user_history", slow)
    monkeypatch.setattr(details_pane, "_INTERVAL", 0)
    app = PaneApp()
    async with app.run_test(size=(60, 40)) as pilot:
        app.pane.show(ANNA, store)
        while "Added by transaction 41: " not in flat(app.pane.lines):
            await pilot.pause(0.02)
        assert app.pane.lines[-1].strip() == "Loading…"
        may_go_on.set()
        await at_rest(pilot)
        assert "Deleted by transaction 40: " in flat(app.pane.lines[-3:])


async def test_number_of_changes_is_limited(store, monkeypatch):
    touches = [
        touch(number, {"location": "a"}, {"location": "b"}) for number in range(MAX_ENTRIES + 1)
    ]
    app = PaneApp()
    async with app.run_test(size=(60, 40)) as pilot:
        for one, count in ((ANNA, MAX_ENTRIES), (BO, MAX_ENTRIES + 1)):
            monkeypatch.setattr(
                TinyDBUserStore, "user_history", lambda *_, count=count: iter(touches[:count])
            )
            app.pane.show(one, store)
            await at_rest(pilot)
            assert flat(app.pane.lines).count("Location: a → b") == MAX_ENTRIES
            has_older = "Older changes are not shown" in flat(app.pane.lines)
            assert has_older is (count > MAX_ENTRIES)


@pytest.mark.usefixtures("home")
async def test_history_shows_read_error(store, monkeypatch):
    app = PaneApp()
    async with app.run_test(size=(60, 40)) as pilot:
        for one, error, said in (
            (ANNA, StoreError("The history cannot be read."), "The history cannot be read."),
            (BO, RuntimeError("boom"), "Unexpected error (RuntimeError)"),
        ):

            def failing(_store, _user_id, _tick, error=error):
                yield TOUCHES[1]
                raise error

            monkeypatch.setattr(TinyDBUserStore, "user_history", failing)
            app.pane.show(one, store)
            await at_rest(pilot)
            assert "Added by transaction 41: " in flat(app.pane.lines)
            assert said in flat(app.pane.lines)
            assert "Loading…" not in flat(app.pane.lines)


async def test_pane_scrolls_by_keys_and_keeps_its_position_for_the_next_user(store):
    app = PaneApp()
    async with app.run_test(size=(60, 20)) as pilot:
        app.pane.show(ANNA, store)
        await at_rest(pilot)
        assert "─ Anna Berg, anna ─" in shown(app)
        app.pane.focus()
        last = len(app.pane.lines) - app.pane.size.height
        page = app.pane.size.height - 1
        keys = ("down", "up", "pagedown", "pageup", "end", "home", *"jkGg")
        for key, place in zip(keys, (1, 0, page, 0, last, 0, 1, 0, last, 0), strict=True):
            await pilot.press(key)
            assert app.pane.scroll_offset.y == place
        await pilot.press("down", "down")
        app.pane.show(BO, store)
        await pilot.pause()
        assert app.pane.scroll_offset.y == 2
        app.pane.show(LONG, store)
        await pilot.press("end")
        app.pane.show(BO, store)
        await pilot.pause()
        assert app.pane.scroll_offset.y == len(app.pane.lines) - app.pane.size.height


async def test_resize_wraps_lines_again(store):
    app = PaneApp()
    async with app.run_test(size=(60, 20)) as pilot:
        app.pane.show(LONG, store)
        widths = []
        for size in ((60, 20), (150, 40), (150, 400)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            heading = next(line for line in app.pane.lines if line.startswith("──"))
            widths.append(cell_len(heading))
            assert heading in shown(app)
            assert max(map(cell_len, app.pane.lines)) == widths[-1]
        assert widths[0] < widths[1] == widths[2]


# The screen


def screen_on(store, row=0, query=ALL):
    return DetailsScreen(rows_of(store.state, query), row, store)


async def test_arrows_and_buttons_show_next_user(store):
    async with open_dialog(screen_on(store)) as hand:
        assert "1 of 3  ← → previous/next user  Esc close  ? keys" in hand.screen_text
        for key, name in (
            ("right", "Bo Bosen"),
            ("l", "Cy Cysen"),
            ("right", "Cy Cysen"),
            ("left", "Bo Bosen"),
            ("h", "Anna Berg"),
            ("left", "Anna Berg"),
        ):
            await hand.press(key)
            assert f"╭─ {name}, " in hand.screen_text
        assert hand.app.screen.query_one("#previous").disabled
        await hand.click("#next")
        await hand.pilot.pause(0.3)  # for a moment a button that was clicked takes no other click
        await hand.click("#next")
        assert hand.app.screen.query_one("#next").disabled
        assert hand.app.focused is hand.app.screen.query_one(DetailsPane)
        await hand.click("#previous")
        await hand.click("#back")
        assert hand.app.result == 1
    async with open_dialog(screen_on(store, 0, ALL.among(these([BO.user_id])))) as hand:
        await hand.press("left", "right")
        assert "Bo Bosen" in hand.screen_text
        assert " of 1" not in hand.screen_text
        await hand.press("enter")
        assert hand.app.result == 0
