"""Finds photos that are copies of each other: turned, flipped, cropped, relit or saved again.

Two searches propose pairs, and every pair is then laid pixel over pixel and judged by its fine
detail, which two different items do not share however much they look alike.
"""
