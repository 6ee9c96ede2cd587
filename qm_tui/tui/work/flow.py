"""Flows: actions that show one screen after another, and decide in between what comes next.

An action that opens a dialog may first import a module, read preferences or count users. Keys that
are typed in the meantime are meant for the dialog, and wait for it: see `key_queue`. A dialog of a
flow never covers another one that was opened while a job was running.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial, wraps
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, cast
from weakref import WeakKeyDictionary

from textual.app import App
from textual.message_pump import MessagePump
from textual.screen import Screen

PAGES_OPEN: Final = 2
"""The number of open screens if no dialog is open: Textual's first one, and a page."""

_POLL_EVERY: Final = 0.05
"""Seconds between two checks whether other screens have been closed."""

Parameters = ParamSpec("Parameters")
ScreenT = TypeVar("ScreenT", bound=Screen[Any])
Result = TypeVar("Result")


class _Flow:
    """A running flow.

    Attributes:
        depth: the number of screens that are open where it began.
        shown: the screen that it shows.
        runs_job: whether it runs a job, during which the screens can be used.
        is_opening: whether it has not shown anything yet, so that it can be canceled.
        task: the task that it runs in.
    """

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self.depth = len(app.screen_stack)
        self.shown: Screen[Any] | None = None
        self.runs_job = False
        self.is_opening = True
        self.task = asyncio.current_task()

    @property
    def is_deciding(self) -> bool:
        """Whether it decides what comes next. It begins to when its screen is closed."""
        is_showing = self.shown is not None and self.shown in self._app.screen_stack
        return not is_showing and not self.runs_job


_current: Final[ContextVar[_Flow | None]] = ContextVar("flow", default=None)
_flows: Final[WeakKeyDictionary[MessagePump, list[_Flow]]] = WeakKeyDictionary()


def flow(
    action: Callable[Concatenate[ScreenT, Parameters], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[ScreenT, Parameters], None]:
    """Run a method of a screen as a flow, in a worker.

    While a flow decides, no other one can start: a second click or key opens no second dialog.
    """

    @wraps(action)
    def start(screen: ScreenT, *args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        start_flow(screen, partial(action, screen, *args, **kwargs))

    return cast("Callable[Concatenate[ScreenT, Parameters], None]", start)


def start_flow(screen: Screen[Any], action: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a flow as a worker of a screen, unless another one decides what comes next."""
    if not is_deciding(screen.app):
        screen.run_worker(_run(screen.app, action), description="flow")


async def _run(app: App[Any], action: Callable[[], Coroutine[Any, Any, None]]) -> None:
    running = _flows.setdefault(app, [])
    current = _Flow(app)
    running.append(current)
    _current.set(current)
    try:
        await action()
    finally:
        running.remove(current)


def is_deciding(app: App[Any]) -> bool:
    """Whether a flow decides what comes next."""
    return any(running.is_deciding for running in _flows.get(app, ()))


def cancel_opening(app: App[Any]) -> bool:
    """Cancel the flows that have not shown anything yet; return whether there were any."""
    opening = [running for running in _flows.get(app, ()) if running.is_opening]
    for running in opening:
        if running.task is not None:
            running.task.cancel()
    return bool(opening)


@contextmanager
def keys_released() -> Iterator[None]:
    """Let keys go to the screen on top while a job of the current flow runs."""
    current = _current.get()
    if current is not None:
        current.runs_job, current.is_opening = True, False
    try:
        yield
    finally:
        if current is not None:
            current.runs_job = False


async def show_screen(
    app: App[Any], screen: Screen[Result], show: Callable[[], Awaitable[Result]]
) -> Result:
    """Show a screen of the current flow, once the screens opened in the meantime are closed.

    Args:
        app: the app.
        screen: the screen.
        show: shows it, and returns its result.

    Returns:
        The result of the screen.
    """
    current = _current.get()
    if current is not None:
        if len(app.screen_stack) > current.depth:
            with keys_released():
                await wait_until_on_top(app, current.depth)
        current.shown, current.is_opening = screen, False
    token = _current.set(None)  # the flow of the workers of the screen is another one
    try:
        return await show()
    finally:
        _current.reset(token)


def flow_depth() -> int | None:
    """Return the number of screens that were open where the current flow began."""
    current = _current.get()
    return None if current is None else current.depth


async def wait_until_on_top(app: App[Any], depth: int) -> None:
    """Wait until at most a number of screens are open."""
    while len(app.screen_stack) > depth:
        await asyncio.sleep(_POLL_EVERY)
