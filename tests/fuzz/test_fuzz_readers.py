"""Readers against mutated files: documents or a reason, never anything else.

    make fuzz                            # two hundred mutants a format
    POLICYTAG_FUZZ=5000 make fuzz

A finding is printed by Hypothesis with its bytes: make a case of it in tests/hostile.py.
"""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from makers import files

from classifier.errors import ReadError
from classifier.readers import read_bytes
from classifier.readers.base import ReadOptions

N_EXAMPLES = int(os.environ.get("POLICYTAG_FUZZ", "200"))
with tempfile.TemporaryDirectory() as scratch:
    GOOD = files(Path(scratch))


@st.composite
def mutant(draw, data):
    """A good file with some bytes changed, taken out, put in, repeated or cut off."""
    found = bytearray(data)
    for _ in range(draw(st.integers(1, 12))):
        at = draw(st.integers(0, max(len(found) - 1, 0)))
        how = draw(st.sampled_from(["set", "cut", "insert", "repeat", "end", "digit"]))
        if how == "set" and found:
            found[at] = draw(st.integers(0, 255))
        elif how == "cut":
            del found[at : at + draw(st.integers(1, 40))]
        elif how == "insert":
            found[at:at] = draw(st.binary(max_size=20))
        elif how == "repeat":
            found[at:at] = found[at : at + 60] * draw(st.integers(1, 30))
        elif how == "end" and draw(st.integers(0, 9)) == 0:
            del found[at:]
        elif how == "digit" and found and chr(found[at]).isdigit():
            found[at : at + 1] = b"999999999"
    return bytes(found)


@pytest.mark.parametrize("name", GOOD)
def test_a_mutant_is_read_or_refused(name):
    @settings(max_examples=N_EXAMPLES, deadline=20_000, database=None,
              suppress_health_check=list(HealthCheck))
    @given(mutant(GOOD[name]))
    def check(data):
        try:
            for document in read_bytes(name, data, ReadOptions()):
                assert isinstance(document.text, str)
        except ReadError as error:
            assert name in str(error) and "\n" not in str(error)

    check()
