"""To be written."""

raise NotImplementedError
