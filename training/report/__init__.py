"""`report.html`: what a run came to, for who grades by hand."""
