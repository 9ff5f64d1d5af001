"""The networks behind the reading: a thread of low priority, and the desk left to others meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from typing import Self

from meter_infer.backends import Backend
from meter_infer.backends.base import Tensor, TensorSpec
from meter_infer.errors import BackendError
from meter_infer.runtime.threads import NETWORKS, give_way
from meter_infer.runtime.turn import NetworkTurn


class BackgroundBackend:
    """A backend that runs in a thread of its own, with the threads it starts, at low priority.

    What is urgent runs in another, at the priority of the rest: where decoding takes all of the processor,
    a camera would else never be looked at. `infer` is called from the desk of `turn`, and leaves it while the
    engine works.
    """

    def __init__(self, backend: Backend, turn: NetworkTurn) -> None:
        """Own `backend`."""
        self._backend = backend
        self._turn = turn
        self._pool = ThreadPoolExecutor(
            1, thread_name_prefix="networks", initializer=give_way, initargs=(NETWORKS,)
        )
        self._urgent = ThreadPoolExecutor(1, thread_name_prefix="networks-urgent")

    @property
    def name(self) -> str:
        """Engine and precision."""
        return self._backend.name

    @property
    def inputs(self) -> tuple[TensorSpec, ...]:
        """The model's inputs."""
        return self._backend.inputs

    @property
    def outputs(self) -> tuple[TensorSpec, ...]:
        """The model's outputs."""
        return self._backend.outputs

    def infer(self, images: Tensor) -> tuple[Tensor, ...]:
        """Run a batch; see `Backend.infer`."""
        try:
            pool = self._urgent if self._turn.urgent else self._pool
            running = pool.submit(self._backend.infer, images)
        except RuntimeError as error:
            raise BackendError("The backend is closed; make a new one.") from error
        with self._turn.away():
            return running.result()

    def close(self) -> None:
        """Free the model and end the thread."""
        self._pool.shutdown()
        self._urgent.shutdown()
        self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
