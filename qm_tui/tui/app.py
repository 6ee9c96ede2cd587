"""The terminal UI: a Textual app that never shows a traceback."""

import asyncio
import signal
import time
from collections.abc import Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import ClassVar, Final

from rich.console import RenderableType
from textual import events, on, work
from textual.actions import ActionParseResult
from textual.binding import BindingType
from textual.dom import DOMNode, NoScreen
from textual.filter import LineFilter
from textual.screen import Screen
from textual.worker import WorkerFailed

from qm_tui.config.preferences import Theme, load_preferences, save_preferences
from qm_tui.config.saved_views import SavedViews, load_views, save_views
from qm_tui.config.settings import load_settings
from qm_tui.crash import STATUS, error_was_reported, log_suppressing_errors, report_crash
from qm_tui.log import debug, debug_enabled
from qm_tui.output import print_line
from qm_tui.progress import TerminalDisconnected
from qm_tui.store.errors import StoreError
from qm_tui.store.interface import UserStore
from qm_tui.store.origin import current_origin
from qm_tui.tui.frame.command_palette import CommandPalette
from qm_tui.tui.frame.key_help import KeysScreen, ListsKeys, active_keys
from qm_tui.tui.frame.navigation import PAGES, FilterRequested, PageSelected
from qm_tui.tui.frame.page import Page
from qm_tui.tui.frame.stylesheets import style_sheets
from qm_tui.tui.keys.checks import checked_keys
from qm_tui.tui.keys.keymap import bind, is_key_of, use_keys
from qm_tui.tui.terminal.clipboard import write_sequence
from qm_tui.tui.terminal.input_driver import TerminalDriver
from qm_tui.tui.terminal.output_filter import ControlCharacterFilter, NoColorFilter
from qm_tui.tui.terminal.screen_diff import ERASE
from qm_tui.tui.terminal.signals import (
    HANGUP_STATUS,
    SuspendHandler,
    force_exit_after_grace,
    watch_terminal,
)
from qm_tui.tui.users.page import UsersPage
from qm_tui.tui.widgets.dialog import ShowsMessage
from qm_tui.tui.widgets.message_box import ConfirmQuestion, HasUnsavedText
from qm_tui.tui.widgets.too_small import TerminalTooSmall, is_too_small
from qm_tui.tui.work.current_view import view_to_save
from qm_tui.tui.work.session import Session
from qm_tui.tui.work.type_ahead_app import TypeAheadApp
from qm_tui.users.query.sorting import use_system_locale

_OUTPUT_FILTER: Final = ControlCharacterFilter()

_LATENCY_INTERVAL: Final = 0.25
"""Seconds between two measurements of the latency of keys, for the debug log."""

_LONG_LATENCY: Final = 0.05
"""Seconds of latency from which it is logged."""


class QmTuiApp(TypeAheadApp[str]):
    """The terminal UI. It returns an error message if the store could not be used.

    Args:
        store: the store; it need not be loaded yet.
        login: the login of the admin. Default: that of the process.
        views: the admin's saved views, and the one to start with. Default: all users.
        theme: the theme.
        keys: the keys that are set, as `checked_keys` returns them. Default: none.
    """

    TITLE = "qm-tui"
    ENABLE_COMMAND_PALETTE = False  # Textual's own; see `CommandPalette`
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("app.quit", "quit", show=False, priority=True),
        bind("app.palette", "command_palette", show=False, priority=True),
        bind("app.keys", "show_keys", hint="Keys", priority=True),
        bind("app.redraw", "redraw", show=False, priority=True),
        bind("app.suspend", "suspend", show=False, priority=True),
    ]

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-wide")]  # noqa: RUF012 - as Textual has it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (24, "-high")]  # noqa: RUF012

    def __init__(
        self,
        store: UserStore,
        login: str = "",
        views: SavedViews | None = None,
        theme: Theme = Theme.DARK,
        keys: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        super().__init__(
            driver_class=TerminalDriver, css_path=[str(path) for path in style_sheets()]
        )
        self.set_keymap(use_keys(keys or {}))
        self._session = Session(store, login or current_origin().login, views or SavedViews())
        self._initial_views = self._session.current_view
        self._users = UsersPage(self._session)
        self._pages: dict[str, Page] = {UsersPage.PAGE: self._users}
        self.animation_level = "none"  # each step would be sent over the connection
        self.failure: BaseException | None = None
        self.status, self._is_ending = 0, False
        self._show_theme(theme)
        self._is_too_small = self._is_dialog_open = False
        self._suspend_handler: SuspendHandler | None = None

    def on_mount(self) -> None:
        self.screen_change_signal.subscribe(self, self._screen_changed)
        self.app_resume_signal.subscribe(self, lambda _: self.screen.refresh())
        self.install_screen(self._users, UsersPage.PAGE)  # a page that is left keeps its state
        self.push_screen(self._users)
        if not self.is_headless:
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(
                lambda _, context: log_suppressing_errors(context.get("exception"))
            )
            if debug_enabled():
                self.set_interval(_LATENCY_INTERVAL, _LatencyProbe().check)
            for number in (signal.SIGHUP, signal.SIGTERM):
                loop.add_signal_handler(number, self._hang_up)

            watch_terminal(lambda: loop.call_soon_threadsafe(self._hang_up))
            self._suspend_handler = SuspendHandler(self._session.store)

    def get_default_screen(self) -> Screen[None]:
        return _Covered(id="_default")

    def _screen_changed(self, screen: Screen[object]) -> None:
        debug(f"screen: {type(screen).__name__}, {self.size.width}x{self.size.height}")
        self.call_later(self._cover_or_not)

    async def run_action(
        self,
        action: "str | ActionParseResult",
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        name = action if isinstance(action, str) else action[1]
        debug(f"action: {name.partition('(')[0]}")
        return await super().run_action(action, default_namespace, namespaces)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return the filters of the output: sanitizing, and with `NO_COLOR` removal of colors."""
        if self.no_color:
            return [_OUTPUT_FILTER, NoColorFilter(is_dark=self.current_theme.dark)]
        return [_OUTPUT_FILTER, *super().get_line_filters()]

    def action_switch_theme(self, name: str) -> None:
        """Switch to a theme, and save it for the next start."""
        theme = Theme(name)
        self._show_theme(theme)
        self.run_worker(partial(save_preferences, theme=theme), thread=True, description="theme")

    def _show_theme(self, theme: Theme) -> None:
        """Show a theme of Textual. Without colors, only dark and light differ."""
        shade = theme.removeprefix("ansi-")
        self.theme = f"textual-{shade}" if self.no_color or theme == shade else theme.value

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable suspend in an input in which Ctrl+Z undoes edits."""
        return action != "suspend" or not hasattr(self.focused, "action_undo")

    def action_suspend(self) -> None:
        """Suspend the program and return to the shell."""
        if self._suspend_handler is not None:
            self._suspend_handler.suspend()

    def action_redraw(self) -> None:
        """Draw everything again, after another program has written to the terminal."""
        write_sequence(self, ERASE)
        self.screen.refresh()

    def action_command_palette(self) -> None:
        """Open the command palette for the current screen or dialog."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(self.screen))

    def action_show_keys(self) -> None:
        """Show the keyboard shortcuts of the current screen or dialog, or hide them."""
        screen = self.screen
        if isinstance(screen, KeysScreen):
            screen.action_close()
        elif isinstance(screen, ListsKeys):
            screen.action_show_keys()
        elif not isinstance(screen, CommandPalette):
            self.push_screen(KeysScreen(active_keys(screen)))

    # Too small terminals

    def on_resize(self, event: events.Resize) -> None:
        """Cover the screen while the terminal is too small."""
        self._is_too_small = is_too_small(event.size)
        self._cover_or_not()

    def _cover_or_not(self) -> None:
        if not self._is_too_small:
            for screen in self.screen_stack:
                screen.remove_class("-too-small")
                screen.query(TerminalTooSmall).remove()
            return
        screen = self.screen  # screens below are not visible
        if screen.is_attached and not screen.query(TerminalTooSmall):
            screen.add_class("-too-small")
            screen.mount(TerminalTooSmall())

    async def on_event(self, event: events.Event) -> None:
        """Handle input.

        While the terminal is too small, all keys and clicks are ignored, except keys that quit or
        suspend.
        """
        is_input = isinstance(event, events.Key | events.MouseEvent | events.Paste)
        if is_input and self._is_too_small:
            if isinstance(event, events.Key) and is_key_of(event.key, "app.quit", "page.quit"):
                self.action_quit()
            elif isinstance(event, events.Key) and is_key_of(event.key, "app.suspend"):
                self.action_suspend()
        else:
            await super().on_event(event)

    def show_notice(self, text: str) -> None:
        """Say that keys were dropped: in the Actions bar, or on top of a dialog."""
        if isinstance(self.screen, Page):
            self._session.set_status(text)
        else:
            super().show_notice(text)

    def _show_failure(self, message: str) -> None:
        """Show why the store could not be read: in the screen on top, if it has a line for that."""
        screen: object = self.screen
        if isinstance(screen, ShowsMessage):
            screen.show_message(message)
        else:
            self.show_notice(message)

    def save_view(self) -> None:
        """Save the current view for the next start."""
        shown = view_to_save(self._session.persisted_view)
        if self._session.view is not None and shown != self._initial_views:
            save_views(last=shown)

    def _hang_up(self) -> None:
        force_exit_after_grace()  # a disconnected terminal may keep Textual from exiting
        self._session.cancel_job(TerminalDisconnected)
        self.exit(return_code=HANGUP_STATUS)

    @on(PageSelected)
    def _page_selected(self, event: PageSelected) -> None:
        """Show a page, unless a dialog has opened. A page that is left keeps its live updates."""
        page = self._pages.get(event.page) or self._create_page(event.page)
        if page.is_active:
            page.focus_list()
        elif isinstance(self.screen, Page):
            self.switch_screen(page)

    def _create_page(self, key: str) -> Page:
        page = self._pages[key] = _page_class(key)(self._session)
        self.install_screen(page, key)
        return page

    @on(FilterRequested)
    def _filter_requested(self, event: FilterRequested) -> None:
        """Show users on the Users page, unless a dialog has opened."""
        if isinstance(self.screen, Page):
            if not self._users.is_active:
                self.switch_screen(self._users)
            self._users.show_filter(event.text)

    @work
    async def action_quit(self) -> None:  # type: ignore[override]
        """Quit; ask first if an operation is running or changes are unsaved."""
        if self._is_dialog_open:
            return
        self._is_dialog_open = True
        may_quit = await self._may_quit()
        self._is_dialog_open = False
        if may_quit:
            self.exit()

    async def _may_quit(self) -> bool:
        mounted = [screen for screen in self.screen_stack if screen.is_mounted]
        in_screens = (screen.unsaved for screen in mounted if isinstance(screen, HasUnsavedText))
        unsaved = next(filter(None, in_screens), "") or self._session.unsaved
        if self._session.cancel_dialog is not None:
            return False
        if self._session.is_busy:
            return await self._users.ask_to_cancel()
        if unsaved:
            question = ConfirmQuestion(f"{unsaved}. Quit anyway?", yes="Quit", no="Cancel")
            answer = await self.push_screen_wait(question)
            return bool(answer)
        return True

    def exit(
        self, result: str | None = None, return_code: int = 0, message: RenderableType | None = None
    ) -> None:
        """Quit.

        Args:
            result: a message to print after the program has ended.
            return_code: the exit status.
            message: Textual's own message.
        """
        self.status, self._is_ending = return_code, True
        super().exit(result, return_code, message)

    def _handle_exception(self, error: Exception) -> None:
        """End the program, unless a worker failed because of the store: say why it did.

        Nor does it end if a removed widget has no screen.
        Such a widget still handles the messages that it had received before, and Textual's own
        handlers use `Widget.screen`. Delete this when
        https://github.com/Textualize/textual/issues/6262 is closed.
        """
        cause = error.error if isinstance(error, WorkerFailed) else error
        if isinstance(cause, NoScreen):
            debug(f"removed widget: {cause}")
            return
        if isinstance(error, WorkerFailed) and isinstance(cause, StoreError):
            self._show_failure(str(cause))
            return
        if not self._is_ending:
            self.failure, self._is_ending = cause, True
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Keep Textual from printing a traceback with local variables, which may contain passwords.

        Errors during exit, for example in a dialog that is being opened, are ignored. Delete this
        when `show_locals` can be turned off:
        https://github.com/Textualize/textual/blob/v8.2.8/src/textual/app.py#L3285
        """
        super().exit(return_code=STATUS)


class _Covered(Screen[None]):
    """The screen that Textual needs below the first page.

    It is never laid out: Textual would draw the page above it once more.
    """

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        event.prevent_default()

    def on_screen_suspend(self, event: events.ScreenSuspend) -> None:
        event.prevent_default()


class _LatencyProbe:
    """Logs how late a timer fires: a key would be handled as late."""

    def __init__(self) -> None:
        self._expected = time.monotonic() + _LATENCY_INTERVAL

    def check(self) -> None:
        late = time.monotonic() - self._expected
        if late > _LONG_LATENCY:
            debug(f"key latency: {late:.2f} s")
        self._expected = time.monotonic() + _LATENCY_INTERVAL


def _page_class(key: str) -> type[Page]:
    """Return the class of a page by its key in `PAGES`."""
    entry = PAGES[key]
    page: type[Page] = getattr(import_module(entry.module), entry.class_name)
    return page


def run(store: UserStore) -> int:
    """Run the terminal UI. The caller closes the store.

    Returns:
        The exit status: 0, 2 if the store could not be used, 70 after an unexpected error.

    Raises:
        UserError: the keys in the settings are invalid.
    """
    use_system_locale()
    keys = checked_keys(load_settings().keys)
    app = QmTuiApp(store, views=load_views(), theme=load_preferences().theme, keys=keys)
    app.run()
    app.save_view()
    if app.failure is not None:
        return report_crash(app.failure)
    if error_was_reported() and not app.status:
        app.status = STATUS  # an error was shown, and the program went on
    if app.return_value:
        print_line(app.return_value, to_error=True)
    return app.status
