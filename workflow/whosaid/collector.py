"""Python's garbage collector, kept away from imports.

Import this module for that effect before a heavy library: the objects that an import makes live to
the end of the process, and looking for garbage among them takes a third of the time. `stage` lets
it work again, on what is made from then on.
"""

import gc

gc.set_threshold(1_000_000)
