"""Transformers without the optional packages that it imports wherever it finds them.

Import this before it, for that effect. They serve models, metrics and chats that are not used here
and take a sixth of its start-up.
"""

import whosaid.model_list  # noqa: F401
from whosaid.hidden import hidden

with hidden("datasets", "pandas", "scipy", "sklearn", "PIL", "jinja2"):
    from transformers.utils import is_datasets_available, is_sklearn_available

    # They remember the answer: the Trainer asks the first later, older generation code the second.
    is_datasets_available()
    is_sklearn_available()
