"""What bee does, small, through the hands: snapshot, lease, tick, work, publish."""
