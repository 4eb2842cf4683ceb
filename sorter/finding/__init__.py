"""Items in frames: what is not belt, where one item ends and the next begins."""
