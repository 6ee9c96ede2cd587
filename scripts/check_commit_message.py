"""Check the form of a commit message: an imperative subject of at most 72 characters.

    python scripts/check_commit_message.py FILE

Prints each problem and ends with 1 if there is one. Git runs it as the hook `commit-msg`.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MAX_LENGTH: Final = 72
"""The characters of a subject, and of a line of the body."""

_SCOPE: Final = re.compile(r"[a-z][a-z0-9/_-]*: ")
_OF_GIT: Final = ("Merge ", "Revert ", "fixup! ", "squash! ", "amend! ")
_SCISSORS: Final = "# ------------------------ >8"
_NOT_IMPERATIVE: Final = re.compile(
    r"\w+ing|\w+[^e]ed|\w+[^su]s|an?|the|this|it|is|are|was|were|no|some|all|each|every|what|when"
)
_IMPERATIVE: Final = frozenset({"bring", "embed", "ping", "shed", "string"})
"""Verbs in the imperative that look like another form."""


def problems(message: str) -> Iterator[str]:
    """Yield what is wrong with a commit message, each as a sentence."""
    message = message.partition(_SCISSORS)[0]
    lines = [line.rstrip() for line in message.splitlines() if not line.startswith("#")]
    subject, *rest = lines or [""]
    if subject.startswith(_OF_GIT):
        return
    words = _SCOPE.sub("", subject, count=1).split()
    if not words:
        yield "The subject is empty. Write what the commit does."
        return
    first = words[0].casefold()
    if len(subject) > MAX_LENGTH:
        yield f"The subject has {len(subject)} characters (maximum {MAX_LENGTH}). Shorten it."
    if subject.endswith("."):
        yield "The subject ends with a full stop. Remove it."
    if not words[0][0].isupper():
        yield f"'{words[0]}' begins with a small letter. Begin with a capital letter."
    if first not in _IMPERATIVE and _NOT_IMPERATIVE.fullmatch(first):
        yield f"'{words[0]}' is not an imperative. Begin with a verb, for example Add or Fix."
    if ";" in subject:
        yield "The subject has a semicolon, so it may have two topics. Make two commits."
    if rest and rest[0]:
        yield "The second line is not empty. Leave a blank line below the subject."
    for line in rest:
        if len(line) > MAX_LENGTH and " " in line.strip():
            yield f"A line has {len(line)} characters (maximum {MAX_LENGTH}): {line[:40]}…"


def main(path: Path) -> int:
    """Check the message in a file."""
    found = list(problems(path.read_text(encoding="utf-8")))
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
