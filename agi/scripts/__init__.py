"""Call scripts: one file each, with one `async def run(session, desk)`. The file's name is the script's."""
