"""Every step of docs/tour.md happens as written, and docs/tour.svg shows these steps."""

import re
from xml.etree import ElementTree

import pytest

from scripts.make_tour import PAGE, PICTURE, animation, frames, run, steps
from tests.tui.pages import running

_SVG = "{http://www.w3.org/2000/svg}"
_PAGE = PAGE.read_text()


def captions(picture: str) -> list[tuple[str, str]]:
    """Return the title and the last key of each frame of an animation."""
    tree = ElementTree.fromstring(picture)  # noqa: S314
    drawn = [one for one in tree.iter(f"{_SVG}g") if re.fullmatch(r"f\d+", one.get("id", ""))]
    return [
        (one.findtext(f"{_SVG}text", ""), one.findtext(f"{_SVG}text/{_SVG}tspan", ""))
        for one in drawn
    ]


async def test_steps_happen_as_written_and_are_drawn(home):
    taken = await run(home, _PAGE)
    assert [frame.step for frame in taken] == [*steps(_PAGE)]
    written = [(step.title, step.keys[-1] if step.keys else "") for step in steps(_PAGE)]
    assert captions(animation(taken)) == written
    assert (home / "tour.csv").read_bytes().count(b"\n") == 259


async def test_text_that_is_not_on_the_screen_is_an_error(tmp_path):
    page = "# Tour\n\n## 1. Activity\n\nPress `2`: “5 transactions”\n"
    async with running(tmp_path / "users.json") as pilot:
        with pytest.raises(AssertionError, match="No transactions"):
            [frame async for frame in frames(pilot, page)]


def test_picture_shows_the_steps_of_the_page():
    assert len(captions(PICTURE.read_text())) > 30
    assert captions(PICTURE.read_text()) == [
        (step.title, step.keys[-1] if step.keys else "") for step in steps(_PAGE)
    ]


def test_picture_is_small_complete_and_still_for_readers_who_prefer_that():
    picture = PICTURE.read_text()
    assert PICTURE.stat().st_size < 1_000_000
    assert re.findall(r"(?:https?:|url\(|<script)[^\"]*", picture) == ["http://www.w3.org/2000/svg"]
    used, defined = re.findall(r'href="#(r\d+)"', picture), re.findall(r'id="(r\d+)"', picture)
    assert {*used} == {*defined}
    still, moving = picture.split("@media (prefers-reduced-motion:no-preference)")
    assert "animation" not in still
    assert "#f0{visibility:visible}" in still
    assert moving.count("@keyframes") == len(captions(picture))
