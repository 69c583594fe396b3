"""What people see: status, watch, logs, the ledger."""
