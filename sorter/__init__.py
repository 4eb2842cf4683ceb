"""The device side of the sorter: from a frame to a shot, one record an item."""

__version__ = "0.1.0"
