"""What a network looks at: maps over photos, and pictures of what its channels search for."""
