"""`fnnctl search`, from its start or resumed to the refitted winner."""
