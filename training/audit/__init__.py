"""What is wrong with a folder of photos, before a model learns from it."""
