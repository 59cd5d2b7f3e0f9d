"""Faults on demand: what a fault is, which requests it applies to, and what it does to an answer."""

from tiktok_marketing.emulator.faults.fault import Fault
from tiktok_marketing.emulator.faults.register import FaultRegister

__all__ = ["Fault", "FaultRegister"]
