"""What runs inside the guest: the fault-path suite and the memory benchmark, in C."""
