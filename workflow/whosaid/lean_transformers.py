"""Transformers without the optional packages that it imports wherever it finds them.

Import this before it, for that effect. They serve models and metrics that are not used here and
take a sixth of its start-up.
"""

from whosaid.hidden import hidden

with hidden("datasets", "pandas", "scipy", "sklearn"):
    from transformers.utils import is_datasets_available

    # It remembers the answer, and its Trainer asks later.
    is_datasets_available()
