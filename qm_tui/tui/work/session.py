"""What the pages share from start to quit: the store, the job at work, what was said last."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, Protocol

from qm_tui.log import note
from qm_tui.progress import Cancelled
from qm_tui.saved_views import RememberedViews
from qm_tui.store.interface import UserStore
from qm_tui.tui.widgets.message_box import Message, Question
from qm_tui.tui.work.job import Job, Progressed, View, Wanted
from qm_tui.tui.work.user_query import Listing
from qm_tui.users.query.columns import USUAL
from qm_tui.users.query.views import ALL_USERS, BUILT_IN


class Listener(Protocol):
    """A page that shows what is shared."""

    def show_work(self) -> None:
        """A job began or ended, or the store has another warning."""

    def show_said(self) -> None:
        """Something else is to be said."""

    def show_progress(self, event: Progressed) -> None:
        """The job at work is so far."""

    def show_view(self, view: View) -> None:
        """The store holds something else."""

    def show_marks(self) -> None:
        """Other users are marked."""


_NONE: Final = RememberedViews()


class Session:
    """What the pages share.

    Args:
        store: the users; it need not be loaded yet.
        login: who is logged in.
        views: the admin's own views, and the one that the table begins with.

    Attributes:
        job: the job at work, if any.
        asking: the question whether to stop it, while it is asked.
        said: what the last job has to say.
        view: what the users table shows; None until the store is loaded.
        looking_only: why nothing can be changed, as a sentence; empty where it can.
        warning: what is wrong with the store although all is saved, as a few words; else empty.
        is_previewing: whether an import is chosen or looked at; no other can begin then.
        unsaved: what would be lost if the program were left now, in words; else empty.
        marks: the User IDs of the users who are marked.
        hidden_marks: how many of them the table does not show.
        navigation: whether the navigation pane is wanted; None where the width decides.
        listing: finds the users that the table shows.
        shown: the view that the admin looks at: its name, filter, sort order and columns.
        settled: the same without what is still being typed: what the next start begins with.
        chosen: that view as it was chosen; what is shown may have been changed since.
    """

    def __init__(self, store: UserStore, login: str, views: RememberedViews = _NONE) -> None:
        self.store = store
        self.login = login
        self.job: Job | None = None
        self.asking: Question | None = None
        self.said = ""
        self.view: View | None = None
        self.looking_only = ""
        self.warning = ""
        self.is_previewing = False
        self.unsaved = ""
        self.marks: set[str] = set()
        self.hidden_marks = 0
        self.navigation: bool | None = None
        self.listing = Listing(store, self.marks)
        last = views.last or ALL_USERS
        self.shown = replace(last, layout=last.layout or USUAL)
        self.settled = self.shown
        named = (one for one in (*BUILT_IN, *views.saved) if one.name == last.name)
        self.chosen = next(named, ALL_USERS)
        self._listeners: list[Listener] = []

    def join(self, listener: Listener) -> None:
        """Tell a page from now on, and first how things stand."""
        if listener in self._listeners:
            return
        self._listeners.append(listener)
        listener.show_work()
        listener.show_said()
        if self.view is not None:
            listener.show_view(self.view)

    def leave(self, listener: Listener) -> None:
        """Tell a screen nothing more."""
        self._listeners.remove(listener)

    @property
    def wanted(self) -> Wanted:
        """Which users the table shows."""
        return Wanted(self.shown.filter, self.shown.sort)

    @property
    def is_busy(self) -> bool:
        """Whether a job is at work."""
        return self.job is not None

    @property
    def may_change(self) -> bool:
        """Whether something that changes the store can be started now."""
        is_free = not self.is_busy and not self.is_previewing
        return self.view is not None and is_free and not self.looking_only

    def begin(self, job: Job) -> Job:
        """A job begins; no other can begin before it ends."""
        self.job = job
        note("a job begins")
        for one in self._listeners:
            one.show_work()
        return job

    def progressed(self, event: Progressed) -> None:
        """The job at work is so far; one that was told to stop says nothing more."""
        if self.job is not None and not self.job.is_cancelled:
            for one in self._listeners:
                one.show_progress(event)

    def end(self, text: str) -> None:
        """The job is over: say so, and take back a question that it made needless."""
        self.job = None
        note("the job ended")
        if self.view is not None:
            self.looking_only = self.store.read_only_reason  # a sync may have failed
        for one in self._listeners:
            one.show_work()
        self.say(text)
        question = self.asking
        if question is not None and question.is_active:
            app = question.app
            question.dismiss(False)
            app.push_screen(Message(f"It ended before you answered. {text}"))

    def say(self, text: str) -> None:
        """Say something in the Actions bar. It stays there until something else is said."""
        self.said = text
        for one in self._listeners:
            one.show_said()

    def warn(self, warning: str) -> None:
        """Show on all pages what is wrong with the store at the moment."""
        if warning != self.warning:
            self.warning = warning
            for one in self._listeners:
                one.show_work()

    def show(self, view: View) -> None:
        """The store holds something else: show it on all pages."""
        if self.view is None:
            self.looking_only = self.store.read_only_reason
        if view.is_lifted:
            self.chosen = ALL_USERS
            self.shown = replace(self.shown, name=ALL_USERS.name, filter="")
        self.view = view
        for one in self._listeners:
            one.show_view(view)

    def preview(self, is_previewing: bool) -> None:
        """The preview of an import begins or ends."""
        self.is_previewing = is_previewing
        for one in self._listeners:
            one.show_work()

    def mark(self, user_ids: Iterable[str]) -> None:
        """Mark users; where all of them are marked, take their marks away."""
        given = set(user_ids)
        if given <= self.marks:
            self.marks -= given
        else:
            self.marks |= given
        self._tell_marks()

    def add_marks(self, user_ids: Iterable[str]) -> None:
        """Mark users, whether they are marked already or not."""
        self.marks.update(user_ids)
        self._tell_marks()

    @property
    def marks_words(self) -> str:
        """How many users are marked, and how many of them are not shown; empty where none are."""
        if not self.marks:
            return ""
        hidden = f", {self.hidden_marks:,} not shown" if self.hidden_marks else ""
        return f"{len(self.marks):,} marked{hidden}"

    def forget_marks(self, user_ids: Iterable[str]) -> None:
        """Take the marks of users away."""
        self.marks.difference_update(user_ids)
        self._tell_marks()

    def _tell_marks(self) -> None:
        if not self.marks:
            self.hidden_marks = 0
        for one in self._listeners:
            one.show_marks()

    def stop(self, why: type[Cancelled] = Cancelled) -> None:
        """Stop the job at work, if any, at its next tick, which raises why."""
        if self.job is not None:
            self.job.cancel(why)
