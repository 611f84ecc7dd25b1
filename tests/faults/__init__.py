"""What the ledger does when processes, power and disks fail."""
