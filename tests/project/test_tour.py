"""Every step of docs/tour.md happens as written, and docs/tour.svg shows these steps."""

import re
from xml.etree import ElementTree

from scripts.make_tour import PAGE, PICTURE, Step, animation, run, steps

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


def test_code_of_a_page_is_pressed_and_quoted_text_is_expected_after_it():
    page = "# Tour\n\n`x` “no”\n\n## 1. A\n\n“a” `2`: “b”\n“c d” `e f`\n\n## Not\n\n`y`\n"
    assert [*steps(page)] == [
        Step("1. A", (), ("a",)),
        Step("1. A", ("2",), ("b", "c d")),
        Step("1. A", ("2", "e f"), ()),
    ]


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
