"""A fake Asterisk: AMI and a call model on TCP, in virtual or real time."""
