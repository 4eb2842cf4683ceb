"""`sorter-train`: from a grower's photos to a model bundle, on a workstation."""
