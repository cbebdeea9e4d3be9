"""Python's garbage collector, told to look seldom.

Import this module for that effect before a heavy library: the objects that an import makes live to
the end of the process, and looking for garbage among them took a third of the time.
"""

import gc

gc.set_threshold(50_000)
