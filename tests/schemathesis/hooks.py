"""What Schemathesis loads."""

import actors  # noqa: F401
import rules  # noqa: F401
