"""The base class of dialogs: a screen above another that is closed once, with a result."""

from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen, ScreenResultType


class Dialog(ModalScreen[ScreenResultType]):
    """A dialog.

    If several keys or clicks arrive in one burst, only the first closes it. Textual would close
    the screen below with the second.
    """

    def dismiss(self, result: ScreenResultType | None = None) -> AwaitComplete:
        """Close the dialog with a result, if it is still open and on top."""
        return super().dismiss(result) if self.app.screen is self else AwaitComplete()
