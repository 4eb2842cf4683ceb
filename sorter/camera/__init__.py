"""Where frames come from: one protocol, real cameras and files side by side."""
