"""Draw docs/tour.svg: the steps of docs/tour.md in the running app, as an animation.

    python -m scripts.make_tour

The page is the script. In its numbered sections, code is a key or a text to type, and what is
between “ and ” must then be on the screen.
"""

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import chdir
from functools import partial
from html import escape, unescape
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

from rich.cells import cell_len
from textual.pilot import Pilot

from tests.tui.pages import SAMPLES, SMALL, app_on, has_text, wait_until
from tests.tui.screens import wait_until_drawn

DOCS: Final = Path(__file__).parents[1] / "docs"
PAGE: Final = DOCS / "tour.md"
PICTURE: Final = DOCS / "tour.svg"

_KEYS: Final = {"Esc": "escape"}
_KEY: Final = re.compile(r"Enter|Esc|Tab|Space|Down|F\d+|Ctrl\+\w|.")

_SHORT, _LONG, _LAST = 0.8, 2.4, 4.0
"""Seconds for which a frame is shown: one without and one with a text to read, and the last one."""

_BAR, _MARGIN = 44, 9
"""The height of the bar with the step and its keys, and the space around the terminal."""

_CELL, _LINE = 12.2, 24.4
"""The width of a cell and the height of a line of the terminal in a screenshot."""

_RECT: Final = re.compile(
    r'<rect fill="(?P<fill>[^"]+)" x="(?P<x>[^"]+)" y="(?P<y>[^"]+)" width="(?P<width>[^"]+)"'
    r' height="[^"]+"'
)
_TEXT: Final = re.compile(
    r'<text class="terminal-\d+-(?P<style>r\d+)" x="(?P<x>[^"]+)" y="(?P<y>[^"]+)"[^>]*>'
    r"(?P<text>[^<]*)</text>"
)
_STYLE: Final = re.compile(r"^\s*\.terminal-\d+-(r\d+) \{ (.*?);? ?\}$", re.MULTILINE)


class Step(NamedTuple):
    """A key or a text to type, and the texts that are then on the screen.

    Attributes:
        title: the heading of the section.
        keys: the code of the section up to this step; the last one is to be pressed or typed. Empty
            before the first one.
        texts: what is then on the screen.
    """

    title: str
    keys: tuple[str, ...]
    texts: tuple[str, ...]


class Frame(NamedTuple):
    """A step and a screenshot after it."""

    step: Step
    screenshot: str


def steps(page: str) -> Iterator[Step]:
    """Yield the steps of the page."""
    for section in page.split("\n## ")[1:]:
        title, _, text = section.partition("\n")
        if not re.match(r"\d+\. ", title):
            continue
        first, *others = re.split(r"`([^`]+)`", " ".join(text.split()))
        if "“" in first:
            yield Step(title, (), _quoted(first))
        keys = accumulate(([key] for key in others[::2]), list.__add__)
        for pressed, after in zip(keys, others[1::2], strict=True):
            yield Step(title, tuple(pressed), _quoted(after))


def _quoted(text: str) -> tuple[str, ...]:
    return tuple(re.findall("“([^”]+)”", text))


async def frames(pilot: Pilot[str], page: str) -> AsyncIterator[Frame]:
    """Press the keys of the page, and yield a frame after each step.

    Raises:
        AssertionError: a text of the page is not on the screen.
    """
    for step in steps(page):
        if step.keys:
            await pilot.press(*_pressed(step.keys[-1]))
        for text in step.texts:
            await wait_until(pilot, partial(has_text, pilot, text))
        await wait_until_drawn(pilot, 3)
        yield Frame(step, pilot.app.export_screenshot(simplify=True))


def _pressed(code: str) -> Iterable[str]:
    if _KEY.fullmatch(code):
        return [_KEYS.get(code, code.lower() if len(code) > 1 else code)]
    return ["space" if character == " " else character for character in code]


def _texts(x: float, text: str) -> Iterator[tuple[float, float, str]]:
    """Yield the place and the width of a text: of each word if a character is two cells wide."""
    words = [text] if cell_len(text) == len(text) else re.split(r"(\s+)", text)
    for word in words:
        width = cell_len(word) * _CELL
        if word.strip():
            yield x, width, word
        x += width


class _Rows:
    """The rows of all frames. Equal rows are one element that the frames use."""

    def __init__(self) -> None:
        self.styles: dict[str, str] = {}
        self.elements: dict[str, str] = {}

    def of(self, screenshot: str) -> str:
        """Return the elements that draw a screenshot."""
        styles = dict(_STYLE.findall(screenshot))
        rows: dict[int, list[str]] = {}
        for found in _RECT.finditer(screenshot):
            row, _ = divmod(float(found["y"]), _LINE)
            rows.setdefault(int(row), []).append(
                f'<rect fill="{found["fill"]}" x="{found["x"]}" width="{found["width"]}"'
                f' height="{_LINE + 0.25}"/>'
            )
        for found in _TEXT.finditer(screenshot):
            row, _ = divmod(float(found["y"]), _LINE)
            style = styles[found["style"]]
            name = self.styles.setdefault(style, f"s{len(self.styles)}")
            rows.setdefault(int(row), []).extend(
                f'<text class="{name}" x="{x:.5g}" y="17" textLength="{width:.5g}">'
                f"{escape(text, quote=False)}</text>"
                for x, width, text in _texts(float(found["x"]), unescape(found["text"]))
            )
        return "".join(
            f'<use href="#{self._name("".join(row))}" y="{number * _LINE:.5g}"/>'
            for number, row in sorted(rows.items())
        )

    def _name(self, row: str) -> str:
        return self.elements.setdefault(row, f"r{len(self.elements)}")


def animation(taken: list[Frame]) -> str:
    """Return an SVG that shows the frames one after the other, for ever.

    Without animations, or if the reader prefers less motion, it shows the first frame.
    """
    width, height = SMALL[0] * _CELL + 2 * _MARGIN, SMALL[1] * _LINE + _BAR + _MARGIN
    ends = [*accumulate(_seconds(frame.step) for frame in taken[:-1])]
    ends.append((ends[-1] if ends else 0) + _LAST)
    begins = [0.0, *ends[:-1]]
    rows = _Rows()
    drawn = [
        f'<g id="f{number}">{_caption(frame.step, width)}'
        f'<g transform="translate({_MARGIN},{_BAR})">{rows.of(frame.screenshot)}</g></g>'
        for number, frame in enumerate(taken)
    ]
    moments = "".join(
        f"@keyframes f{number}{{0%{{visibility:{'hidden' if begin else 'visible'}}}"
        + (f"{100 * begin / ends[-1]:.3f}%{{visibility:visible}}" if begin else "")
        + f"{100 * end / ends[-1]:.3f}%{{visibility:hidden}}}}"
        f"#f{number}{{animation:f{number} {ends[-1]:.1f}s step-end infinite}}\n"
        for number, (begin, end) in enumerate(zip(begins, ends, strict=True))
    )
    styles = "".join(f".{name}{{{style}}}" for style, name in rows.styles.items())
    elements = "\n".join(f'<g id="{name}">{row}</g>' for row, name in rows.elements.items())
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" xmlns="http://www.w3.org/2000/svg">\n'
        f"<title>{escape(PAGE.read_text().partition(chr(10))[0].lstrip('# '))}</title>\n"
        f"<style>text{{font:20px 'Fira Code',monospace;white-space:pre}}"
        f".bar{{fill:#c5c8c6}}.title{{fill:#e0e0e0;font-weight:bold}}"
        f".pressed{{fill:#ffc473;font-weight:bold}}{styles}\n"
        f"g[id^=f]{{visibility:hidden}}#f0{{visibility:visible}}\n"
        f"@media (prefers-reduced-motion:no-preference){{\n{moments}}}</style>\n"
        f"<defs>\n{elements}\n</defs>\n"
        f'<rect fill="#292929" width="{width:g}" height="{height:g}" rx="8"/>\n'
        + "\n".join(drawn)
        + "\n</svg>\n"
    )


def _seconds(step: Step) -> float:
    return _LONG if step.texts else _SHORT


def _caption(step: Step, width: float) -> str:
    before = "".join(f"{escape(key)}  " for key in step.keys[:-1])
    last = escape(step.keys[-1]) if step.keys else ""
    return (
        f'<text class="title" x="{2 * _MARGIN}" y="29">{escape(step.title)}</text>'
        f'<text class="bar" x="{width - 2 * _MARGIN:g}" y="29" text-anchor="end">{before}'
        f'<tspan class="pressed">{last}</tspan></text>'
    )


async def run(home: Path, page: str) -> list[Frame]:
    """Run the page in a folder with the sample files, with a new store."""
    shutil.copytree(SAMPLES, home / SAMPLES.name)
    with chdir(home):
        async with app_on(home / "tour.json").run_test(size=SMALL) as pilot:
            return [frame async for frame in frames(pilot, page)]


def main() -> None:
    """Draw the animation."""
    with TemporaryDirectory() as folder:
        os.environ |= {"HOME": folder, "SUDO_USER": "mheller"}
        taken = asyncio.run(run(Path(folder), PAGE.read_text()))
    PICTURE.write_text(animation(taken))
    print(PICTURE.name)


if __name__ == "__main__":
    main()
