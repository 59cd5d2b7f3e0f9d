"""A pytest plugin: Hypothesis draws the same examples for every mutant, and reports the first that fails at once."""

from __future__ import annotations

from hypothesis import Phase, settings

settings.register_profile("fixed examples", derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
settings.load_profile("fixed examples")  # the profiles that the tests register later begin with these values
