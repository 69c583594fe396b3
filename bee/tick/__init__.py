"""One tick: guard, snapshot, reconcile, decide, claim, launch."""
