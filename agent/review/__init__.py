"""What a person does with a coding result: dispositions, the gate, attestation, and what supervisors read from it."""
