"""Write the page of fields, docs/fields.md, and the names in docs/filters.md, from their tables.

python scripts/make_fields_page.py
"""

from pathlib import Path

from qm_tui.users.fields import FIELDS
from qm_tui.users.query.names import NAMES

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "fields.md"
FILTERS = DOCS / "filters.md"
BEGIN, END = "<!-- names -->\n", "<!-- end of names -->\n"

HEAD = """\
# The 26 fields

Made from the field table, `qm_tui/users/fields.py`, by `scripts/make_fields_page.py`. The columns
of a file stand in this order; with a header they may stand in any. The key is the field's name in
the store and in `--json`.

| # | Header | Key | Mandatory | What stands in it |
|---|---|---|---|---|
"""


def page() -> str:
    """The text of the page."""
    rows = []
    for field in FIELDS:
        meaning = field.meaning
        if field.only_for:
            meaning += f" Only for {field.only_for}."
        if field.aliases:
            meaning += f" Also understood: {', '.join(f'`{alias}`' for alias in field.aliases)}."
        if field.is_secret:
            meaning += " Never shown."
        cells = [field.number, field.header, f"`{field.key}`", "yes" if field.mandatory else ""]
        rows.append(f"| {' | '.join(map(str, cells))} | {meaning} |\n")
    return HEAD + "".join(rows)


def filters_page() -> str:
    """The text of the page of filters, with the names as they are now."""
    before, _, rest = FILTERS.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = [
        f"| `{one.name}:` | {one.meaning} | {' '.join(f'`{value}`' for value in one.values)} |\n"
        for one in NAMES.values()
    ]
    table = "\n| name | asks for | values |\n|---|---|---|\n" + "".join(rows) + "\n"
    return f"{before}{BEGIN}{table}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page())
    FILTERS.write_text(filters_page())
