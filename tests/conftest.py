"""What holds for every test."""

from __future__ import annotations

import importlib.util
import os

import pytest
from hypothesis import settings

# How long an example takes says how busy the computer is, and nothing about the code.
settings.register_profile("sorter", settings(), deadline=None)
settings.load_profile("sorter")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip the tests of the training loudly where TensorFlow is missing, or fail in CI."""
    if item.get_closest_marker("training") and importlib.util.find_spec("tensorflow") is None:
        sentence = "needs TensorFlow: pip install -e '.[train]'"
        if os.environ.get("CI") == "true":
            pytest.fail(sentence, pytrace=False)
        pytest.skip(sentence)
