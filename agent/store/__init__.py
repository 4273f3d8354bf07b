"""The case store: versions, leases and answers in a database, note text sealed, every change in the trail."""
