"""The steps by which the database of the cases came to its form; alembic runs them (`agent.store.upgrade`)."""
