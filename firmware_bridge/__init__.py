"""The wire between the sorter and its board: protocol, link, boards and the C firmware."""
