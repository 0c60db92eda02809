"""Weights and sizes: a `qty` here is no column."""

from dataclasses import dataclass


@dataclass
class Parcel:
    qty: int
    weight_kg: float

    def total(self) -> float:
        return self.qty * self.weight_kg
