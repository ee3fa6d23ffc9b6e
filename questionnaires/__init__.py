"""Questions as data, and what may be answered to them."""
