"""The device side of the sorter: from a frame to a shot, one record an item."""

import os

__version__ = "0.1.0"

# A photo of a few kB may claim to be gigabytes of pixels. OpenCV reads its limit once, when it is
# imported, and no part of this package imports it earlier.
os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(2**27))
