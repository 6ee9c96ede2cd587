"""The number of inputs per fuzz test, and mutations of real files."""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

VARIABLE = "QM_TUI_TEST_EXAMPLES"
"""The environment variable with the number of inputs per test."""

TRIES = settings(
    deadline=None,
    max_examples=int(os.environ.get(VARIABLE, "25")),
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.function_scoped_fixture,
        HealthCheck.data_too_large,
    ],
)


@st.composite
def mutated(
    draw: st.DrawFn,
    real: list[bytes],
    fragment: st.SearchStrategy[bytes],
    encodings: tuple[str, ...] = (),
) -> bytes:
    """Mutate a real file, once or several times.

    Args:
        draw: the function of Hypothesis that draws values.
        real: the real files.
        fragment: the strategy for inserted bytes.
        encodings: the encodings to which a file may be converted.
    """
    data = draw(st.sampled_from(real))
    ways = ["cut", "begin", "insert", "flip", "splice", "lose", *(["encode"] if encodings else [])]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        how = draw(st.sampled_from(ways))
        if how == "cut":
            data = data[:at]
        elif how == "begin":
            data = data[at:]
        elif how == "insert":
            data = data[:at] + draw(fragment) + data[at:]
        elif how == "flip" and at < len(data):
            data = data[:at] + bytes([data[at] ^ (1 << draw(st.integers(0, 7)))]) + data[at + 1 :]
        elif how == "splice":
            other = draw(st.sampled_from(real))
            data = data[:at] + other[draw(st.integers(0, len(other))) :]
        elif how == "lose":
            data = data[:at] + data[at + draw(st.integers(1, 40)) :]
        elif how == "encode":
            encoding = draw(st.sampled_from(encodings))
            data = data.decode("utf-8", "replace").encode(encoding, "replace")
    return data
