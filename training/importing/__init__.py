"""Photos from elsewhere, made into one folder a grade with a table of items and sessions."""
