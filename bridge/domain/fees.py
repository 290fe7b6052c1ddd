"""Fee schedule and limits of an account type: what receiving money costs, and how much is allowed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FeeSchedule:
    """What one received payment costs and which amounts are allowed, all in minor units of `currency`.

    Up to and including `free_up_to` nothing is charged; above it `basis_points` (hundredths of a percent) of the
    amount, rounded half up, plus `fixed`. `maximum` None: unlimited.
    """

    currency: str
    free_up_to: int
    basis_points: int
    fixed: int
    minimum: int
    maximum: int | None

    def estimate(self, amount: int) -> int:
        """Return the fee for receiving `amount`."""
        if amount <= self.free_up_to:
            return 0
        return (amount * self.basis_points + 5_000) // 10_000 + self.fixed

    def allows(self, amount: int) -> bool:
        """Tell whether `amount` lies within the limits."""
        return self.minimum <= amount and (self.maximum is None or amount <= self.maximum)
