"""Pages of the documentation of which a part is generated: between two comments in the page."""

from pathlib import Path


class NoSuchPart(ValueError):
    """The page lacks the comments around the part."""


def spliced(page: Path, part: str, text: str, whole: str | None = None) -> str:
    """Return the text of a page in which a part was replaced.

    Args:
        page: the page. The part is between the lines `<!-- PART -->` and `<!-- end of PART -->`.
        part: the name of the part.
        text: what comes between these lines.
        whole: the text of the page, if another part of it has been replaced already.

    Raises:
        NoSuchPart: the page has no such part.
    """
    begin, end = f"<!-- {part} -->\n", f"<!-- end of {part} -->\n"
    before, found, rest = (page.read_text() if whole is None else whole).partition(begin)
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        msg = f"{page.name} has no part between {begin.strip()} and {end.strip()}"
        raise NoSuchPart(msg)
    return f"{before}{begin}\n{text.strip()}\n\n{end}{after}"


def table(*rows: tuple[str, ...]) -> str:
    """Return a table: its first row names the columns."""
    head, *body = rows
    lines = [head, ("---",) * len(head), *body]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def escaped(text: str) -> str:
    """Return a text as a cell of a table shows it."""
    return text.replace("|", "\\|").replace("<", "\\<")


def code(text: str) -> str:
    """Return a text as code in a cell of a table."""
    return f"`{text.replace('|', chr(92) + '|')}`"
