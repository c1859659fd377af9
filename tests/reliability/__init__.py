"""What is promised of runs that die, of clouds that fail, and of people who meddle: docs/reliability.md."""

import pytest

pytest.register_assert_rewrite("tests.reliability.place")
