"""Tables change while records stay: plan what a new schema means, then carry it out whole. Floor: 3."""

from engine.store.migrate.carry import apply
from engine.store.migrate.difference import plan
from engine.store.migrate.dropped import Dropped, dropped, purge, restore
from engine.store.migrate.operation import Operation

__all__ = ["Dropped", "Operation", "apply", "dropped", "plan", "purge", "restore"]
