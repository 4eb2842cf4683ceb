"""Items of which there are several photos: how well they are graded, and a head that learns it."""
