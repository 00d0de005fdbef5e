"""From ``solutions/`` to what nbgrader releases: source notebooks and the files beside them."""
