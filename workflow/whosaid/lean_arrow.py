"""PyArrow without pandas, which it imports as soon as it makes an array, to know its types.

Import this for that effect wherever pandas is not used: it takes as long as the rest of a short
stage.
"""

import pyarrow as pa

from whosaid.hidden import hidden

with hidden("pandas"):
    pa.array([0])  # it remembers the answer
