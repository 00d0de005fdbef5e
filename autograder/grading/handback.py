"""Hand feedback back by nbgrader's exchange: ``nbgrader release_feedback``, stopped by nobody.

The exchange knows a page's student by a secret that came with the submission. nbgrader ends at the
first submission without one, such as one from a learning platform's zip; here the others go on.
"""

import glob
from pathlib import Path

from nbgrader.exchange.default import ExchangeReleaseFeedback

from .outputs import in_a_line

NEEDED = ("submission_secret.txt", "timestamp.txt")
"""What lies beside the pages of a submission that came by the exchange."""


class CourseReleaseFeedback(ExchangeReleaseFeedback):
    """Hands back the pages of what came by the exchange, and names the others."""

    def copy_files(self):
        """Copy the pages to the exchange."""
        left = []
        for folder in map(Path, sorted(glob.glob(self.src_path))):
            if all((folder / name).is_file() for name in NEEDED):
                self.src_path = glob.escape(str(folder))
                super().copy_files()
            else:
                left.append(str(folder.relative_to(self.coursedir.root)))
        if left:
            self.log.warning(
                "not handed back, as it did not come by `nbgrader collect`: %s",
                in_a_line(", ".join(left), 2000),
            )
