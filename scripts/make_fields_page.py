"""Write the page of fields, docs/fields.md, and the names in docs/filters.md, from their tables.

python scripts/make_fields_page.py
"""

from pathlib import Path

from qm_tui.users.fields import FIELDS
from qm_tui.users.query.names import NAMES, Name

DOCS = Path(__file__).parents[1] / "docs"
PAGE = DOCS / "fields.md"
FILTERS = DOCS / "filters.md"
BEGIN, END = "<!-- names -->\n", "<!-- end of names -->\n"

EXAMPLES = {
    "first-name": "anna",
    "last-name": "ber*",
    "extension": "10*",
    "user-id": "u7k2m9q4x1bd",
    "agent-id": '""',
    "department": "sales",
    "user-name": "aberg",
    "security-profile": '="Agent"',
    "recording-profile": '""',
    "phone-ip": "10.0.7.*",
    "recording-service": "any",
    "windows-login": r"corp\anna",
    "sip-uri": "*@example.com",
    "location": '"New York"',
    "additional-extensions": "0413",
    "private-extensions": "0415",
    "secondary-phone-ip": "00:1a:*",
}
"""What may be looked for in a field; of the other names all values are known."""

MORE_EXAMPLES = {"changed": ("2026-11-20", "2026-11-20..2026-11-23"), "import": ("41",)}
"""Values of names that take others than those that are known."""

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


def examples(name: Name) -> list[str]:
    """Filters that ask for a name: with each value that is known, or one that may be typed."""
    known = (*name.values, *MORE_EXAMPLES.get(name.name, ())) or (EXAMPLES[name.name],)
    return [f"{name.name}:{value}" for value in known]


def filters_page() -> str:
    """The text of the page of filters, with the names as they are now."""
    before, _, rest = FILTERS.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    rows = [
        f"| `{one.name}:` | {one.meaning} | {' '.join(map('`{}`'.format, examples(one)))} |\n"
        for one in NAMES.values()
    ]
    table = "\n| name | asks for | for example |\n|---|---|---|\n" + "".join(rows) + "\n"
    return f"{before}{BEGIN}{table}{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page())
    FILTERS.write_text(filters_page())
