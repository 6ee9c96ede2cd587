"""Damage to the bytes of real files."""

from dataclasses import dataclass

from hypothesis import strategies as st

_WAYS = ("cut", "begin", "lose", "flip", "insert", "zero", "double", "swap")


@dataclass(frozen=True)
class Damage:
    """Damage to the bytes of a file.

    Attributes:
        how: the kind of damage.
        first: its start, as a fraction of the file.
        second: its end, as a fraction of the file.
        junk: the inserted bytes.
        bit: the flipped bit.
    """

    how: str
    first: float
    second: float
    junk: bytes = b""
    bit: int = 0

    def __call__(self, data: bytes) -> bytes:
        """Return the changed bytes."""
        first, second = sorted((self.first, self.second))
        at, to = int(first * len(data)), int(second * len(data))
        lines = data.splitlines(keepends=True) or [b""]
        one, other = int(first * (len(lines) - 1)), int(second * (len(lines) - 1))
        if self.how == "cut":
            return data[:at]
        if self.how == "begin":
            return data[at:]
        if self.how == "lose":
            return data[:at] + data[to:]
        if self.how == "flip" and at < len(data):
            return data[:at] + bytes([data[at] ^ (1 << self.bit)]) + data[at + 1 :]
        if self.how == "insert":
            return data[:at] + self.junk + data[at:]
        if self.how == "zero":
            return data[:at] + bytes(to - at) + data[to:]
        if self.how == "double":
            lines.insert(other, lines[one])
        if self.how == "swap":
            lines[one], lines[other] = lines[other], lines[one]
        return b"".join(lines)


def damages_with(junk: st.SearchStrategy[bytes]) -> st.SearchStrategy[Damage]:
    """Return any damage, with this strategy for inserted bytes."""
    fractions = st.floats(0, 1)
    return st.builds(Damage, st.sampled_from(_WAYS), fractions, fractions, junk, st.integers(0, 7))


@st.composite
def mutated(draw: st.DrawFn, real: list[bytes], junk: st.SearchStrategy[bytes]) -> bytes:
    """Damage a real file, once or several times.

    Args:
        draw: the function of Hypothesis that draws values.
        real: the real files.
        junk: the strategy for inserted bytes.
    """
    data = draw(st.sampled_from(real))
    for damage in draw(st.lists(damages_with(junk), min_size=1, max_size=4)):
        data = damage(data)
    return data
