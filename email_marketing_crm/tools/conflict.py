"""What PostgreSQL says when two transactions want the same rows."""

from psycopg2 import errors

#: Another transaction was in the way. Says nothing about the work: whoever meets one
#: rolls back and does it again.
CONFLICTS = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.LockNotAvailable,
)
