"""From a verdict to a shot, and what became of it."""
