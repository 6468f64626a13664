"""What a worker reports to the process that wants its results."""


class WorkerError(Exception):
    """A worker has no result; the text says why, without the full stop, and how to go on."""
