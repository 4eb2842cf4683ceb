"""The twin: a simulated belt, its fruit, its camera and its bins, around the real pipeline."""
