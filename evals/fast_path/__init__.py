"""What the fast encoder is worth: accuracy beside the rules, speed on one core, and learning from published gold."""
